r"""Growth of a one-leg step in the norm of its G-matrix.

$\sum_j\alpha_jy_{n+j} = hf(\sum_j\beta_jy_{n+j})$; with the rows $\rho = (\alpha_0,
\dots, \alpha_k)$ and $\sigma = (\beta_0, \dots, \beta_k)$ two solutions have slopes
$\rho y$ at $\sigma y$.  If

$$\phi^2(G \oplus 0) - (0 \oplus G) - \kappa(h^2L^2\sigma^T\sigma - \rho^T\rho) -
\lambda(h\mu\,\sigma^T\sigma - \operatorname{sym}\rho^T\sigma) -
\nu(\operatorname{sym}\rho^T\sigma - hm\,\sigma^T\sigma) \succeq 0,$$

the last $k$ values grow by at most $\phi$ in the norm $|Y|_G$ (`one-leg-g-norm`).
For $\mu \le 0$ a G-stable method has $\phi = 1$: the identity of $G$ leaves $M -
h\mu\sigma^T\sigma$.  BDF methods are their own one-leg twins.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from stabcheck.growth.growth_lmi import PENALTY, follow
from stabcheck.growth.semidefinite import Pencil
from stabcheck.growth.stage_conditions import KINDS, StageBounds
from stabcheck.growth.step_bound import StepBound, not_established, root_bound
from stabcheck.integrators.memory.multistep import LinearMultistep
from stabcheck.integrators.runge_kutta.contractivity import is_positive_semidefinite

THEOREM = "one-leg-g-norm"

Matrix = list[list[Fraction]]


@dataclass(frozen=True)
class OneLegBound:
    """A growth in the norm of G, with the matrix and the multipliers that prove it."""

    bound: StepBound
    G: tuple[tuple[Fraction, ...], ...] = ()
    multipliers: tuple[Fraction, ...] = ()


def one_leg_growth(
    method: LinearMultistep, h: Fraction, bounds: StageBounds
) -> OneLegBound:
    """The growth of one step, where it is defined.  Theorem `one-leg-g-norm`.

    **Arguments:** `method`, the multistep twin; `bounds`, one norm and, where known,
    one upper and one lower bound, of the Jacobian where the method evaluates it.
    """
    found = method.g_stability
    if found is None:
        reason = f"{method.name} is not G-stable: no norm of its values is known"
        return OneLegBound(not_established("growth", THEOREM, reason))
    G, scale = found.G, sum(method.beta, start=Fraction(0))
    alpha, beta = (
        [entry / scale for entry in row[-len(G) - 1 :]]
        for row in (method.alpha, method.beta)
    )
    forms = _conditions(alpha, beta, Fraction(h), bounds)
    inner, outer = _bordered(G, 0), _bordered(G, 1)
    candidates = [(Fraction(1), _of_identity(scale, bounds))] if bounds.uppers else []
    candidates += _searched(inner, outer, forms)
    proven = [
        (square, multipliers)
        for square, multipliers in candidates
        if is_positive_semidefinite(_left(inner, outer, forms, square, multipliers))
    ]
    if not proven:
        reason = "no multipliers of its conditions were found: take a smaller step"
        return OneLegBound(not_established("growth", THEOREM, reason))
    square, multipliers = min(proven, key=lambda pair: pair[0])
    value = root_bound(square, upward=True)
    return OneLegBound(StepBound("growth", THEOREM, value), G, multipliers)


def _of_identity(scale: Fraction, bounds: StageBounds) -> tuple[Fraction, ...]:
    """The multiplier of the logarithmic norm in the identity of G-stability."""
    return (Fraction(0), scale**2, *(Fraction(0) for _ in bounds.lowers))


def _outer(left: Sequence[Fraction], right: Sequence[Fraction]) -> Matrix:
    return [[(a * d + b * c) / 2 for b, d in zip(left, right, strict=True)]
            for a, c in zip(left, right, strict=True)]  # fmt: skip


def _conditions(
    alpha: Sequence[Fraction],
    beta: Sequence[Fraction],
    h: Fraction,
    bounds: StageBounds,
) -> list[Matrix]:
    slope, value, mixed = _outer(alpha, alpha), _outer(beta, beta), _outer(alpha, beta)
    found = []
    for kind in KINDS:
        for bound in getattr(bounds, kind):
            size = h * bound
            weights, other = {
                "norms": ((size * size, Fraction(-1)), slope),
                "uppers": ((size, Fraction(-1)), mixed),
                "lowers": ((-size, Fraction(1)), mixed),
            }[kind]
            found.append(_combined(weights, (value, other)))
    return found


def _combined(weights: Sequence[Fraction], matrices: Sequence[Matrix]) -> Matrix:
    size = range(len(matrices[0]))
    return [
        [
            sum(
                (w * m[i][j] for w, m in zip(weights, matrices, strict=True)),
                start=Fraction(0),
            )
            for j in size
        ]
        for i in size
    ]


def _bordered(G: Sequence[Sequence[Fraction]], shift: int) -> Matrix:
    """G on the old values (shift 0) or on the new ones (shift 1)."""
    size = range(len(G) + 1)

    def entry(i: int, j: int) -> Fraction:
        inside = 0 <= i - shift < len(G) and 0 <= j - shift < len(G)
        return G[i - shift][j - shift] if inside else Fraction(0)

    return [[entry(i, j) for j in size] for i in size]


def _left(
    inner: Matrix,
    outer: Matrix,
    forms: Sequence[Matrix],
    square: Fraction,
    multipliers: Sequence[Fraction],
) -> Matrix:
    weights = [square, Fraction(-1), *(-m for m in multipliers)]
    return _combined(weights, [inner, outer, *forms])


def _searched(
    inner: Matrix, outer: Matrix, forms: Sequence[Matrix]
) -> list[tuple[Fraction, tuple[Fraction, ...]]]:
    size, count = len(inner), len(forms)
    directions = np.zeros((count + 2, size, size))
    directions[0], directions[1] = np.eye(size), np.array(inner, dtype=float)
    units = np.ones(count)
    for place, form in enumerate(forms):
        matrix = -np.array(form, dtype=float)
        units[place] = np.abs(matrix).max()
        directions[place + 2] = matrix / units[place]
    signed = np.array([False, False] + [True] * count)
    cost = np.where(signed, PENALTY, 0.0)
    constant = -np.array(outer, dtype=float)
    found = follow(Pencil(constant, directions, cost, signed), 1)
    if found is None:
        return []
    weights = found[1:] / units
    return [(Fraction(float(found[0])), tuple(Fraction(float(w)) for w in weights))]
