"""Matrix-free routes agree with dense ones, to what rounding and residuals allow."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import SEEDS, generator

from stabcheck import spectra
from stabcheck.errors import InvalidInput, Undecided

EPS = np.finfo(float).eps


def matrix(size: int, seed: int) -> np.ndarray:
    rng = generator(seed)
    square = rng.standard_normal((size, size))
    return square + 3 * np.outer(rng.standard_normal(size), rng.standard_normal(size))


@given(st.integers(1, 40), SEEDS)
def test_lanczos_finds_both_ends_of_the_symmetric_part(size, seed):
    J = matrix(size, seed)
    H = (J + J.T) / 2
    dense = np.linalg.eigvalsh(H)
    upper = spectra.logarithmic_norm(H.__matmul__, size)
    lower = spectra.logarithmic_norm_lower(H.__matmul__, size)
    norm = np.linalg.norm(H, 2)
    # An eigenvalue lies within the residual; Ritz values lie inside the spectrum.
    rounding = 40 * size * EPS * norm
    for found, exact in ((upper, dense[-1]), (lower, dense[0])):
        assert abs(found.value - exact) <= found.residual + rounding
        assert found.residual <= 1e-9 * norm
        assert abs(np.linalg.norm(found.vector) - 1) <= 10 * size * EPS
    assert upper.value <= dense[-1] + rounding
    assert lower.value >= dense[0] - rounding


@given(st.integers(1, 40), SEEDS)
def test_golub_kahan_finds_the_norm_and_its_vector(size, seed):
    J = matrix(size, seed)
    found = spectra.spectral_norm(J.__matmul__, J.T.__matmul__, size)
    exact = np.linalg.norm(J, 2)
    rounding = 40 * size * EPS * exact
    assert abs(found.value - exact) <= found.residual + rounding
    attained = np.linalg.norm(J @ found.vector)
    assert abs(attained - found.value) <= rounding + 1e-9 * exact


@pytest.mark.parametrize("size", [1, 2, 7])
@pytest.mark.parametrize("scale", [0.0, 1.0, -2.0])
def test_multiples_of_the_identity_end_the_krylov_space_at_once(size, scale):
    J = scale * np.eye(size)
    norm = spectra.spectral_norm(J.__matmul__, J.T.__matmul__, size)
    assert abs(norm.value - abs(scale)) <= 10 * EPS * abs(scale)
    for route in (spectra.logarithmic_norm, spectra.logarithmic_norm_lower):
        assert abs(route(J.__matmul__, size).value - scale) <= 10 * EPS * abs(scale)


def test_a_start_at_a_wrong_eigenvector_is_left():
    H = np.diag([1.0, 2.0, 5.0, -7.0])
    start = np.array([1.0, 0, 0, 0])
    upper = spectra.logarithmic_norm(H.__matmul__, 4, start=start)
    norm = spectra.spectral_norm(H.__matmul__, H.__matmul__, 4, start=start)
    assert abs(upper.value - 5) <= 1e-12
    assert abs(norm.value - 7) <= 1e-12


def test_all_negative_spectra_have_no_spurious_zero():
    H = np.diag([-3.0, -3.0, -1.0, -1.0, -1.0])
    assert abs(spectra.logarithmic_norm(H.__matmul__, 5).value + 1) <= 1e-12


def test_products_beyond_float64_are_undecided():
    with pytest.raises(Undecided, match="products beyond float64"):
        spectra.logarithmic_norm(lambda v: v * np.inf, 3)
    with pytest.raises(Undecided, match="products beyond float64"):
        spectra.spectral_norm(lambda v: v * np.nan, lambda v: v, 3)


@given(st.integers(1, 12), SEEDS)
def test_a_whole_arnoldi_process_finds_every_eigenvalue(size, seed):
    J = matrix(size, seed)
    found = spectra.outer_ritz_values(J, count=size)
    dense = np.linalg.eigvals(J)
    # Bauer-Fike: the condition of the eigenvectors scales the backward error.
    room = 1e3 * size * EPS * np.linalg.norm(J, 2)
    room *= np.linalg.cond(np.linalg.eig(J)[1])
    for value in dense:
        assert np.abs(found - value).min() <= room


def test_outer_ritz_values_find_the_rim_of_a_large_spectrum():
    rng = generator(3)
    J = np.diag(np.concatenate([[5.0, -6.0, 4.0], rng.uniform(-1, 1, 197)]))
    found = spectra.outer_ritz_values(lambda v: J @ v, count=10, size=200)
    for value in (5.0, -6.0, 4.0):
        assert np.abs(found - value).min() <= 1e-9
    assert abs(found[0]) == np.abs(found).max()


@pytest.mark.parametrize(("count", "size"), [(0, 3), (2, None), (2, 0)])
def test_ritz_values_need_a_size_and_a_count(count, size):
    with pytest.raises(InvalidInput, match="Ritz values"):
        spectra.outer_ritz_values(lambda v: v, count=count, size=size)
