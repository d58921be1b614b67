"""How far rows of attention weights move, against what attention-pencil says."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import SEEDS, attention_cases, generator
from theorems.pencil_terms import SHAPES, drawn, states_of

from stabcheck.bounds import Attention
from stabcheck.bounds.pencil.domain import PencilDomain
from stabcheck.bounds.pencil.heads import pencil_heads
from stabcheck.bounds.pencil.movement import movement


def changes_of_rows(heads, moves, other) -> np.ndarray:
    """What rows really change by over what they may, four ratios of one state."""
    query, key, _ = heads.attention.projections(other)
    new = heads.attention.attention_weights(query, key)
    with np.errstate(all="ignore"):
        logits = np.log(new / heads.weights)
    seen = np.broadcast_to(heads.seen, new.shape) & (new > 0) & (heads.weights > 0)
    logits = np.where(seen, logits, 0.0)
    turn = -(heads.weights * logits).sum(axis=2)
    centred = np.where(seen, logits + turn[..., None], 0.0)
    curved = abs(new - heads.weights * (1 + centred)).sum(axis=2)
    room = 1e-9 * (1 + moves.total)
    return np.array(
        [
            (abs(centred) / (moves.total + room)).max(),
            (turn / (moves.turn + room[..., 0])).max(),
            (curved / (moves.curved + room[..., 0])).max(),
        ]
    )


@pytest.mark.theorem("attention-pencil")
@given(attention_cases(), SHAPES, st.sampled_from([0.01, 0.2, 1.0]), SEEDS)
def test_no_row_changes_by_more_than_it_may(case, shape, radius, seed):
    kind, radius = drawn(shape, radius, case.state, seed)
    heads = pencil_heads(case.field, case.state)
    moves = movement(heads, PencilDomain.of(kind, radius, case.state.shape))
    for other in states_of(kind, case.state, radius, seed, count=8):
        assert (changes_of_rows(heads, moves, other) <= 1).all()


@pytest.mark.theorem("attention-pencil", refutes="nine tenths of H or psi, 3/4 of D")
def test_rows_change_by_nearly_what_they_may():
    best = np.zeros(3)
    for seed in range(60):
        rng = generator(seed)
        arrays = rng.standard_normal((3, 1, 1, 1))
        field, state = Attention(*arrays, scale=1.0), rng.standard_normal((2, 1))
        heads = pencil_heads(field, state)
        moves = movement(heads, PencilDomain.of("box", 0.2, state.shape))
        for other in states_of("box", state, 0.2, seed, count=6):
            best = np.maximum(best, changes_of_rows(heads, moves, other))
    assert (best > [0.9, 0.9, 0.75]).all()
