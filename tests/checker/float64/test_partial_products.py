"""Norms of partial products: upper bounds, sharp where that is promised."""

from __future__ import annotations

import numpy as np
import pytest
from checker.float64.contexts import dense
from hypothesis import given
from hypothesis import strategies as st
from strategies import SEEDS, generator

from stabcheck.checker.float64.deflated import SHARP, deflated_norm
from stabcheck.checker.float64.norm_ball import NormBall
from stabcheck.checker.float64.norms import schatten_norm
from stabcheck.checker.float64.partial_products import partial_products
from stabcheck.growth import partial_products as prover

ROOM = 1e-9
SCALES = (0.0, 1e-200, 1e-61, 1e-30, 1.0, 1e30, 1e100)


@given(
    seed=SEEDS,
    rows=st.integers(1, 130),
    columns=st.integers(1, 130),
    scale=st.sampled_from(SCALES),
    decay=st.sampled_from([0.0, 0.1]),
)
def test_a_deflated_norm_is_never_below_the_norm(seed, rows, columns, scale, decay):
    rng = generator(seed)
    matrix = rng.standard_normal((rows, columns)) * np.exp(-decay * np.arange(columns))
    found = deflated_norm(scale * matrix)
    assert found >= scale * np.linalg.norm(matrix, 2) * (1 - 1e-14)


def test_it_is_sharp_behind_few_directions_where_one_product_is_not():
    matrix = np.random.default_rng(0).standard_normal((200, 200))
    matrix *= np.exp(-np.arange(200) / 8)
    norm = np.linalg.norm(matrix, 2)
    assert deflated_norm(matrix) <= norm * (1 + ROOM)
    assert schatten_norm(matrix) > norm * 1.1


def test_of_the_identity_it_is_an_estimate_verified():
    assert 1 <= deflated_norm(np.eye(300)) <= 1.03
    assert schatten_norm(np.eye(300)) > SHARP


def test_what_is_not_finite_has_no_finite_norm():
    for value in (np.inf, np.nan, 1e200):
        assert not deflated_norm(np.full((3, 3), value)) < 1e200


@st.composite
def chains(draw):
    """Jacobians of a chain, dense or of diagonal blocks, and anchors."""
    rng = generator(draw(SEEDS))
    n, d = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    kinds = draw(st.lists(st.booleans(), min_size=1, max_size=7))
    inner = draw(st.sets(st.integers(1, 6)))
    length = len(kinds)
    anchors = [0, *sorted(a for a in inner if a < length), length]
    factors = [
        rng.standard_normal((n * d, n * d) if is_dense else (n, d, d))
        for is_dense in kinds
    ]
    return n, factors, anchors


@given(chain=chains())
def test_every_partial_product_is_at_most_its_bound_and_the_prover_agrees(chain):
    tokens, factors, anchors = chain
    found = partial_products((NormBall(f, 0.0) for f in factors), tokens, anchors)
    proposed = prover.partial_products(factors, tokens, anchors)
    matrices = [dense(NormBall(f, 0.0)) for f in factors]
    size = len(matrices[0])
    for first in range(len(factors) + 1):
        product = np.eye(size)
        for last in range(first, len(factors) + 1):
            if last > first:
                product = matrices[last - 1] @ product
            norm = np.linalg.norm(product, 2) * (1 - ROOM) - 1e-12
            if first > 0:
                assert norm <= found.norm(last, first)
                assert found.norm(last, first) == pytest.approx(
                    proposed.norm(last, first), rel=1e-6
                )
            else:
                rows = product.reshape(tokens, -1, size)
                row = max(np.linalg.norm(part, 2) for part in rows)
                assert norm <= found.norm_from_start(last)
                assert row * (1 - ROOM) - 1e-12 <= found.row(last)
    whole = matrices[0]
    for matrix in matrices[1:]:
        whole = matrix @ whole
    off = np.linalg.norm(dense(found.whole) - whole, 2)
    assert off <= 2 * found.error(len(factors))


def test_without_anchors_norms_multiply():
    rng = np.random.default_rng(1)
    factors = [rng.standard_normal((6, 6)) for _ in range(4)]
    found = partial_products((NormBall(f, 0.0) for f in factors), 2, [0, 4])
    product = np.prod([np.linalg.norm(f, 2) for f in factors[1:]])
    assert found.norm(4, 1) == pytest.approx(product, rel=1e-6)
    closer = partial_products((NormBall(f, 0.0) for f in factors), 2, [0, 1, 2, 3, 4])
    assert closer.norm(4, 1) < product / 2


def test_radii_of_the_factors_enter_the_error():
    rng = np.random.default_rng(2)
    factors = [rng.standard_normal((4, 4)) for _ in range(3)]
    balls = (NormBall(f, 1e-3) for f in factors)
    found = partial_products(balls, 2, [0, 1, 2, 3])
    moved = [f + 1e-3 * np.eye(4) for f in factors]
    off = moved[2] @ moved[1] @ moved[0] - factors[2] @ factors[1] @ factors[0]
    assert np.linalg.norm(off, 2) <= found.error(3)
