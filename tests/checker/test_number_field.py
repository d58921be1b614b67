"""Numbers of a real field: exact zero tests, signs by balls, matrices over it."""

from fractions import Fraction

import flint
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stabcheck.checker.arithmetic.balls import ball
from stabcheck.checker.arithmetic.number_field import Number, RealField
from stabcheck.checker.arithmetic.ordered import inverse, is_semidefinite
from stabcheck.checker.failures import Malformed
from stabcheck.checker.reading.generators import method_tableau
from stabcheck.checker.reading.values import tableau

CUBIC = ([-1, 9, -18, 6], Fraction(2, 5), Fraction(1, 2))
"""Of the three positive roots the one near 0.4359: the gamma of many SDIRK."""
coordinates = st.lists(st.fractions(-2, 2, max_denominator=9), min_size=1, max_size=3)


def field(polynomial=(-3, 0, 1), lower=1, upper=2):
    return RealField(list(map(Fraction, polynomial)), Fraction(lower), Fraction(upper))


def root(polynomial=(-3, 0, 1), lower=1, upper=2):
    return field(polynomial, lower, upper).number([Fraction(0), Fraction(1)])


def test_the_root_of_three_squares_to_three_exactly():
    g = root()
    assert g * g == 3
    assert g / 3 == 1 / g
    assert Fraction(1732050807, 10**9) < g < Fraction(1732050808, 10**9)


@pytest.mark.parametrize("digits", [20, 200, 2000])
def test_a_sign_is_decided_however_close_to_zero_the_number_is(digits):
    g, scale = root(), 10**digits
    below = Fraction(int(flint.fmpz(3 * scale**2).isqrt()), scale)
    assert below < g < below + Fraction(1, scale)
    assert (g - below).sign() == 1


@given(coordinates, coordinates)
def test_sums_products_and_quotients_lie_in_the_balls_of_theirs(first, second):
    F = field(*CUBIC)
    # A constant comes back as a fraction.
    a, b = F.number(first), F.number(second)
    for exact, enclosed in (
        (a + b, ball(a) + ball(b)),
        (a - b, ball(a) - ball(b)),
        (a * b, ball(a) * ball(b)),
    ):
        assert ball(exact).overlaps(enclosed)
    if b != 0:
        assert a / b * b == a


@given(coordinates)
def test_a_number_is_less_or_equal_or_greater(values):
    number = field(*CUBIC).number(values)
    assert (number < 0) + (number == 0) + (number > 0) == 1
    assert abs(number) >= 0


def test_a_reducible_polynomial_is_refused_where_a_zero_would_be_missed():
    # (x^2 - 3)(x - 5): x^2 - 3 is 0 at the root of three, and no zero polynomial.
    g = root((15, -3, -5, 1), 1, 2)
    hidden = g * g - 3
    with pytest.raises(Malformed, match="reducible"):
        hidden.sign()
    with pytest.raises(Malformed, match="reducible"):
        1 / hidden
    assert (g - 2).sign() == -1


@pytest.mark.parametrize(
    ("polynomial", "lower", "upper", "match"),
    [
        ((9, 0, -6, 0, 1), 1, 2, "squarefree"),
        ((-3, 0, 1), 2, 3, "it has 0"),
        ((-3, 0, 1), 2, 1, "it has 0"),
        ((-3, 0, 1), -2, 2, "it has 2"),
        ((-4, 0, 1), 1, 2, "none at them"),
    ],
)
def test_a_generator_has_to_be_one_simple_root(polynomial, lower, upper, match):
    with pytest.raises(Malformed, match=match):
        field(polynomial, lower, upper)


def test_two_fields_do_not_mix():
    with pytest.raises(Malformed, match="two fields"):
        root() + root((-2, 0, 1), 1, 2)


def test_semidefinite_means_singular_too_and_not_a_little_less():
    g = root()
    form = [[Fraction(1), g], [g, Fraction(3)]]
    assert is_semidefinite(form)
    form[1][1] -= Fraction(1, 10**300)
    assert not is_semidefinite(form)
    assert not is_semidefinite([[g - g, g], [g, Fraction(1)]])
    assert is_semidefinite([[g - g, g - g], [g - g, g]])


@given(st.lists(coordinates, min_size=4, max_size=4))
def test_a_gram_matrix_is_semidefinite_and_its_negative_is_not(entries):
    F = field(*CUBIC)
    a, b, c, d = (F.number(entry) for entry in entries)
    gram = [[a * a + b * b, a * c + b * d], [a * c + b * d, c * c + d * d]]
    assert is_semidefinite(gram)
    minus = [[-x for x in row] for row in gram]
    assert is_semidefinite(minus) == (not any(x != 0 for row in gram for x in row))


def test_an_inverse_times_the_matrix_is_the_identity():
    g = root()
    A = [[Fraction(0), g, Fraction(1)], [1 / g, g, g], [Fraction(2), 1 - g, g]]
    B = inverse(A)
    for i in range(3):
        for j in range(3):
            entry = sum((A[i][k] * B[k][j] for k in range(3)), start=Fraction(0))
            assert entry == int(i == j)
    with pytest.raises(ZeroDivisionError):
        inverse([[g, Fraction(3)], [Fraction(1), g]])


GENERATOR = {"polynomial": [[-3, 1], [0, 1], [1, 1]], "lower": [1, 1], "upper": [2, 1]}
ZERO, HALF = [[0, 1], [0, 1]], [[1, 2], [0, 1]]


def record(**changes):
    return {"name": "one", "A": [[HALF]], "b": [HALF], "generator": GENERATOR} | changes


def test_an_irrational_record_is_read_as_numbers():
    A, b = method_tableau("m", record(b=[[[0, 1], [1, 3]]]), 8)
    assert [[Fraction(1, 2)]] == A
    assert isinstance(b[0], Number)
    assert 3 * b[0] * b[0] == 1


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"b": [[1, 2]]}, "no rational"),
        ({"b": [[[1, 2]]]}, "hold 2 rationals"),
        ({"b": [3]}, "no list"),
        ({"generator": [1]}, "no JSON object"),
        ({"generator": GENERATOR | {"near": 1}}, "unknown key"),
        ({"generator": GENERATOR | {"polynomial": [[1, 1], [1, 1]]}}, "degree 2 to 12"),
        ({"generator": GENERATOR | {"upper": [1 << 1100, 1]}}, "more than 1024 bits"),
        ({"generator": GENERATOR | {"lower": [7, 4]}}, "it has 0"),
        ({"root": 3}, "unknown key"),
    ],
)
def test_a_wrong_record_is_malformed_in_one_line(changes, match):
    with pytest.raises(Malformed, match=match):
        method_tableau("m", record(**changes), 8)


def test_a_design_reads_rational_coefficients_only():
    with pytest.raises(Malformed, match="no rational"):
        tableau("m", record(), 8)
