"""Sums of squares of differences as matrix products."""

import numpy as np
import pytest
from sympy import Symbol

from stabcheck.fields import attention
from stabcheck.symbolic import Tensor, indices, total
from stabcheck.symbolic.lowering.distance import split_square
from stabcheck.symbolic.lowering.lower import backend_named
from stabcheck.symbolic.lowering.walk import Walk

n, d = (Symbol(name, integer=True, positive=True) for name in ("n", "d"))
i, k = indices("i k", "token", n)
(r,) = indices("r", "width", d)
u, v = Tensor("u", (i, r)), Tensor("v", (k, r))
SIZES = {n: 5, d: 3}
EPS = np.finfo(float).eps


def test_only_differences_that_a_matrix_product_can_take_are_split():
    parts = split_square((u[i, r] - v[k, r]) ** 2, {r})
    assert set(parts) == {u[i, r], -v[k, r]}
    for square in (
        (u[i, r] - u[k, r] * v[i, r]) ** 2,  # one has all the indices of the other
        (u[i, r] - v[k, r]) ** 3,
        (u[i, r] - v[k, r] + u[i, r] * v[k, r]) ** 2,
        u[i, r] ** 2,
    ):
        assert split_square(square, {r}) is None
    assert split_square((u[i, r] - v[k, r]) ** 2, set()) is None
    assert split_square((u[i, r] - v[k, r]) ** 2, {i}) is None


@pytest.mark.parametrize("offset", [0.0, 2.0**30])
def test_what_both_have_in_common_does_not_cancel(offset):
    # Without the mean taken off, squares of 2^30 would leave no digit of the rest.
    rng = np.random.default_rng(0)
    left, right = (
        offset + rng.integers(-(2**20), 2**20, (5, 3)) / 2**20 for _ in range(2)
    )
    walk = Walk(backend_named("jax"), SIZES, {"u": left, "v": right})
    square = total((u[i, r] - v[k, r]) ** 2, r)
    found = walk.finished(walk.value(square, (i, k)), (i, k))
    true = ((left[:, None] - right[None]) ** 2).sum(-1)
    assert np.abs(found - true).max() <= 2**6 * EPS * true.max() + 2 * EPS * offset


def test_attention_by_distance_is_the_same_expanded_or_not():
    rng = np.random.default_rng(0)
    shapes = {"W_Q": (2, 4, 2), "W_K": (2, 4, 2), "W_V": (2, 4, 2), "W_O": (4, 4)}
    parameters = {name: rng.standard_normal(shape) for name, shape in shapes.items()}
    field, state = attention(heads=2, score="l2"), rng.standard_normal((3, 4))
    expanded = field.lower("jax")(state, **parameters)
    plain = field.lower("numpy")(state, **parameters)
    assert np.abs(expanded - plain).max() <= 2**8 * EPS * (1 + np.abs(plain).max())
