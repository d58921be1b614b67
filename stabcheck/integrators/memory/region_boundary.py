r"""The boundary of a stability region with memory as curves, in float64, for pictures.

Every boundary point has a root on the unit circle, so it lies on the locus $\Phi(e^{i
\theta}, z) = 0$; it is one only if the other roots are inside.  The loops of the locus
where they are not are cut off, and the cuts refined by bisection.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from stabcheck.integrators.memory.characteristic import CharacteristicPolynomial

POINTS = 1000
"""Angles on the upper half of the circle; the lower half is its mirror."""

TOLERANCE = 1e-9
"""Other roots this far outside count as inside: double roots are found to a root of
the rounding error only."""

BISECTIONS = 45
"""Halvings of a grid step, to the rounding of the angle."""


def boundary(
    characteristic: CharacteristicPolynomial, points: int = POINTS
) -> list[np.ndarray]:
    """The boundary of the region as arcs.

    **Arguments:** `points`, the number of angles in the upper half.

    **Returns:** complex arrays `(m,)`, in the upper and then mirrored in the lower half
    plane of the angle; they end where the boundary crosses itself.
    """
    coefficients = matrix(characteristic)
    angles = np.linspace(0, np.pi, points)
    sheets = _sheets(coefficients, angles)
    arcs = []
    for sheet in range(sheets.shape[1]):
        z = sheets[:, sheet]
        kept = _others_inside(coefficients, angles, z)
        for first, last in _runs(kept, z):
            arc = z[first : last + 1]
            start = _cut(coefficients, angles, z, kept, first, -1)
            end = _cut(coefficients, angles, z, kept, last, 1)
            arc = np.concatenate([start, arc, end])
            if len(arc) > 1:
                arcs.append(arc)
    return [*arcs, *(arc.conj() for arc in arcs)]


def is_stable(characteristic: CharacteristicPolynomial, z: np.ndarray) -> np.ndarray:
    """Whether all roots are inside the circle, at points `(...)`, by Schur-Cohn."""
    values = _at(matrix(characteristic), np.asarray(z, dtype=complex))
    return _inside(values)


def largest_modulus(
    characteristic: CharacteristicPolynomial, z: np.ndarray
) -> np.ndarray:
    """The largest modulus of the roots at points `(...)`, infinite at a pole."""
    z = np.asarray(z, dtype=complex)
    values = _at(matrix(characteristic), z)
    with np.errstate(all="ignore"):
        return np.max(np.abs(_roots(values)), axis=-1, initial=0.0)


def matrix(characteristic: CharacteristicPolynomial) -> np.ndarray:
    r"""The coefficients of $\zeta^jz^m$, `(k + 1, m + 1)`."""
    width = max(map(len, characteristic.coefficients))
    rows = [[*row, *[0] * (width - len(row))] for row in characteristic.coefficients]
    return np.array([[float(c) for c in row] for row in rows])


def _at(coefficients: np.ndarray, z: np.ndarray) -> np.ndarray:
    r"""The coefficients in $\zeta$ at points, `(..., k + 1)`."""
    powers = z[..., None] ** np.arange(coefficients.shape[1])
    return powers @ coefficients.T


def _inside(values: np.ndarray, radius: float = 1.0) -> np.ndarray:
    """Whether the roots of polynomials `(..., k + 1)` are inside a circle."""
    a = np.moveaxis(values, -1, 0) * radius ** np.arange(values.shape[-1]).reshape(
        -1, *[1] * (values.ndim - 1)
    )
    inside = np.ones(a.shape[1:], dtype=bool)
    with np.errstate(all="ignore"):
        while len(a) > 1:
            ratio = a[0] / a[-1].conj()
            # Once a polynomial fails its further values do not matter.
            inside &= np.abs(ratio) < 1
            a = a[1:] - ratio * a[-2::-1].conj()
    return inside


def _sheets(coefficients: np.ndarray, angles: np.ndarray) -> np.ndarray:
    """The roots in z at each angle, `(points, sheets)`, each sheet continuous."""
    zeta = np.exp(1j * angles)[:, None] ** np.arange(coefficients.shape[0])
    with np.errstate(all="ignore"):
        roots = _roots(zeta @ coefficients)
    for i in range(1, len(roots)):
        if roots.shape[1] > 1:
            roots[i] = _followed(roots[i - 1], roots[i])
    return roots


def _roots(values: np.ndarray) -> np.ndarray:
    """The roots of polynomials `(..., m + 1)`, `(..., m)`; infinite ones as inf."""
    degree = values.shape[-1] - 1
    leading = values[..., -1:]
    if degree < 2:
        return -values[..., :degree] / leading
    companion = np.zeros((*values.shape[:-1], degree, degree), dtype=complex)
    companion[..., np.arange(1, degree), np.arange(degree - 1)] = 1
    # A vanishing leading coefficient sends a root to infinity: very far is enough.
    safe = np.where(np.abs(leading) < 1e-30, 1e-30, leading)
    companion[..., :, -1] = -values[..., :-1] / safe
    return np.linalg.eigvals(companion)


def _followed(before: np.ndarray, now: np.ndarray) -> np.ndarray:
    """The roots in the order of the nearest ones before."""
    left = list(range(len(now)))
    order = []
    for root in before:
        nearest = min(left, key=lambda j: abs(now[j] - root))
        order.append(nearest)
        left.remove(nearest)
    return now[order]


def _others_inside(
    coefficients: np.ndarray, angles: np.ndarray, z: np.ndarray
) -> np.ndarray:
    """Whether all roots but the one at the angle are inside, up to the tolerance."""
    values = _at(coefficients, z)
    zeta = np.exp(1j * angles)
    quotient = np.empty((*values.shape[:-1], values.shape[-1] - 1), dtype=complex)
    carried = np.zeros_like(zeta)
    for j in reversed(range(quotient.shape[-1])):
        carried = values[..., j + 1] + zeta * carried
        quotient[..., j] = carried
    return _inside(quotient, 1 + TOLERANCE) & np.isfinite(z)


def _runs(kept: np.ndarray, z: np.ndarray) -> list[tuple[int, int]]:
    """First and last index of each stretch that is kept and has no pole inside."""
    with np.errstate(all="ignore"):
        jump = np.abs(np.diff(z)) > 0.5 * (1 + np.minimum(abs(z[1:]), abs(z[:-1])))
    breaks = np.flatnonzero(jump | (kept[1:] != kept[:-1])) + 1
    edges = [0, *breaks, len(kept)]
    return [(first, end - 1) for first, end in pairwise(edges) if kept[first]]


def _cut(
    coefficients: np.ndarray,
    angles: np.ndarray,
    z: np.ndarray,
    kept: np.ndarray,
    index: int,
    step: int,
) -> np.ndarray:
    """The point beyond the end of a run at which another root leaves the circle."""
    beyond = index + step
    if not 0 <= beyond < len(kept) or kept[beyond] or not np.isfinite(z[beyond]):
        return np.empty(0, dtype=complex)
    inner, outer, at = angles[index], angles[beyond], z[index]
    for _ in range(BISECTIONS):
        middle = np.array([(inner + outer) / 2])
        roots = _sheets(coefficients, middle)[0]
        candidate = roots[np.argmin(np.abs(roots - at))]
        if _others_inside(coefficients, middle, np.array([candidate]))[0]:
            inner, at = middle[0], candidate
        else:
            outer = middle[0]
    return np.array([at])
