r"""Growth and shrink over the depth of a design, and over every greater depth.

A layer's bounds are raised to the depth.  Where the step or the scale of the field is
divided by the depth, $h = T/L$, and a layer composes explicit steps on all states, the
growth stays below $e^{TK}$ at every depth: theorem `design-every-depth`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import factorial, prod
from typing import TYPE_CHECKING, Any

from flint import arb, fmpq

from stabcheck.certify.designs.chain import Chain, Line
from stabcheck.certify.designs.description import EULER, Design
from stabcheck.growth.designs.comparison import compare
from stabcheck.growth.designs.field_constants import SPECTRUM
from stabcheck.growth.designs.step_fact import rounded_ball
from stabcheck.integrators import ButcherTableau

if TYPE_CHECKING:
    from sympy import Expr


def ball(value: Fraction) -> arb:
    """A rational as a ball."""
    return arb(fmpq(value.numerator, value.denominator))


def power(chain: Chain, quantity: str, layer: Line, depth: int, *more: Line) -> Line:
    """The claim that the layer's bound, raised to the depth, bounds the depth."""
    value = rounded_ball(quantity, lambda: ball(layer.value) ** depth)

    def formula() -> Expr:
        from sympy import Pow, Symbol

        base = layer.formula()
        depth = Symbol("L", positive=True)
        return base if base == 1 else Pow(base, depth, evaluate=False)

    return chain.add(
        "design-depth-product", quantity, {"depth": depth}, value, formula,
        (layer, *more),
    )  # fmt: skip


@dataclass(frozen=True)
class Rates:
    r"""A part's step and the ends of its rates, with the premises that give them.

    $\mp cK - \lambda$ of a Lipschitz constant, $c\nu_\pm - \lambda$ of a symmetric
    Jacobian's spectrum.
    """

    step: Fraction
    low: Fraction
    high: Fraction
    premises: tuple[Line, ...]
    euler: bool

    @property
    def kept(self) -> arb:
        r"""$1 + h\nu$ for forward Euler, else $2 - e^{-h\nu}$."""
        move = self.step * self.low
        return ball(1 + move) if self.euler else 2 - ball(-move).exp()


def every_depth(
    design: Design, chain: Chain, constants: list[dict[str, Line]]
) -> dict[str, Line]:
    """Growth and shrink for every depth from the design's on, if a theorem applies."""
    parts = chain.records["layer"]["parts"]
    # A leak is divided by the depth with the step alone, not with the scale.
    scaled = design.step.by_depth or all(
        branch.scale.by_depth and not branch.leak for branch in design.branches
    )
    if not (scaled and design.composes and design.domain["kind"] == "all"):
        return {}
    rates = [_rates(design, part, constants[part["field"]]) for part in parts]
    known = [rate for rate in rates if rate is not None]
    if len(known) < len(parts):
        return {}
    exponent = design.depth * sum((r.step * r.high for r in known), Fraction(0))
    premises = [line for rate in known for line in rate.premises]
    subject = {"every-depth": design.depth}
    found = {
        "growth": chain.add(
            "design-every-depth", "growth", subject,
            rounded_ball("growth", lambda: ball(exponent).exp()),
            _exponential(parts, known), premises,
        )
    }  # fmt: skip
    if all(rate.kept > 0 for rate in known):
        shrink = rounded_ball(
            "shrink",
            lambda: prod((rate.kept for rate in known), start=arb(1)) ** design.depth,
        )
        found["shrink"] = chain.add(
            "design-every-depth", "shrink", subject, shrink, _least(parts, known),
            premises,
        )  # fmt: skip
    return found


def _rates(design: Design, part: Any, constants: dict[str, Line]) -> Rates | None:
    """The rates of a part that the theorem accepts; None if there are none."""
    step, scale, leak = part["step"], part["scale"], part["leak"]
    method = design.method_of(part)
    euler = method.name == EULER
    ends = [constants[name] for name in SPECTRUM if name in constants]
    if euler and len(ends) == len(SPECTRUM):
        low, high = (scale * line.value - leak for line in ends)
        if step * low >= -1:
            return Rates(step, low, high, tuple(ends), euler)
    if "lipschitz" not in constants or not _stays_below_exponential(method, part):
        return None
    line = constants["lipschitz"]
    K = scale * line.value
    return Rates(step, -K - leak, K - leak, (line,), euler)


