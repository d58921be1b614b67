r"""Facts of one method, as theorems about its stability function $R = P/Q$.

$|P| \le |Q|$ on an interval of the real or the imaginary axis is the sign of one
polynomial, which Coq computes from P and Q; a point beyond where $|P| > |Q|$ shows that
the interval does not reach the upper number.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import starmap
from math import lcm

from flint import fmpq, fmpq_poly

from stabcheck.checker.arithmetic.polynomials import excess_on_axis, polynomial
from stabcheck.checker.steps.tableau import in_lowest_terms, stability_function
from stabcheck.formal.notation import computed, define, define_list, theorem
from stabcheck.formal.polynomials import (
    cuts_between,
    cuts_from_zero,
    on_common_denominator,
    without_squares,
)

MOST_COEFFICIENTS = 64


@dataclass(frozen=True)
class Axis:
    """How `Signs.v` speaks of one axis; `power` 2 where its polynomial is in y^2."""

    name: str
    power: int
    whole: str
    part: str
    value: str
    ends: str

    def excess(self, P: fmpq_poly, Q: fmpq_poly) -> fmpq_poly:
        """$|Q|^2 - |P|^2$ in $x = -z$, or in $x = y^2$."""
        if self.power == 2:
            return excess_on_axis(P, Q)
        return (Q**2 - P**2)(fmpq_poly([0, -1]))


REAL = Axis(
    name="real",
    power=1,
    whole="forall x, x <= 0 ->",
    part="forall x, IZR (-{end}) <= IZR D * x <= 0 ->",
    value="value {p} {x} ^ 2",
    ends="(- (IZR {a} / IZR {b}))",
)
IMAGINARY = Axis(
    name="imaginary",
    power=2,
    whole="forall x,",
    part="forall x, 0 <= IZR D * x <= IZR {end} ->",
    value="modulus_square {p} {x}",
    ends="(IZR {a} / IZR {b})",
)
AXES = {
    "real-interval": REAL,
    "imaginary-interval": IMAGINARY,
    "A-stable": IMAGINARY,
    "L-stable": IMAGINARY,
}
"""The axis of a claim; of A-stability only its inequality on that axis."""


def quotient(method: dict) -> tuple[fmpq_poly, fmpq_poly] | None:
    """P and Q of a method with rational coefficients, else None."""
    if "A" in method:
        entries = [*(a for row in method["A"] for a in row), *method["b"]]
        if not all(isinstance(entry, Fraction) for entry in entries):
            return None
        return stability_function(method["A"], method["b"])
    if "P" in method:
        return in_lowest_terms(polynomial(method["P"]), polynomial(method["Q"]))
    return None


def interval_text(
    method: dict, axis: Axis, lower: Fraction | None, upper: Fraction | None
) -> str | None:
    """Theorems of an interval that reaches `lower` (None: all of it) and not `upper`.

    **Returns:** None where no cuts were found.
    """
    functions = quotient(method)
    if functions is None or lower == 0:
        return None
    first, second = _integers(*functions)
    if max(len(first), len(second)) > MOST_COEFFICIENTS:
        return None
    excess = axis.excess(fmpq_poly(first), fmpq_poly(second))
    k, g, h = without_squares(excess.numer())
    text = _whole(axis, h) if lower is None else _part(axis, h, lower)
    if text is None:
        return None
    if upper is not None:
        text += _beyond(axis, excess, upper)
    lists = {"P": first, "Q": second, "g": g, "h": h}
    return "".join(starmap(define_list, lists.items())) + define("k", k) + text


def _whole(axis: Axis, h: list[int]) -> str | None:
    cuts = cuts_from_zero(h)
    if cuts is None:
        return None
    D, ends = on_common_denominator(cuts, 1)
    check = f"{_factored(axis)} && nonnegative_from h D 0 cuts"
    proof = f"{axis.name}_axis P Q k g h D cuts checked"
    return _checked(check, D, ends) + theorem(
        "claim", f"{axis.whole} {_shorter(axis)}", proof
    )


def _part(axis: Axis, h: list[int], lower: Fraction) -> str | None:
    cuts = cuts_between(h, Fraction(0), lower**axis.power)
    if cuts is None:
        return None
    D, _ = on_common_denominator(cuts, lower.denominator)
    scale, end = D**axis.power, int(lower * D)
    product, last = (
        ("D", f"{end}") if axis.power == 1 else ("(D * D)", f"{end} * {end}")
    )
    check = (
        f"{_factored(axis)} && nonnegative_between h {product} 0 cuts\n"
        f"  && (last cuts 0 =? {last})%Z"
    )
    proof = f"{axis.name}_interval P Q k g h D {end} cuts checked"
    return _checked(check, D, [int(cut * scale) for cut in cuts]) + theorem(
        "claim", f"{axis.part.format(end=end)}\n  {_shorter(axis)}", proof
    )


def _factored(axis: Axis) -> str:
    return f"factored k ({axis.name}_excess P Q) g h"


def _shorter(axis: Axis) -> str:
    smaller, larger = (axis.value.format(p=p, x="x") for p in "PQ")
    return f"{smaller} <= {larger}"


def _beyond(axis: Axis, excess: fmpq_poly, upper: Fraction) -> str:
    """The theorem that the upper number lies outside, where it does itself."""
    a, b = upper.numerator, upper.denominator
    if not excess(fmpq(a, b) ** axis.power) < 0:
        return ""
    place = f"{b} {a}" if axis.power == 1 else f"({b} * {b}) ({a} * {a})"
    x = axis.ends.format(a=a, b=b)
    smaller, larger = (axis.value.format(p=p, x=x) for p in "QP")
    return computed(
        "checked_beyond", f"negative_at ({axis.name}_excess P Q) {place}"
    ) + theorem(
        "not_beyond",
        f"{smaller} < {larger}",
        f"{axis.name}_exceeded P Q {b} {a} checked_beyond",
    )


def _integers(P: fmpq_poly, Q: fmpq_poly) -> tuple[list[int], list[int]]:
    """P and Q times one positive integer."""
    common = lcm(int(P.denom()), int(Q.denom()))
    first, second = (
        [int(c.p) * (common // int(c.q)) for c in p.coeffs()] for p in (P, Q)
    )
    return first, second


def _checked(check: str, D: int, ends: list[int]) -> str:
    return define("D", D) + define_list("cuts", ends) + computed("checked", check)
