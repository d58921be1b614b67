"""The certified norm is an upper bound in exact numbers, and a close one."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import SEEDS, generator

from stabcheck.errors import InvalidInput
from stabcheck.parametrisations import certified_attention, certified_norm

SIZES = st.sampled_from([(1, 1), (1, 4), (4, 1), (3, 3), (2, 5), (6, 4)])


def integers(rng, shape, most=9):
    return rng.integers(-most, most + 1, shape).astype(float)


def is_positive_semidefinite(matrix) -> bool:
    """Whether a symmetric matrix of fractions has no negative pivot, exactly."""
    rows = [list(row) for row in matrix]
    for k in range(len(rows)):
        pivot = rows[k][k]
        if pivot < 0 or (pivot == 0 and any(rows[k][k:])):
            return False
        for i in range(k + 1, len(rows)) if pivot else ():
            factor = rows[i][k] / pivot
            rows[i] = [x - factor * y for x, y in zip(rows[i], rows[k], strict=True)]
    return True


def exceeds(bound, matrix) -> bool:
    """Whether bound^2 I - M^T M is positive semidefinite, in fractions."""
    exact = [[Fraction(float(x)) for x in row] for row in matrix]
    columns = list(zip(*exact, strict=True))
    gap = [
        [
            (bound**2 if i == j else 0)
            - sum(x * y for x, y in zip(columns[i], columns[j], strict=True))
            for j in range(len(columns))
        ]
        for i in range(len(columns))
    ]
    return is_positive_semidefinite(gap)


@given(SEEDS, SIZES, st.sampled_from([1e-200, 1e-3, 1.0, 1e100]))
def test_it_is_an_upper_bound_and_close(seed, size, scale):
    matrix = scale * generator(seed).standard_normal(size)
    bound = certified_norm(matrix)
    assert exceeds(bound, matrix)
    assert bound <= Fraction(np.linalg.norm(matrix, 2)) * Fraction(1001, 1000)


@given(SEEDS, SIZES)
def test_so_it_is_for_float32_and_for_products(seed, size):
    rng = generator(seed)
    single = rng.standard_normal(size).astype(np.float32)
    assert exceeds(certified_norm(single), single)
    left, right = integers(rng, size), integers(rng, (size[1], 3))
    assert exceeds(certified_norm(left, right), left @ right)


def test_few_squarings_still_give_a_bound():
    matrix = generator(0).standard_normal((5, 5))
    bounds = [certified_norm(matrix, squarings=k) for k in (0, 3, 11)]
    assert all(exceeds(bound, matrix) for bound in bounds)
    assert bounds[0] > bounds[1] > bounds[2]


def test_equal_singular_values_are_the_worst_case_and_are_within_a_thousandth():
    orthogonal = np.linalg.qr(generator(1).standard_normal((16, 16)))[0]
    bound = certified_norm(orthogonal)
    assert exceeds(bound, orthogonal)
    assert bound < 1 + Fraction(1, 1000)


def test_zero_has_the_norm_zero():
    assert certified_norm(np.zeros((2, 3))) == 0


def test_the_norms_of_attention_are_those_of_its_products():
    rng = generator(2)
    W = {name: integers(rng, (2, 3, 2)) for name in ("W_Q", "W_K", "W_V")}
    W["W_O"] = integers(rng, (4, 3))
    norms = certified_attention(W | {"scale": 0.25})
    logits = [0.25 * q @ k.T for q, k in zip(W["W_Q"], W["W_K"], strict=True)]
    blocks = W["W_O"].reshape(2, 2, 3)
    values = [v @ o for v, o in zip(W["W_V"], blocks, strict=True)]
    assert all(exceeds(norms.query_key, A) for A in logits)
    largest = [Fraction(np.linalg.norm(V, 2)) for V in values]
    assert sum(largest) * (1 - Fraction(1, 10**9)) <= norms.value
    assert norms.value <= sum(largest) * Fraction(1001, 1000)
    plain = certified_attention(W)
    assert abs(float(plain.query_key / norms.query_key) - 4 / 2**0.5) < 1e-12


@pytest.mark.parametrize("bad", [np.ones(3), np.ones((0, 2)), np.array([[np.nan]])])
def test_what_is_no_matrix_is_refused(bad):
    with pytest.raises(InvalidInput, match="give a matrix of finite numbers"):
        certified_norm(bad)


def test_matrices_that_do_not_multiply_are_refused():
    with pytest.raises(InvalidInput, match="found 3 columns before 2 rows"):
        certified_norm(np.ones((2, 3)), np.ones((2, 3)))
