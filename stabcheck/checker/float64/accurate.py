r"""Matrix products almost as accurate as their rounded result, from three products.

Rows of $A$ and columns of $B$ are split, $A = A_h + A_l$ and $B = B_h + B_l$, so that
$A_h$, $B_h$ are integers of at most $q$ bits times a power of two of the row or
column, with $k\,2^{2q} \le 2^{53}$ for inner length $k$.  Then $A_hB_h$ is computed
without any error, and $A_hB_l + A_lB$ is $2^{-q}$ smaller than the product, so that its
errors hardly count (K. Ozaki, T. Ogita, S. Oishi, S. M. Rump, Numer. Algorithms 59
(2012) 95-118, section 2).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stabcheck.checker.float64.midpoint_radius import (
    SMALLEST,
    UNIT_ROUNDOFF,
    MidpointRadius,
    gamma,
    outward,
    upper_product,
)
from stabcheck.checker.float64.norms import frobenius

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


@dataclass(frozen=True)
class SplitProduct:
    r"""A float product with $|AB - P| \le u|P| + \gamma\,(r c_b + r_a c) + m\eta$.

    `rows` $r$, `row_rest` $r_a$ are columns; `columns` $c$, `column_rest` $c_b$ rows;
    each dominates row sums or entries of the parts of the factors.
    """

    midpoint: np.ndarray
    rows: np.ndarray
    row_rest: np.ndarray
    columns: np.ndarray
    column_rest: np.ndarray
    terms: int

    @property
    def factor(self) -> float:
        r"""The $\gamma$ of the inexact part."""
        return gamma(self.terms + 2)

    @property
    def underflow(self) -> float:
        r"""The absolute error $m\eta$ of an entry."""
        return (3 * self.terms + 2) * SMALLEST

    def radius(self) -> np.ndarray:
        """The error bound of every entry."""
        result = outward(self.rows * self.column_rest)
        result = result + outward(self.row_rest * self.columns)
        result *= self.factor
        result += UNIT_ROUNDOFF * np.abs(self.midpoint)
        return outward(result + self.underflow)

    def frobenius_error(self) -> float:
        """The error bound in the Frobenius norm, all slabs together."""
        cells = float(np.sqrt(self.midpoint.size) * (1 + 2.0**-40))
        inexact = _outer_length(self.rows, self.column_rest)
        inexact += _outer_length(self.row_rest, self.columns)
        whole = frobenius(self.midpoint.reshape(-1, self.midpoint.shape[-1]))
        error = self.factor * inexact + UNIT_ROUNDOFF * whole + cells * self.underflow
        return float(outward(error))


def _outer_length(column: np.ndarray, row: np.ndarray) -> float:
    """The Frobenius norm of an outer product, over all slabs."""
    lengths = [
        outward(np.sqrt(outward((part * part).sum(axis=axis, keepdims=True))))
        for part, axis in ((column, -2), (row, -1))
    ]
    slabs = outward(lengths[0] * lengths[1]).reshape(1, -1)
    # Sums of few squares: the factor covers more terms than memory holds.
    return frobenius(slabs) * (1 + 2.0**-20)


def split_product(a: np.ndarray, b: np.ndarray) -> SplitProduct:
    r"""Multiply float64 arrays (leading axes broadcast) and bound the error.

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
    larger = 1 + 3 * gamma(terms)
    return SplitProduct(
        midpoint,
        rows=np.abs(a_high).sum(axis=-1, keepdims=True) * larger,
        row_rest=np.abs(a_low).max(axis=-1, keepdims=True),
        columns=np.abs(b).sum(axis=-2, keepdims=True) * larger,
        column_rest=np.abs(b_low).max(axis=-2, keepdims=True),
        terms=terms,
    )


def accurate_product(a: np.ndarray, b: np.ndarray) -> MidpointRadius:
    """Enclose the product of float64 arrays (leading axes broadcast)."""
    found = split_product(a, b)
    return MidpointRadius(found.midpoint, found.radius())


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
