r"""The boundary of the region of a stability function, as curves.

Every point with $|R(z)| = 1$ is a boundary point, for $R$ is an open map: the roots of
$P - e^{it}Q$ over all angles are the whole boundary.  They are eigenvalues of companion
matrices, improved by Newton's method on the factored $R$ and followed from one angle to
the next.  The lower half of the angles gives the conjugate curves.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from stabcheck.integrators import StabilityFunction
from stabcheck.integrators.algebra.polynomials import (
    exact_coefficients,
    exact_polynomial,
)
from stabcheck.plots.factored import FactoredFunction, Points, float_of

ANGLES = 120
"""On the upper half of the circle, denser at its ends: there curves may touch."""
STRIDE = 5
"""Eigenvalues are computed at every fifth angle: they take the longest."""
TRACED_DEGREE = 30
"""Eigenvalues of companion matrices of higher degrees are too inaccurate to start."""
NEWTON_STEPS = 2
MOST_STEPS = 30
"""Of improvement; at double roots it goes on slowly, and changes nothing visible."""
ROUNDING = 2e-14
NONE = np.zeros(0, dtype=complex)
FAR = 1e6
"""Curves that leave this many times the size of the zeros and poles go to infinity."""
JUMP = 0.35
"""Two points further apart than this, relative to their size, are not connected."""
SPECK = 1e-2
"""Islands smaller than this share of their distance from 0 are left out: the steep
slopes in them exceed the rounding of their points."""
MEETING = 1e-5
"""Ends of arcs as close as this, relative to the size, are one point: at a double root
an end is known to the root of the rounding error only."""


def boundary_curves(
    R: StabilityFunction, factored: FactoredFunction, angles: int = ANGLES
) -> list[Points]:
    r"""The curves $|R| = 1$, complex arrays `(m,)`; closed ones end where they begin.

    The region lies to the left of every curve.

    **Arguments:** `R`, of a degree up to `TRACED_DEGREE`; `factored`, the same function
    by its zeros and poles; `angles`, how many on half the circle.
    """
    t = np.pi * (1 - np.cos(np.linspace(0, np.pi, angles))) / 2
    sheets = _sheets(R, factored, t)
    sheets[np.abs(sheets) > FAR * factored.largest] = np.inf
    arcs = []
    for sheet in _followed(sheets).T:
        arcs += _connected(sheet)
    mirrored = [arc.conj()[::-1] for arc in arcs]
    curves = _joined([*arcs, *mirrored], MEETING * factored.largest)
    return [c for c in curves if np.ptp(c.real) + np.ptp(c.imag) > SPECK * abs(c[0])]


def polished(factored: FactoredFunction, z: Points) -> Points:
    """Points moved onto the nearest value of modulus one, by two steps of Newton."""
    for _ in range(NEWTON_STEPS):
        with np.errstate(all="ignore"):
            gap = np.log(np.abs(factored(z)))
            step = gap / factored.logarithmic_derivative(z)
        z = np.where(np.isfinite(step), z - step, z)
    return z


def _sheets(R: StabilityFunction, factored: FactoredFunction, t: np.ndarray) -> Points:
    """The roots at each angle, `(angles, degree)`.

    Eigenvalues at some angles; along the curves, on which $dz/dt = iR/R'$, from there
    to the angles between.
    """
    nodes = np.arange(0, len(t), STRIDE)
    roots = improved(factored, _roots(R, factored, t[nodes]), t[nodes])
    behind = np.arange(len(t)) // STRIDE
    with np.errstate(all="ignore"):
        slope = 1j / factored.logarithmic_derivative(roots)
        ahead = slope[behind] * (t - t[nodes[behind]])[:, None]
    ahead[~(np.abs(ahead) < factored.largest)] = 0
    return improved(factored, roots[behind] + ahead, t)


def improved(factored: FactoredFunction, z: Points, t: np.ndarray) -> Points:
    r"""All roots of $P - e^{it}Q$ from approximate ones, `(angles, degree)`.

    By the method of Ehrlich and Aberth, that of Newton with the roots kept apart, until
    the residual is that of rounding.
    """
    w = np.exp(1j * t)[:, None]
    rows = np.arange(len(t))
    for _ in range(MOST_STEPS):
        with np.errstate(all="ignore"):
            gap = factored(z[rows]) - w[rows]
            slope = factored.logarithmic_derivative(z[rows])
            # A steep function shows the rounding of its argument.
            rough = np.abs(gap) > ROUNDING * (1 + np.abs(z[rows] * slope) / 16)
            kept = rough.any(axis=1)
            rows, gap, slope = rows[kept], gap[kept], slope[kept]
            if not len(rows):
                break
            z[rows] -= _correction(factored, z[rows], gap, w[rows], slope)
    return z


def _correction(
    factored: FactoredFunction, z: Points, gap: Points, w: Points, slope: Points
) -> Points:
    """One step of Ehrlich and Aberth; none where it is not finite."""
    # (P - wQ)'/(P - wQ) = Q'/Q + R'/(R - w), R' = R slope.
    inverse = slope * (gap + w) / gap
    inverse += FactoredFunction(factored.poles, NONE).logarithmic_derivative(z)
    differences = z[:, :, None] - z[:, None, :]
    differences[:, *np.diag_indices(z.shape[1])] = np.inf
    value = 1 / (inverse - (1 / differences).sum(axis=2))
    return np.where(np.isfinite(value), value, 0)


def _roots(R: StabilityFunction, factored: FactoredFunction, t: np.ndarray) -> Points:
    r"""The roots of $P - e^{it}Q$ at each angle, `(angles, degree)`.

    In a variable that has the zeros and poles round the unit circle.
    """
    places = np.concatenate([factored.zeros, factored.poles])
    centre = Fraction(float(places.real.mean())).limit_denominator(64)
    reach = float(np.abs(places - float(centre)).max())
    scale = Fraction(max(reach, 0.1 * factored.largest)).limit_denominator(64)
    moved = exact_polynomial([centre, scale])
    P, Q = (
        np.array([float_of(c) for c in exact_coefficients(exact_polynomial(p)(moved))])
        for p in (R.P, R.Q)
    )
    size = max(len(P), len(Q))
    P, Q = (np.pad(p, (0, size - len(p))) for p in (P, Q))
    values = P - np.exp(1j * t)[:, None] * Q
    return float(centre) + float(scale) * companion_roots(values)


def companion_roots(values: Points) -> Points:
    """The roots of polynomials `(..., m + 1)`, `(..., m)`; infinite ones very large."""
    degree = values.shape[-1] - 1
    leading = values[..., -1:]
    leading = np.where(np.abs(leading) < 1e-30, 1e-30, leading)
    monic = values[..., :-1] / leading
    if degree == 1:
        return -monic
    companion = np.zeros((*values.shape[:-1], degree, degree), dtype=complex)
    companion[..., np.arange(1, degree), np.arange(degree - 1)] = 1
    companion[..., :, -1] = -monic
    return np.linalg.eigvals(companion)


def _followed(roots: Points) -> Points:
    """The roots with each column continuous in the angle."""
    followed = roots.copy()
    for i in range(1, len(roots)):
        before, now = followed[i - 1], roots[i]
        with np.errstate(invalid="ignore"):
            distances = np.abs(before[:, None] - now[None, :])
        distances[np.isnan(distances)] = 0  # both at infinity
        nearest = distances.argmin(axis=1)
        if len(set(nearest.tolist())) < len(nearest):
            nearest = _assigned(distances)
        followed[i] = now[nearest]
    return followed


def _assigned(distances: np.ndarray) -> np.ndarray:
    """A permutation that takes the closest pairs first."""
    order = np.full(len(distances), -1)
    taken = np.zeros(len(distances), dtype=bool)
    for k in np.argsort(distances, axis=None, kind="stable"):
        i, j = divmod(int(k), len(distances))
        if order[i] < 0 and not taken[j]:
            order[i], taken[j] = j, True
    return order


def _connected(sheet: Points) -> list[Points]:
    """The stretches of a sheet between infinities and jumps."""
    size = np.abs(sheet)
    with np.errstate(invalid="ignore"):
        gap = np.abs(np.diff(sheet)) / (1 + np.minimum(size[1:], size[:-1]))
    broken = ~(gap < JUMP)
    pieces = np.split(sheet, np.flatnonzero(broken) + 1)
    return [p for p in pieces if len(p) > 1 and np.isfinite(p).all()]


def _joined(arcs: list[Points], near: float) -> list[Points]:
    """Arcs whose ends meet made into one curve each."""
    left = list(arcs)
    curves = []
    while left:
        curve = left.pop()
        while left and abs(curve[0] - curve[-1]) > near:
            starts = np.abs(np.array([arc[0] for arc in left]) - curve[-1])
            k = int(starts.argmin())
            if starts[k] > near:
                break
            curve = np.concatenate([curve, left.pop(k)[1:]])
        curves.append(curve)
    return curves
