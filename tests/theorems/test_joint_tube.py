"""The joint norms and the mixed norm over tubes: true, sharp, checked."""

import dataclasses
from fractions import Fraction
from unittest import mock

import numpy as np
import pytest
from checker.small import Builder, certificate_about
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import SEEDS, attention_cases, generator, radii, tube_states
from theorems.mixed import mixed_norm
from theorems.search import ascend, log_norm, spectral_norm

from stabcheck import bounds
from stabcheck.bounds import Attention, local_attention, tube_form
from stabcheck.bounds.local_attention import tube_weights
from stabcheck.bounds.tube_form import TubeForm
from stabcheck.bounds.tube_matrix import TubeMatrix
from stabcheck.bounds.tube_products import ProductWeights
from stabcheck.checker import check

TUBES = st.one_of(radii(8), radii(256))
SIGNS = {"spectral-norm": 1, "log-norm": 1, "log-norm-lower": -1}


def joint_bound(field, state, radius, quantity, **options):
    """The bound of the theorem that speaks about a quantity."""
    if quantity == "spectral-norm":
        return bounds.attention_norm_joint_tube(field, state, radius, **options)
    return bounds.attention_log_norm_tube(field, state, radius, quantity, **options)


@pytest.mark.theorem("attention-log-norm-tube")
@pytest.mark.theorem("attention-norm-joint-tube")
@given(attention_cases(), TUBES, SEEDS, st.booleans(), st.sampled_from([*SIGNS]))
def test_the_joint_norms_hold_at_every_state_that_is_tried(
    case, radius, seed, joint, quantity
):
    field, state, sign = case.field, case.state, SIGNS[quantity]
    bound = joint_bound(
        field, state, float(radius), quantity, joint=joint, iterations=6
    )

    def value(x: np.ndarray) -> float:
        jacobian = field.jacobian(x)
        norm = spectral_norm(jacobian)
        exact = norm if quantity == "spectral-norm" else log_norm(sign * jacobian)
        return exact - 1e-13 * norm

    for other in tube_states(state, float(radius), seed, count=6):
        assert value(other) <= sign * bound.value
    assert ascend(value, state, float(radius), steps=24) <= sign * bound.value


@pytest.mark.theorem("attention-log-norm-tube")
@given(attention_cases(), TUBES, SEEDS, st.booleans(), st.integers(0, 4))
def test_any_shares_and_any_weights_give_a_true_bound(
    case, radius, seed, joint, quarter
):
    field, state = case.field, case.state
    local = local_attention(field, state)
    shares = (quarter / 4 if joint else 0.0, 1 - quarter / 4)
    form = TubeForm(local, float(radius), 1, *shares, joint=joint)
    rng = generator(seed)
    heads, tokens = form.shape
    size = heads * (3 * tokens + 7)
    weights = ProductWeights.of(np.exp(rng.standard_normal(size)), heads, tokens)
    tops = [
        np.linalg.eigvalsh(TubeMatrix(form, dilated=dilated).at(weights))[..., -1].max()
        for dilated in (False, True)
    ]
    for other in tube_states(state, float(radius), seed, count=6):
        jacobian = field.jacobian(other)
        room = 1e-12 * (1 + max(map(abs, tops)))
        assert log_norm(jacobian) <= tops[0] + room
        assert spectral_norm(jacobian) <= tops[1] + room


@pytest.mark.theorem("attention-mixed-norm-tube")
@given(attention_cases(), TUBES, SEEDS)
def test_the_mixed_norm_holds_at_every_state_that_is_tried(case, radius, seed):
    field, state = case.field, case.state
    bound = bounds.attention_mixed_norm_tube(field, state, float(radius)).value
    tokens = case.shape[0]
    for other in tube_states(state, float(radius), seed, count=4):
        assert mixed_norm(field.jacobian(other), tokens, seed) <= bound


def typical(seed: int = 0) -> tuple[Attention, np.ndarray]:
    """Gaussian weights and tokens of norm 4: four heads, eight tokens."""
    rng = np.random.default_rng(seed)
    W_Q, W_K, W_V = rng.standard_normal((3, 4, 16, 4)) / 4
    field = Attention(W_Q, W_K, W_V, W_O=rng.standard_normal((16, 16)) / 4)
    state = rng.standard_normal((8, 16))
    return field, 4 * state / np.linalg.norm(state, axis=1, keepdims=True)


