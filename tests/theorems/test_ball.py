"""Attention on balls: for weights and for families; each constant is needed."""

from fractions import Fraction
from unittest import mock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import SEEDS, attention_cases, generator
from theorems.mixed import mixed_norm, tokens_of
from theorems.search import log_norm, spectral_norm

from stabcheck import bounds
from stabcheck.bounds import Attention, AttentionFamily, ball_heads

RADII = st.sampled_from([0.25, 0.5, 1.0, 2.0, 4.0])


def ball_states(tokens: int, features: int, radius: float, seed: int) -> list:
    """Random tokens, tokens on the rim, a consensus, and a sender among receivers."""
    rng = generator(seed)
    found = []
    for share in (1.0, rng.uniform(size=(tokens, 1))):
        move = rng.standard_normal((tokens, features))
        lengths = np.linalg.norm(move, axis=1, keepdims=True)
        found.append(radius * (1 - 1e-12) * share * move / np.maximum(lengths, 1e-300))
    found.append(np.repeat(found[0][:1], tokens, axis=0))
    sender = np.repeat(-found[0][:1], tokens, axis=0)
    sender[0] = found[0][0]
    return [*found, sender]


def climbed(objective, state, radius, seed, steps=12):
    """The best value along random moves that stay in the ball."""
    rng = generator(seed)
    best = objective(state)
    for step in range(steps):
        moved = state + radius * 0.5**step * rng.standard_normal(state.shape)
        lengths = np.linalg.norm(moved, axis=1, keepdims=True)
        moved *= np.minimum(1, radius * (1 - 1e-12) / np.maximum(lengths, 1e-300))
        value = objective(moved)
        if value > best:
            best, state = value, moved
    return best


@pytest.mark.theorem("attention-norm-ball")
@pytest.mark.theorem("attention-norm-ball-masked")
@pytest.mark.theorem("multi-head-norm")
@given(attention_cases(), RADII, SEEDS)
def test_the_norm_on_a_ball_holds_at_every_state_that_is_tried(case, radius, seed):
    field, (tokens, features) = case.field, case.shape
    bound = bounds.attention_norm_ball(field, radius, tokens)
    masked = not field.admissible(tokens).all()
    assert bound.theorem == f"attention-norm-ball{'-masked' if masked else ''}"
    for state in ball_states(tokens, features, radius, seed):
        found = climbed(lambda x: spectral_norm(field.jacobian(x)), state, radius, seed)
        assert found <= bound.value


@pytest.mark.theorem("attention-log-norm-ball")
@given(attention_cases(), RADII, SEEDS)
def test_the_logarithmic_norms_on_a_ball_hold(case, radius, seed):
    field, (tokens, features) = case.field, case.shape
    upper = bounds.attention_log_norm_ball(field, radius, tokens).value
    lower = bounds.attention_log_norm_ball(field, radius, tokens, "log-norm-lower")
    for state in ball_states(tokens, features, radius, seed):
        for sign, bound in ((1, upper), (-1, -lower.value)):
            found = climbed(
                lambda x, sign=sign: log_norm(sign * field.jacobian(x)),
                state,
                radius,
                seed,
            )
            assert found <= bound


@pytest.mark.theorem("attention-mixed-norm-ball")
@given(attention_cases(), RADII, SEEDS)
def test_the_mixed_norm_on_a_ball_holds(case, radius, seed):
    field, (tokens, features) = case.field, case.shape
    bound = bounds.attention_mixed_norm_ball(field, radius, tokens).value
    for state in ball_states(tokens, features, radius, seed):
        assert mixed_norm(field.jacobian(state), tokens, seed) <= bound


FAMILIES = st.builds(
    AttentionFamily,
    tokens=st.integers(1, 5),
    features=st.integers(1, 4),
    heads=st.integers(1, 3),
    causal=st.booleans(),
    query_key_norm=st.sampled_from([0.0, 0.25, 1.0, 4.0]),
    value_norm=st.sampled_from([0.5, 2.0]),
)


def member(family: AttentionFamily, seed: int) -> Attention:
    """Weights that saturate the caps of a family."""
    rng = generator(seed)
    shape = (family.heads, family.features, family.features)
    W_Q, W_K, W_V, W_O = rng.standard_normal((4, *shape))
    if rng.integers(2):
        W_Q = W_K
    form = np.linalg.norm(W_Q @ W_K.transpose(0, 2, 1), 2, axis=(1, 2))
    through = np.linalg.norm(W_V @ W_O, 2, axis=(1, 2)).sum()
    room = 1 - 1e-12
    return Attention(
        W_Q=W_Q * (room * family.query_key_norm / form)[:, None, None],
        W_K=W_K,
        W_V=W_V * (room * family.value_norm / through),
        W_O=W_O.reshape(-1, family.features),
        scale=1.0,
        causal=family.causal,
    )


