"""Additive and partitioned methods, and the sets of their stability functions."""

from fractions import Fraction
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stabcheck.errors import InvalidInput
from stabcheck.integrators import get
from stabcheck.integrators.runge_kutta.order import ElementaryWeights
from stabcheck.integrators.several_fields.additive import (
    AdditiveRungeKutta,
    PartitionedRungeKutta,
)

IMEX = (
    "imex-euler", "ars222", "ars232", "ars233", "ars443", "sil3", "kencarp3",
    "imex-ssp2-222", "imex-ssp2-322", "imex-ssp2-332", "imex-ssp3-332",
)  # fmt: skip
GRID = [Fraction(k, 12) for k in range(13)]
FAR = [Fraction(0), *(Fraction(2) ** k for k in range(-6, 14))]
VALUES = {  # stable box, real strip, imaginary strip
    "imex-euler": ("2", "2", "0"),
    "ars222": ("2", "2", "0"),
    "ars443": ("2.14315938657", "2.14315938657", "1.56985485364"),
    "sil3": ("2.51274532662", "2.51274532662", "1.73205080757"),
    "kencarp3": ("3.66420456276", "3.66420456276", "2.48417941725"),
    "kencarp4": ("4.21417563654", "4.19772438668", None),
}


def modulus_squared(R, a, b):
    """|R(ia, b)|^2 for rational a, b, exactly, by Gaussian rationals."""
    parts = []
    for p in (R.P, R.Q):
        real, imag = Fraction(0), Fraction(0)
        for (m, k), c in R.terms(p).items():
            value = c * a**m * b**k * (1 if m % 4 < 2 else -1)
            real, imag = (real + value, imag) if m % 2 == 0 else (real, imag + value)
        parts.append(real * real + imag * imag)
    return parts[0] / parts[1]


@pytest.mark.parametrize(("name", "values"), VALUES.items())
def test_the_sets_have_the_sizes_computed_before(name, values):
    method = get(name)
    found = [method.stable_box, method.real_strip]
    if values[2] is not None:
        found.append(method.imaginary_strip)
    assert [x.decimal(12) for x in found] == [v for v in values if v is not None]


@pytest.mark.parametrize("name", IMEX)
def test_the_box_is_stable_and_no_larger_one_is(name):
    method = get(name)
    R, r = method.stability_function, method.stable_box
    inside = r.enclosure(Fraction(1, 10**9))[0] * Fraction(999, 1000)
    for u, v in product(GRID, repeat=2):
        assert abs(R(a=-inside * u, b=-inside * v)) <= 1
    beyond = r.enclosure(Fraction(1, 10**9))[1] * Fraction(1001, 1000)
    corner = [(beyond, beyond * u) for u in GRID] + [(beyond * u, beyond) for u in GRID]
    assert any(abs(R(a=-x, b=-y)) > 1 for x, y in corner)


@pytest.mark.parametrize("name", IMEX)
def test_the_real_strip_is_stable(name):
    method = get(name)
    R, r = method.stability_function, method.real_strip
    inside = r.enclosure(Fraction(1, 10**9))[0] * Fraction(999, 1000)
    for u, x in product(GRID, FAR):
        assert abs(R(a=-inside * u, b=-x)) <= 1


@pytest.mark.parametrize("name", ["ars443", "sil3", "kencarp3", "imex-euler"])
def test_the_imaginary_strip_is_stable_and_no_larger_one_is(name):
    method = get(name)
    R, r = method.stability_function, method.imaginary_strip
    inside = r.enclosure(Fraction(1, 10**9))[0] * Fraction(999, 1000)
    for u, x in product(GRID, FAR):
        assert modulus_squared(R, inside * u, -x) <= 1
    beyond = r.enclosure(Fraction(1, 10**9))[1] + Fraction(1, 1000)
    places = [*FAR, *(Fraction(k, 50) for k in range(500))]
    assert any(modulus_squared(R, beyond, -x) > 1 for x in places)


@pytest.mark.parametrize("name", IMEX)
def test_the_stability_function_of_one_field_is_that_of_its_tableau(name):
    method = get(name)
    if method.conditional_on_order is not None:
        pytest.skip("the function is projected onto the order")
    for field in method.fields:
        alone = method.stability_function.along(**{field: 1})
        assert alone == method.part(field).stability_function


