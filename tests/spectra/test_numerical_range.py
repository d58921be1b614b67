"""The numerical range: known shapes, supporting lines, symmetry."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import SEEDS, generator

from stabcheck import spectra
from stabcheck.errors import InvalidInput

EPS = np.finfo(float).eps


def test_a_jordan_block_has_a_disc():
    points = spectra.numerical_range(np.array([[0.0, 1.0], [0.0, 0.0]]), angles=16)
    assert np.abs(np.abs(points) - 0.5).max() <= 10 * EPS


@given(st.integers(1, 6), SEEDS)
def test_each_point_supports_the_range_at_its_angle(size, seed):
    J = generator(seed).standard_normal((size, size))
    angles = 12
    points = spectra.numerical_range(J, angles=angles)
    room = 100 * size * EPS * (1 + np.linalg.norm(J, 2))
    turns = np.exp(-2j * np.pi * np.arange(angles) / angles)
    for turn, point in zip(turns, points, strict=True):
        turned = turn * J
        support = np.linalg.eigvalsh((turned + turned.conj().T) / 2)[-1]
        assert abs((turn * point).real - support) <= room
    eigenvalues = np.linalg.eigvals(J)
    for turn, point in zip(turns, points, strict=True):
        assert (turn * eigenvalues).real.max() <= (turn * point).real + room


def test_large_and_small_matrices_agree():
    rng = generator(5)
    J = rng.standard_normal((70, 70))
    points = spectra.numerical_range(J, angles=8)
    H = (J + J.T) / 2
    values = np.linalg.eigvalsh(H)
    # The routine stops at a residual of 1e-3: the value is off by its square at most,
    # over the gap to the next eigenvalue.
    room = 2 * (1e-3 * values[-1]) ** 2 / (values[-1] - values[-2])
    assert 0 <= values[-1] - points[0].real + 1e-12 <= room + 1e-12
    assert points[0].imag == 0


def test_the_range_of_a_real_matrix_mirrors_at_the_real_axis():
    points = spectra.numerical_range(generator(1).standard_normal((9, 9)), angles=20)
    assert len(points) == 20
    assert np.array_equal(points[1:10], points[:10:-1].conj())


def test_only_square_matrices_have_a_numerical_range():
    with pytest.raises(InvalidInput, match="give a square matrix"):
        spectra.numerical_range(np.ones((2, 3)))
    with pytest.raises(InvalidInput, match="give an even number"):
        spectra.numerical_range(np.eye(2), angles=7)
