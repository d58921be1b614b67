r"""Forward and backward Euler and the implicit midpoint rule, with logarithmic norms.

The implicit midpoint rule is half a step of forward after half a step of backward
Euler.  Theorems `row-wise-euler`, `backward-euler-comparison` and
`implicit-midpoint-comparison`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from math import isqrt
from typing import TYPE_CHECKING, Any

from stabcheck.growth.designs import formulas
from stabcheck.growth.designs.field_constants import (
    ONE_SIDED,
    SPECTRUM,
    FieldConstants,
)
from stabcheck.growth.designs.step_fact import (
    StepFact,
    Unbounded,
    fact_of,
    rounded_ball,
)
from stabcheck.integrators.algebra.exact_real import hull

if TYPE_CHECKING:
    from sympy import Expr

BACKWARD, MIDPOINT = "backward-euler-comparison", "implicit-midpoint-comparison"
HALF = Fraction(1, 2)


def is_one_stage(method: Any, a: Fraction | int) -> bool:
    """Whether a tableau is the one of a single stage with that a."""
    return tuple(method.b) == (1,) and method.A[0][0] == a


def one_stage_bounds(
    method: Any, part: Mapping[str, Any], found: FieldConstants
) -> Iterator[StepFact]:
    """Growth and shrink by the theorems about methods of one stage."""
    if found.premises == SPECTRUM:
        return
    if is_one_stage(method, 0) and ONE_SIDED in found.premises:
        yield _euler(part, found)
    if is_one_stage(method, 1):
        yield from _backward(part, found)
    if is_one_stage(method, HALF):
        yield from _midpoint(part, found)


def one_stage_largest(
    method: Any, part: Mapping[str, Any], found: FieldConstants, purpose: str
) -> Iterator[StepFact | Unbounded]:
    """The largest steps by the theorems about implicit methods of one stage."""
    if found.premises == SPECTRUM:
        return
    backward = is_one_stage(method, 1)
    if backward and found.slope <= found.leak:
        yield Unbounded(BACKWARD, found.premises, {})
    elif backward and purpose == "invertible":
        yield _solvable(part, found)
    if not is_one_stage(method, HALF):
        return
    if purpose == "contractive":
        yield from _midpoint_contractive(part, found)
    elif found.leak + found.norm > 0:
        yield _midpoint_invertible(part, found)


def root_above(square: Fraction) -> Fraction:
    """The root of a rational if it is one, else a rational a little above."""
    exact = Fraction(isqrt(square.numerator), isqrt(square.denominator))
    if exact * exact == square:
        return exact
    return rounded_ball("growth", lambda: hull(square, square).sqrt())


def _square(step: Fraction, found: FieldConstants) -> Fraction:
    r"""$(1 - x)^2 + 2h(1 - x)p + \kappa^2$, the larger of $p = \mu$ and $p = -K$."""
    kept, kappa = 1 - step * found.leak, step * found.norm
    work = max(kept * found.slope, -kept * found.norm)
    return kept * kept + 2 * step * work + kappa * kappa


def _symbols(part: Mapping[str, Any], found: FieldConstants) -> tuple[Expr, ...]:
    return (
        formulas.symbol("h"),
        *formulas.constants(found, has_leak=part["leak"] != 0),
    )


def _euler(part: Mapping[str, Any], found: FieldConstants) -> StepFact:
    step = part["step"]

    def expression() -> Expr:
        has_leak = part["leak"] != 0
        return formulas.euler_square_root(found, step, has_leak=has_leak)

    value = root_above(_square(step, found))
    return fact_of("row-wise-euler", "growth", value, found, {}, expression)


def _backward(part: Mapping[str, Any], found: FieldConstants) -> Iterator[StepFact]:
    step = part["step"]
    room = 1 + step * (found.leak - found.slope)
    if room <= 0:
        return

    def growth() -> Expr:
        h, leak, _, mu = _symbols(part, found)
        return 1 / (1 + h * (leak - mu))

    def shrink() -> Expr:
        h, leak, K, _ = _symbols(part, found)
        return 1 / (1 + h * (leak + K))

    yield fact_of(BACKWARD, "growth", 1 / room, found, {}, growth)
    kept = 1 / (1 + step * (found.leak + found.norm))
    yield fact_of(BACKWARD, "shrink", kept, found, {}, shrink)


def _midpoint(part: Mapping[str, Any], found: FieldConstants) -> Iterator[StepFact]:
    half = part["step"] / 2
    room = 1 + half * (found.leak - found.slope)
    if room <= 0:
        return

    def growth() -> Expr:
        h, leak, _, mu = _symbols(part, found)
        has_leak = part["leak"] != 0
        root = formulas.euler_square_root(found, half, has_leak=has_leak)
        return root.subs(h, h / 2) / (1 + h * (leak - mu) / 2)

    def shrink() -> Expr:
        h, leak, K, _ = _symbols(part, found)
        kept = 1 - h * leak / 2 if half * found.leak <= 1 else h * leak / 2 - 1
        return (kept - h * K / 2) / (1 + h * (leak + K) / 2)

    value = root_above(_square(half, found)) / room
    yield fact_of(MIDPOINT, "growth", value, found, {}, growth)
    kept = abs(1 - half * found.leak) - half * found.norm
    value = kept / (1 + half * (found.leak + found.norm))
    yield fact_of(MIDPOINT, "shrink", value, found, {}, shrink)


def _solvable(part: Mapping[str, Any], found: FieldConstants) -> StepFact:
    r"""Strictly below $1/(\mu - \lambda)$ a backward Euler step is known to exist."""

    def expression() -> Expr:
        _, leak, _, mu = _symbols(part, found)
        return 1 / (mu - leak)

    value = _strictly_below(1 / (found.slope - found.leak))
    return fact_of(BACKWARD, "invertible-step", value, found, {}, expression)


def _midpoint_invertible(part: Mapping[str, Any], found: FieldConstants) -> StepFact:
    def expression() -> Expr:
        _, leak, K, _ = _symbols(part, found)
        return 2 / (leak + K)

    value = _strictly_below(2 / (found.leak + found.norm))
    return fact_of(MIDPOINT, "invertible-step", value, found, {}, expression)


def _strictly_below(limit: Fraction) -> Fraction:
    return limit * (1 - Fraction(1, 2**60))


def _midpoint_contractive(
    part: Mapping[str, Any], found: FieldConstants
) -> Iterator[StepFact | Unbounded]:
    r"""$t(K^2 - \mu^2) \le 4(\lambda - \mu)$; $t(K + \mu) \le 2$ if $t\lambda > 1$."""
    leak, K, mu = found.leak, found.norm, found.slope
    square = K * K - mu * mu
    if mu > leak or (mu == leak and square > 0):
        return
    # Twice the half steps t, each with its formula; beyond t leak = 1 the other end of
    # the range of the work decides.
    early = 8 * (leak - mu) / square if square > 0 else None
    late = max(4 / (K + mu), 2 / leak) if leak > 0 and K + mu > 0 else None
    if early is None or (late is not None and late < early and early * leak > 2):
        value, place = late, 0 if late is not None and late * leak > 2 else 1
    else:
        value, place = early, 2
    if value is None:
        yield Unbounded(MIDPOINT, found.premises, {})
        return

    def expression() -> Expr:
        _, a, b, c = _symbols(part, found)
        formula = (4 / (b + c), 2 / a, 8 * (a - c) / (b**2 - c**2))
        return formula[place]

    yield fact_of(MIDPOINT, "contractive-step", value, found, {}, expression)
