"""The elementwise functions: their slopes, and their meaning in every backend."""

import jax
import numpy as np
import pytest
from flint import arb
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import erf as scipy_erf
from sympy import Symbol, cos, erf, exp, log, sin, tanh

from stabcheck.interpret import jax_, numpy_
from stabcheck.symbolic import Field, Tensor, is_zero
from stabcheck.symbolic.declaration import Declaration
from stabcheck.symbolic.functions import (
    DIFFERENTIABLE,
    OF_INDICES,
    absolute,
    elu1,
    impulse,
    relu,
    sigmoid,
    softplus,
    step,
)
from stabcheck.symbolic.index import Index
from stabcheck.symbolic.proving.ball_functions import BALL_FUNCTIONS

n = Symbol("n", integer=True, positive=True)
i, a = Index("i", "token", n), Index("a", "feature", n)
X = Tensor("X", (i, a))
TRUE = {
    "exp": np.exp,
    "log": np.log,
    "erf": scipy_erf,
    "tanh": np.tanh,
    "sin": np.sin,
    "cos": np.cos,
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "softplus": lambda x: np.log1p(np.exp(x)),
    "relu": lambda x: (x + np.abs(x)) / 2,
    "step": lambda x: (np.sign(x) + np.abs(np.sign(x))) / 2,
    "impulse": lambda x: 0 * x,
    "elu1": lambda x: x + 1 if x > 0 else np.exp(x),
    "Heaviside": lambda x: float(x >= 0),
    "absolute": np.abs,
}


def declared(function) -> Field:
    F = Declaration("pointwise", X)
    return F.returns((i, a), function(X[i, a]))


def test_every_function_has_a_meaning_in_every_backend():
    names = {function.__name__ for function in (*DIFFERENTIABLE, *OF_INDICES)}
    tables = [numpy_.BACKEND.functions, jax_.BACKEND.functions, BALL_FUNCTIONS]
    for table in (*tables, TRUE):
        assert names <= set(table)


@given(st.floats(-20, 20), st.floats(0, 2), st.floats(-1, 1))
def test_the_backends_agree_and_balls_hold_every_point(middle, radius, where):
    point = middle + where * radius
    for name, true in TRUE.items():
        if name == "log" and middle - radius <= 0.01:
            continue
        if name == "Heaviside" and abs(middle) <= radius + 1e-9:
            continue  # only ever asked of exact integers
        value = float(true(point))
        for backend in (numpy_, jax_):
            found = backend.BACKEND.functions[name](np.float64(point))
            assert abs(float(found) - value) <= 1e-14 * (1 + abs(value))
        ball = BALL_FUNCTIONS[name](arb(middle, radius) + arb(0, 1e-14))
        assert ball.overlaps(arb(value, 1e-13 * (1 + abs(value)))), name


@pytest.mark.parametrize("function", [sigmoid, softplus, relu, elu1, step])
@given(st.floats(-10, 10), st.floats(0, 3))
def test_monotone_functions_lose_nothing_at_the_ends(function, middle, radius):
    name = function.__name__
    found = BALL_FUNCTIONS[name](arb(middle, radius))
    low, high = (float(TRUE[name](middle + sign * radius)) for sign in (-1, 1))
    room = 1e-8 * (1 + abs(middle) + radius)
    assert float(found.lower()) >= low - room or name == "step"
    assert float(found.upper()) <= high + room or name == "step"


def test_no_ball_may_hold_the_slope_of_a_jump():
    assert not BALL_FUNCTIONS["impulse"](arb(0.1, 0.2)).is_finite()
    assert BALL_FUNCTIONS["impulse"](arb(1, 0.5)) == 0
    across = BALL_FUNCTIONS["step"](arb(0, 1))
    assert across.contains(0)
    assert across.contains(1)
    kinked = declared(relu).jacobian().jacobian().lower("balls")
    balls = np.array([[arb(0, 1)]], dtype=object)
    assert not kinked(balls)[0, 0, 0, 0, 0, 0].is_finite()


@pytest.mark.parametrize("function", [f for f in DIFFERENTIABLE if f not in (log,)])
def test_slopes_are_those_of_automatic_differentiation(function):
    field = declared(function)
    state = np.array([[0.7, -1.3], [2.5, -0.2]])
    found = field.jacobian().lower("numpy")(state)
    slope = jax.vmap(jax.grad(jax_.BACKEND.functions[function.__name__]))
    true = np.zeros((2, 2, 2, 2))
    for at in np.ndindex(2, 2):
        true[(*at, *at)] = slope(state[at][None])[0]
    assert np.abs(found - true).max() <= 1e-14


def test_the_logarithm_undoes_the_exponential_for_the_proof():
    field = declared(lambda x: log(1 + exp(x)))
    (body,) = (line.body for line in field.jacobian().definitions[-1:])
    assert is_zero(body - body).is_proved
    state = np.array([[0.3]])
    value = field.jacobian().lower("numpy")(state)[0, 0, 0, 0]
    assert abs(value - 1 / (1 + np.exp(-0.3))) <= 1e-15


def test_the_functions_print_as_they_are_written():
    lines = {
        sigmoid: (r"\sigma\left(X_{i a}\right)", "sigmoid(X[i,a])"),
        softplus: (
            r"\mathrm{softplus}\left(X_{i a}\right)",
            "softplus(X[i,a])",
        ),
        relu: (r"\mathrm{relu}\left(X_{i a}\right)", "relu(X[i,a])"),
        elu1: (r"\mathrm{elu}_1\left(X_{i a}\right)", "elu1(X[i,a])"),
    }
    for function, (latex, text) in lines.items():
        assert latex in declared(function).latex()
        assert text in declared(function).text()
    F = Declaration("far", X)
    k = Index("k", "token", n)
    F.let("far", (i, k), absolute(i - k))
    assert "|i - k|" in F.field.text()
    assert r"\left|i - k\right|" in F.field.latex()


@pytest.mark.parametrize(
    "function", [cos, sin, tanh, erf, sigmoid, softplus, elu1, impulse]
)
def test_a_declared_function_may_be_derived_twice(function):
    second = declared(function).jacobian().jacobian()
    assert second.output.indices[0] == i
