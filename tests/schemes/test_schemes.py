"""Schemes over fields do what the methods of the catalogue say."""

from fractions import Fraction

import numpy as np
import pytest

from stabcheck import integrators
from stabcheck.errors import InvalidInput
from stabcheck.fields import (
    attention,
    gradient_feed_forward,
    leaky,
    pre_norm,
    soft_norm,
)
from stabcheck.schemes import (
    Leapfrog,
    Momentum,
    OnSphere,
    RungeKuttaStep,
    Splitting,
    TwoStreams,
    gains,
    slope_of,
)
from stabcheck.schemes.gains import jacobian, largest_token_gain

H = Fraction(1, 4)
LINEAR = -0.7


def linear(state):
    return LINEAR * state


def drawn(n=3, d=4, heads=2, seed=0):
    rng = np.random.default_rng(seed)
    W = {name: rng.standard_normal((heads, d, 2)) for name in ("W_Q", "W_K", "W_V")}
    W["W_O"] = rng.standard_normal((2 * heads, d))
    return rng.standard_normal((n, d)), W


def attending(backend="jax", **given):
    state, W = drawn(**given)
    return state, slope_of(attention(heads=2, causal=True), backend=backend, **W)


EXPLICIT = ["forward-euler", "heun", "ssprk3", "rk4"]
IMPLICIT = ["backward-euler", "implicit-midpoint"]


@pytest.mark.parametrize("name", EXPLICIT + IMPLICIT)
def test_a_step_of_a_linear_field_multiplies_by_the_stability_function(name):
    method = integrators.get(name)
    state = np.arange(6.0).reshape(2, 3)
    found = np.asarray(RungeKuttaStep(linear, method, H)(state))
    z = float(H) * LINEAR
    A = np.array([[float(a) for a in row] for row in method.A])
    ones, b = np.ones(len(A)), np.array([float(x) for x in method.b])
    R = 1 + z * b @ np.linalg.solve(np.eye(len(A)) - z * A, ones)
    assert np.abs(found - R * state).max() <= 1e-14


@pytest.mark.parametrize("name", EXPLICIT)
def test_numpy_and_jax_take_the_same_step(name):
    method = integrators.get(name)
    state, one = attending("numpy")
    _, other = attending("jax")
    steps = [RungeKuttaStep(slope, method, H)(state) for slope in (one, other)]
    assert isinstance(steps[0], np.ndarray)
    assert np.abs(steps[0] - np.asarray(steps[1])).max() <= 1e-13


@pytest.mark.parametrize("name", ["rk4", "implicit-midpoint"])
def test_the_derivative_of_a_step_is_that_of_its_differences(name):
    state, slope = attending(n=2)
    step = RungeKuttaStep(slope, integrators.get(name), Fraction(1, 16))
    J, move = jacobian(step, state), 1e-5
    for column in (0, 7):
        unit = np.zeros(state.size)
        unit[column] = move
        unit = unit.reshape(state.shape)
        found = (np.asarray(step(state + unit)) - np.asarray(step(state - unit))) / 2
        assert np.abs(found.ravel() / move - J[:, column]).max() <= 1e-8


def test_a_step_of_an_implicit_method_that_has_no_solution_is_nan():
    # y = x + h (1 + y^2) has no real solution at x = 0, h = 1.
    method = integrators.get("backward-euler")
    found = RungeKuttaStep(lambda y: 1 + y**2, method, 1)(np.zeros((1, 1)))
    assert np.isnan(np.asarray(found)).all()


def test_the_macaron_block_of_the_catalogue_is_half_attention_half():
    state, attend = attending()
    feed = slope_of(gradient_feed_forward(), W=np.eye(4), b=np.zeros(4))
    method = integrators.get("macaron-block")
    found = Splitting({"a": attend, "b": feed}, method, H)(state)
    h = float(H)
    expected = state + h / 2 * feed(state)
    expected = expected + h * attend(expected)
    expected = expected + h / 2 * feed(expected)
    assert np.abs(np.asarray(found - expected)).max() <= 1e-14
    with pytest.raises(InvalidInput, match="found a method of b, a"):
        Splitting({"a": attend}, method, H)


def test_the_reversible_block_is_its_two_additive_couplings():
    state, attend = attending()
    feed = slope_of(gradient_feed_forward(), W=np.eye(4), b=np.zeros(4))
    streams = np.stack([state, 0.5 * state])
    step = TwoStreams(attend, feed, integrators.get("reversible-block"), H)
    p = streams[1] + float(H) * feed(streams[0])
    q = streams[0] + float(H) * attend(p)
    assert np.abs(np.asarray(step(streams)) - np.stack([q, p])).max() <= 1e-14
    # It is undone by subtracting, whatever the step.
    back_q = q - float(H) * attend(p)
    back = np.stack([back_q, p - float(H) * feed(back_q)])
    assert np.abs(np.asarray(back) - streams).max() <= 1e-14


