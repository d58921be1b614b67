"""One picture of methods of one kind, whichever it is."""

from __future__ import annotations

from typing import Any

from matplotlib.figure import Figure

from stabcheck.errors import InvalidInput
from stabcheck.integrators import OneStepMethod
from stabcheck.integrators import get as integrator_named
from stabcheck.integrators.memory.recurrence import Recurrence
from stabcheck.plots.oscillations import is_oscillatory, oscillator_growth
from stabcheck.plots.region import stability_region
from stabcheck.plots.two_fields import is_of_two_fields, stable_slices

PLANE, SLICES, OSCILLATOR, NONE = (
    "one argument", "two fields", "positions and momenta", "exact flows"
)  # fmt: skip


def kind_of(method: Any) -> str:
    """Which picture shows where a method is stable."""
    if isinstance(method, OneStepMethod | Recurrence):
        return PLANE
    if is_of_two_fields(method):
        return SLICES
    return OSCILLATOR if is_oscillatory(method) else NONE


def picture(*methods: Any, **options: Any) -> Figure:
    r"""Draw where methods are stable: in the plane, in slices, or over $h\omega$.

    **Arguments:** `methods`, all of one kind, or their names; `options` of the picture
    of that kind, for one argument those of `stability_region`.

    **Raises:** `InvalidInput` for methods of several kinds, or one that is exact on
    commuting linear fields, for which nothing is to be drawn.
    """
    found = [integrator_named(m) if isinstance(m, str) else m for m in methods]
    kinds = {method.name: kind_of(method) for method in found}
    if len(set(kinds.values())) > 1:
        listed = "; ".join(f"{name}: {kind}" for name, kind in kinds.items())
        raise InvalidInput(
            f"asked for one picture of methods of several kinds ({listed}); draw each "
            "kind alone"
        )
    kind = next(iter(kinds.values()), PLANE)
    if kind == NONE:
        raise InvalidInput(
            f"asked to draw {', '.join(kinds)}, found a composition of exact flows, "
            "exact on commuting linear fields; its region is the left half-plane"
        )
    given = {key: value for key, value in options.items() if value is not None}
    if kind != PLANE and given:
        raise InvalidInput(
            f"asked for {', '.join(given)} in a picture of {', '.join(kinds)}; it is "
            "drawn over methods of one argument"
        )
    draw = {
        PLANE: stability_region,
        SLICES: stable_slices,
        OSCILLATOR: oscillator_growth,
    }[kind]
    return draw(*found, **given)
