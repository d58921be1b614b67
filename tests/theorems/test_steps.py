"""Growth and shrink of one step: they hold for nonlinear fields, and are not too large.

Bounds are moved outward by 1e-9; a measured ratio carries rounding of about 1e-13.
"""

import math

import numpy as np
import pytest
from growth.step_fields import (
    STEPS,
    StepField,
    bounded_fields,
    linear_step,
    ratios,
    take_step,
)
from hypothesis import given
from hypothesis import strategies as st
from strategies import SEEDS

from stabcheck import growth
from stabcheck.integrators import get

EULER, BACKWARD, MIDPOINT = map(
    get, ("forward-euler", "backward-euler", "implicit-midpoint")
)
EXPLICIT = st.sampled_from(
    ["forward-euler", "heun", "ssprk3", "rk4", "kutta3", "rk38", "explicit-midpoint"]
).map(get)
ROUNDING = 1e-10  # of ratios of differences of 1e-3 at states of size about ten


def floats(method):
    A = [[float(a) for a in row] for row in method.A]
    return A, [float(weight) for weight in method.b]


def line(slope: float) -> StepField:
    """f(x) = slope x on a line."""
    return StepField(np.array([[slope]]), np.zeros((1, 1)), np.zeros(1))


def spiral(mu: float, turn: float) -> StepField:
    """A dilation and a rotation of the plane: mu_2 = m = mu."""
    J = np.array([[mu, -turn], [turn, mu]])
    return StepField(J, np.zeros((1, 2)), np.zeros(1))


def assert_within(method, field, h, seed, *, grown, shrunk) -> None:
    for ratio in ratios(method, field, h, seed):
        assert ratio <= grown * (1 + ROUNDING) + ROUNDING
        assert ratio >= shrunk * (1 - ROUNDING) - ROUNDING
    if field.is_linear:
        singular = np.linalg.svd(linear_step(method, field, h), compute_uv=False)
        assert singular[0] <= grown
        assert singular[-1] >= shrunk - 1e-12


@pytest.mark.theorem("euler-growth")
@pytest.mark.theorem("euler-shrink")
@given(bounded_fields(), STEPS, SEEDS)
def test_euler_steps_stay_between_shrink_and_growth(field, h, seed):
    for mu, m in ((None, None), (field.mu, field.m)):
        grown = growth.euler_growth(h, field.L, mu).value
        shrunk = growth.euler_shrink(h, field.L, m).value
        assert_within(EULER, field, h, seed, grown=grown, shrunk=shrunk)


@pytest.mark.theorem("euler-growth")
@given(st.floats(-2, 2), st.floats(0, 2), STEPS)
def test_euler_growth_is_the_exact_norm_of_a_spiral(mu, turn, h):
    field = spiral(mu, turn)
    exact = np.linalg.norm(linear_step(EULER, field, h), 2)
    bound = growth.euler_growth(h, field.L, field.mu).value
    assert exact <= bound <= exact + 3e-8  # sqrt amplifies the outward move near 0


@pytest.mark.theorem(
    "euler-growth", refutes="1 + 0.99 hL, and 0.99 (hL)^2 under the root"
)
def test_smaller_constants_of_euler_growth_are_exceeded():
    dilation = np.linalg.norm(linear_step(EULER, line(1.0), 1.0), 2)
    assert dilation > 1 + 0.99
    field = spiral(0.0, 1.0)
    assert np.linalg.norm(linear_step(EULER, field, 1.0), 2) > math.sqrt(1 + 0.99)


@pytest.mark.theorem("euler-shrink", refutes="1 - 0.99 hL and 1 + 0.99 hm")
def test_larger_constants_of_euler_shrink_are_not_reached():
    field = line(-0.5)
    smallest = np.linalg.svd(linear_step(EULER, field, 1.0), compute_uv=False)[-1]
    assert smallest < 1 - 0.99 * field.L
    assert smallest < 1 + 0.99 * field.m


@pytest.mark.theorem("explicit-runge-kutta-crude")
@given(EXPLICIT, bounded_fields(), STEPS, SEEDS)
def test_explicit_steps_stay_within_the_crude_bounds(method, field, h, seed):
    norms = [field.L] * method.stages
    grown = growth.explicit_growth(*floats(method), h, norms).value
    shrunk = growth.explicit_shrink(*floats(method), h, norms).value
    assert_within(method, field, h, seed, grown=grown, shrunk=shrunk or 0.0)


@pytest.mark.theorem("explicit-runge-kutta-crude")
@given(EXPLICIT, st.lists(st.floats(0, 1), min_size=4, max_size=4), STEPS)
def test_the_norms_of_the_stages_may_differ(method, norms, h):
    # Stage j turns by its own orthogonal matrix and stretches by its own norm.
    rng = np.random.default_rng(len(norms))
    turns = [np.linalg.qr(rng.standard_normal((3, 3)))[0] for _ in norms]
    A, b = floats(method)
    slopes, identity = [], np.eye(3)
    for i in range(method.stages):
        stage = identity + h * sum(
            (a * s for a, s in zip(A[i], slopes, strict=False)), np.zeros((3, 3))
        )
        slopes.append(norms[i] * turns[i] @ stage)
    step = identity + h * sum(w * s for w, s in zip(b, slopes, strict=True))
    singular = np.linalg.svd(step, compute_uv=False)
    used = norms[: method.stages]
    assert singular[0] <= growth.explicit_growth(A, b, h, used).value
    assert singular[-1] >= (growth.explicit_shrink(A, b, h, used).value or 0.0)


