r"""Rigorous midpoint-radius matrices in IEEE 754 binary64.

A pair $\langle C, R\rangle$ with $R \ge 0$ stands for every real $A$ with
$|A - C| \le R$ entrywise.  Nothing here switches the rounding mode: each floating
result carries an a-priori bound of its error.

**Error bounds.**  $u = 2^{-53}$, $\eta = 2^{-1074}$, $\gamma_k = ku/(1-ku)$.  With
rounding to nearest and gradual underflow $|\mathrm{fl}(a \pm b) - (a \pm b)| \le
u\,|\mathrm{fl}(a \pm b)|$ and $|\mathrm{fl}(ab) - ab| \le u\,|ab| + \eta/2$
(sums never underflow).  A dot product of length $k$, in any order of summation, with
or without fused multiply-add, satisfies

$$ |\mathrm{fl}(x^{\mathsf T} y) - x^{\mathsf T} y|
   \le \gamma_k\,|x|^{\mathsf T} |y| + k\,\eta $$

(Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., section 3.1 and
(3.5), (3.12); the underflow term from section 2.8: $k$ products err by $\eta/2$
each, and the later additions enlarge them by less than $(1 + \gamma_k) \le 2$).
Summed in blocks of $b$ terms, $k$ in the bound becomes $b + \lceil k/b \rceil$:
a term passes through at most $b$ roundings inside its block and $\lceil k/b \rceil$
between blocks; the underflow term stays $k\,\eta$.
Fast (Strassen) multiplication does not satisfy the bound; no BLAS used by NumPy has
it.  See Rump, Acta Numerica 19 (2010) 287-449, sections 2 and 9.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, TypeVar

import numpy as np
from flint import arb

Value = TypeVar("Value", float, np.ndarray)

UNIT_ROUNDOFF = 2.0**-53
SMALLEST = 2.0**-1074
SUMMATION_BLOCK = 256
ROW_BLOCK = 384


def arithmetic_is_ieee() -> bool:
    """Whether NumPy and its BLAS round to nearest even and underflow gradually."""
    half_ulp = np.array([[1.0, UNIT_ROUNDOFF], [1.0, 3 * UNIT_ROUNDOFF]])
    sums = half_ulp @ np.ones((2, 1))
    tiny = np.full((1, 1), 2.0**-1022)
    return bool(
        sums[0, 0] == 1.0
        and sums[1, 0] == 1.0 + 4 * UNIT_ROUNDOFF
        and half_ulp[0].sum() == 1.0
        and half_ulp[1].sum() == 1.0 + 4 * UNIT_ROUNDOFF
        and (tiny @ np.full((1, 1), 0.5))[0, 0] == 2.0**-1023
        and (tiny * 2.0**-52)[0, 0] == SMALLEST
        and (tiny * 0.75 - tiny * 0.5)[0, 0] == 2.0**-1024
    )


def gamma(count: int) -> float:
    r"""Upper bound of $\gamma_k = ku/(1-ku)$; $k \le 2^{40}$."""
    if not 0 <= count <= 2**40:
        raise ValueError(f"a dot product of {count} terms is beyond the error bound")
    # ku is exact, 1 - ku and the quotient err by a factor 1 + u each.
    return count * UNIT_ROUNDOFF / (1 - count * UNIT_ROUNDOFF) * (1 + 2.0**-50)


def summation_length(terms: int) -> int:
    """The $k$ of $\\gamma_k$ for `terms` products summed by `blocked_product`."""
    if terms <= SUMMATION_BLOCK:
        return terms
    return SUMMATION_BLOCK + -(-terms // SUMMATION_BLOCK)


def outward(value: Value) -> Value:
    r"""Upper bound of a nonnegative quantity computed as `value`.

    Valid after at most 16 roundings and 8 products when every operation was an
    addition or a multiplication of nonnegative numbers and no product that may have
    underflowed was multiplied again by more than 1: the exact value is at most
    `value` $(1-u)^{-16} + 8\eta$, and $(1-u)^{-17} \le 1 + 2^{-48}$ covers the last
    multiplication here too.
    """
    return value * (1 + 2.0**-48) + 2.0**-1070


def float_at_most(value: Fraction) -> float:
    """Largest float64 found that is at most `value` (infinite on overflow)."""
    try:
        nearest = float(value)
    except OverflowError:
        return -np.inf if value < 0 else float(np.finfo(float).max)
    if Fraction(nearest) <= value:
        return nearest
    return float(np.nextafter(nearest, -np.inf))


def float_at_least(value: Fraction) -> float:
    """Smallest float64 found that is at least `value` (infinite on overflow)."""
    return -float_at_most(-value)


@dataclass(frozen=True)
class MidpointRadius:
    """All arrays within `radius` of `midpoint`, entrywise; shapes are equal."""

    midpoint: np.ndarray
    radius: np.ndarray

    @property
    def shape(self) -> tuple[int, ...]:
        return self.midpoint.shape

    def __getitem__(self, index: Any) -> MidpointRadius:
        return MidpointRadius(self.midpoint[index], self.radius[index])

    def reshape(self, *shape: int) -> MidpointRadius:
        return MidpointRadius(self.midpoint.reshape(shape), self.radius.reshape(shape))

    def transpose(self, *axes: int) -> MidpointRadius:
        return MidpointRadius(
            self.midpoint.transpose(axes), self.radius.transpose(axes)
        )

    def is_finite(self) -> bool:
        return bool(np.isfinite(self.midpoint).all() and np.isfinite(self.radius).all())


def exact(array: np.ndarray) -> MidpointRadius:
    """The array itself (float32 or float64), with radius zero."""
    midpoint = np.asarray(array, dtype=np.float64)
    return MidpointRadius(midpoint, np.zeros_like(midpoint))


def from_arb(entries: Iterable[arb], shape: tuple[int, ...]) -> MidpointRadius:
    r"""Enclose arb balls, C order.

    `float` of a ball is its midpoint rounded to a neighbouring float, so it errs by
    at most $2u|m| + \eta$; `float` of the ball's radius likewise, hence `outward`.
    """
    balls = list(entries)
    midpoint = np.array([float(x.mid()) for x in balls], dtype=np.float64)
    radius = np.array([float(x.rad()) for x in balls], dtype=np.float64)
    with np.errstate(over="ignore", invalid="ignore"):
        radius = outward(radius + 2 * UNIT_ROUNDOFF * np.abs(midpoint) + SMALLEST)
    return MidpointRadius(midpoint.reshape(shape), radius.reshape(shape))


def from_fraction(value: Fraction) -> MidpointRadius:
    """Enclose a rational by a scalar pair (shape `()`)."""
    midpoint = float(value)
    distance = abs(value - Fraction(midpoint))
    return MidpointRadius(np.array(midpoint), np.array(float_at_least(distance)))


def add(a: MidpointRadius, b: MidpointRadius) -> MidpointRadius:
    """Enclose `a + b` (broadcast)."""
    midpoint = a.midpoint + b.midpoint
    radius = outward(a.radius + b.radius + UNIT_ROUNDOFF * np.abs(midpoint))
    return MidpointRadius(midpoint, radius)


def subtract(a: MidpointRadius, b: MidpointRadius) -> MidpointRadius:
    """Enclose `a - b` (broadcast)."""
    return add(a, MidpointRadius(-b.midpoint, b.radius))


def multiply(a: MidpointRadius, b: MidpointRadius) -> MidpointRadius:
    r"""Enclose the entrywise product (broadcast).

    $|xy - \mathrm{fl}(C_a C_b)| \le R_a(|C_b| + R_b) + |C_a| R_b
    + u\,|\mathrm{fl}(C_a C_b)|(1+u) + \eta$.
    """
    midpoint = a.midpoint * b.midpoint
    radius = np.abs(a.midpoint) * b.radius
    radius = radius + a.radius * (np.abs(b.midpoint) + b.radius)
    radius += (2 * UNIT_ROUNDOFF) * np.abs(midpoint)
    radius += SMALLEST
    return MidpointRadius(midpoint, outward(radius))


def blocked_product(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    r"""Float product, summed in blocks: error $\le \gamma_{\ell(k)} |a||b| + k\eta$.

    $\ell(k)$ is `summation_length(k)`.  Leading axes broadcast as in `matmul`; rows of
    a large matrix are taken in blocks so that the partial sums stay in cache.
    """
    terms = a.shape[-1]
    if terms <= SUMMATION_BLOCK:
        return a @ b
    if a.ndim == 2 and b.ndim == 2 and a.shape[0] > ROW_BLOCK:
        result = np.empty((a.shape[0], b.shape[1]))
        for row in range(0, a.shape[0], ROW_BLOCK):
            result[row : row + ROW_BLOCK] = blocked_product(a[row : row + ROW_BLOCK], b)
        return result
    result = a[..., :SUMMATION_BLOCK] @ b[..., :SUMMATION_BLOCK, :]
    for k in range(SUMMATION_BLOCK, terms, SUMMATION_BLOCK):
        stop = k + SUMMATION_BLOCK
        result += a[..., k:stop] @ b[..., k:stop, :]
    return result


def upper_product(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    r"""Entrywise upper bound of the product of nonnegative arrays.

    $ab \le (\mathrm{fl}(ab) + k\eta)/(1 - \gamma_k)$ and
    $(1-\gamma_k)^{-1} \le 1 + 2\gamma_k$ for $\gamma_k \le 1/2$.
    """
    terms = a.shape[-1]
    product = a @ b
    product *= 1 + 3 * gamma(terms)
    product += (terms + 1) * SMALLEST
    return outward(product)


def product(a: MidpointRadius, b: MidpointRadius) -> MidpointRadius:
    r"""Enclose the matrix product (leading axes broadcast).

    $|AB - \mathrm{fl}(C_a C_b)| \le |C_a|(\gamma|C_b| + R_b) + R_a(|C_b| + R_b)
    + k\eta$ with $\gamma = \gamma_{\ell(k)}$; a zero radius costs no product.
    """
    terms = a.shape[-1]
    midpoint = blocked_product(a.midpoint, b.midpoint)
    size = np.abs(b.midpoint)
    spread = outward(gamma(summation_length(terms)) * size + b.radius)
    radius = upper_product(np.abs(a.midpoint), spread)
    if a.radius.any():
        radius += upper_product(a.radius, outward(size + b.radius))
    return MidpointRadius(midpoint, outward(radius + terms * SMALLEST))
