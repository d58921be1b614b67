"""Shares of keys, and senders with receivers: held by every state, hardly any less."""

import numpy as np
import pytest
from flint import arb
from hypothesis import given
from hypothesis import strategies as st
from strategies import SEEDS, attention_cases, generator
from theorems.search import spectral_norm

from stabcheck.bounds import Attention
from stabcheck.bounds.ball_heads import ball_heads, largest_share
from stabcheck.bounds.ball_shares import ball_shares
from stabcheck.checker.arithmetic.balls import upper_end
from stabcheck.checker.heads.ball import BallHead
from stabcheck.checker.heads.senders import joint_norm

ROOM = 1 + 1e-9


def row_shares(field: Attention, state: np.ndarray, head: int) -> np.ndarray:
    r"""$p_{ij}\lambda_{\max}(U(I + |a_i|^2C_i)U^T)$ of a head, `(n, n)`."""
    query, key, _ = field.projections(state)
    weights = field.attention_weights(query, key)[head]
    W_K, W_V = field.W_K[head], field.W_V[head]
    U = (W_V @ field.output_matrices()[head]).T
    slopes = field.scale_value * query[head] @ W_K.T
    found = np.empty_like(weights)
    for i, (p, a) in enumerate(zip(weights, slopes, strict=True)):
        centred = state - p @ state
        spread = (centred * p[:, None]).T @ centred
        row = U @ (np.eye(len(a)) + a @ a * spread) @ U.T
        found[i] = p * np.linalg.eigvalsh(row)[-1]
    return found


def few_places(tokens: int, features: int, radius: float, seed: int) -> np.ndarray:
    """Tokens at one, two or three places of the rim, and hardly anywhere else."""
    rng = generator(seed)
    places = rng.standard_normal((3, features))
    places /= np.maximum(np.linalg.norm(places, axis=1, keepdims=True), 1e-300)
    if rng.integers(2):
        places[1] = -places[0]
    chosen = rng.choice(rng.integers(1, 4), size=tokens)
    return radius * (1 - 1e-12) * places[chosen]


@pytest.mark.theorem("attention-aligned-share")
@given(attention_cases(), st.sampled_from([0.25, 0.5, 1.0, 1.5, 2.0]), SEEDS)
def test_no_key_has_more_than_its_share(case, radius, seed):
    field, (tokens, features) = case.field, case.shape
    heads = ball_heads(field, radius, tokens)
    peaks = ball_shares(field, heads).peaks
    for draw in range(8):
        state = few_places(tokens, features, radius, seed + draw)
        for h, through in enumerate(heads.through):
            found = row_shares(field, state, h).max(axis=1)
            assert (found <= ROOM * through**2 * peaks[h]).all()


@pytest.mark.theorem("attention-aligned-share")
@given(SEEDS, st.integers(2, 12), st.integers(1, 3), st.floats(0.1, 3))
def test_no_key_of_plain_attention_has_more_than_its_share(
    seed, tokens, features, form
):
    rng = generator(seed)
    A, U = rng.standard_normal((2, 1, features, features))
    A *= form / np.linalg.norm(A[0], 2)
    field = Attention(A, np.eye(features)[None], U, scale=1.0)
    heads = ball_heads(field, 1.0, tokens)
    shares = ball_shares(field, heads)
    for draw in range(12):
        state = few_places(tokens, features, 1.0, seed + draw)
        found = row_shares(field, state, 0).max()
        assert found <= ROOM * heads.through[0] ** 2 * shares.peaks.max()


@pytest.mark.theorem("attention-aligned-share", refutes="0.98 of the share")
def test_three_senders_among_sixty_four_attain_the_share():
    one = np.ones((1, 1, 1))
    field = Attention(one / 2, one, one, scale=1.0)
    heads = ball_heads(field, 1.0, 64)
    share = float(ball_shares(field, heads).shares[0])
    state = np.where(np.arange(64) < 3, 1.0, -1.0)[:, None]
    found = row_shares(field, state, 0).max()
    assert 0.98 * share < found <= share
    assert share < 0.95 * largest_share(0.5, 1.0, 64)


def test_a_query_bias_ties_no_logits_to_the_values():
    U = np.diag([1.0, 0.0])[None]
    A = np.diag([0.0, 1.0])[None]
    eye = np.eye(2)[None]
    plain = Attention(A, eye, U, scale=1.0)
    biased = Attention(A, eye, U, b_Q=np.array([[1e-9, 0.0]]), scale=1.0)
    shares = [
        float(ball_shares(field, ball_heads(field, 1.0, 3)).peaks.max())
        for field in (plain, biased)
    ]
    assert shares[0] < 0.9 * shares[1]


def joint(mass: list[float], own: float, receivers: float) -> float:
    """The bound on senders and receivers of one head with norm 1."""
    alpha = (arb(own) - 1).sqrt()
    head = BallHead(arb(1), arb(1), arb(1), alpha, [])
    return float(upper_end(joint_norm(head, [arb(h) for h in mass], arb(receivers))))


@pytest.mark.theorem("norm-of-senders-and-receivers")
@given(SEEDS, st.integers(1, 6), st.floats(0, 3), st.floats(1, 4))
def test_senders_and_receivers_together_stay_below_the_eigenvalue(
    seed, tokens, receivers, factor
):
    rng = generator(seed)
    weights = rng.dirichlet(np.full(tokens, rng.choice([0.05, 1.0])), size=tokens)
    if rng.integers(2):
        weights = np.repeat(weights[:1], tokens, axis=0)
    matrix = np.sqrt(factor) * weights + receivers * np.eye(tokens)
    shares = factor * weights.max(axis=1)
    found = joint([float(share) for share in shares], float(factor), float(receivers))
    assert spectral_norm(matrix) <= ROOM * found


@pytest.mark.theorem("norm-of-senders-and-receivers", refutes="any factor below 1")
def test_one_sender_whom_all_hear_attains_the_eigenvalue():
    matrix = np.eye(4) / 2
    matrix[:, 0] += 1
    found = joint([1.0] * 4, 1.0, 0.5)
    assert found * (1 - 1e-9) < spectral_norm(matrix) <= found * ROOM
    assert found < 0.95 * (2 + 0.5)