@pytest.mark.theorem("explicit-runge-kutta-crude", refutes="without the fourth power")
def test_rk4_attains_its_crude_growth():
    exact = float(linear_step(get("rk4"), line(1.0), 1.0)[0, 0])
    assert exact > 1 + 1 + 1 / 2 + 1 / 6
    bound = growth.explicit_growth(*floats(get("rk4")), 1.0, [1.0] * 4).value
    assert exact <= bound <= exact * (1 + 1e-8)


@pytest.mark.theorem("explicit-runge-kutta-crude", refutes="shrink 1 - 0.99 hL")
def test_the_crude_shrink_is_attained_by_euler_on_a_contraction():
    factor = float(linear_step(EULER, line(-0.5), 1.0)[0, 0])
    bound = growth.explicit_shrink([[0.0]], [1.0], 1.0, [0.5]).value
    assert bound <= factor < 1 - 0.99 * 0.5


@pytest.mark.theorem("backward-euler-growth")
@given(bounded_fields(), st.floats(0, 0.7), SEEDS)
def test_backward_euler_steps_stay_between_shrink_and_growth(field, hL, seed):
    h = hL / max(field.L, 1e-6)
    shrunk = growth.backward_euler_shrink(h, field.L).value
    for mu in (None, field.mu):
        grown = growth.backward_euler_growth(h, field.L, mu).value
        assert_within(BACKWARD, field, h, seed, grown=grown, shrunk=shrunk)


@pytest.mark.theorem(
    "backward-euler-growth", refutes="1/(1 - 0.99 h mu), 1/(1 + 0.99 hL)"
)
def test_backward_euler_attains_both_factors_on_a_line():
    dilation = float(linear_step(BACKWARD, line(0.5), 1.0)[0, 0])
    assert dilation > 1 / (1 - 0.99 * 0.5)
    contraction = float(linear_step(BACKWARD, line(-0.5), 1.0)[0, 0])
    assert contraction < 1 / (1 + 0.99 * 0.5)


@pytest.mark.theorem("implicit-midpoint-growth")
@given(bounded_fields(), st.floats(0, 1.4), SEEDS)
def test_implicit_midpoint_steps_stay_between_shrink_and_growth(field, hL, seed):
    h = hL / max(field.L, 1e-6)
    for mu, m in ((None, None), (field.mu, field.m)):
        grown = growth.implicit_midpoint_growth(h, field.L, mu).value
        shrunk = growth.implicit_midpoint_shrink(h, field.L, m).value
        assert_within(MIDPOINT, field, h, seed, grown=grown, shrunk=shrunk)


@pytest.mark.theorem("implicit-midpoint-growth", refutes="h mu/2 and hm/2 times 0.99")
def test_implicit_midpoint_attains_both_factors_on_a_line():
    x = 0.99 * 0.5
    assert float(linear_step(MIDPOINT, line(1.0), 1.0)[0, 0]) > (1 + x) / (1 - x)
    assert float(linear_step(MIDPOINT, line(-1.0), 1.0)[0, 0]) < (1 - x) / (1 + x)


@pytest.mark.theorem("splitting-growth")
@given(bounded_fields(), bounded_fields(), STEPS, SEEDS)
def test_the_growths_of_two_substeps_multiply(first, second, h, seed):
    size = min(first.size, second.size)
    a, b = (StepField(f.J[:size, :size], f.W[:, :size], f.c) for f in (first, second))
    rng = np.random.default_rng(seed)
    x, y = rng.standard_normal((2, size))
    start, x, y = (
        x - y,
        take_step(EULER, b, h, take_step(EULER, a, h, x)),
        take_step(EULER, b, h, take_step(EULER, a, h, y)),
    )
    ratio = np.linalg.norm(x - y) / np.linalg.norm(start)
    parts = [growth.euler_growth(h, f.L, f.mu).value for f in (a, b)]
    assert ratio <= growth.depth_product(parts).value * (1 + ROUNDING)
    shrinks = [growth.euler_shrink(h, f.L, f.m).value for f in (a, b)]
    assert ratio >= (growth.depth_shrink(shrinks).value or 0.0) * (1 - ROUNDING)


@pytest.mark.theorem("splitting-growth", refutes="the growth of Euler on the sum")
def test_two_dilations_grow_more_than_euler_on_their_sum():
    a, b = line(0.5), line(0.5)
    x = take_step(EULER, b, 1.0, take_step(EULER, a, 1.0, np.ones(1)))
    assert x[0] > 1 + a.L + b.L