@pytest.mark.theorem("attention-norm-ball")
@pytest.mark.theorem("attention-mixed-norm-ball")
@pytest.mark.theorem("attention-log-norm-ball")
@given(FAMILIES, st.sampled_from([0.5, 1.0, 2.0]), SEEDS)
def test_the_bounds_of_a_family_hold_for_its_members(family, radius, seed):
    field, tokens = member(family, seed), family.tokens
    norm = bounds.attention_norm_ball(family, radius, tokens).value
    mixed = bounds.attention_mixed_norm_ball(family, radius, tokens).value
    logarithmic = bounds.attention_log_norm_ball(family, radius, tokens).value
    for state in ball_states(tokens, family.features, radius, seed):
        jacobian = field.jacobian(state)
        assert spectral_norm(jacobian) <= norm
        assert log_norm(jacobian) <= logarithmic
        assert log_norm(-jacobian) <= logarithmic
        assert mixed_norm(jacobian, tokens, seed) <= mixed


def identity_attention(mask=None, bias=None, causal=False) -> Attention:
    """One head on one feature with U = 1 and A = 0."""
    one = np.ones((1, 1, 1))
    return Attention(0 * one, one, one, causal=causal, mask=mask, bias=bias)


@pytest.mark.theorem("attention-norm-ball", refutes="any factor below 1")
def test_at_consensus_without_logits_the_norm_on_a_ball_is_attained():
    field, state = identity_attention(), np.full((4, 1), 0.5)
    bound = bounds.attention_norm_ball(field, 0.5, 4).value
    assert bound * (1 - 1e-6) < spectral_norm(field.jacobian(state)) <= bound


@pytest.mark.theorem("attention-norm-ball-masked", refutes="any factor below 1")
def test_when_all_rows_see_one_key_the_masked_norm_is_attained():
    mask = np.zeros((4, 4), dtype=np.int8)
    mask[:, 0] = 1
    field, state = identity_attention(mask=mask), np.full((4, 1), 0.5)
    bound = bounds.attention_norm_ball(field, 0.5, 4).value
    assert bound * (1 - 1e-6) < spectral_norm(field.jacobian(state)) <= bound
    assert bound == pytest.approx(2, rel=1e-8)


@pytest.mark.theorem(
    "attention-norm-ball-masked", refutes="n keys for every row under a causal mask"
)
def test_the_weights_of_all_keys_do_not_bound_those_of_a_causal_row():
    field, full = identity_attention(causal=True), identity_attention()
    truth = spectral_norm(field.jacobian(np.full((16, 1), 0.5)))
    assert bounds.attention_norm_ball(full, 0.5, 16).value < truth
    assert truth <= bounds.attention_norm_ball(field, 0.5, 16).value


@pytest.mark.theorem("attention-log-norm-ball", refutes="any factor below 1")
def test_at_consensus_the_logarithmic_norm_on_a_ball_is_attained():
    field, state = identity_attention(), np.full((4, 1), 0.25)
    bound = bounds.attention_log_norm_ball(field, 1.0, 4).value
    assert bound * (1 - 1e-6) < log_norm(field.jacobian(state)) <= bound


@pytest.mark.theorem("attention-log-norm-ball", refutes="half of the own part")
def test_the_logarithmic_norm_needs_its_first_half():
    field, state = identity_attention(), np.full((4, 1), 0.25)
    heads = ball_heads.ball_heads(field, 1.0, 4)
    halved = (0.5 * np.sqrt(1 + heads.alpha**2) + np.sqrt(4 * heads.peaks.max())) / 2
    assert halved[0] < log_norm(field.jacobian(state))


def senders_and_a_receiver(alpha: float, tokens: int) -> tuple[Attention, np.ndarray]:
    """The extremal member: tokens at +-z, one receiver whose slope is orthogonal."""
    x, z, a, v = np.eye(4)
    form_transposed = alpha * (np.outer(a, x) + np.outer(z, v))
    through = np.outer(v, z)
    field = Attention(
        W_Q=form_transposed.T[None], W_K=np.eye(4)[None], W_V=through.T[None], scale=1.0
    )
    state = np.tile(z, (tokens, 1)) * (1 - 2 * (np.arange(tokens) % 2))[:, None]
    state[0] = x
    return field, state


def extremal_value(alpha: float, tokens: int) -> float:
    """The receiver's token of J v, for a direction with tokens of norm 1."""
    field, state = senders_and_a_receiver(alpha, tokens)
    _, z, a, v = np.eye(4)
    share = 1 / np.hypot(1, alpha)
    signs = 1 - 2 * (np.arange(tokens) % 2)
    direction = share * z + (np.hypot(1, alpha) ** 2 - 1) ** 0.5 * share * np.outer(
        signs, a
    )
    direction[0] = v
    assert np.linalg.norm(direction, axis=1).max() <= 1 + 1e-12
    return float(np.linalg.norm(field.jvp(state, direction)[0]))


