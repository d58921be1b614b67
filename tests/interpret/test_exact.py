"""Exact evaluation: nothing is rounded, and balls of 200 bits agree to 40 digits."""

from fractions import Fraction

import numpy as np
import pytest
import sympy
from agreement.cases import EXPLICIT, drawn
from flint import arb, ctx, fmpq

from stabcheck.errors import InvalidInput, Undecided
from stabcheck.fields import feed_forward, rms_norm
from stabcheck.interpret.balls import BACKEND as BALLS
from stabcheck.interpret.balls import BallBackend
from stabcheck.interpret.exact import BACKEND as EXACT
from stabcheck.interpret.intervals import BACKEND as INTERVALS
from stabcheck.interpret.numpy_ import BACKEND as NUMPY
from stabcheck.symbolic.lowering.lower import Kernel

PRECISION = 200
ROOM = arb(0, 1e-42)


def rational(values) -> np.ndarray:
    """Values rounded to quarters, as fractions."""
    rounded = np.asarray(values, dtype=float) * 4
    return np.frompyfunc(lambda x: Fraction(round(x), 4), 1, 1)(rounded)


def rounded_case(variant):
    field, state, _, parameters = drawn(variant, 2, 2)
    exact = {
        name: rational(value) if np.asarray(value).dtype.kind == "f" else value
        for name, value in parameters.items()
    }
    return field, rational(state), exact


def digits(value) -> arb:
    """An exact number to 45 digits."""
    if isinstance(value, Fraction):
        return arb(fmpq(value.numerator, value.denominator))
    return arb(str(sympy.N(value, 45)))


@pytest.mark.parametrize("variant", EXPLICIT, ids=lambda variant: variant.name)
def test_exact_entries_of_two_by_two_agree_with_balls_to_forty_digits(variant):
    field, state, parameters = rounded_case(variant)
    exact = field.lower("exact")(state, **parameters)
    balls = Kernel(field, BallBackend(PRECISION))(state, **parameters)
    assert exact.shape == balls.shape == (2, 2)
    with ctx.workprec(PRECISION):
        for one, other in zip(exact.ravel(), balls.ravel(), strict=True):
            assert isinstance(one, Fraction) or not one.atoms(sympy.Float)
            assert other.rad() < arb(1e-42) * (1 + abs(other))
            assert (digits(one) + ROOM * (1 + abs(other))).overlaps(other)


@pytest.mark.parametrize("name", ["attention", "layer-norm", "feed-forward"])
def test_exact_jacobians_agree_with_balls_to_forty_digits(name):
    variant = next(variant for variant in EXPLICIT if variant.name == name)
    field, state, parameters = rounded_case(variant)
    jacobian = field.jacobian()
    exact = jacobian.lower("exact")(state, **parameters)
    balls = Kernel(jacobian, BallBackend(PRECISION))(state, **parameters)
    with ctx.workprec(PRECISION):
        for one, other in zip(exact.ravel(), balls.ravel(), strict=True):
            assert (digits(one) + ROOM * (1 + abs(other))).overlaps(other)


def test_a_rational_value_is_a_fraction_and_a_root_is_not():
    parameters = {"gamma": [1, 1], "epsilon": 0}
    one, root = rms_norm().lower("exact")([[7, 1], [1, 2]], **parameters)
    assert list(one) == [Fraction(7, 5), Fraction(1, 5)]
    assert root[0] ** 2 == sympy.Rational(2, 5)


def test_every_interpretation_knows_every_function():
    for backend in (EXACT, BALLS, INTERVALS):
        assert backend.functions.keys() == NUMPY.functions.keys()


def test_floats_are_taken_as_the_dyadic_rationals_that_they_are():
    (entry,) = EXACT.array([0.1])
    assert entry == Fraction(0.1)
    assert entry != Fraction(1, 10)


def test_exponentials_stay_symbols():
    ones = {"W_1": [[1]], "b_1": [0], "W_2": [[1]], "b_2": [0]}
    value = feed_forward().lower("exact")([[Fraction(1, 2)]], **ones)[0, 0]
    assert value.atoms(sympy.erf)


@pytest.mark.parametrize("value", ["1", 1j, np.nan, np.inf, sympy.Symbol("x")])
def test_what_is_not_a_real_number_is_refused(value):
    with pytest.raises(InvalidInput, match="pass fractions, integers, finite floats"):
        EXACT.array(np.array([value], dtype=object))


def test_signs_of_irrational_numbers_are_decided():
    relu, step = EXACT.functions["relu"], EXACT.functions["step"]
    gap = sympy.sqrt(2) - sympy.Rational(14142135623730950488, 10**19)
    assert relu(np.array([gap], dtype=object))[0] == gap
    assert step(np.array([-gap], dtype=object))[0] == 0
    nothing = sympy.sqrt(2) * sympy.sqrt(3) - sympy.sqrt(6)
    assert step(np.array([nothing], dtype=object))[0] == 0


def test_a_sign_that_cannot_be_told_is_not_guessed(monkeypatch):
    hidden = sympy.exp(sympy.pi) - sympy.exp(sympy.pi + sympy.Rational(1, 10**2000))
    monkeypatch.setattr(type(hidden), "is_positive", None)
    monkeypatch.setattr(type(hidden), "is_negative", None)
    monkeypatch.setattr(type(hidden), "__gt__", lambda self, other: None)
    with pytest.raises(Undecided, match="too close to zero"):
        EXACT.functions["step"](np.array([hidden], dtype=object))
