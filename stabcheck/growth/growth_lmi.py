r"""Growth and shrink of any Runge-Kutta step by one linear matrix inequality.

If $\phi^2e_0e_0^T - dd^T$, $d = (1, b)$, minus nonnegative multiples of the conditions
at the stages is positive semidefinite, the growth is at most $\phi$; if $dd^T -
\psi^2e_0e_0^T$ minus such multiples is, the shrink is at least $\psi$
(`runge-kutta-growth-lmi`, `runge-kutta-shrink-lmi`).  No smaller $\phi$ holds for all
fields with these bounds.  Multipliers are searched in float64; what they prove is
computed exactly.

Performance estimation: Y. Drori, M. Teboulle, Math. Program. 145 (2014) 451-482.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from numbers import Rational

import numpy as np

from stabcheck.errors import InvalidInput
from stabcheck.growth.semidefinite import Pencil, central_path
from stabcheck.growth.stage_conditions import (
    KINDS,
    Condition,
    Matrix,
    Multipliers,
    Row,
    StageBounds,
    proven_square,
    stage_conditions,
)
from stabcheck.growth.step_bound import StepBound, not_established, root_bound
from stabcheck.integrators.algebra.coefficient import Coefficient
from stabcheck.integrators.algebra.field_element import FieldElement

GAP = 1e-10
"""Final weight of the barrier: the value is within about 1e-9 of the best one."""
PENALTY = 1e-11
"""Cost of a multiplier: keeps it bounded where the bounds leave one Jacobian only."""
LEAST_SCALE = 1e-9
"""A slope is scaled by no less than this: it may be 0."""
SMALL_SHARE = 1e-2
"""A squared growth below this share of the scale is searched once more."""
LARGEST_SCALE = 1e60
"""Beyond this a step is hopeless, and float64 would overflow."""
LARGEST_MULTIPLIER = 1e12
"""In scaled conditions: where multipliers run away, no feasible ones exist."""


@dataclass(frozen=True)
class MultiplierBound:
    """A bound with the multipliers that prove it (`None` where there is no bound)."""

    bound: StepBound
    multipliers: Multipliers | None = None


@dataclass(frozen=True)
class _Inequality:
    """What the search looks at, rounded: sign 1 for growth, -1 for shrink."""

    sign: int
    A: Matrix
    b: Row
    h: Fraction
    bounds: StageBounds
    conditions: list[Condition]


def growth_lmi(A: Matrix, b: Row, h: Fraction, bounds: StageBounds) -> MultiplierBound:
    """The growth of one step.  Theorem `runge-kutta-growth-lmi`.

    **Arguments:** `A`, `(s, s)`, and `b`, `(s,)`, exact numbers; `h`, the step
    size; `bounds`, of the Jacobian at each stage.
    """
    return _bound("growth", A, b, h, bounds)


def shrink_lmi(A: Matrix, b: Row, h: Fraction, bounds: StageBounds) -> MultiplierBound:
    """The shrink of one step.  Theorem `runge-kutta-shrink-lmi`."""
    return _bound("shrink", A, b, h, bounds)


def _bound(
    quantity: str, A: Matrix, b: Row, h: Fraction, bounds: StageBounds
) -> MultiplierBound:
    theorem = f"runge-kutta-{quantity}-lmi"
    if not len(A) == len(b) == len(bounds.norms):
        raise InvalidInput(
            f"asked for a step of {len(b)} stages with {len(bounds.norms)} norms; give "
            "one for each stage"
        )
    if not all(isinstance(x, Rational | FieldElement) for row in (*A, b) for x in row):
        raise InvalidInput(
            "asked for a step of a method with float coefficients; the multipliers "
            "prove bounds for exact ones only"
        )
    sign, h = 1 if quantity == "growth" else -1, Fraction(h)
    conditions = stage_conditions(A, h, bounds)
    candidates = [_algebraic(b, bounds)] if sign > 0 and bounds.uppers else []
    candidates += _searched(_rounded(sign, A, b, h, bounds))
    proven = [
        (square, multipliers)
        for multipliers in candidates
        if (square := proven_square(sign, b, conditions, multipliers)) is not None
    ]
    if not proven:
        reason = "no multipliers of its conditions were found: take a smaller step"
        return MultiplierBound(not_established(quantity, theorem, reason))
    square, multipliers = min(proven, key=lambda pair: sign * pair[0])
    if sign < 0 and square <= 0:
        reason = f"psi^2 = {float(square):.4g} is not positive: take a smaller step"
        return MultiplierBound(not_established(quantity, theorem, reason))
    value = root_bound(square, upward=sign > 0)
    return MultiplierBound(StepBound(quantity, theorem, value), multipliers)


def _algebraic(b: Row, bounds: StageBounds) -> Multipliers:
    """The multipliers 2b of the logarithmic norms: those of algebraic stability.

    Multipliers are rational: of irrational weights they are not those.
    """
    zeros = (Fraction(0),) * len(b)
    uppers = tuple(max(2 * _near(weight), Fraction(0)) for weight in b)
    return Multipliers(zeros, uppers, zeros[: len(bounds.lowers)])


def _near(value: Coefficient) -> Fraction:
    """A rational number itself; of an irrational one 53 bits."""
    if isinstance(value, FieldElement):
        return Fraction(float(value.ball().mid()))
    return Fraction(value)


def _rounded(
    sign: int, A: Matrix, b: Row, h: Fraction, bounds: StageBounds
) -> _Inequality:
    stages = [[_near(a) for a in row] for row in A]
    weights = [_near(weight) for weight in b]
    conditions = stage_conditions(stages, h, bounds)
    return _Inequality(sign, stages, weights, h, bounds, conditions)


def _searched(problem: _Inequality) -> list[Multipliers]:
    """Multipliers by the central path; none if no strictly feasible ones are seen."""
    sign, conditions = problem.sign, problem.conditions
    scales, end = _scales(problem)
    if not max(*scales, end) < LARGEST_SCALE:
        return []
    unit = end if sign > 0 else 1.0
    d = np.array([1.0, *map(float, problem.b)]) * scales / unit
    directions = np.zeros((len(conditions) + 2, len(d), len(d)))
    directions[0], directions[1, 0, 0] = np.eye(len(d)), sign
    sizes = np.ones(len(conditions))
    for place, condition in enumerate(conditions):
        matrix = directions[place + 2]
        for (i, j), entry in condition.entries.items():
            matrix[i, j] = -float(entry) * scales[i] * scales[j]
        sizes[place] = np.abs(matrix).max()
        matrix /= sizes[place]
    signed = np.array([False, False] + [True] * len(conditions))
    cost = np.where(signed, PENALTY, 0.0)
    found = follow(Pencil(-sign * np.outer(d, d), directions, cost, signed), sign)
    if found is None:
        return []
    values: dict[str, list[Fraction]] = {kind: [] for kind in KINDS}
    for condition, value in zip(conditions, found[1:] * unit**2 / sizes, strict=True):
        values[condition.kind].append(Fraction(float(value)))
    return [Multipliers(*(tuple(values[kind]) for kind in KINDS))]


def follow(pencil: Pencil, sign: int) -> np.ndarray | None:
    """The square of the bound and multipliers, close to the best ones and feasible.

    The first direction of the pencil is the identity: its weight is made negative to
    find a strictly feasible point.  The second has the square of the bound.
    """
    units = np.eye(len(pencil.cost))
    start = np.ones(len(pencil.cost))
    start[:2] = 0.0
    start[0] = 1 + np.abs(pencil.at(start)).sum()
    first = replace(pencil, cost=pencil.cost + units[0])
    inner = central_path(
        first,
        start,
        gap=GAP,
        enough=lambda z: bool(z[0] < 0 or np.abs(z).max() > LARGEST_MULTIPLIER),
    )
    if not inner[0] < 0:
        return None
    second = Pencil(
        pencil.constant,
        pencil.directions[1:],
        (pencil.cost + sign * units[1])[1:],
        pencil.signed[1:],
    )
    found = central_path(second, inner[1:], gap=GAP)
    # Where the bound is far below the scale, the gap has to be a share of the bound.
    share = min(1.0, float(abs(found[0])))
    if sign > 0 and share < SMALL_SHARE:
        cost = np.where(second.signed, share * PENALTY, second.cost)
        finer = replace(second, cost=cost)
        found = central_path(finer, found, gap=share * GAP)
    return found


def _scales(problem: _Inequality) -> tuple[np.ndarray, float]:
    """How large the start, the slopes and the end can be, by the stages' norms."""
    moved = [float(problem.h * norm) for norm in problem.bounds.norms]
    norms = np.maximum(moved, LEAST_SCALE)
    A = np.abs(np.array(problem.A, dtype=float))
    b = np.abs(np.array(problem.b, dtype=float))
    spreads = np.ones(len(b))
    try:
        solved = np.linalg.solve(np.eye(len(b)) - A * norms, spreads)
    except np.linalg.LinAlgError:
        solved = spreads
    if (solved >= 1).all():
        spreads = solved
    moves = norms * spreads
    return np.array([1.0, *moves]), float(1 + b @ moves)
