"""Contractive steps: on circles, for dissipative fields, and frozen ones on a disc.

A measured ratio carries rounding of about 1e-13 relative to states of size ten.
"""

import numpy as np
import pytest
from growth.step_fields import StepField, bounded_fields, linear_step, ratios
from hypothesis import given
from hypothesis import strategies as st
from strategies import SEEDS

from stabcheck import growth
from stabcheck.integrators import get

EULER = get("forward-euler")
IMPLICIT = st.sampled_from(["backward-euler", "implicit-midpoint"]).map(get)
ROUNDING = 1e-10


def floats(method):
    A = [[float(a) for a in row] for row in method.A]
    return A, [float(weight) for weight in method.b]


def linear(J: np.ndarray) -> StepField:
    """f(x) = Jx."""
    return StepField(J, np.zeros((1, len(J))), np.zeros(1))


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
    field = linear(np.array([[-2.02]]))
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
    IMPLICIT,
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
    field = linear(r * (contraction - np.eye(size)))
    assert np.linalg.norm(linear_step(method, field, 1.0), 2) <= 1


@pytest.mark.theorem("von-neumann-disc", refutes="a disc of radius 7/5 for RK4")
def test_a_rotation_on_a_larger_disc_expands():
    r = 1.4
    largest = 0.0
    for angle in np.linspace(0, np.pi, 2001):
        c, s = np.cos(angle), np.sin(angle)
        turn = np.array([[c, -s], [s, c]])
        field = linear(r * (turn - np.eye(2)))
        step = linear_step(get("rk4"), field, 1.0)
        largest = max(largest, np.linalg.norm(step, 2))
    assert largest > 1
