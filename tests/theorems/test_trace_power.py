"""The largest eigenvalue from the trace of a high power."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import SEEDS, generator

from stabcheck.bounds.norms import (
    SQUARINGS,
    spectral_norm_bound,
    trace_power_eigenvalue,
    trace_power_norm,
)

POWER = 2**SQUARINGS
ROOM = 1e-12
"""Relative rounding of a few hundred float64 products."""


@st.composite
def matrices(draw) -> np.ndarray:
    """Matrices of every shape and scale, some of rank one, some zero."""
    rows, columns = draw(st.integers(1, 8)), draw(st.integers(1, 8))
    rng = generator(draw(SEEDS))
    matrix = rng.standard_normal((rows, columns))
    kind = draw(st.sampled_from(["full", "rank one", "zero"]))
    if kind == "rank one":
        matrix = np.outer(matrix[:, 0], rng.standard_normal(columns))
    if kind == "zero":
        matrix = np.zeros((rows, columns))
    return draw(st.sampled_from([1e-150, 1e-3, 1.0, 1e3, 1e150])) * matrix


@pytest.mark.theorem("trace-power-norm")
@given(matrices())
def test_the_trace_power_lies_between_the_norm_and_its_known_excess(matrix):
    scale = np.abs(matrix).max() or 1.0
    truth = scale * np.linalg.svd(matrix / scale, compute_uv=False)[0]
    size = min(matrix.shape)
    bound = float(trace_power_norm(matrix))
    assert truth * (1 - ROOM) <= bound
    assert bound <= truth * size ** (1 / (2 * POWER)) * (1 + ROOM)
    assert truth * (1 - ROOM) <= float(spectral_norm_bound(matrix)) <= bound


@pytest.mark.theorem("trace-power-norm", refutes="N^(1/(2p)) for N^(1/p)")
@given(st.integers(2, 9))
def test_the_identity_attains_the_excess(size):
    bound = float(trace_power_eigenvalue(np.eye(size)))
    assert bound >= size ** (1 / POWER) * (1 - ROOM)
    assert bound > size ** (1 / (2 * POWER)) * (1 + ROOM)


@pytest.mark.theorem("trace-power-norm", refutes="0.999999 of the trace power")
@given(st.integers(1, 6), SEEDS)
def test_a_matrix_of_rank_one_attains_the_bound(size, seed):
    vector = generator(seed).standard_normal(size)
    bound = float(trace_power_eigenvalue(np.outer(vector, vector)))
    assert 0.999999 * bound < vector @ vector <= bound * (1 + ROOM)


@given(matrices())
def test_stacks_are_bounded_matrix_by_matrix(matrix):
    stack = np.stack([matrix, 2 * matrix])
    found = trace_power_norm(stack)
    assert found.shape == (2,)
    assert found[1] == pytest.approx(2 * found[0], rel=1e-12)


def test_a_permutation_is_bounded_exactly():
    assert spectral_norm_bound(np.eye(5)[[3, 1, 4, 0, 2]]) == 1
