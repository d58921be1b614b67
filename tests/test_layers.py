"""A layer is made only of fields whose bounds are known."""

import numpy as np
import pytest

from stabcheck.errors import InvalidInput
from stabcheck.fields import FIELDS, attention, pre_norm, rms_norm
from stabcheck.layers import branch_of, kind_of

BOUNDED = {
    "attention",
    "biased-attention",
    "causal-attention",
    "feed-forward",
    "geglu-feed-forward",
    "grouped-query-attention",
    "interleaved-rotary-attention",
    "layer-norm",
    "masked-attention",
    "multi-head-attention",
    "multi-query-attention",
    "pre-norm-attention",
    "pre-norm-causal-attention",
    "pre-norm-feed-forward",
    "rms-norm",
    "rotary-attention",
    "score-bias-attention",
    "soft-capped-attention",
    "swiglu-feed-forward",
    "value-attention",
}


@pytest.mark.parametrize("name", sorted(set(FIELDS) - BOUNDED))
def test_a_field_without_bounds_is_refused_whatever_its_last_word(name):
    # A leaky attention read as an attention would be certified wrongly.
    with pytest.raises(InvalidInput, match="asked for a layer of"):
        branch_of(FIELDS[name](), {})


@pytest.mark.parametrize("name", sorted(BOUNDED))
def test_a_field_with_bounds_is_missing_only_its_weights(name):
    with pytest.raises(InvalidInput, match="without"):
        branch_of(FIELDS[name](), {})


def test_a_branch_is_its_parts_first_to_last():
    rng = np.random.default_rng(0)
    weights = {name: rng.standard_normal((2, 2)) for name in ("W_Q", "W_K", "W_V")}
    weights["W_O"] = rng.standard_normal((2, 2))
    field = pre_norm(rms_norm(), attention())
    norm, branch = branch_of(field, {"gamma": np.ones(2), "epsilon": 1, **weights})
    assert kind_of(field.parts[0]) == "rms-norm"
    assert norm.gamma.tolist() == [1, 1]
    assert branch.W_Q.shape == (1, 2, 2)
