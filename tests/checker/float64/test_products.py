"""Float products and norms contain the exact values, at every scale."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from checker.float64 import exactly
from hypothesis import given
from hypothesis import strategies as st
from strategies import SEEDS, generator

from stabcheck.checker.float64.accurate import (
    accurate_enclosure,
    accurate_product,
    split,
    split_product,
)
from stabcheck.checker.float64.definite import gram, sharp_norm
from stabcheck.checker.float64.midpoint_radius import (
    MidpointRadius,
    arithmetic_is_ieee,
    product,
)
from stabcheck.checker.float64.norms import (
    frobenius,
    nonnegative_norm,
    schatten_norm,
)

SCALES = st.sampled_from([0.0, 1e-320, 1e-200, 1e-160, 1e-8, 1.0, 1e60, 1e150])


@st.composite
def matrices(draw, rows: int, columns: int) -> np.ndarray:
    """Matrices with rows and entries of very different sizes, some zero."""
    rng = generator(draw(SEEDS))
    matrix = rng.standard_normal((rows, columns)) * draw(SCALES)
    if draw(st.booleans()):
        matrix *= 10.0 ** rng.integers(-12, 13, (rows, columns))
    if draw(st.booleans()):
        matrix[rng.integers(rows)] = 0.0
    return matrix


@st.composite
def pairs(draw) -> tuple[np.ndarray, np.ndarray]:
    m, k, n = (draw(st.integers(1, 6)) for _ in range(3))
    a, b = draw(matrices(m, k)), draw(matrices(k, n))
    if draw(st.booleans()) and k > 1:
        # Massive cancellation: the last two terms of every sum nearly annihilate.
        a[:, -1], b[-1] = a[:, -2], -b[-2] * (1 + 2.0**-50)
    return a, b


def contains(enclosure: MidpointRadius, truth: exactly.Rows) -> bool:
    """Whether the truth lies inside; an overflow claims nothing."""
    if not enclosure.is_finite():
        return True
    middle, radius = exactly.rows(enclosure.midpoint), exactly.rows(enclosure.radius)
    return all(
        abs(t - m) <= r
        for lines in zip(truth, middle, radius, strict=True)
        for t, m, r in zip(*lines, strict=True)
    )


def test_this_machine_rounds_as_assumed():
    assert arithmetic_is_ieee()


@given(pairs())
def test_an_accurate_product_contains_the_exact_one(pair):
    a, b = pair
    truth = exactly.product(exactly.rows(a), exactly.rows(b))
    assert contains(accurate_product(a, b), truth)
    found = split_product(a, b)
    if not np.isfinite(found.frobenius_error()):
        return
    middle = exactly.rows(found.midpoint)
    square = sum(
        (t - m) ** 2
        for lines in zip(truth, middle, strict=True)
        for t, m in zip(*lines, strict=True)
    )
    assert square <= Fraction(found.frobenius_error()) ** 2


def test_an_accurate_product_errs_by_little_more_than_its_last_rounding():
    rng = generator(3)
    a, b = rng.standard_normal((40, 700)), rng.standard_normal((700, 40))
    radius = accurate_product(a, b).radius.max()
    assert radius <= 2.0**-52 * np.abs(a @ b).max()
    exact_factors = MidpointRadius(a, np.zeros_like(a)), MidpointRadius(b, 0 * b)
    assert radius * 100 <= product(*exact_factors).radius.max()


@given(pairs(), st.sampled_from([0.0, 1e-3, 1e-16]))
def test_the_product_of_enclosures_contains_products_of_their_ends(pair, width):
    a, b = pair
    left = MidpointRadius(a, width * np.abs(a))
    right = MidpointRadius(b, width * np.abs(b))
    found = accurate_enclosure(left, right)
    ends = [
        [
            [m + sign * r for m, r in zip(*lines, strict=True)]
            for lines in zip(
                exactly.rows(part.midpoint), exactly.rows(part.radius), strict=True
            )
        ]
        for part, sign in ((left, 1), (right, -1))
    ]
    assert contains(found, exactly.product(*ends))


@given(pairs())
def test_a_split_is_exact_and_its_first_part_short(pair):
    a, _ = pair
    high, low = split(a, -1, 20)
    assert (np.abs(low) <= np.abs(a).max(axis=-1, keepdims=True) * 2.0**-20).all() or (
        np.abs(a).max() < 2.0**-880
    )
    for row in zip(*(exactly.rows(x) for x in (a, high, low)), strict=True):
        assert all(x == y + z for x, y, z in zip(*row, strict=True))


@given(pairs())
def test_a_gram_matrix_is_symmetric_and_within_its_error(pair):
    a, _ = pair
    found, error = gram(a)
    if not (np.isfinite(found).all() and np.isfinite(error)):
        return
    assert (found == found.T).all()
    exact = exactly.rows(a)
    truth = exactly.product(exactly.transpose(exact), exact)
    square = sum(
        (t - m) ** 2
        for lines in zip(truth, exactly.rows(found), strict=True)
        for t, m in zip(*lines, strict=True)
    )
    assert square <= Fraction(error) ** 2 * len(truth)


@given(pairs())
def test_every_norm_is_an_upper_bound(pair):
    a, b = pair
    for value in (frobenius(a), schatten_norm(a), sharp_norm(a)):
        assert value == np.inf or exactly.norm_is_at_most(a, Fraction(value))
    bound = nonnegative_norm(np.abs(b))
    assert bound == np.inf or exactly.norm_is_at_most(np.abs(b), Fraction(bound))


@given(SEEDS, st.integers(1, 8))
def test_the_norms_are_sharp(seed, size):
    matrix = generator(seed).standard_normal((size, size))
    norm = float(np.linalg.norm(matrix, 2))
    assert sharp_norm(matrix) <= norm * (1 + 1e-8)
    assert schatten_norm(matrix) <= norm * size**0.25 * (1 + 1e-8)
    positive = np.abs(matrix) + 0.1
    assert nonnegative_norm(positive) <= np.linalg.norm(positive, 2) * (1 + 1e-2)


@given(SEEDS)
def test_the_norm_of_blocks_is_the_largest_one(seed):
    blocks = generator(seed).standard_normal((3, 2, 2))
    norm = float(np.linalg.norm(blocks, 2, axis=(1, 2)).max())
    for found in (schatten_norm(blocks), nonnegative_norm(np.abs(blocks))):
        assert norm * (1 - 1e-12) <= found <= 2 * norm * blocks.shape[1]


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_overflow_and_nan_give_an_infinite_norm(bad):
    matrix = np.array([[1.0, bad], [0.0, 1.0]])
    for norm in (frobenius, schatten_norm, sharp_norm):
        assert norm(matrix) == np.inf
    assert nonnegative_norm(np.abs(matrix)) == np.inf
    assert frobenius(np.array([[1.0, 1e300]])) == np.inf
