r"""How methods show themselves in a notebook: their coefficients and their picture.

Classes of methods take `latex` and `png` as `_repr_latex_` and `_repr_png_`.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Any

from stabcheck.integrators.algebra.coefficient import Coefficient
from stabcheck.integrators.algebra.field_element import FieldElement
from stabcheck.integrators.runge_kutta.stability_function import StabilityFunction

RENDERER = "stabcheck.plots.notebook"
"""Pictures are drawn by a room above this one, which is loaded, by its name, when a
notebook asks for a picture, and never before."""

MOST_STAGES = 12
"""Larger tableaux fill pages: of them the stability function is shown."""
DIGITS = 8


def png(method: Any) -> bytes | None:
    """The picture of where the method is stable, `None` if there is none to draw."""
    return import_module(RENDERER).png(method)


def latex(method: Any) -> str:
    """The tableau of a Runge-Kutta method, of others the stability function."""
    A, b, c = (getattr(method, key, None) for key in ("A", "b", "c"))
    if A and b and c and len(A) == len(b) == len(c) <= MOST_STAGES:
        return f"$${tableau(A, b, c)}$$"
    R = getattr(method, "stability_function", None)
    if isinstance(R, StabilityFunction):
        return f"$$R(z) = {function(R)}$$"
    text = method.stability_text.replace("zeta", r"\zeta").replace("*", r"\,")
    return rf"$$\text{{{method.name}:}}\quad {text}$$"


def tableau(A: Sequence[Sequence[Any]], b: Sequence[Any], c: Sequence[Any]) -> str:
    """Matrix, weights and abscissae as an array, zeros above the diagonal left out."""
    stages = range(len(b))
    explicit = not any(A[i][j] for i in stages for j in stages if j >= i)
    rows = [
        [number(c[i]), *(number(A[i][j]) if j < i or not explicit else ""
                         for j in stages)]
        for i in stages
    ]  # fmt: skip
    weights = ["", *map(number, b)]
    body = r" \\ ".join(" & ".join(row) for row in rows)
    last = " & ".join(weights)
    columns = "c|" + "c" * len(b)
    return rf"\begin{{array}}{{{columns}}} {body} \\ \hline {last} \end{{array}}"


def function(R: StabilityFunction) -> str:
    """$P/Q$ as a fraction."""
    numerator = _polynomial(R.P)
    if R.is_polynomial:
        return numerator
    return rf"\frac{{{numerator}}}{{{_polynomial(R.Q)}}}"


def number(value: Coefficient | Any) -> str:
    """A fraction, or the first digits of an irrational number."""
    if isinstance(value, FieldElement):
        return value.decimal(DIGITS) + r"\ldots"
    numerator, denominator = (getattr(value, k, None) for k in
                              ("numerator", "denominator"))  # fmt: skip
    if not isinstance(denominator, int) or denominator == 1:
        return str(value)
    sign = "-" if numerator < 0 else ""
    return rf"{sign}\tfrac{{{abs(numerator)}}}{{{denominator}}}"


def _polynomial(coefficients: Sequence[Coefficient]) -> str:
    terms = []
    for power, c in enumerate(coefficients):
        if c == 0:
            continue
        variable = ("", "z")[power] if power < 2 else f"z^{{{power}}}"
        size = "" if abs(c) == 1 and variable else number(abs(c))
        terms.append(("- " if c < 0 else "+ ") + f"{size} {variable}".strip())
    return " ".join(terms).removeprefix("+ ") or "0"