@pytest.mark.parametrize("percent", [1, 5, 10, 20])
@pytest.mark.parametrize("joint", [True, False])
def test_on_typical_tubes_it_beats_the_norm_and_the_centre_with_deviation(
    percent, joint
):
    field, state = typical()
    radius = 4 * percent / 100
    local = local_attention(field, state)
    found = bounds.attention_log_norm_tube(
        field, state, radius, "log-norm", local=local, joint=joint
    ).value
    joint_norm = bounds.attention_norm_joint_tube(
        field, state, radius, local=local, joint=joint
    ).value
    norm = bounds.attention_norm_tube(field, state, radius, local=local).value
    moved = bounds.attention_jacobian_deviation_tube(field, state, radius, local=local)
    jacobian = field.jacobian(state)
    assert found < 0.8 * joint_norm < 0.4 * norm
    assert found < log_norm(jacobian) + moved.value
    assert joint_norm < spectral_norm(jacobian) + moved.value


def consensus() -> tuple[Attention, np.ndarray]:
    """U = 1, A = 0: the Jacobian is the matrix of means at every state."""
    one = np.ones((1, 1, 1))
    return Attention(0 * one, one, one), np.full((3, 1), 0.5)


@pytest.mark.theorem("attention-log-norm-tube", refutes="any factor below 1")
@pytest.mark.theorem("attention-norm-joint-tube", refutes="any factor below 1")
def test_the_joint_norms_are_attained_where_nothing_moves():
    field, state = consensus()
    for quantity, exact in (("log-norm", log_norm), ("spectral-norm", spectral_norm)):
        bound = joint_bound(field, state, 0.25, quantity).value
        assert bound * (1 - 1e-6) < exact(field.jacobian(state)) <= bound


@pytest.mark.theorem("attention-mixed-norm-tube", refutes="any factor below 1")
def test_the_mixed_norm_is_attained_where_nothing_moves():
    field, state = consensus()
    bound = bounds.attention_mixed_norm_tube(field, state, 0.0).value
    truth = mixed_norm(field.jacobian(state), 3, 0)
    assert bound * (1 - 1e-6) < truth <= bound


def sensitive() -> tuple[Attention, np.ndarray]:
    """Logits that change fast: far tokens, a strong query, weights near one half."""
    field = Attention(
        W_Q=np.array([[[3.0]]]), W_K=np.array([[[1.0]]]), W_V=np.array([[[1.0]]])
    )
    return field, np.array([[0.05], [4.0], [-4.0], [4.0]])


def frozen_weights(local, radius):
    """What the tube would be if softmax did not move."""
    tube = tube_weights(local, radius)
    weights, zero = local.weights, np.zeros_like(tube.change)
    return dataclasses.replace(
        tube, upper=weights, lower=weights, width=zero, change=zero
    )


@pytest.mark.theorem("attention-log-norm-tube", refutes="softmax frozen at the centre")
@pytest.mark.theorem("attention-norm-joint-tube", refutes="softmax frozen in place")
@pytest.mark.parametrize(
    ("quantity", "exact"), [("log-norm", log_norm), ("spectral-norm", spectral_norm)]
)
def test_the_joint_norms_with_frozen_weights_are_violated(quantity, exact):
    field, state = sensitive()
    radius = 0.1
    found = ascend(lambda x: exact(field.jacobian(x)), state, radius, steps=200)
    with mock.patch.object(tube_form, "tube_weights", frozen_weights):
        dropped = joint_bound(field, state, radius, quantity)
    assert dropped.value < found
    assert found <= joint_bound(field, state, radius, quantity).value


@pytest.mark.theorem("attention-log-norm-tube", refutes="one side of each product")
def test_the_weights_without_their_inverses_are_no_bound():
    field, state = typical()
    form = TubeForm(local_attention(field, state), 0.0, 1, 0.0, 1.0, joint=True)
    heads, tokens = form.shape
    tiny = ProductWeights.of(np.full(heads * (3 * tokens + 7), 1e-9), heads, tokens)
    assert log_norm(form.anchor()) < log_norm(field.jacobian(state))
    assert spectral_norm(form.anchor()) < spectral_norm(field.jacobian(state))
    first, second = form.token_matrices(tiny)
    assert (np.linalg.eigvalsh(first)[:, -1] < 1e-6).all()
    assert (np.linalg.eigvalsh(second)[:, -1] > 1).all()


