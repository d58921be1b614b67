"""The integer kernel against brute force in fractions."""

from fractions import Fraction
from itertools import combinations, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stabcheck.checker.kernel import (
    bernstein_coefficients,
    bernstein_nonnegative,
    gram,
    psd_ball,
    psd_exact,
)


def determinant(matrix):
    """By expansion along the first row: slow, and nothing like an elimination."""
    if not matrix:
        return 1
    return sum(
        (-1) ** j * top * determinant([row[:j] + row[j + 1 :] for row in matrix[1:]])
        for j, top in enumerate(matrix[0])
    )


def is_psd(matrix):
    """Every principal minor is nonnegative."""
    size = len(matrix)
    return all(
        determinant([[matrix[i][j] for j in rows] for i in rows]) >= 0
        for count in range(1, size + 1)
        for rows in combinations(range(size), count)
    )


@st.composite
def symmetric_matrices(draw, most=4, largest=6):
    size = draw(st.integers(1, most))
    matrix = [[0] * size for _ in range(size)]
    for i in range(size):
        for j in range(i + 1):
            matrix[i][j] = matrix[j][i] = draw(st.integers(-largest, largest))
    return matrix


@st.composite
def factors(draw, most=4, largest=6):
    size = draw(st.integers(1, most))
    entry = st.integers(-largest, largest)
    return [[draw(entry) for _ in range(size)] for _ in range(size)]


@given(symmetric_matrices())
def test_psd_exact_agrees_with_all_principal_minors(matrix):
    assert psd_exact(matrix) == is_psd(matrix)


@given(factors())
def test_a_gram_matrix_is_psd_and_its_rank_does_not_matter(factor):
    assert psd_exact(gram(factor))
    factor[0] = factor[-1]
    assert psd_exact(gram(factor))


@given(factors(), st.data())
def test_a_singular_gram_matrix_lowered_along_its_kernel_is_not_psd(factor, data):
    factor[0] = list(factor[-1])
    matrix = gram(factor)
    size = len(matrix)
    if size == 1:
        return
    # (e_0 - e_last) is in the kernel; lowering one of its entries makes it negative.
    place = data.draw(st.sampled_from([0, size - 1]))
    matrix[place][place] -= 1
    assert not psd_exact(matrix)


@pytest.mark.parametrize(
    "matrix",
    [
        [], [[1, 0]], [[1, 2], [3, 1]], [[1.0]], [[True]], "1", [[1], [2]], None,
        [[None]],
    ],
)  # fmt: skip
def test_what_is_no_symmetric_integer_matrix_is_not_psd(matrix):
    assert not psd_exact(matrix)
    assert not psd_ball(matrix, [[0]], [[0]], 0)
    assert not psd_ball([[1]], matrix, [[0]], 0)
    assert not psd_ball([[1]], [[0]], matrix, 0) or matrix == [[1]]


@given(symmetric_matrices(most=3), factors(most=3), st.integers(0, 4), st.data())
def test_psd_ball_is_sound_at_every_corner_of_the_ball(matrix, factor, shift, data):
    size = len(matrix)
    if len(factor) != size:
        return
    radii = [[0] * size for _ in range(size)]
    for i in range(size):
        for j in range(i + 1):
            radii[i][j] = radii[j][i] = data.draw(st.integers(0, 2))
    for i in range(size):
        matrix[i][i] += data.draw(st.sampled_from([0, 10, 40]))
    if not psd_ball(matrix, radii, gram(factor), shift):
        return
    places = [(i, j) for i in range(size) for j in range(i + 1)]
    for signs in product((-1, 1), repeat=len(places)):
        corner = [row[:] for row in matrix]
        for (i, j), sign in zip(places, signs, strict=True):
            corner[i][j] = corner[j][i] = matrix[i][j] + sign * radii[i][j]
        assert is_psd(corner)


@given(factors(most=3, largest=4), st.data())
def test_psd_ball_accepts_the_true_factor_and_what_dominance_leaves(factor, data):
    size, matrix = len(factor), gram(factor)
    zero = [[0] * size for _ in range(size)]
    assert psd_ball(matrix, zero, gram(factor), 0)
    if size > 1:
        radius = data.draw(st.integers(1, 3))
        radii = [[radius] * size for _ in range(size)]
        room = [
            [entry + (i == j) * radius * size for j, entry in enumerate(row)]
            for i, row in enumerate(matrix)
        ]
        assert psd_ball(room, radii, gram(factor), 0)
        room[0][0] -= 1
        assert not psd_ball(room, radii, gram(factor), 0)


