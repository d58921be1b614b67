"""Linearised branches: products with the dense Jacobian, in both directions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import (
    SEEDS,
    attention_cases,
    feed_forward_cases,
    generator,
    norm_cases,
)

from stabcheck import spectra
from stabcheck.bounds import AttentionFamily, RMSNorm
from stabcheck.errors import InvalidInput

EPS = np.finfo(float).eps
CASES = st.one_of(attention_cases(), feed_forward_cases(), norm_cases())


def room(field, state, *matrices) -> float:
    sizes = [np.abs(matrix).max() for matrix in matrices]
    return 1e3 * state.size * EPS * (1 + np.prod(sizes))


@given(CASES, SEEDS)
def test_products_agree_with_the_dense_jacobian(case, seed):
    field, state = case.field, case.state
    v = generator(seed).standard_normal(state.shape)
    J = field.jacobian(state)
    # Steep rows cancel inside: compare with the size of the terms, not of the sum.
    size = room(field, state, J, v) * (1 + np.abs(state).max()) ** 3
    at = spectra.linearise((field,), state)
    assert np.abs(J @ v.ravel() - at.jvp(v).ravel()).max() <= size
    assert np.abs(J.T @ v.ravel() - at.vjp(v).ravel()).max() <= size
    assert np.array_equal(at.jvp(v), field.jvp(state, v))
    assert np.array_equal(at.vjp(v), field.vjp(state, v))


@given(attention_cases(), SEEDS)
def test_the_two_directions_of_a_branch_are_adjoint(case, seed):
    state, features = case.state, case.state.shape[1]
    branch = (RMSNorm(np.ones(features), 1), case.field)
    rng = generator(seed)
    u, v = rng.standard_normal((2, *state.shape))
    at = spectra.linearise(branch, state)
    forward, backward = (u * at.jvp(v)).sum(), (at.vjp(u) * v).sum()
    scale = np.linalg.norm(u) * np.linalg.norm(at.jvp(v))
    scale += np.linalg.norm(v) * np.linalg.norm(at.vjp(u))
    assert abs(forward - backward) <= 1e4 * state.size * EPS * (1 + scale)


@given(attention_cases(), SEEDS)
def test_a_branch_applies_its_fields_first_to_last(case, seed):
    state, features = case.state, case.state.shape[1]
    norm = RMSNorm(np.ones(features), 1)
    v = generator(seed).standard_normal(state.shape)
    J = case.field.jacobian(norm(state)) @ norm.jacobian(state)
    found = spectra.linearise((norm, case.field), state).jvp(v).ravel()
    assert np.abs(J @ v.ravel() - found).max() <= room(case.field, state, J, v) * 1e2


def test_a_family_cannot_be_linearised():
    family = AttentionFamily(2, 3, 1, False, 1, 1)
    with pytest.raises(InvalidInput, match="a field without weights"):
        spectra.linearise((family,), np.ones((2, 3)))