def test_fields_that_are_equal_make_a_runge_kutta_method_of_the_sum():
    method = get("parallel-block")
    R = method.stability_function
    assert R(a=Fraction(1, 3), b=Fraction(1, 2)) == 1 + Fraction(5, 6)
    assert str(R) == "1 + a + b"
    assert method.stable_box == 1


@given(st.fractions(-2, 0), st.fractions(-2, 0))
def test_imex_euler_divides_by_the_implicit_field(a, b):
    R = get("imex-euler").stability_function
    assert R(a=a, b=b) == (1 + a) / (1 - b)


CHANGED = [name for name in IMEX if name not in ("imex-euler", "kencarp3")]


@pytest.mark.parametrize("name", CHANGED)
def test_a_wrong_coefficient_in_any_entry_lowers_the_order(name):
    method = get(name)
    for field, (A, b) in method.tableaux.items():
        size = len(b)
        for i in range(size + 1):
            for j in range(size):
                rows, weights = [list(row) for row in A], list(b)
                row = weights if i == size else rows[i]
                if i < size and not row[j]:
                    continue
                row[j] += Fraction(1, 1000)
                changed = {**method.tableaux, field: (rows, weights)}
                grown = ElementaryWeights(changed)
                seen = any(
                    d != 0
                    for nodes in range(1, method.order + 1)
                    for _, d in grown.defects(nodes)
                )
                unseen = (
                    i < size
                    and not b[i]
                    and not any(B[i] for _, B in method.tableaux.values())
                )
                assert seen or (unseen and method.order == 2), (field, i, j)


def test_a_set_beyond_reach_is_none_rather_than_a_guess():
    assert get("kencarp58").imaginary_strip is None


def test_unequal_tableaux_and_a_single_field_are_refused():
    with pytest.raises(InvalidInput, match="at least two tableaux of one size"):
        AdditiveRungeKutta("one", {"a": ([[0]], [1])})
    with pytest.raises(InvalidInput, match="at least two tableaux of one size"):
        AdditiveRungeKutta("two", {"a": ([[0]], [1]), "b": ([[0, 0], [1, 0]], [1, 0])})


def test_another_argument_than_the_fields_is_refused():
    with pytest.raises(InvalidInput, match="one argument for each of"):
        get("ars443").stability_function(a=1)


PARTITIONED = {  # order, for separable problems, symplectic, symmetric, interval
    "symplectic-euler-a": (1, 1, True, False, "2"),
    "symplectic-euler-b": (1, 1, True, False, "2"),
    "stormer-verlet-kdk": (2, 2, True, True, "2"),
    "stormer-verlet-dkd": (2, 2, True, True, "2"),
    "lobatto-iiia-iiib:3": (4, 4, True, True, "2.82842712475"),
    "lobatto-iiia-iiib:4": (6, 6, True, True, "3.11271764816"),
    "reversible-block": (1, 1, True, False, "2"),
}


@pytest.mark.parametrize(("name", "expected"), PARTITIONED.items())
def test_partitioned_methods_have_their_known_structure(name, expected):
    method = get(name)
    found = (
        method.order, method.separable_order, method.is_symplectic,
        method.is_symmetric, method.oscillator_stability_interval.decimal(12),
    )  # fmt: skip
    assert found == expected
    assert method.oscillator.is_area_preserving


def test_sets_of_a_sum_of_fields_do_not_apply_to_two_variables():
    method = get("stormer-verlet-kdk")
    assert method.stable_box is None
    assert method.stability_function is None


def test_two_unpaired_methods_are_not_symplectic():
    trapezoid = ([[0, 0], ["1/2", "1/2"]], ["1/2", "1/2"])
    method = PartitionedRungeKutta("same", {"q": trapezoid, "p": trapezoid})
    assert not method.is_symplectic
    assert method.order == 2
    euler = ([[0]], [1])
    explicit = PartitionedRungeKutta("euler", {"q": euler, "p": euler})
    assert not explicit.oscillator.is_area_preserving
    assert explicit.oscillator_stability_interval == 0
