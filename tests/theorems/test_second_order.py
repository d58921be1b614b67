"""What the bounds along a tube rest on: suprema, couplings, softmax, normalisation."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from strategies import SEEDS, generator

from stabcheck.bounds import LayerNorm, RMSNorm
from stabcheck.checker.float64.deep.arrays import exactly
from stabcheck.checker.float64.deep.attention_couplings import upper_exponential
from stabcheck.checker.float64.deep.coupling import Coupling, frame, reach
from stabcheck.checker.float64.deep.support import (
    gram_support,
    matrix_norm,
    scalar_support,
    top_eigenvalue,
    vector_support,
)
from stabcheck.checker.float64.deep.top_pair import two_by_two_norm
from stabcheck.growth.deep.normalised import normalised

SIZES = st.integers(1, 4)
SCALES = st.sampled_from([1e-250, 1e-8, 1.0, 1e8])


def moves(rng, radii, features):
    """A move of each token to the boundary of its ball."""
    found = rng.standard_normal((len(radii), features))
    return found * (radii / np.linalg.norm(found, axis=1))[:, None]


@pytest.mark.theorem("product-ball-support")
@given(SEEDS, SIZES, SIZES, SIZES, SCALES)
def test_no_move_exceeds_the_supremum(seed, tokens, features, outputs, scale):
    rng = generator(seed)
    radii = scale * rng.uniform(0.1, 1.0, tokens)
    maps = rng.standard_normal((outputs, tokens * features))
    vector = vector_support(exactly(maps), radii)
    scalar = scalar_support(exactly(maps), radii)
    for _ in range(5):
        image = maps @ moves(rng, radii, features).ravel()
        room = 1 + 1e-13
        assert np.linalg.norm(image / scale) <= vector / scale * room
        assert (np.abs(image) <= scalar * room).all()


@pytest.mark.theorem("product-ball-support", refutes="half of the supremum")
def test_one_token_attains_the_supremum():
    maps, radii = np.diag([3.0, 1.0]), np.array([2.0])
    assert 6.0 <= vector_support(exactly(maps), radii) <= 6.0 * (1 + 1e-2)
    assert 6.0 <= scalar_support(exactly(maps[:1]), radii)[0] <= 6.0 * (1 + 1e-8)


@given(SEEDS, SIZES, SIZES)
def test_no_move_exceeds_the_supremum_from_grams(seed, tokens, size):
    rng = generator(seed)
    radii, directions = rng.uniform(0.1, 1.0, tokens), tokens * 2
    tensor = rng.standard_normal((size, directions, size))
    grams = np.stack(
        [
            np.einsum("akm,bkm->ab", part, part)
            for part in np.split(tensor, tokens, axis=1)
        ]
    )
    bound = gram_support(grams, np.full(tokens, 1e-12), radii)
    for _ in range(5):
        move = moves(rng, radii, 2).ravel()
        found = np.linalg.norm(np.einsum("akm,k->am", tensor, move), 2)
        assert found <= bound * (1 + 1e-13)


@given(SEEDS, SIZES, SIZES, SCALES)
def test_the_bound_of_an_eigenvalue_is_close_from_above(seed, rows, size, scale):
    matrix = np.sqrt(scale) * generator(seed).standard_normal((rows, size))
    gram = matrix.T @ matrix
    top = float(np.linalg.eigvalsh(gram / scale)[-1]) * scale
    bound = float(top_eigenvalue(gram, 0.0))
    assert top * (1 - 1e-12) <= bound <= top * size ** (1 / 64) * (1 + 1e-6) + 1e-260
    norm = matrix_norm(exactly(matrix))
    assert np.sqrt(top) * (1 - 1e-12) <= norm


@pytest.mark.theorem("weighted-schur-test")
@given(SEEDS, SIZES, SIZES, SIZES)
def test_no_member_exceeds_the_coupled_norm(seed, left_groups, right_groups, size):
    rng = generator(seed)
    left = frame([exactly(rng.standard_normal((left_groups, 2, 3)))])
    right = frame([exactly(rng.standard_normal((right_groups, size, 3)))])
    values = rng.uniform(0, 1, (left_groups, right_groups))
    places = np.indices(values.shape).reshape(2, -1)
    shape = (left_groups, right_groups)
    coupling = Coupling(places[0], places[1], values.ravel(), shape)
    member = rng.standard_normal((left_groups, 2, right_groups, size))
    norms = np.linalg.norm(member.transpose(0, 2, 1, 3), 2, axis=(2, 3))
    member *= (values / norms)[:, None, :, None]
    product = np.einsum(
        "akx,akbl,bly->xy",
        left.rows.middle.reshape(left_groups, 2, 3),
        member,
        right.rows.middle.reshape(right_groups, size, 3),
    )
    bound = coupling.norm_between(left, right)
    assert np.linalg.norm(product, 2) <= bound * (1 + 1e-13)
    lengths = rng.uniform(0, 1, left_groups)
    parts = rng.standard_normal((left_groups, 2))
    parts *= (lengths / np.linalg.norm(parts, axis=1))[:, None]
    image = np.einsum("akx,ak->x", left.rows.middle.reshape(-1, 2, 3), parts)
    for tokens in (1, 3):
        bounds = reach(left, lengths, tokens)
        found = np.linalg.norm(image.reshape(tokens, -1), axis=1)
        assert (found <= bounds * (1 + 1e-13)).all()


@pytest.mark.theorem("weighted-schur-test", refutes="a hundredth less")
def test_one_entry_between_unit_vectors_attains_it():
    one = frame([exactly(np.ones((1, 1, 1)))])
    coupling = Coupling(np.zeros(1, int), np.zeros(1, int), np.array([2.0]), (1, 1))
    assert 2.0 <= coupling.norm_between(one, one) <= 2.0 * (1 + 1e-8)


@pytest.mark.theorem("top-pair-block")
@given(SEEDS, st.integers(2, 5))
def test_the_parts_of_a_matrix_cover_its_norm(seed, size):
    rng = generator(seed)
    matrix = rng.standard_normal((size, size))
    u, v = rng.standard_normal((2, size))
    u, v = u / np.linalg.norm(u), v / np.linalg.norm(v)
    off_u, off_v = np.eye(size) - np.outer(u, u), np.eye(size) - np.outer(v, v)
    parts = (
        abs(u @ matrix @ v),
        np.linalg.norm(u @ matrix @ off_v),
        np.linalg.norm(off_u @ matrix @ v),
        np.linalg.norm(off_u @ matrix @ off_v, 2),
    )
    norm = np.linalg.norm(matrix, 2)
    assert norm <= two_by_two_norm(*(float(part) for part in parts)) * (1 + 1e-13)


@pytest.mark.theorem("top-pair-block", refutes="the norm without the corners")
def test_the_corners_count():
    assert two_by_two_norm(3.0, 1.0, 1.0, 2.0) >= (5 + np.sqrt(5)) / 2 > 3.0


@pytest.mark.theorem("layer-norm-second-order")
@given(SEEDS, st.integers(1, 5), st.booleans(), st.floats(1e-3, 0.9))
def test_a_normalisation_moves_within_its_bounds(seed, features, centred, share):
    rng = generator(seed)
    gamma, epsilon = rng.standard_normal(features), Fraction(1, 10)
    if centred:
        norm = LayerNorm(gamma, rng.standard_normal(features), epsilon)
    else:
        norm = RMSNorm(gamma, epsilon)
    state = rng.standard_normal((1, features))
    at = normalised(norm, state)
    radius = share * at.scales * np.sqrt(features)
    move = moves(rng, radius, features)
    jacobian, after = at.jacobians[0], normalised(norm, state + move).jacobians[0]
    first = at.second_derivative(move[:, :, None], np.eye(features)[None])[0, :, 0]
    turns = at.jacobian_moves(radius, np.zeros(1))
    room = 1e-12 * (1 + np.linalg.norm(after, 2))
    assert np.linalg.norm(first, 2) <= turns.one[0] + room
    assert np.linalg.norm(after - jacobian - first, 2) <= turns.rest[0] + room
    value = (norm(state + move) - norm(state))[0] - jacobian @ move[0]
    assert np.linalg.norm(value) <= at.value_rest(radius)[0] + room


@pytest.mark.theorem("layer-norm-second-order", refutes="slope 1.15, curvature 2.99")
def test_the_constants_of_the_normalisation_are_attained():
    # In two features without a mean, epsilon carries what makes |z| < 1.
    for cosine, order, constant in ((3**-0.5, 3, 1.15), (0.0, 4, 2.99)):
        x = np.polynomial.Polynomial([1.0, 2 * cosine, 1.0])
        step = 1e-2
        points = step * np.arange(-2, 3)
        values = np.sqrt(x(points))
        rows = {3: [-0.5, 1, 0, -1, 0.5], 4: [1, -4, 6, -4, 1]}
        assert abs(np.dot(rows[order], values)) / step**order >= constant


@pytest.mark.theorem("softmax-second-order")
@given(SEEDS, st.integers(1, 6), st.sampled_from([1e-3, 0.3, 3.0]))
def test_attention_weights_move_within_their_bound(seed, size, scale):
    rng = generator(seed)
    p = rng.dirichlet(np.ones(size))
    theta = scale * rng.standard_normal(size)
    theta -= p @ theta
    bound = np.abs(theta)
    change = np.exp(theta) / (p @ np.exp(theta)) - 1 - theta
    growth = np.exp(bound)
    mean = p @ (bound**2 * growth) / 2
    allowed = np.maximum(bound**2 * growth / 2, growth * mean)
    assert (np.abs(change) <= allowed + 1e-12 * (1 + growth)).all()


@pytest.mark.theorem("softmax-second-order", refutes="no exponential growth")
def test_the_square_alone_is_not_enough():
    p = np.array([0.01, 0.99])
    theta = np.array([1.0, -0.01 / 0.99])
    change = np.exp(theta) / (p @ np.exp(theta)) - 1 - theta
    assert change[0] > 0.5


@given(st.floats(0, 60))
def test_the_rational_bound_of_the_exponential_is_above_and_near(x):
    found = float(upper_exponential(np.array(x)))
    assert np.exp(x) * (1 - 1e-14) <= found
    assume(x < 2)
    assert found <= np.exp(x) * (1 + 1e-3)
