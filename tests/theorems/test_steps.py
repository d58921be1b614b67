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


CIRCLES = st.sampled_from(["forward-euler", "heun", "ssprk3", "rk4", "kutta3"]).map(get)


@pytest.mark.theorem("circle-contractivity")
@given(CIRCLES, bounded_fields(dissipative=True), SEEDS)
def test_steps_on_the_circle_condition_do_not_expand(method, field, seed):
    r = float(method.circle_contractivity_radius)
    mu = field.mu
    if mu >= 0:
        return
    h = growth.largest_step("circle-contractivity", field.L, mu, r) * (1 - 1e-9)
    norms, log_norms = [field.L] * method.stages, [mu] * method.stages
    bound = growth.circle_contractivity(*floats(method), h, norms, log_norms, r)
    assert bound.value == 1.0
    for ratio in ratios(method, field, h, seed):
        assert ratio <= 1 + ROUNDING


@pytest.mark.theorem("circle-contractivity", refutes="a radius of 1.01 for Euler")
def test_euler_expands_beyond_its_circle():
    # f = -2.02 x at h = 1: on the circle of radius 1.01, not on that of radius 1.
    field = line(-2.02)
    for radius, reason in (
        (1.01, "not contractive on circles"),
        (1.0, "> 0 at stage 1"),
    ):
        bound = growth.circle_contractivity(
            [[0.0]], [1.0], 1.0, [field.L], [field.mu], radius
        )
        assert bound.value is None
        assert reason in bound.reason
    assert abs(float(linear_step(EULER, field, 1.0)[0, 0])) > 1


@pytest.mark.theorem("circle-contractivity", refutes="the linear disc radius of RK4")
def test_rk4_expands_a_field_that_varies_on_its_linear_disc():
    # |J_i + r| = r at every stage for r = 1.39, a radius at which RK4 contracts every
    # frozen field.  A Gram matrix of the start and the slopes that the form M + B/r
    # finds; then reflections Q_i with J_i = r (Q_i - 1) that take the stages there.
    A, b = (np.array(x) for x in floats(get("rk4")))
    r, scale, spread = 1.39, 0.1, 0.05
    B = np.diag(b)
    form = B @ A + A.T @ B - np.outer(b, b) + B / r
    vector = np.linalg.eigh(form)[1][:, 0]
    slopes = scale**2 * (np.outer(vector, vector) + spread * np.eye(4))
    inner = -np.diag(slopes) / (2 * r) - (A * slopes).sum(axis=1)
    gram = np.block([[np.ones((1, 1)), inner[None]], [inner[:, None], slopes]])
    start, *wanted = np.linalg.cholesky(gram)
    taken: list[np.ndarray] = []
    for row, slope in zip(A, wanted, strict=True):
        moves = [a * k for a, k in zip(row, taken, strict=False)]
        stage = start + sum(moves, np.zeros(5))
        mirror = stage - (slope + r * stage) / r
        Q = np.eye(5) - 2 * np.outer(mirror, mirror) / (mirror @ mirror)
        assert np.linalg.norm(Q, 2) <= 1 + 1e-12
        taken.append(r * (Q - np.eye(5)) @ stage)
    end = start + sum(weight * k for weight, k in zip(b, taken, strict=True))
    assert np.linalg.norm(end) > np.linalg.norm(start) * (1 + 1e-5)


@pytest.mark.theorem("algebraic-stability")
@given(
    st.sampled_from([BACKWARD, MIDPOINT]),
    bounded_fields(dissipative=True),
    st.floats(0, 0.7),
    SEEDS,
)
def test_algebraically_stable_methods_do_not_expand_dissipative_fields(
    method, field, hL, seed
):
    assert method.is_algebraically_stable
    h = hL / max(field.L, 1e-6)
    for ratio in ratios(method, field, h, seed):
        assert ratio <= 1 + ROUNDING


@pytest.mark.theorem("algebraic-stability", refutes="A-stability in its place")
def test_the_trapezoidal_rule_expands_a_dissipative_field():
    # Slope 0 left of 0 and -8 right of it: the two ends of the step see both.
    trapezoid = get("trapezoid")
    assert trapezoid.is_A_stable
    assert not trapezoid.is_algebraically_stable

    def step(x: float) -> float:
        explicit = x + 0.5 * min(-8 * x, 0.0)
        return explicit if explicit <= 0 else explicit / 5

    assert abs(step(1.0) - step(0.0)) > 1


@pytest.mark.theorem("von-neumann-disc")
@given(
    st.sampled_from(["forward-euler", "heun", "ssprk3", "rk4", "rk38"]).map(get),
    st.integers(1, 6),
    SEEDS,
)
def test_a_frozen_step_on_the_disc_does_not_expand(method, size, seed):
    rng = np.random.default_rng(seed)
    contraction = rng.standard_normal((size, size))
    contraction *= 0.999 / np.linalg.norm(contraction, 2)
    r = float(method.largest_disc_radius)
    field = StepField(
        r * (contraction - np.eye(size)), np.zeros((1, size)), np.zeros(1)
    )
    assert np.linalg.norm(linear_step(method, field, 1.0), 2) <= 1


@pytest.mark.theorem("von-neumann-disc", refutes="a disc of radius 7/5 for RK4")
def test_a_rotation_on_a_larger_disc_expands():
    r = 1.4
    largest = 0.0
    for angle in np.linspace(0, np.pi, 2001):
        turn = spiral(np.cos(angle), np.sin(angle)).J
        field = StepField(r * (turn - np.eye(2)), np.zeros((1, 2)), np.zeros(1))
        step = linear_step(get("rk4"), field, 1.0)
        largest = max(largest, np.linalg.norm(step, 2))
    assert largest > 1


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
