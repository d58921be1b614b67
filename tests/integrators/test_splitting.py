"""Splittings: words of substeps over anonymous fields."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stabcheck.errors import InvalidInput
from stabcheck.integrators import LieTrotter, Substep, get

HALF = Fraction(1, 2)
LIE = get("lie-trotter")


def strang(method: str) -> LieTrotter:
    inner = get(method)
    return LieTrotter(
        "strang",
        (Substep("b", HALF, inner), Substep("a", 1, inner), Substep("b", HALF, inner)),
    )


@given(st.fractions(-3, 3), st.fractions(-3, 3))
def test_lie_trotter_multiplies_the_euler_factors(a, b):
    assert LIE.stability_function(a=a, b=b) == (1 + a) * (1 + b)


def test_a_field_without_its_argument_is_refused():
    with pytest.raises(InvalidInput, match="one argument for each of"):
        LIE.stability_function(a=1)


def test_the_order_of_a_splitting_counts_the_substeps_too():
    # Strang's splitting has order two with substeps of order two, one with Euler's.
    assert LIE.order == 1
    assert strang("heun").order == 2
    assert strang("rk4").order == 2
    assert strang("forward-euler").order == 1
    assert (
        LieTrotter(
            "lie", (Substep("a", 1, get("rk4")), Substep("b", 1, get("rk4")))
        ).order
        == 1
    )


def test_one_field_alone_has_the_order_of_its_method():
    assert LieTrotter("one", (Substep("a", 1, get("rk4")),)).order == 4


def test_two_halves_of_a_step_of_one_field_have_the_order_of_the_method():
    word = (Substep("a", HALF, get("ssprk3")), Substep("a", HALF, get("ssprk3")))
    assert LieTrotter("halves", word).order == 3


def test_the_circle_radius_is_that_of_the_strictest_substep():
    assert LIE.circle_contractivity_radius == 1
    assert strang("forward-euler").circle_contractivity_radius == 1
    halves = LieTrotter("halves", (Substep("a", HALF, get("ralston2")),))
    whole = get("ralston2").circle_contractivity_radius
    doubled = halves.circle_contractivity_radius
    assert doubled.decimal(20) == "1.5825756949558400066"
    assert whole < doubled
    backward = LieTrotter("back", (Substep("a", -1, get("forward-euler")),))
    assert backward.circle_contractivity_radius == 0


def test_an_empty_word_and_a_float_fraction_are_refused():
    with pytest.raises(InvalidInput, match="give at least one"):
        LieTrotter("empty", ())
    with pytest.raises(InvalidInput, match="write a fraction"):
        LieTrotter("float", (Substep("a", 0.5, get("heun")),))


@pytest.mark.parametrize("word", ["AB", [Substep("a", get("heun"), 1)]])
def test_a_word_of_other_things_than_substeps_is_refused(word):
    with pytest.raises(InvalidInput, match=r"give Substep\(field, fraction, method\)"):
        LieTrotter("word", word)
