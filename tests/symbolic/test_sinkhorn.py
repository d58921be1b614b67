"""Sinkhorn at convergence: its equations, its linear system, and renaming under it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from symbolic.expressions import SIZE, TOKENS, i, j, k, l, n, x
from sympy import Indexed, Symbol

from stabcheck.errors import InvalidInput, Undecided
from stabcheck.interpret.sinkhorn import projected, weights_of
from stabcheck.symbolic import Index, Tensor, adjoint_identity, refresh, rename
from stabcheck.symbolic.index import free_indices
from stabcheck.symbolic.lowering.lower import backend_named
from stabcheck.symbolic.lowering.walk import Walk
from stabcheck.symbolic.sinkhorn import Projected, Sinkhorn

T = Tensor("T", (i, j, k))
D = Tensor("D", (i, j))
EPS = np.finfo(float).eps


def logits(n=4, seed=0):
    return np.random.default_rng(seed).standard_normal((2, n, n))


def doubly_stochastic(size):
    return np.full((size, size), 1 / size)


@pytest.mark.parametrize("name", ["numpy", "jax"])
@pytest.mark.parametrize("size", [1, 2, 5, 9])
def test_rows_and_columns_sum_to_one_and_ratios_are_those_of_the_logits(name, size):
    S = logits(size)
    P = np.asarray(backend_named(name).sinkhorn(S))
    assert np.abs(P.sum(axis=-1) - 1).max() <= 32 * size * EPS
    assert np.abs(P.sum(axis=-2) - 1).max() <= 32 * size * EPS
    # P = diag(e^f) e^S diag(e^g): the cross ratios of P are those of e^S.
    crossed = np.log(P) - S
    crossed = crossed - crossed[:, :1] - crossed[:, :, :1] + crossed[:, :1, :1]
    assert np.abs(crossed).max() <= 2**8 * size * EPS


@given(st.integers(1, 5), st.integers(0, 2**16))
def test_the_projection_moves_no_marginal_and_is_one(size, seed):
    rng = np.random.default_rng(seed)
    P = weights_of(rng.standard_normal((size, size)))
    R, C = rng.standard_normal((2, size, size))
    moved = projected(np, P, R[None])[0]
    assert np.abs(moved.sum(axis=0)).max() <= 1e-10
    assert np.abs(moved.sum(axis=1)).max() <= 1e-10
    assert np.abs(projected(np, P, moved[None])[0] - moved).max() <= 1e-10
    # What it adds has the form P o (f + g), and it is adjoint as the theory says.
    added = (moved - R) / P
    crossed = added - added[:1] - added[:, :1] + added[:1, :1]
    assert np.abs(crossed).max() <= 1e-9 * (1 + np.abs(added).max())
    left = (C * moved).sum()
    right = (projected(np, P, (P * C)[None])[0] / P * R).sum()
    assert abs(left - right) <= 1e-9 * (1 + abs(left))


def test_large_logits_converge_and_hopeless_ones_are_undecided():
    S = 8 * np.random.default_rng(3).standard_normal((6, 6))
    P = weights_of(S)
    assert np.abs(P.sum(axis=0) - 1).max() <= 1e-13
    # Not fully supported: with a row that cannot share, no scaling is doubly so.
    split = np.full((3, 3), -2000.0)
    split[0], split[:, 0] = 0.0, 0.0
    with pytest.raises(Undecided, match="unroll some iterations"):
        weights_of(split)


def walked(expression):
    tensors = {
        "T": np.random.default_rng(0).standard_normal((SIZE,) * 3),
        "D": doubly_stochastic(SIZE),
        "x": np.array([0.5, -1.0]),
    }
    walk = Walk(backend_named("numpy"), {n: SIZE}, tensors)
    return walk.assembled(expression, TOKENS)


@given(
    st.builds(
        lambda node, at, over, free: (
            Sinkhorn(*at, *over, T[(*over, free)])
            if node
            else Projected(*at, *over, D[tuple(over)], x[free] * T[(free, *over)])
        ),
        st.booleans(),
        st.lists(st.sampled_from(TOKENS), min_size=2, max_size=2, unique=True),
        st.lists(st.sampled_from(TOKENS), min_size=2, max_size=2, unique=True),
        st.sampled_from(TOKENS),
    ),
    st.dictionaries(st.sampled_from(TOKENS), st.sampled_from(TOKENS)),
    st.lists(st.integers(0, SIZE - 1), min_size=4, max_size=4),
)
def test_evaluating_commutes_with_renaming_under_both_nodes(node, mapping, positions):
    at = dict(zip(TOKENS, positions, strict=True))
    moved = tuple(at[mapping.get(index, index)] for index in TOKENS)
    renamed = walked(rename(node, mapping))[tuple(positions)]
    assert abs(renamed - walked(node)[moved]) <= 1e-12
    apart = refresh(node)
    assert free_indices(apart) == free_indices(node)
    assert abs(walked(apart) - walked(node)).max() <= 1e-12


def test_nodes_of_other_ranges_or_numbers_of_parts_are_refused():
    other = Index("a", "feature", Symbol("d", integer=True, positive=True))
    with pytest.raises(InvalidInput, match="use indices of one range"):
        Sinkhorn(other, j, k, l, T[k, l, i])
    with pytest.raises(InvalidInput, match="found that it takes 2"):
        Projected(i, j, k, l, D[k, l])


def test_a_proof_needs_the_weights_by_name():
    with pytest.raises(InvalidInput, match="found weights without a name"):
        Projected(i, j, k, l, D[k, l] ** 2, T[k, l, i]).by_solution()
    named = Projected(i, j, k, l, D[k, l], T[k, l, i]).by_solution()
    assert {e.base.label.name for e in named.atoms(Indexed)} > {"D", "T"}


def test_a_wrong_adjoint_of_the_projection_is_not_proved():
    from dataclasses import replace

    from stabcheck.fields import attention

    field = attention(weights="sinkhorn")
    assert adjoint_identity(field).is_proved

    class Wrong(type(field)):
        def vjp(self):
            found = super().vjp()
            lines = (
                replace(d, body=2 * d.body) if d.name == "S_bar" else d
                for d in found.definitions
            )
            return replace(found, definitions=tuple(lines))

    wrong = Wrong(**{f: getattr(field, f) for f in field.__dataclass_fields__})
    assert adjoint_identity(wrong).verdict == "unknown"
