r"""Ball arithmetic on top of Arb: exact input, exact decisions, matrix norms.

A ball (`flint.arb`) is a midpoint and a radius that together contain the true
number; every operation of Arb keeps that inclusion.  Weights and states enter as
exact dyadic numbers, so that the only widths are those of rounding and of the
transcendental functions.  A decision compares the exact ends of a ball, as
fractions, with an exact bound.

Norms are bounded by the trace power: for a positive semidefinite $G$ and
$p = 2^k$, $\lambda_{\max}(G) \le (\operatorname{tr} G^p)^{1/p}$.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Literal

from flint import arb, arb_mat, fmpq, fmpz, fmpz_mat

from stabcheck.checker.arithmetic.number_field import Number
from stabcheck.checker.failures import ClaimUndecided

__all__ = [
    "EXPONENT_LIMIT",
    "Decision",
    "at_least",
    "at_most",
    "ball",
    "binary_size",
    "ceiling_on_grid",
    "factor_product",
    "frobenius",
    "gram_bound",
    "gram_norm",
    "integer_norm",
    "largest",
    "lower_end",
    "nearest_integer",
    "nonnegative_norm",
    "power_of_two",
    "radius_on_grid",
    "root",
    "round_to_grid",
    "spectral_norm",
    "upper_end",
    "vector_norm",
]

Decision = Literal["accepted", "rejected", "undecided"]

SQUARINGS = 8  # p = 2^8 = 256: a matrix of size 384 loses at most 1.2 %
DIRECT_SIZE = 64  # up to here balls are squared directly, beyond it integers
WORKING_BITS = 56  # size of the integers that are squared
LARGEST_EXPONENT = 4096  # entries from 2^4096 on are not rounded to a grid
EXPONENT_LIMIT = 1 << 20  # ends beyond 2^+-EXPONENT_LIMIT are not made fractions


def ball(value: Fraction | int | Number) -> arb:
    """Return a ball that contains an exact number; exact for short dyadics."""
    if isinstance(value, Number):
        return value.ball()
    exact = Fraction(value)
    return arb(fmpq(exact.numerator, exact.denominator))


def power_of_two(exponent: int) -> arb:
    r"""Return the exact ball $2^e$."""
    return arb((1, exponent))


def _fraction(end: arb) -> Fraction | None:
    if not end.is_finite():
        return None
    mantissa, exponent = (int(part) for part in end.man_exp())
    if abs(exponent) > EXPONENT_LIMIT:
        return None
    if exponent >= 0:
        return Fraction(mantissa << exponent)
    return Fraction(mantissa, 1 << -exponent)


def upper_end(value: arb) -> Fraction | None:
    """Return the upper end exactly; None where it is not finite."""
    return _fraction(value.upper())


def lower_end(value: arb) -> Fraction | None:
    """Return the lower end exactly; None where it is not finite."""
    return _fraction(value.lower())


def at_most(value: arb, bound: Fraction) -> Decision:
    """Decide whether every number of the ball is at most the bound."""
    upper, lower = upper_end(value), lower_end(value)
    if upper is not None and upper <= bound:
        return "accepted"
    if lower is not None and lower > bound:
        return "rejected"
    return "undecided"


def at_least(value: arb, bound: Fraction) -> Decision:
    """Decide whether every number of the ball is at least the bound."""
    return at_most(-value, -bound)


def root(value: arb) -> arb:
    """Enclose the square root of a number known to be nonnegative.

    A ball that reaches below zero only by rounding is cut at zero.
    """
    if value.lower() >= 0:
        return value.sqrt()
    upper = arb(value.upper())
    if upper < 0 or not upper.is_finite():
        return arb.nan()
    return arb(0).union(upper.sqrt())


def largest(values: Iterable[arb]) -> arb:
    """Enclose the largest of several nonempty balls."""
    result = None
    for value in values:
        result = value if result is None else result.max(value)
    if result is None:
        raise ValueError("the largest of no balls was asked for")
    return result


def vector_norm(entries: Sequence[arb]) -> arb:
    """Enclose the Euclidean norm of a list of balls."""
    return root(sum((entry * entry for entry in entries), arb(0)))


def frobenius(matrix: arb_mat) -> arb:
    """Enclose the Frobenius norm: the Euclidean norm of the flattened matrix."""
    return vector_norm(matrix.entries())


def nearest_integer(value: arb, grid: int) -> int:
    """Round the midpoint times 2^grid to the nearest integer (half upwards)."""
    mantissa, exponent = value.mid().man_exp()
    shift = int(exponent) + grid
    if shift >= 0:
        return int(mantissa << shift)
    if int(mantissa).bit_length() + shift < -1:
        return 0  # far below the grid: the shift itself could be astronomically long
    return int((mantissa + (fmpz(1) << (-shift - 1))) >> -shift)


def radius_on_grid(value: arb, grid: int) -> int:
    """Return an integer at least 2^grid times the radius."""
    mantissa, exponent = value.rad().man_exp()
    shift = int(exponent) + grid
    if shift >= 0:
        return int(mantissa << shift)
    if int(mantissa).bit_length() + shift < 0:
        return 1
    return int(-((-mantissa) >> -shift))


def binary_size(value: arb) -> int:
    """Return an integer e with |value| < 2^e; a large negative one for zero.

    **Raises:** `ClaimUndecided` if the ball is not finite or its size is out of range.
    """
    if not value.is_finite():
        raise ClaimUndecided("a number is not finite")
    mantissa, exponent = arb(abs(value).upper()).man_exp()
    if mantissa == 0:
        return -LARGEST_EXPONENT
    size = int(mantissa).bit_length() + int(exponent)
    if size > LARGEST_EXPONENT:
        raise ClaimUndecided("a number is too large to be put on a grid")
    return max(size, -LARGEST_EXPONENT)


def ceiling_on_grid(value: arb, grid: int) -> int:
    """Return an integer at least 2^grid times every number of the ball."""
    return nearest_integer(value, grid) + radius_on_grid(value, grid) + 1


def round_to_grid(
    matrix: arb_mat, grid: int
) -> tuple[list[list[int]], list[list[int]]]:
    r"""Round a ball matrix to integers on the grid $2^{-K}$, with radii.

    Every matrix inside the balls, times $2^K$, differs from the integers by at
    most the radii, entry by entry; the radii contain the rounding.

    **Raises:** `ClaimUndecided` if an entry is not finite or too large to round.
    """
    rows, columns = matrix.nrows(), matrix.ncols()
    entries = matrix.entries()
    limit = power_of_two(LARGEST_EXPONENT)
    if not all(-limit < entry < limit for entry in entries):
        raise ClaimUndecided("a matrix has an entry that is not finite")
    middle = [nearest_integer(entry, grid) for entry in entries]
    radius = [radius_on_grid(entry, grid) + 1 for entry in entries]
    return (
        [middle[i * columns : (i + 1) * columns] for i in range(rows)],
        [radius[i * columns : (i + 1) * columns] for i in range(rows)],
    )


def factor_product(factor: list[list[int]]) -> list[list[int]]:
    r"""Return $L L^{\mathsf T}$ exactly, in integers."""
    matrix = fmpz_mat(factor)
    product = matrix * matrix.transpose()
    return [[int(entry) for entry in row] for row in product.tolist()]


def _bits(entries: list[fmpz]) -> int:
    return int(max(map(abs, entries))).bit_length()


def _schatten(gram: fmpz_mat, limit: arb | None = None) -> arb:
    r"""Enclose $(\operatorname{tr} G^{256})^{1/256}$ of a symmetric integer matrix.

    That is the Schatten norm $\lVert G\rVert_{256}$.  Because
    $\lVert G\rVert_{2p}^2 = \lVert G^2\rVert_p$ it is enough to square seven times
    and to end with the Frobenius norm ($p = 2$).  Between two squarings the integers
    are cut: $G = 2^s (T + E)$ with entries of $E$ at most 1, so that by the
    triangle inequality $\lVert G\rVert_p$ lies within $2^s \lVert E\rVert_p \le 2^s d$
    of $2^s \lVert T\rVert_p$ for every $p \ge 2$.

    With a `limit`, stops as soon as a smaller power already shows that the value is
    at most the limit, and returns that (larger) enclosure.
    """
    size = gram.nrows()
    unfold: list[tuple[int, int]] = []  # (shift, error) of every level
    current = gram
    for level in range(SQUARINGS):
        entries = current.entries()
        shift = _bits(entries) - WORKING_BITS
        error = 0
        if shift > 0:
            current = fmpz_mat(size, size, [entry >> shift for entry in entries])
            error = size
        else:
            shift = 0
        unfold.append((shift, error))
        last = level == SQUARINGS - 1
        if last or limit is not None:
            value = _unfolded(current, unfold)
            if last or value <= limit:
                return value
        current = current * current
    raise AssertionError("unreachable: the last level returns")


def _unfolded(current: fmpz_mat, unfold: list[tuple[int, int]]) -> arb:
    squares = sum(entry * entry for entry in current.entries())
    value = arb(fmpz(squares)).sqrt()  # Frobenius norm of the last level
    for position, (shift, error) in enumerate(reversed(unfold)):
        if position:
            value = root(value)
        value = (value + arb(0, error)) * power_of_two(shift)
        if value.lower() < 0:
            value = arb(0).union(arb(value.upper()))
    return value


def gram_norm(gram: arb_mat) -> arb:
    r"""Enclose the trace-power bound of the largest eigenvalue of a Gram matrix.

    `gram` contains a positive semidefinite matrix $G$ of size $(m, m)$; the upper
    end is at least $(\operatorname{tr} G^{256})^{1/256} \ge \lambda_{\max}(G)$.
    """
    size = gram.nrows()
    if size == 0:
        return arb(0)
    if size > DIRECT_SIZE:
        return _large_gram_norm(gram)
    return trace_power(gram)


def trace_power(matrix: arb_mat) -> arb:
    r"""Enclose $(\operatorname{tr} M^{256})^{1/256}$ for a square matrix."""
    for _ in range(SQUARINGS):
        matrix = matrix * matrix
    trace = matrix.trace()
    for _ in range(SQUARINGS):
        trace = root(trace)
    return trace


def _large_gram_norm(gram: arb_mat) -> arb:
    """Trace power through integers: ball products of this size cost five times more."""
    size = gram.nrows()
    top = largest(abs(gram[i, i]) for i in range(size))
    if not top.is_finite():
        return arb.nan()
    if top == 0:
        return frobenius(gram)
    mantissa, exponent = (int(part) for part in arb(top.upper()).man_exp())
    grid = 2 * WORKING_BITS - (mantissa.bit_length() + exponent)
    middle, radius = round_to_grid(gram, grid)
    # The Frobenius norm of the distance from the integers, hence its p-norms.
    distance = size * max(max(row) for row in radius)
    value = _schatten(fmpz_mat(middle)) + arb(0, distance)
    if value.lower() < 0:
        value = arb(0).union(arb(value.upper()))
    return value * power_of_two(-grid)


def spectral_norm(matrix: arb_mat) -> arb:
    r"""Enclose an upper bound of $\lVert M\rVert_2$ for every matrix in the balls.

    The smaller of the trace power of the smaller Gram matrix and of
    $\sqrt{\lVert M\rVert_1 \lVert M\rVert_\infty}$ (the Frobenius norm is never
    smaller than the trace power).
    """
    return gram_bound(matrix).min(_riesz_thorin(matrix))


def gram_bound(matrix: arb_mat) -> arb:
    """Enclose the trace-power bound of the spectral norm alone."""
    transposed = matrix.transpose()
    if matrix.nrows() <= matrix.ncols():
        return root(gram_norm(matrix * transposed))
    return root(gram_norm(transposed * matrix))


def _riesz_thorin(matrix: arb_mat) -> arb:
    rows, columns = matrix.nrows(), matrix.ncols()
    sizes = [abs(entry) for entry in matrix.entries()]
    if not sizes:
        return arb(0)
    by_row = largest(
        sum(sizes[i * columns : (i + 1) * columns], arb(0)) for i in range(rows)
    )
    by_column = largest(sum(sizes[j::columns], arb(0)) for j in range(columns))
    return root(by_row * by_column)


def nonnegative_norm(rows: Sequence[Sequence[arb]]) -> arb:
    r"""Enclose an upper bound of the norm of a matrix given by entrywise bounds.

    $|M_{ij}| \le N_{ij}$ implies $\lVert M\rVert_2 \le \lVert N\rVert_2$.
    """
    return spectral_norm(arb_mat([list(row) for row in rows]))


def integer_norm(
    rows: list[list[int]], entry_error: int = 0, limit: arb | None = None
) -> arb:
    r"""Enclose the trace-power bound of $\lVert N + E\rVert_2$, $N$ in integers.

    The entries of $E$ are at most `entry_error`; `limit` as in the trace power:
    the search stops early once the bound is known to be at most it.
    """
    matrix = fmpz_mat(rows)
    transposed = matrix.transpose()
    wide = matrix.nrows() <= matrix.ncols()
    gram = matrix * transposed if wide else transposed * matrix
    error = root(arb(matrix.nrows() * matrix.ncols())) * entry_error
    below = None
    if limit is not None:
        rest = limit - error
        below = rest * rest if rest > 0 else None
    return root(_schatten(gram, below)) + arb(0).union(error)
