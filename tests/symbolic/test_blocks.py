"""Blocks of token-wise Jacobians."""

import numpy as np
import pytest

from stabcheck.errors import InvalidInput
from stabcheck.fields import attention, feed_forward, layer_norm, rms_norm

D = 3
PARAMETERS = {
    "rms-norm": {"gamma": np.arange(1.0, 4), "epsilon": 0.5},
    "layer-norm": {"gamma": np.arange(1.0, 4), "beta": np.ones(D), "epsilon": 0.5},
    "feed-forward": {
        "W_1": np.arange(6.0).reshape(D, 2) / 6,
        "b_1": np.array([0.5, -1.0]),
        "W_2": np.arange(6.0).reshape(2, D) / 4,
        "b_2": np.ones(D),
    },
}


@pytest.mark.parametrize("declare", [rms_norm, layer_norm, feed_forward])
@pytest.mark.parametrize("tokens", [1, 4])
def test_blocks_are_the_diagonal_of_the_jacobian_and_all_of_it(declare, tokens):
    field = declare()
    state = np.random.default_rng(0).standard_normal((tokens, D))
    parameters = PARAMETERS[field.name]
    jacobian = field.jacobian()
    dense = jacobian.lower("numpy")(state, **parameters)
    blocks = jacobian.blocks()
    found = blocks.lower("numpy")(state, **parameters)
    assert found.shape == (tokens, D, D)
    placed = np.zeros_like(dense)
    placed[np.arange(tokens), :, np.arange(tokens), :] = found
    assert np.array_equal(placed, dense)
    assert blocks.output.name in blocks.latex()


def test_a_jacobian_that_joins_tokens_has_more_than_blocks():
    with pytest.raises(InvalidInput, match="join different tokens"):
        attention().jacobian().blocks()


@pytest.mark.parametrize("derived", [rms_norm(), rms_norm().jvp()])
def test_only_a_jacobian_has_blocks(derived):
    with pytest.raises(InvalidInput, match="found no Jacobian"):
        derived.blocks()
