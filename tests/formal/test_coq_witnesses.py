"""Witnesses of the exported theorems, in integers."""

from fractions import Fraction

import pytest
from flint import fmpz_poly
from hypothesis import given
from hypothesis import strategies as st

from stabcheck.checker.kernel import bernstein_coefficients, gram
from stabcheck.formal import matrices
from stabcheck.formal.matrices import eliminated
from stabcheck.formal.polynomials import (
    cuts_between,
    cuts_from_zero,
    pair,
    without_squares,
)

SMALL = st.integers(-9, 9)


@st.composite
def gram_matrices(draw):
    """Semidefinite integer matrices, often singular, of one row and more."""
    size, rank = draw(st.integers(1, 5)), draw(st.integers(0, 5))
    rows = [[draw(SMALL) for _ in range(rank)] for _ in range(size)]
    return gram(rows)


def zeros(matrix):
    return [[0] * len(matrix) for _ in matrix]


@given(gram_matrices())
def test_elimination_leaves_no_remainder(matrix):
    witness = eliminated(matrix)
    assert witness.accepts(matrix, zeros(matrix))
    scaled = [[witness.t * entry for entry in row] for row in matrix]
    assert witness.product() == scaled


@given(gram_matrices(), st.data())
def test_a_matrix_that_is_not_semidefinite_has_no_witness(matrix, data):
    k = data.draw(st.integers(0, len(matrix) - 1))
    matrix[k][k] = -1
    with pytest.raises(ValueError, match="not positive semidefinite"):
        eliminated(matrix)


@given(gram_matrices())
def test_no_witness_accepts_a_radius_on_a_singular_matrix(matrix):
    # Without a remainder nothing is left to dominate a radius with.
    radii = zeros(matrix)
    radii[0][0] = 1
    assert not eliminated(matrix).accepts(matrix, radii)


def test_weights_that_are_too_long_are_no_witness(monkeypatch):
    assert eliminated([[3, 1], [1, 3]])
    monkeypatch.setattr(matrices, "LONGEST", 3)
    assert eliminated([[3, 1], [1, 3]]) is None


@given(st.lists(SMALL, min_size=1, max_size=4), st.lists(SMALL, min_size=1, max_size=4))
def test_a_square_is_split_off_exactly(root, rest):
    p = fmpz_poly(root) ** 2 * fmpz_poly(rest)
    k, g, h = without_squares(p)
    assert k > 0
    assert fmpz_poly(g) ** 2 * fmpz_poly(h) == k * p
    remaining = fmpz_poly(h)
    assert p == 0 or remaining.gcd(remaining.derivative()).degree() <= 0


def test_cuts_cover_the_interval_with_nonnegative_coefficients():
    p = [6, -5, 1]  # (x - 2)(x - 3)
    cuts = cuts_between(p, Fraction(0), Fraction(2))
    assert cuts[-1] == 2
    for start, end in zip([Fraction(0), *cuts], cuts, strict=False):
        assert min(bernstein_coefficients(p, pair(start), pair(end))) >= 0


def test_no_cuts_hide_a_negative_place():
    assert cuts_between([6, -5, 1], Fraction(0), Fraction(201, 100)) is None
    assert cuts_from_zero([6, -5, 1]) is None
    assert cuts_from_zero([1, -1, 1])
    assert cuts_from_zero([1, 0, 1]) == []
