"""The ball interpretation: enclosures, tight where the formula is."""

from fractions import Fraction

import numpy as np
import pytest
from flint import arb, ctx
from hypothesis import given
from hypothesis import strategies as st
from sympy import Rational

from stabcheck.errors import InvalidInput
from stabcheck.interpret.balls import BACKEND, PRECISION
from stabcheck.symbolic.proving.ball_functions import ball_power

BALLS = st.builds(arb, st.floats(-4, 4), st.floats(0, 3))


def contains(ball, number: float) -> bool:
    return bool(ball.contains(arb(number)))


@given(BALLS, st.integers(-3, 4), st.floats(-1, 1))
def test_powers_hold_the_powers_of_every_point(ball, exponent, where):
    power = BACKEND.power(np.array([ball], dtype=object), Rational(exponent))[0]
    with ctx.workprec(PRECISION):
        point = ball.mid() + ball.rad() * arb(where) * arb(0.999)
        if exponent < 0 and ball.contains(0):
            assert not power.is_finite()
            return
        value = arb(1)
        for _ in range(abs(exponent)):
            value *= point
        assert power.overlaps(1 / value if exponent < 0 else value)


@given(BALLS)
def test_even_powers_are_not_negative(ball):
    square = BACKEND.power(np.array([ball], dtype=object), Rational(2))[0]
    # A radius of Arb has 30 bits: the lower end is 0 up to its rounding.
    assert float(square.lower()) >= -(2**-28) * float(square.abs_upper())


@given(st.lists(BALLS, min_size=1, max_size=4))
def test_softmax_weights_are_enclosed_and_at_most_one(logits):
    row = np.array([logits], dtype=object)
    weights = BACKEND.softmax(row, None, None)[0]
    middles = np.array([float(ball.mid()) for ball in logits])
    point = np.exp(middles - middles.max())
    point /= point.sum()
    for ball, value in zip(weights, point, strict=True):
        wide = ball + arb(0, 1e-12)
        assert contains(wide, float(value))
        # The end points of a ball are those of an interval up to 30 bits.
        assert float(ball.lower()) >= -(2**-28)
        assert float(ball.upper()) <= 1 + 2**-28


def test_masked_keys_weigh_exactly_nothing():
    logits = BACKEND.array([[0.5, 9.0, -1.0]])
    mask = BACKEND.array([[1, 0, 1]])
    weights = BACKEND.softmax(logits, mask, None)[0]
    assert weights[1] == 0
    assert (weights[0] + weights[2]).contains(1)


def test_floats_integers_and_fractions_are_taken_exactly():
    values = BACKEND.array(np.array([0.1, 3, Fraction(1, 3)], dtype=object))
    assert values[0] == arb(0.1)
    assert values[1] == 3
    assert (3 * values[2]).contains(1)


@pytest.mark.parametrize("value", ["1", 1j, None])
def test_other_values_are_refused(value):
    with pytest.raises(InvalidInput, match="pass floats, fractions, integers or arb"):
        BACKEND.array(np.array([value], dtype=object))


@pytest.mark.parametrize("exponent", [3, -1, -3, Rational(1, 2), Rational(-3, 2)])
def test_monotone_powers_lose_nothing_at_the_ends(exponent):
    # Products of the ball with itself would hold zero, and their inverse everything.
    found = ball_power(arb(0.1).union(arb(0.2)), Rational(exponent))
    ends = sorted(x ** float(exponent) for x in (0.1, 0.2))
    width = ends[1] - ends[0]
    assert float(found.lower()) >= ends[0] - 1e-6 * width
    assert float(found.upper()) <= ends[1] + 1e-6 * width


def test_exponents_other_than_whole_and_half_are_refused():
    with pytest.raises(InvalidInput, match="use whole and half exponents"):
        BACKEND.power(BACKEND.array([2.0]), Rational(1, 3))
