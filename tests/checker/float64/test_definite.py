"""Verified decisions agree with exact arithmetic on both sides of the truth."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from checker.float64 import exactly
from hypothesis import given
from hypothesis import strategies as st
from strategies import SEEDS, generator

from stabcheck.checker.float64.definite import (
    is_norm_at_most,
    is_positive_semidefinite,
    is_singular_value_at_least,
    is_symmetric_part_at_most,
)

SIGNS = st.sampled_from([-1, 1])
EXCESSES = st.sampled_from([0.0, 1e-16, 1e-15, 1e-14, 1e-13, 1e-12, 1e-11])
SCALES = st.sampled_from([1e-300, 1e-150, 1e-20, 1.0, 1e20, 1e150, 1e300])


@st.composite
def square_matrices(draw) -> np.ndarray:
    """Well and ill conditioned, nilpotent, symmetric, of rank one."""
    size = draw(st.integers(1, 6))
    rng = generator(draw(SEEDS))
    matrix = rng.standard_normal((size, size))
    kind = draw(st.sampled_from(["plain", "graded", "nilpotent", "symmetric", "rank"]))
    if kind == "graded":
        matrix = matrix * 10.0 ** -np.arange(0, 4 * size, 4)
    if kind == "nilpotent":
        matrix = np.triu(matrix, 1) + 1e-9 * np.eye(size)
    if kind == "symmetric":
        matrix = matrix + matrix.T
    if kind == "rank":
        matrix = np.outer(matrix[0], matrix[:, 0])
    return matrix


@pytest.mark.theorem("psd-floating-point-cholesky")
@given(square_matrices(), SIGNS, EXCESSES, SCALES)
def test_an_accepted_norm_is_a_true_bound(matrix, sign, excess, scale):
    matrix = matrix * scale
    bound = float(np.linalg.norm(matrix / scale, 2) * (1 + sign * excess)) * scale
    accepted = is_norm_at_most(matrix, bound)
    assert not accepted or exactly.norm_is_at_most(matrix, Fraction(bound))


@pytest.mark.theorem("psd-floating-point-cholesky")
@given(square_matrices(), SIGNS, EXCESSES, SCALES)
def test_an_accepted_logarithmic_norm_is_a_true_bound(matrix, sign, excess, scale):
    top = np.linalg.eigvalsh((matrix + matrix.T) / 2)[-1]
    bound = float((top + sign * excess * np.abs(matrix).max()) * scale)
    accepted = is_symmetric_part_at_most(matrix * scale, bound)
    assert not accepted or exactly.symmetric_part_is_at_most(
        matrix * scale, Fraction(bound)
    )


@pytest.mark.theorem("psd-floating-point-cholesky")
@given(square_matrices(), SIGNS, EXCESSES, SCALES)
def test_an_accepted_singular_value_is_a_true_bound(matrix, sign, excess, scale):
    bottom = np.linalg.svd(matrix, compute_uv=False)[-1]
    bound = float(bottom * (1 + sign * excess) * scale)
    accepted = bound > 0 and is_singular_value_at_least(matrix * scale, bound)
    assert not accepted or exactly.singular_value_is_at_least(
        matrix * scale, Fraction(bound)
    )


@given(SEEDS, st.integers(1, 60), st.sampled_from([1e-250, 1e-9, 1.0, 1e200]))
def test_bounds_a_little_off_the_truth_are_decided(seed, size, scale):
    matrix = generator(seed).standard_normal((size, size))
    norm = np.linalg.norm(matrix, 2)
    values = np.linalg.eigvalsh((matrix + matrix.T) / 2)
    for excess, verdict in ((1e-10, True), (-1e-10, False)):
        assert is_norm_at_most(matrix * scale, norm * (1 + excess) * scale) is verdict
        bound = (values[-1] + excess * norm) * scale
        if scale > 1e-100:
            assert is_symmetric_part_at_most(matrix * scale, bound) is verdict


@given(SEEDS, st.integers(1, 40))
def test_singular_values_a_little_off_the_truth_are_decided(seed, size):
    matrix = np.eye(size) + 0.3 / np.sqrt(size) * generator(seed).standard_normal(
        (size, size)
    )
    bottom = np.linalg.svd(matrix, compute_uv=False)[-1]
    assert is_singular_value_at_least(matrix, bottom * (1 - 1e-9))
    assert not is_singular_value_at_least(matrix, bottom * (1 + 1e-9))


def test_a_singular_value_far_below_the_norm_is_decided():
    rng = generator(8)
    left, right = (np.linalg.qr(rng.standard_normal((20, 20)))[0] for _ in range(2))
    matrix = (left * np.logspace(2, -5, 20)) @ right
    bottom = np.linalg.svd(matrix, compute_uv=False)[-1]
    assert is_singular_value_at_least(matrix, bottom * (1 - 1e-6))
    assert not is_singular_value_at_least(matrix, bottom * (1 + 1e-6))


@pytest.mark.theorem("psd-floating-point-cholesky")
@given(square_matrices(), st.floats(1e-3, 1.0))
def test_the_distance_is_paid_for(matrix, distance):
    # A - distance I lies within the distance of A, so it has to be PSD as well.
    shifted = matrix @ matrix.T + (distance * (1 - 1e-9)) * np.eye(len(matrix))
    shifted = (shifted + shifted.T) / 2
    lowered = exactly.shifted(exactly.rows(shifted), -Fraction(distance), 1)
    if is_positive_semidefinite(shifted, distance):
        assert exactly.is_psd(lowered)


@pytest.mark.theorem(
    "psd-floating-point-cholesky", refutes="a residual of nearly the shift is free"
)
def test_no_larger_distance_would_do():
    # I is at distance 1 from a singular matrix: nothing beyond is semidefinite.
    assert is_positive_semidefinite(np.eye(3), 1 - 1e-11)
    assert not is_positive_semidefinite(np.eye(3), 1 + 1e-11)
    assert not exactly.is_psd(exactly.rows(np.eye(3) - (1 + 1e-11) * np.eye(3)))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("place", [(0, 0), (1, 0), (0, 1)])
def test_nothing_that_is_not_finite_is_accepted(bad, place):
    matrix = np.eye(2)
    matrix[place] = bad
    assert not is_norm_at_most(matrix, 1e6)
    assert not is_symmetric_part_at_most(matrix, 1e6)
    assert not is_singular_value_at_least(matrix, 1e-6)
    assert not is_positive_semidefinite(matrix, 0.0)
    for bound in (np.nan, np.inf):
        assert not is_norm_at_most(np.eye(2), bound)
        assert not is_symmetric_part_at_most(np.eye(2), bound)
    assert not is_norm_at_most(1e200 * np.eye(2), 1.0)


def test_a_zero_matrix_has_norm_zero_and_no_negative_bound():
    zero = np.zeros((3, 3))
    assert is_norm_at_most(zero, 0.0)
    assert is_norm_at_most(zero, 1e-300)
    assert not is_norm_at_most(np.eye(3), 0.0)
    assert not is_norm_at_most(zero, -1.0)


def test_a_factor_that_lies_is_found_out(monkeypatch):
    # LAPACK is not trusted: a factor of another matrix has a large residual.
    matrix = np.diag([1.0, -1e-3])
    assert not is_positive_semidefinite(matrix, 0.0)
    monkeypatch.setattr(np.linalg, "cholesky", lambda _: np.diag([1.0, 0.0]))
    assert not is_positive_semidefinite(matrix, 0.0)


def test_an_inverse_that_lies_is_found_out(monkeypatch):
    matrix = np.diag([1.0, 1e-3])
    assert not is_singular_value_at_least(matrix, 0.5)
    monkeypatch.setattr(np.linalg, "inv", lambda _: np.eye(2))
    assert not is_singular_value_at_least(matrix, 0.5)
