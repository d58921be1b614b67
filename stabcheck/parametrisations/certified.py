r"""What the caps promised, proven of the weights that came out.

$\lVert M \rVert_2 \le \lVert (M^T M)^{2^k} \rVert_F^{1/2^{k+1}}$, in integers: weights
are binary fractions, so their products are exact, and each square is rounded to a grid
by a known amount.  With $G_0 = M^T M$ and $G_{j+1} = G_j^2 + E_j$, all symmetric,
$\lVert G_j \rVert^2 \le \lVert G_{j+1} \rVert + \lVert E_j \rVert_F$ leads back from
the last to the first; every root is rounded upwards.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import isqrt
from typing import Any

import numpy as np
from flint import fmpz_mat

from stabcheck.errors import InvalidInput

SQUARINGS = 11
BITS = 60
"""Binary digits kept of the largest entry of a square."""


@dataclass(frozen=True)
class AttentionNorms:
    r"""Proven: $\lVert A_h \rVert \le$ `query_key` for every head, $\sum_h \lVert V_h
    \rVert \le$ `value`.
    """

    query_key: Fraction
    value: Fraction


def certified_norm(*factors: Any, squarings: int = SQUARINGS) -> Fraction:
    r"""A proven upper bound of the spectral norm of a matrix, or of a product.

    **Arguments:** `factors`, floating-point matrices whose product is meant, exactly;
    `squarings`, $k$: the bound is at most a factor $n^{1/2^{k+2}}$ too large.

    **Raises:** `InvalidInput` for what is no finite matrix or does not multiply.
    """
    product, exponent = _integers(factors[0])
    for factor in factors[1:]:
        other, shift = _integers(factor)
        if product.ncols() != other.nrows():
            raise InvalidInput(
                f"asked for the norm of a product, found {product.ncols()} columns "
                f"before {other.nrows()} rows; give matrices that multiply"
            )
        product, exponent = product * other, exponent + shift
    tall = product.nrows() >= product.ncols()
    turned = product.transpose()
    gram = turned * product if tall else product * turned
    return _root(_largest_eigenvalue(gram, squarings)) * Fraction(2) ** exponent


def certified_attention(parameters: Mapping[str, Any]) -> AttentionNorms:
    """The proven norms of attention, by the names of its declaration.

    **Arguments:** `parameters`, `W_Q`, `W_K`, `W_V` `(H, d, ...)`, `W_O` `(H d_v, d)`
    and `scale`, $1/\\sqrt{d_k}$ unless given.
    """
    W_Q, W_K, W_V = (np.asarray(parameters[n]) for n in ("W_Q", "W_K", "W_V"))
    heads, _, width = W_Q.shape
    blocks = np.asarray(parameters["W_O"]).reshape(heads, W_V.shape[2], -1)
    scale = parameters.get("scale")
    scale = _root(Fraction(1, width)) if scale is None else Fraction(float(scale))
    logits = [certified_norm(q, k.T) for q, k in zip(W_Q, W_K, strict=True)]
    values = [certified_norm(v, o) for v, o in zip(W_V, blocks, strict=True)]
    return AttentionNorms(abs(scale) * max(logits), sum(values, Fraction(0)))


def _integers(matrix: Any) -> tuple[fmpz_mat, int]:
    """Integers and an exponent: the matrix is the integers times a power of two."""
    array = np.asarray(matrix, dtype=np.float64)
    if array.ndim != 2 or not array.size or not np.isfinite(array).all():
        raise InvalidInput(
            f"asked for the norm of an array of shape {array.shape}; give a matrix of "
            "finite numbers"
        )
    pairs = [[float(x).as_integer_ratio() for x in row] for row in array]
    digits = max(q.bit_length() - 1 for row in pairs for _, q in row)
    rows = [[p << (digits - q.bit_length() + 1) for p, q in row] for row in pairs]
    return fmpz_mat(rows), -digits


def _largest_eigenvalue(gram: fmpz_mat, squarings: int) -> Fraction:
    """Not less than the largest eigenvalue of a symmetric matrix, in modulus."""
    power, shifts = gram, []
    for _ in range(squarings):
        square = power * power
        # The largest entry of a positive semidefinite matrix is on its diagonal.
        largest = max(int(square[i, i]) for i in range(square.nrows()))
        shift = max(largest.bit_length() - BITS, 0)
        power = _shifted(square, shift)
        shifts.append(shift)
    bound = _root(Fraction(sum(int(x) ** 2 for x in power.entries())))
    for shift in reversed(shifts):
        # Rounding moved each entry by at most half, its matrix by at most n / 2.
        error = Fraction(power.nrows(), 2) if shift else Fraction(0)
        bound = _root((bound + error) * 2**shift)
    return bound


def _shifted(matrix: fmpz_mat, shift: int) -> fmpz_mat:
    """Entries over a power of two, to the nearest integer."""
    if not shift:
        return matrix
    half = 1 << (shift - 1)
    entries = [(int(x) + half) >> shift for x in matrix.entries()]
    return fmpz_mat(matrix.nrows(), matrix.ncols(), entries)


def _root(value: Fraction) -> Fraction:
    """Not less than the square root, by less than one part in 2^60."""
    if value == 0:
        return Fraction(0)
    # Twice 62 further digits, so that the root is known to 62.
    digits = max(0, 124 - value.numerator.bit_length() + value.denominator.bit_length())
    scaled = -((-value.numerator << 2 * digits) // value.denominator)
    return Fraction(isqrt(scaled - 1) + 1, 1 << digits)