def test_psd_ball_refuses_a_witness_of_another_matrix_and_bad_numbers():
    matrix, zero = [[2, 1], [1, 2]], [[0, 0], [0, 0]]
    good = [[1, 1], [1, 1]]
    assert psd_ball(matrix, zero, good, 0)
    assert not psd_ball(matrix, zero, [[9, 9], [9, 9]], 0)
    assert not psd_ball(matrix, [[0, -1], [-1, 0]], good, 0)
    assert not psd_ball(matrix, [[0, 1], [0, 0]], good, 0)
    assert not psd_ball(matrix, zero, good, -1)
    assert not psd_ball(matrix, zero, good, True)
    assert not psd_ball([[2, 1], [0, 2]], zero, good, 0)


def test_an_indefinite_matrix_has_no_witness_on_any_grid():
    indefinite, zero = [[1, 2], [2, 1]], [[0, 0], [0, 0]]
    for shift in range(5):
        for a, b, c in product(range(-8, 9), repeat=3):
            assert not psd_ball(indefinite, zero, gram([[a, 0], [b, c]]), shift)


rationals = st.tuples(st.integers(-8, 8), st.integers(1, 4))


def value(polynomial, x):
    return sum(c * x**k for k, c in enumerate(polynomial))


@given(st.lists(st.integers(-5, 5), min_size=1, max_size=5), rationals, rationals)
def test_bernstein_coefficients_are_those_of_the_polynomial(polynomial, low, high):
    a, b = Fraction(*low), Fraction(*high)
    if a >= b:
        return
    found = bernstein_coefficients(polynomial, low, high)
    degree = len(polynomial) - 1
    # Up to one positive factor: compare with the value at the ends and in between.
    points = [Fraction(k, degree + 2) for k in range(degree + 3)]
    sums = [
        sum(
            c * binomial(degree, i) * t**i * (1 - t) ** (degree - i)
            for i, c in enumerate(found)
        )
        for t in points
    ]
    values = [value(polynomial, a + (b - a) * t) for t in points]
    ratios = {s / v for s, v in zip(sums, values, strict=True) if v}
    assert len(ratios) <= 1
    assert all(ratio > 0 for ratio in ratios)
    assert all(s == 0 for s, v in zip(sums, values, strict=True) if v == 0)


def binomial(n, k):
    return 1 if k in (0, n) else binomial(n - 1, k - 1) + binomial(n - 1, k)


@given(st.lists(st.integers(-5, 5), min_size=1, max_size=5))
def test_a_polynomial_shown_nonnegative_has_no_negative_value(polynomial):
    cuts = [(k, 2) for k in range(-2, 3)]
    if bernstein_nonnegative(polynomial, cuts):
        assert all(value(polynomial, Fraction(k, 32)) >= 0 for k in range(-32, 33))


def test_bernstein_decides_tight_polynomials_and_refuses_negative_ones():
    square = [1, -2, 1]  # (1 - x)^2, zero at the end of [0, 1]
    assert bernstein_nonnegative(square, [(0, 1), (1, 1)])
    assert bernstein_nonnegative(square, [(0, 1), (1, 1), (2, 1)])
    assert not bernstein_nonnegative([-1, 0, 1], [(0, 1), (2, 1)])
    assert not bernstein_nonnegative([0, -1], [(0, 1), (1, 1)])


@pytest.mark.parametrize(
    ("polynomial", "cuts"),
    [
        ([], [(0, 1), (1, 1)]),
        ([1], [(0, 1)]),
        ([1], [(1, 1), (0, 1)]),
        ([1], [(0, 1), (0, 1)]),
        ([1], [(0, -1), (1, 1)]),
        ([1], [(0, 1, 2), (1, 1)]),
        ([1.0], [(0, 1), (1, 1)]),
        ([True], [(0, 1), (1, 1)]),
        ([1], [(0.5, 1), (1, 1)]),
    ],
)
def test_bernstein_refuses_ill_formed_questions(polynomial, cuts):
    assert not bernstein_nonnegative(polynomial, cuts)
