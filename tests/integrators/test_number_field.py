"""Number fields: exact arithmetic, signs and comparisons of irrational numbers."""

import pickle
from fractions import Fraction
from math import isclose, sqrt

import pytest
from flint import fmpq_poly
from hypothesis import given
from hypothesis import strategies as st

from stabcheck.errors import InvalidInput
from stabcheck.integrators import Algebraic, NumberField, square_root
from stabcheck.integrators.algebra.norm import interpolated, norm

ROOT_2 = square_root(2)
CROUZEIX = NumberField((-1, 12, -36, 24), "1.0686")  # not monic, three real roots
FIELDS = [ROOT_2.field, CROUZEIX, NumberField((-2, 0, 0, 1), "1.26")]
SMALL = st.fractions(-3, 3, max_denominator=5)


@st.composite
def elements(draw, field=None):
    field = field or draw(st.sampled_from(FIELDS))
    size = field.degree
    return field(draw(st.lists(SMALL, min_size=size, max_size=size)))


@st.composite
def pairs(draw):
    field = draw(st.sampled_from(FIELDS))
    return draw(elements(field)), draw(elements(field))


@given(pairs())
def test_sums_products_and_quotients_are_those_of_the_reals(pair):
    x, y = pair
    unit = 1e-9 * (1 + abs(float(x))) * (1 + abs(float(y)))
    assert isclose(float(x + y), float(x) + float(y), abs_tol=unit)
    assert isclose(float(x - y), float(x) - float(y), abs_tol=unit)
    assert isclose(float(x * y), float(x) * float(y), abs_tol=unit)
    if y:
        assert (x / y) * y == x
        assert 1 / (1 / y) == y


@given(pairs())
def test_the_order_is_that_of_the_reals(pair):
    x, y = pair
    assert (x < y) == (float(x) < float(y)) or x == y
    assert (x == y) == (x.coordinates == y.coordinates)
    assert (x - y).sign() == -(y - x).sign()
    assert abs(x) >= 0


@given(elements())
def test_the_minimal_polynomial_vanishes_at_the_element(x):
    value = sum((c * x**k for k, c in enumerate(x.algebraic.minimal_polynomial)), 0 * x)
    assert value == 0
    assert x == x.algebraic
    assert hash(x) == hash(x.algebraic)


def test_a_number_is_zero_exactly():
    assert ROOT_2 * ROOT_2 - 2 == 0
    assert not ROOT_2 * ROOT_2 - 2
    g = CROUZEIX.generator
    assert 24 * g**3 - 36 * g**2 + 12 * g == 1
    # Very close to zero is not zero: a convergent of the root of two.
    gap = ROOT_2 - Fraction(886731088897, 627013566048)
    assert gap.sign() == -1
    assert abs(gap) < Fraction(1, 10**23)


def test_the_generator_is_the_root_nearest_to_the_number_given():
    assert CROUZEIX.generator.decimal(20) == "1.0685790213016288064"
    middle = NumberField((-1, 12, -36, 24), Fraction(3, 10))
    assert middle.generator.decimal(6) == "0.302535"
    assert middle != CROUZEIX


@pytest.mark.parametrize(
    ("coefficients", "near", "message"),
    [
        ((-4, 0, 1), 2, "irreducible"),
        ((1,), 0, "irreducible"),
    ],
)
def test_a_field_of_a_reducible_polynomial_is_refused(coefficients, near, message):
    with pytest.raises(InvalidInput, match=message):
        NumberField(coefficients, near)


@pytest.mark.parametrize("coefficients", [(1, 0, 1), (-2, 0, 1)])
def test_a_root_that_is_not_singled_out_is_refused(coefficients):
    # No real root, and two roots equally near to 0.
    with pytest.raises(InvalidInput, match="name one by its first decimals"):
        NumberField(coefficients, 0).generator.sign()


@given(st.fractions(0, 50, max_denominator=12))
def test_square_roots_are_rational_where_they_can_be(q):
    root = square_root(q)
    assert root * root == q
    assert root >= 0
    assert isinstance(square_root(q * q), Fraction)
    assert square_root(q * q) == q


def test_square_roots_of_one_squarefree_part_are_in_one_field():
    assert square_root(8) == 2 * ROOT_2
    assert square_root(Fraction(1, 2)) == ROOT_2 / 2
    assert float(square_root(3)) == sqrt(3)
    with pytest.raises(InvalidInput, match="give one that is >= 0"):
        square_root(-1)


def test_numbers_of_two_fields_do_not_mix():
    with pytest.raises(InvalidInput, match="write both in one field"):
        ROOT_2 + square_root(3)
    assert square_root(3) != ROOT_2
    assert NumberField((-2, 0, 1), 1).generator == ROOT_2


def test_numbers_compare_with_rationals_floats_and_algebraic_ones():
    assert Fraction(7, 5) < ROOT_2 < Fraction(3, 2)
    assert ROOT_2 > 1.4142
    assert Algebraic((-2, 0, 1), Fraction(1), Fraction(2)) == ROOT_2
    assert ROOT_2 != 1.4142135623730951


def test_division_by_zero_is_refused():
    with pytest.raises(ZeroDivisionError, match="no reciprocal"):
        1 / (ROOT_2 - ROOT_2)


def test_numbers_survive_a_process_boundary():
    assert pickle.loads(pickle.dumps(ROOT_2)) == ROOT_2


@given(st.lists(SMALL, min_size=1, max_size=7))
def test_interpolation_returns_the_polynomial(coefficients):
    f = fmpq_poly([0])
    for k, c in enumerate(coefficients):
        f += fmpq_poly([0] * k + [1]) * c.numerator / c.denominator
    assert interpolated([f(k) for k in range(len(coefficients))]) == f


@given(elements(CROUZEIX), elements(CROUZEIX))
def test_the_norm_is_multiplicative(x, y):
    def of(z):
        return norm(CROUZEIX.modulus, [z.polynomial])

    assert of(x * y) == of(x) * of(y)
    # Of a rational number it is a power, whatever its leading coefficient.
    assert of(CROUZEIX([2])) == fmpq_poly([8])
