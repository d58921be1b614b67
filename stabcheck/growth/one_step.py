r"""Growth and shrink of one step from bounds on the field's Jacobian.

$L \ge \sup\|J\|$, $\mu \ge \sup\mu_2(J)$ and $m \le \inf\lambda_{\min}(H(J))$ on a
convex set that holds the stages of every step in question.  Between two solutions
with differences $\Delta$: $|\Delta f| \le L|\Delta y|$ and $m|\Delta y|^2 \le
\langle\Delta f, \Delta y\rangle \le \mu|\Delta y|^2$.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from stabcheck.bounds.validation import checked_nonnegative
from stabcheck.errors import InvalidInput
from stabcheck.growth.step_bound import StepBound, established, not_established

Matrix = Sequence[Sequence[float]]

ROUNDED = 2.0**-38
"""Of terms whose root is taken: premises are claimed with 40 bits, rounded outward."""


def euler_growth(h: float, L: float, mu: float | None = None) -> StepBound:
    r"""Forward Euler: $1 + hL$, or $\sqrt{1 + 2h\mu + h^2L^2}$.  `euler-growth`."""
    h, L = _step_and_norm(h, L)
    value = 1 + h * L
    if mu is not None:
        square = 1 + 2 * h * mu + (h * L) ** 2
        square += ROUNDED * (1 + 2 * h * abs(mu) + (h * L) ** 2)
        value = min(value, math.sqrt(max(0.0, square)))
    return established("growth", "euler-growth", value)


def euler_shrink(h: float, L: float, m: float | None = None) -> StepBound:
    r"""Forward Euler: $\max(0, 1 - hL, 1 + hm)$.  Theorem `euler-shrink`.

    $1 + hm$, where it is positive, is at least the $\sqrt{1 + 2hm}$ of the ledger.
    """
    h, L = _step_and_norm(h, L)
    value = max(0.0, 1 - h * L)
    if m is not None:
        value = max(value, 1 + h * m)
    return established("shrink", "euler-shrink", value)


def explicit_growth(
    A: Matrix, b: Sequence[float], h: float, stage_norms: Sequence[float]
) -> StepBound:
    r"""Any explicit method, a norm per stage.  Theorem `explicit-runge-kutta-crude`.

    $d_i = 1 + h\sum_j|a_{ij}|L_jd_j$, growth $1 + h\sum_i|b_i|L_id_i$.
    """
    theorem = "explicit-runge-kutta-crude"
    return established("growth", theorem, _crude(A, b, h, stage_norms))


def explicit_shrink(
    A: Matrix, b: Sequence[float], h: float, stage_norms: Sequence[float]
) -> StepBound:
    """2 minus the growth.  Theorem `explicit-runge-kutta-crude`."""
    value = 2 - _crude(A, b, h, stage_norms)
    theorem = "explicit-runge-kutta-crude"
    if value <= 0:
        reason = f"2 - growth = {value:.4g} is not positive: take a smaller step"
        return not_established("shrink", theorem, reason)
    return established("shrink", theorem, value)


def explicit_energy(
    A: Matrix,
    b: Sequence[float],
    h: float,
    stage_norms: Sequence[float],
    stage_slopes: Sequence[float],
    quantity: str,
) -> StepBound:
    r"""An explicit method with $b \ge 0$.  Theorem `explicit-runge-kutta-energy`.

    **Arguments:** `stage_slopes`, $\mu_2$ at the stages for the `quantity` `growth`,
    $\lambda_{\min}$ for `shrink`.
    """
    theorem = "explicit-runge-kutta-energy"
    if any(weight < 0 for weight in b):
        return not_established(quantity, theorem, "the method has a negative weight b")
    sign = 1 if quantity == "growth" else -1
    spreads = np.array(_spreads(A, b, h, stage_norms))
    slopes = sign * np.asarray(stage_slopes, dtype=float)
    distance = np.where(slopes >= 0, spreads, np.maximum(0.0, 2 - spreads))
    moves = h * np.asarray(stage_norms, dtype=float) * spreads
    weights, stages = np.asarray(b, dtype=float), np.asarray(A, dtype=float)
    form = weights[:, None] * stages
    form = form + form.T - np.outer(weights, weights)
    sizes = np.abs(form)
    np.fill_diagonal(sizes, np.maximum(0.0, -sign * np.diag(form)))
    change = 2 * h * weights @ (slopes * distance**2) + moves @ sizes @ moves
    terms = 2 * h * weights @ (np.abs(slopes) * distance**2) + moves @ sizes @ moves
    square = 1 + sign * (float(change) + ROUNDED * (1 + float(terms)))
    if square <= 0:
        reason = f"the energy bound {square:.4g} is not positive: take a smaller step"
        return not_established(quantity, theorem, reason)
    return established(quantity, theorem, math.sqrt(square))


def backward_euler_growth(h: float, L: float, mu: float | None = None) -> StepBound:
    r"""$1/(1 - h\mu)$ for $h\mu < 1$, $hL < 1$.  Theorem `backward-euler-growth`."""
    h, L = _step_and_norm(h, L)
    theorem = "backward-euler-growth"
    if h * L >= 1:
        return not_established("growth", theorem, _no_unique_stage(h * L, "h L"))
    return established("growth", theorem, 1 / (1 - h * min(L, _or(mu, L))))


def backward_euler_shrink(h: float, L: float) -> StepBound:
    """1/(1 + hL) for hL < 1.  Theorem `backward-euler-growth`."""
    h, L = _step_and_norm(h, L)
    theorem = "backward-euler-growth"
    if h * L >= 1:
        return not_established("shrink", theorem, _no_unique_stage(h * L, "h L"))
    return established("shrink", theorem, 1 / (1 + h * L))


def implicit_midpoint_growth(h: float, L: float, mu: float | None = None) -> StepBound:
    r"""$\max(1, (1 + h\mu/2)/(1 - h\mu/2))$.  Theorem `implicit-midpoint-growth`."""
    h, L = _step_and_norm(h, L)
    theorem = "implicit-midpoint-growth"
    if h * L / 2 >= 1:
        return not_established("growth", theorem, _no_unique_stage(h * L / 2, "h L/2"))
    x = h * max(0.0, min(L, _or(mu, L))) / 2
    return established("growth", theorem, (1 + x) / (1 - x))


def implicit_midpoint_shrink(h: float, L: float, m: float | None = None) -> StepBound:
    r"""$(1 + hm/2)/(1 - hm/2)$, $m \le 0$.  Theorem `implicit-midpoint-growth`."""
    h, L = _step_and_norm(h, L)
    theorem = "implicit-midpoint-growth"
    if h * L / 2 >= 1:
        return not_established("shrink", theorem, _no_unique_stage(h * L / 2, "h L/2"))
    x = h * min(0.0, max(-L, _or(m, -L))) / 2
    return established("shrink", theorem, (1 + x) / (1 - x))


def circle_contractivity(
    A: Matrix,
    b: Sequence[float],
    h: float,
    stage_norms: Sequence[float],
    stage_log_norms: Sequence[float],
    circle_radius: float,
) -> StepBound:
    r"""Growth 1 on the circle condition.  Theorem `circle-contractivity`.

    $b \ge 0$, $BA + A^TB - bb^T + B/r \succeq 0$ and $h\mu_i + h^2L_i^2/(2r) \le 0$ at
    every stage (Dahlquist, Jeltsch 1979).
    """
    theorem = "circle-contractivity"
    r = float(circle_radius)
    if not r > 0:
        return not_established(
            "growth", theorem, "the method's circle contractivity radius is 0"
        )
    weights = np.asarray(b, dtype=float)
    B, stage_matrix = np.diag(weights), np.asarray(A, dtype=float)
    form = B @ stage_matrix + stage_matrix.T @ B - np.outer(weights, weights) + B / r
    lowest = float(np.linalg.eigvalsh(form)[0])
    # Rounding of a form with entries of order one; the checker decides exactly.
    if (weights < 0).any() or lowest < -1e-12 * (1 + float(np.abs(form).max())):
        return not_established(
            "growth", theorem, f"the method is not contractive on circles of radius {r}"
        )
    for stage, (L, mu) in enumerate(zip(stage_norms, stage_log_norms, strict=True)):
        excess = h * mu + (h * L) ** 2 / (2 * r)
        if excess > 0:
            reason = (
                f"h mu + (h L)^2/(2 r) = {excess:.4g} > 0 at stage {stage + 1}: "
                "contraction needs mu < 0 and a small step"
            )
            return not_established("growth", theorem, reason)
    return StepBound("growth", theorem, 1.0)


def largest_step(
    theorem: str,
    L: float,
    mu: float | None = None,
    circle_radius: float | None = None,
) -> float:
    """The supremum of the steps that a theorem allows, 0 if it allows none.

    The bounds are taken as given on a set that holds all stages: what containment of
    the stages in a tube costs is not in this number.

    **Arguments:** `theorem`, one of `backward-euler-growth`,
    `implicit-midpoint-growth`, `circle-contractivity` (with `mu`, `circle_radius`).

    **Raises:** `InvalidInput` for another theorem or missing arguments.
    """
    L = checked_nonnegative("L", L)
    if theorem == "backward-euler-growth":
        return math.inf if L == 0 else 1 / L
    if theorem == "implicit-midpoint-growth":
        return math.inf if L == 0 else 2 / L
    if theorem == "circle-contractivity":
        if mu is None or circle_radius is None:
            raise InvalidInput("circle-contractivity needs mu and circle_radius")
        if L == 0:
            return math.inf
        return max(0.0, -2 * circle_radius * mu / L**2)
    raise InvalidInput(f"no closed form of the largest step for {theorem!r}")


def _spreads(
    A: Matrix, b: Sequence[float], h: float, stage_norms: Sequence[float]
) -> list[float]:
    """d_i = 1 + h sum_j |a_ij| L_j d_j: how far the stages of two solutions spread."""
    stages = len(b)
    if len(A) != stages or len(stage_norms) != stages:
        raise InvalidInput(
            f"the tableau has {len(A)} rows and {stages} weights, with "
            f"{len(stage_norms)} stage norms"
        )
    distances: list[float] = []
    for i, row in enumerate(A):
        if any(row[j] != 0 for j in range(i, stages)):
            raise InvalidInput("the method is not explicit")
        pairs = zip(row, stage_norms, distances, strict=False)
        distances.append(1 + h * sum(abs(a) * L * d for a, L, d in pairs))
    return distances


def _crude(
    A: Matrix, b: Sequence[float], h: float, stage_norms: Sequence[float]
) -> float:
    terms = zip(b, stage_norms, _spreads(A, b, h, stage_norms), strict=True)
    return float(1 + h * sum(abs(weight) * L * d for weight, L, d in terms))


def _step_and_norm(h: float, L: float) -> tuple[float, float]:
    return checked_nonnegative("step size", h), checked_nonnegative("L", L)


def _or(value: float | None, default: float) -> float:
    return default if value is None else value


def _no_unique_stage(size: float, words: str) -> str:
    return (
        f"{words} = {size:.4g} is not below 1: the stage equation is not known to have "
        "one solution"
    )