def biased() -> tuple[Attention, np.ndarray]:
    rng = generator(0)
    weights = {key: rng.standard_normal((1, 2, 2)) for key in ("W_Q", "W_K", "W_V")}
    field = Attention(**weights, b_Q=5 * rng.standard_normal((1, 2)))
    return field, rng.standard_normal((4, 2))


def without_query_bias(field, state):
    """The local quantities as they would be if b_Q did not enter the slopes."""
    local = local_attention(field, state)
    query = local.query - field.b_Q[:, None]
    slopes = np.einsum("hik,hdk->hid", query, field.W_K)
    return dataclasses.replace(
        local, query=query, query_slope=local.scale * np.linalg.norm(slopes, axis=2)
    )


@pytest.mark.theorem("attention-log-norm-tube", refutes="the query bias dropped")
@pytest.mark.theorem("attention-norm-joint-tube", refutes="the query bias dropped")
@pytest.mark.theorem("attention-mixed-norm-tube", refutes="the query bias dropped")
def test_bounds_without_the_query_bias_are_violated():
    field, state = biased()
    local, jacobian = without_query_bias(field, state), field.jacobian(state)
    for quantity, exact in (("log-norm", log_norm), ("spectral-norm", spectral_norm)):
        dropped = joint_bound(field, state, 0.0, quantity, local=local).value
        assert dropped < exact(jacobian)
    mixed = bounds.attention_mixed_norm_tube(field, state, 0.0, local=local).value
    assert mixed < mixed_norm(jacobian, 4, 0)


@pytest.mark.theorem("attention-log-norm-tube")
@pytest.mark.theorem("attention-norm-joint-tube")
@settings(max_examples=25)
@given(attention_cases(), radii(32), st.booleans(), st.sampled_from([*SIGNS]))
def test_the_checker_accepts_the_value_of_the_prover_and_hardly_less(
    tmp_path_factory, case, radius, joint, quantity
):
    field, state = case.field, case.state
    bound = joint_bound(
        field, state, float(radius), quantity, joint=joint, iterations=4
    )
    matrices = bounds.joint_tube_matrices(field, state, float(radius), bound)
    size = max(float(np.abs(matrix).max()) for matrix in matrices)
    size = max(size, abs(bound.value))
    stronger = bound.value - SIGNS[quantity] * 1e-4 * size
    for value, status in ((bound.value, "accepted"), (stronger, "rejected")):
        build = Builder()
        claim = dataclasses.replace(bound, value=value)
        build.add(claim, [0], 0, matrices=matrices[0] if joint else matrices)
        folder = tmp_path_factory.mktemp("claim")
        path = certificate_about(field, state, Fraction(radius), build).save(folder)
        assert check(path, jobs=1).status == status


@pytest.mark.theorem("attention-mixed-norm-tube")
@settings(max_examples=25)
@given(attention_cases(), radii(32))
def test_the_checker_agrees_about_the_mixed_norm(tmp_path_factory, case, radius):
    bound = bounds.attention_mixed_norm_tube(case.field, case.state, float(radius))
    if bound.value < 1e-9 or bound.value > 1e12:
        return
    for share, status in ((1, "accepted"), (1 - 1e-4, "rejected")):
        build = Builder()
        build.add(dataclasses.replace(bound, value=bound.value * share), [0], 0)
        folder = tmp_path_factory.mktemp("claim")
        path = certificate_about(case.field, case.state, radius, build).save(folder)
        assert check(path, jobs=1).status == status


def test_a_tube_that_float64_cannot_hold_has_no_bound():
    field, state = sensitive()
    for quantity, sign in SIGNS.items():
        assert joint_bound(field, state, 1e200, quantity).value == sign * np.inf


def test_the_norm_is_no_quantity_of_the_logarithmic_theorem():
    field, state = consensus()
    with pytest.raises(ValueError, match="bounds log-norm, log-norm-lower"):
        bounds.attention_log_norm_tube(field, state, 0.1, "spectral-norm")
