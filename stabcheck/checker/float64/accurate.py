r"""Matrix products almost as accurate as their rounded result, from three products.

Rows of $A$ and columns of $B$ are split, $A = A_h + A_l$ and $B = B_h + B_l$, so that
$A_h$, $B_h$ are integers of at most $q$ bits times a power of two of the row or
column, with $k\,2^{2q} \le 2^{53}$ for inner length $k$.  Then $A_hB_h$ is computed
without any error, and $A_hB_l + A_lB$ is $2^{-q}$ smaller than the product, so that its
errors hardly count (K. Ozaki, T. Ogita, S. Oishi, S. M. Rump, Numer. Algorithms 59
(2012) 95-118, section 2).
"""

from __future__ import annotations

import numpy as np

from stabcheck.checker.float64.midpoint_radius import (
    SMALLEST,
    UNIT_ROUNDOFF,
    MidpointRadius,
    gamma,
    outward,
    upper_product,
)

SMALLEST_EXPONENT = -900
"""Splitting at or above this power of two keeps units and their inverses in range."""


def split(array: np.ndarray, axis: int, bits: int) -> tuple[np.ndarray, np.ndarray]:
    r"""Split exactly into integers of `bits` bits times a power of two, and the rest.

    With $2^e$ at least every entry of a row (`axis` -1) or column (`axis` -2), the
    first part is a multiple of $2^{e-q}$, at most $2^e$; the rest is at most half a
    unit and a float because it is a multiple of the entry's last bit.
    """
    top = np.abs(array).max(axis=axis, keepdims=True)
    exponent = np.maximum(np.frexp(top)[1], SMALLEST_EXPONENT)
    high = np.rint(array * np.ldexp(1.0, bits - exponent))
    high *= np.ldexp(1.0, exponent - bits)
    return high, array - high


def accurate_product(a: np.ndarray, b: np.ndarray) -> MidpointRadius:
    r"""Enclose the product of float64 arrays (leading axes broadcast).

    With $X = \mathrm{fl}(A_hB_l)$ and $Y = \mathrm{fl}(A_lB)$ the result
    $\mathrm{fl}(A_hB_h + \mathrm{fl}(X + Y))$ errs by at most $u$ times itself, and by
    $(\gamma_k + 2u)(|A_h||B_l| + |A_l||B|)$, where the sums are bounded by row sums
    times largest entries; at most $3k + 2$ underflows remain.
    """
    terms = a.shape[-1]
    bits = (53 - (terms - 1).bit_length()) // 2
    a_high, a_low = split(a, -1, bits)
    b_high, b_low = split(b, -2, bits)
    midpoint = a_high @ b_low
    midpoint += a_low @ b
    midpoint += a_high @ b_high
    # Sums of k nonnegative terms are at most 1 + 3 gamma_k times the computed ones.
    rows = np.abs(a_high).sum(axis=-1, keepdims=True) * (1 + 3 * gamma(terms))
    columns = np.abs(b).sum(axis=-2, keepdims=True) * (1 + 3 * gamma(terms))
    radius = outward(rows * np.abs(b_low).max(axis=-2, keepdims=True))
    radius = radius + outward(np.abs(a_low).max(axis=-1, keepdims=True) * columns)
    radius *= gamma(terms + 2)
    radius += UNIT_ROUNDOFF * np.abs(midpoint)
    radius += (3 * terms + 2) * SMALLEST
    return MidpointRadius(midpoint, outward(radius))


def accurate_enclosure(a: MidpointRadius, b: MidpointRadius) -> MidpointRadius:
    r"""Enclose the product of enclosures: midpoints accurately, radii upwards.

    $|AB - C_aC_b| \le |C_a| R_b + R_a (|C_b| + R_b)$.
    """
    middle = accurate_product(a.midpoint, b.midpoint)
    radius = middle.radius
    if b.radius.any():
        radius = radius + upper_product(np.abs(a.midpoint), b.radius)
    if a.radius.any():
        largest = outward(np.abs(b.midpoint) + b.radius)
        radius = radius + upper_product(a.radius, largest)
    return MidpointRadius(middle.midpoint, outward(radius))