def test_the_two_streams_of_stoermer_and_verlet_are_a_kick_a_drift_a_kick():
    streams = np.array([[[1.0]], [[0.0]]])
    method = integrators.get("stormer-verlet-block")
    found = TwoStreams(lambda p: p, lambda q: -q, method, H)(streams)
    h = float(H)
    p = -h / 2
    q = 1 + h * p
    assert np.abs(found.ravel() - [q, p - h / 2 * q]).max() <= 1e-15


def test_a_method_whose_stages_depend_on_themselves_is_refused():
    from stabcheck.integrators.several_fields.additive import PartitionedRungeKutta

    midpoint = ([["1/2"]], [1])
    method = PartitionedRungeKutta("both-midpoints", {"q": midpoint, "p": midpoint})
    with pytest.raises(InvalidInput, match="found a stage that depends on itself"):
        TwoStreams(linear, linear, method, H)


def test_momentum_without_its_velocity_is_the_block_of_the_catalogue():
    state, attend = attending()
    gamma = Fraction(1, 2)
    step = Momentum(attend, H, gamma)
    first = np.stack([state, np.zeros_like(state)])
    second = step(first)
    third = step(second)
    method = integrators.get("momentum-residual:1/2")
    alpha, beta = ([float(x) for x in c] for c in (method.alpha, method.beta))
    places = [np.asarray(s[0]) for s in (first, second, third)]
    left = sum(a * x for a, x in zip(alpha, places, strict=True))
    right = sum(
        b * np.asarray(attend(x)) for b, x in zip(beta, places, strict=True) if b
    )
    assert np.abs(left - float(H) * right).max() <= 1e-13


def test_leapfrog_without_its_velocity_is_a_second_difference():
    state, attend = attending()
    step = Leapfrog(attend, H, frequency=3)
    first = np.stack([state, np.ones_like(state)])
    second = step(first)
    third = step(second)
    left = third[0] - 2 * second[0] + first[0]
    right = float(H) ** 2 * attend(second[0])
    assert np.abs(np.asarray(left - right)).max() <= 1e-13


def test_a_step_on_the_sphere_stays_on_it_and_loses_the_radial_change():
    state, attend = attending()
    state = state / np.linalg.norm(state, axis=1, keepdims=True)
    step = OnSphere(attend, H)
    after = np.asarray(step(state))
    assert np.abs(np.linalg.norm(after, axis=1) - 1).max() <= 1e-15
    assert gains(step, state, metric="frobenius").shrink < 1e-14
    assert gains(step, state, metric="frobenius", tangent=True).shrink > 0.01


def test_gains_of_a_shear_are_known_in_both_metrics():
    # q + 2 p, p: the largest token norm grows by 3, its inverse too.
    shear = TwoStreams(
        lambda p: 2 * p, lambda q: 0 * q, integrators.get("reversible-block"), 1
    )
    streams = np.ones((2, 3, 2))
    mixed = gains(shear, streams)
    assert abs(mixed.growth - 3) <= 1e-12
    assert abs(mixed.shrink - 1 / 3) <= 1e-12
    plain = gains(shear, streams, metric="frobenius")
    assert abs(plain.growth - (1 + 2**0.5)) <= 1e-12
    assert abs(plain.shrink - (2**0.5 - 1)) <= 1e-12


def test_what_the_token_gain_claims_is_attained():
    rng = np.random.default_rng(3)
    J = rng.standard_normal((8, 8))
    found = largest_token_gain(J, 2)
    for _ in range(200):
        v = rng.standard_normal((4, 2))
        v /= np.linalg.norm(v, axis=1, keepdims=True)
        reached = np.linalg.norm((J @ v.ravel()).reshape(4, 2), axis=1).max()
        assert reached <= found * (1 + 1e-9)
    rows = np.linalg.norm(J.reshape(4, 2, 4, 2), 2, axis=(1, 3)).sum(axis=1)
    assert found <= rows.max()


def test_a_singular_map_shrinks_to_nothing():
    assert gains(lambda x: 0 * x, np.ones((2, 2))).shrink == 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"metric": "max"}, "in the metric 'max'; give one of frobenius, token-max"),
        ({"tangent": True}, "with one feature, found that its points have no tangent"),
    ],
)
def test_gains_that_mean_nothing_are_refused(options, message):
    with pytest.raises(InvalidInput, match=message):
        gains(linear, np.ones((2, 1)), **options)


def test_a_slope_in_balls_is_refused():
    with pytest.raises(InvalidInput, match="asked for a slope in 'balls'"):
        slope_of(attention(), backend="balls")


def test_a_leaky_soft_pre_norm_layer_contracts():
    state, W = drawn()
    field = leaky(pre_norm(soft_norm(), attention(heads=2)))
    small = {name: 0.2 * weight for name, weight in W.items()}
    step = RungeKuttaStep(slope_of(field, **small), integrators.get("rk4"), H)
    found = gains(step, state)
    assert 0.5 < found.shrink < found.growth < 1