def _stays_below_exponential(method: ButcherTableau, part: Any) -> bool:
    """Whether every comparison coefficient is at most that of the exponential."""
    if part["leak"] and (method.name != EULER or part["step"] * part["leak"] > 1):
        return False
    if any(x != 0 for i, row in enumerate(method.A) for x in row[i:]):
        return False
    reached = [Fraction(1)] * len(method.b)
    for j in range(1, len(method.b) + 1):
        coefficient = sum(abs(w) * r for w, r in zip(method.b, reached, strict=True))
        if coefficient * factorial(j) > 1:
            return False
        reached = [
            sum((abs(a) * r for a, r in zip(row, reached, strict=True)), Fraction(0))
            for row in method.A
        ]
    return True


def _numbered(letter: str, place: int, several: bool) -> Expr:
    from sympy import Symbol

    name = f"{letter}_{place + 1}" if several else letter
    return (
        Symbol(name, real=True)
        if letter.startswith("nu")
        else Symbol(name, positive=True)
    )


def _symbols(
    parts: list[Any], rates: list[Rates], *, high: bool
) -> list[tuple[Expr, Expr]]:
    """T and the rate of each part, numbered where there are several."""
    several = len(parts) > 1
    found = []
    for place, (part, rate) in enumerate(zip(parts, rates, strict=True)):
        leak = _numbered("lambda", place, several) if part["leak"] else 0
        if len(rate.premises) == 1:
            K = _numbered("K", part["field"], several)
            speed = K if high else -K
        else:
            speed = _numbered("nu_+" if high else "nu_-", part["field"], several)
        found.append((_numbered("T", place, several), speed - leak))
    return found


def _exponential(parts: list[Any], rates: list[Rates]) -> Callable[[], Expr]:
    def formula() -> Expr:
        from sympy import exp

        return exp(sum(T * speed for T, speed in _symbols(parts, rates, high=True)))

    return formula


def _least(parts: list[Any], rates: list[Rates]) -> Callable[[], Expr]:
    def formula() -> Expr:
        from sympy import Mul, Pow, Symbol, exp

        L = Symbol("L", positive=True)
        factors = [
            1 + T * speed / L if rate.euler else 2 - exp(-T * speed / L)
            for (T, speed), rate in zip(
                _symbols(parts, rates, high=False), rates, strict=True
            )
        ]
        return Pow(Mul(*factors, evaluate=False), L, evaluate=False)

    return formula


AVERAGES = (
    "attention",
    "sinkhorn-attention",
    "rotary-attention",
    "soft-cap-attention",
    "qk-norm-attention",
)


def averages_tokens(record: Mapping[str, Any]) -> bool:
    """Whether rows are averages of the tokens themselves, times capped values."""
    plain = record.get("normalisation", "none") == "none"
    return record["kind"] in AVERAGES and plain


def reach(design: Design, chain: Chain) -> Line | None:
    """The claim that states and stages stay in the ball, if the steps are bounded.

    Values are averages of tokens: the comparison of a step with $v$ in place of $K$
    says how far its stages and its end are.
    """
    growth, largest = Fraction(1), Fraction(1)
    for part in chain.records["layer"]["parts"]:
        method = design.method_of(part)
        field = chain.records["fields"][part["field"]]
        if not averages_tokens(field):
            return None
        kappa = part["step"] * part["scale"] * field["value_norm"]
        found = compare(method, part["step"] * part["leak"], kappa)
        if found is None:
            return None
        largest = max(largest, growth, growth * max(found.stages))
        growth *= found.growth
    later = design.depth - 1 if growth > 1 else 0
    square = design.domain["radius_squared"]
    value = rounded_ball(
        "start-radius-squared",
        lambda: ball(square) / (ball(largest) * ball(growth) ** later) ** 2,
    )
    if value == 0:
        return None

    def formula() -> Expr:
        from sympy import Symbol

        return Symbol("R", positive=True) ** 2

    return chain.add(
        "design-ball-reach", "start-radius-squared", {"depth": design.depth}, value,
        formula,
    )  # fmt: skip