@pytest.mark.theorem("attention-mixed-norm-ball", refutes="0.99 (sqrt(1 + a^2) + a)")
@pytest.mark.parametrize("alpha", [0.25, 1.0, 2.0])
def test_the_mixed_constant_is_attained_by_many_senders(alpha):
    family = AttentionFamily(401, 4, 1, False, Fraction(alpha), Fraction(1))
    bound = bounds.attention_mixed_norm_ball(family, 1.0, 401).value
    found = extremal_value(alpha, 401)
    assert found <= bound
    assert 0.99 * bound < found


@pytest.mark.theorem("attention-mixed-norm-ball", refutes="the query bias dropped")
def test_the_mixed_norm_without_the_query_bias_is_violated():
    field = Attention(
        W_Q=np.zeros((1, 1, 1)),
        W_K=np.ones((1, 1, 1)),
        W_V=np.ones((1, 1, 1)),
        b_Q=np.full((1, 1), 1.5),
        scale=1.0,
    )
    dropped = Attention(field.W_Q, field.W_K, field.W_V, scale=1.0)
    state = np.array([[1.0], [-1.0], [-1.0]])
    truth = mixed_norm(field.jacobian(state), 3, 0)
    assert bounds.attention_mixed_norm_ball(dropped, 1.0, 3).value < truth
    assert truth <= bounds.attention_mixed_norm_ball(field, 1.0, 3).value


@pytest.mark.theorem("attention-norm-ball", refutes="the score bias dropped")
def test_the_norm_without_the_spread_of_the_score_bias_is_violated():
    bias = np.zeros((4, 4))
    bias[:, 0] = 30.0
    field, state = identity_attention(bias=bias), np.full((4, 1), 0.5)
    truth = spectral_norm(field.jacobian(state))
    zero = np.zeros((1, 4))
    with mock.patch.object(ball_heads, "score_spreads", return_value=zero):
        assert bounds.attention_norm_ball(field, 0.5, 4).value < truth
    assert truth <= bounds.attention_norm_ball(field, 0.5, 4).value


@pytest.mark.theorem("multi-head-norm", refutes="the largest head alone")
def test_equal_heads_attain_the_root_of_the_sum_of_squares():
    field = Attention(
        W_Q=np.zeros((2, 1, 1)),
        W_K=np.zeros((2, 1, 1)),
        W_V=np.ones((2, 1, 1)),
        W_O=np.ones((2, 1)),
    )
    truth = spectral_norm(field.jacobian(np.full((3, 1), 0.5)))
    bound = bounds.attention_norm_ball(field, 1.0, 3).value
    assert bound * (1 - 1e-6) < truth <= bound
    heads = ball_heads.ball_heads(field, 1.0, 3)
    assert heads.output * heads.value.max() < truth


@pytest.mark.theorem("covariance-extremal-forms")
@given(SEEDS, st.integers(1, 4), st.floats(0.1, 10))
def test_the_extremal_forms_bound_the_receivers(seed, size, weight):
    rng = generator(seed)
    U, A, root = rng.standard_normal((3, size, size))
    C = root @ root.T
    C /= np.trace(C)
    room = 1 + 1e-12
    pair = weight * U.T @ U + A.T @ A / weight
    assert spectral_norm(U @ C @ A.T) <= np.linalg.eigvalsh(pair)[-1] / 2 * room
    turned = spectral_norm(weight * U + A / weight) ** 2 / 4
    assert log_norm(U @ C @ A.T) <= turned * room


@pytest.mark.theorem("covariance-extremal-forms", refutes="0.49 and 0.24")
def test_the_extremal_forms_are_attained_by_one_direction():
    U = A = C = np.ones((1, 1))
    assert spectral_norm(U @ C @ A.T) > 0.49 * 2
    assert log_norm(U @ C @ A.T) > 0.24 * 4


def test_a_family_with_another_number_of_tokens_is_refused():
    family = AttentionFamily(4, 2, 1, False, 1.0, 1.0)
    with pytest.raises(ValueError, match="found a family of 4"):
        bounds.attention_norm_ball(family, 1.0, 5)


def test_the_norm_is_no_quantity_of_the_logarithmic_theorem():
    with pytest.raises(ValueError, match="bounds log-norm, log-norm-lower"):
        bounds.attention_log_norm_ball(identity_attention(), 1.0, 2, "spectral-norm")


def test_the_mixed_norm_of_tokens_is_computed_as_defined():
    jacobian = np.diag([1.0, 2.0, -3.0, 0.5])
    assert mixed_norm(jacobian, 2, 0) == pytest.approx(3, rel=1e-9)
    assert tokens_of(jacobian, 2).shape == (2, 2, 2, 2)
