"""What NodePy answers: its methods by our names, its properties by ours.

A library of `against_nodepy.py`; run alone it prints nothing.
"""

from __future__ import annotations

import contextlib
import io
import re
import signal
import warnings
from collections.abc import Callable
from typing import Any

PACKAGE = "nodepy"
VERSION = "1.1.1"
LIMIT = 10
"""Seconds for one answer."""

FAMILIES = {
    "RKC1": "RKC1", "RKC2": "RKC2", "SSPRK2": "SSPRK2", "SSPRK3": "SSPRK3",
    "SSPRKm": "SSPRKm", "SSPIRK2": "SSPIRK2", "SSPIRK3": "SSPIRK3",
}  # fmt: skip
MULTISTEP = {
    r"AB(\d+)": "Adams_Bashforth",
    r"AM(\d+)-step": "Adams_Moulton",
    r"BDF(\d+)": "backward_difference_formula",
    r"Nystrom(\d+)": "Nystrom",
    r"MilneSimpson(\d+)": "Milne_Simpson",
    r"eSSPMS2\((\d+)\)": "elm_ssp2",
}
MEMBERS = {
    "RKC1": (2, 3, 5, 8, 10, 16, 20, 50, 100), "RKC2": (3, 5, 8),
    "SSPRK2": (3, 4, 5, 10, 16, 20, 30), "SSPRK3": (4, 9, 16, 25, 36), "SSPRKm": (5, 6),
    "SSPIRK2": (1, 2, 3, 4, 5, 8, 10), "SSPIRK3": (2, 3, 4, 5, 10),
}  # fmt: skip
STEPS = {
    "AB{}": range(1, 9), "AM{}-step": range(1, 8), "BDF{}": range(1, 8),
    "Nystrom{}": range(2, 6), "MilneSimpson{}": range(2, 6), "eSSPMS2({})": range(3, 7),
}  # fmt: skip

RUNGE_KUTTA = (
    "order", "real_stability_interval", "imaginary_stability_interval",
    "circle_contractivity_radius", "absolute_monotonicity_radius",
    "linear_absolute_monotonicity_radius", "is_algebraically_stable",
    "principal_error_norm",
)  # fmt: skip
LINEAR_MULTISTEP = ("order", "A_alpha_degrees", "ssp_coefficient", "is_zero_stable")


class TooSlow(Exception):
    """An answer took longer than the limit."""


def methods() -> dict[str, tuple[Any, tuple[str, ...]]]:
    """Every method of NodePy that is compared, and the properties it answers."""
    from nodepy import lm, rk

    def asked(method: Any) -> tuple[str, ...]:
        # Implicit methods are asked for their intervals through the module behind.
        return tuple(
            key for key in RUNGE_KUTTA
            if hasattr(method, key) or key.endswith("_stability_interval")
        )  # fmt: skip

    found: dict[str, tuple[Any, tuple[str, ...]]] = {}
    for name, method in rk.loadRKM().items():
        found[name] = method, asked(method)
    for family, sizes in MEMBERS.items():
        for size in sizes:
            method = getattr(rk, FAMILIES[family])(size)
            found[f"{family}({size})"] = method, asked(method)
    names = [pattern.format(k) for pattern, steps in STEPS.items() for k in steps]
    for name in names:
        found[name] = _multistep(lm, name), LINEAR_MULTISTEP
    found["eBDF5"] = lm.loadLMM("eBDF5"), LINEAR_MULTISTEP
    return found


def answer(method: Any, key: str) -> str:
    """The answer of NodePy as text; what it raises, if it does."""
    try:
        with limited(LIMIT), contextlib.redirect_stdout(io.StringIO()):
            return _text(_asked(method, key)())
    except TooSlow:
        return f"none in {LIMIT} s"
    except Exception as error:  # whatever a peer raises is its answer
        return f"{type(error).__name__}: {error}".replace("\n", " ")[:60]


@contextlib.contextmanager
def limited(seconds: int):
    """Stop what runs longer, and hide its warnings."""

    def stop(*_: object) -> None:
        raise TooSlow

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def _asked(method: Any, key: str) -> Callable[[], Any]:
    from nodepy import stability_function

    if key == "A_alpha_degrees":
        return method.A_alpha_stability
    if key.endswith("_stability_interval") and not hasattr(method, key):
        # Implicit methods: the function of the module behind it.
        return lambda: getattr(stability_function, key)(*method.stability_function())
    return getattr(method, key)


def _multistep(lm: Any, name: str) -> Any:
    for pattern, function in MULTISTEP.items():
        match = re.fullmatch(pattern, name)
        if match:
            return getattr(lm, function)(int(match[1]))
    raise KeyError(name)


def _text(value: Any) -> str:
    if isinstance(value, bool) or type(value).__name__ in ("bool", "bool_"):
        return str(bool(value))
    number = float(value)
    return str(int(number)) if number.is_integer() else repr(number)
