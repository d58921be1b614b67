"""Weights against caps: what is inside is inside, and what is not covered is said."""

from fractions import Fraction

import numpy as np
import pytest

from stabcheck.certify.designs.catalogue import files
from stabcheck.certify.designs.members import measure
from stabcheck.certify.designs.reading import read
from stabcheck.errors import InvalidInput

PATHS = {path.stem: path for path in files()}
HEADS, D, WIDTH = 2, 6, 3


def capped(rng, *shape, cap=0.999):
    matrix = rng.standard_normal(shape)
    return cap * matrix / np.linalg.norm(matrix, 2, axis=(-2, -1), keepdims=True)


def attention(seed=0):
    """Weights inside logits of 1/2 (in units of 64 features) and values of 1."""
    rng = np.random.default_rng(seed)
    found = {name: capped(rng, HEADS, D, WIDTH) for name in ("W_Q", "W_K", "W_V")}
    blocks = capped(rng, HEADS, WIDTH, D) / HEADS
    return found | {"W_O": blocks.reshape(-1, D), "scale": np.float64(1 / 128)}


def tied(kappa=0.25):
    W_Q, W_K = (attention()[name] for name in ("W_Q", "W_K"))
    scale = 1.0
    W_O = -kappa * scale * W_Q.swapaxes(1, 2).reshape(-1, D)
    found = {"W_Q": W_Q, "W_K": W_K, "W_V": W_K, "W_O": W_O}
    return found | {"scale": np.float64(scale)}


def measured(folder, name, weights):
    path = folder / "weights.npz"
    np.savez(path, **weights)
    return {(row.layer, row.name): row for row in measure(read(PATHS[name]), path)}


def test_weights_within_the_caps_are_within(tmp_path):
    found = measured(tmp_path, "soft-pre-norm", attention())
    assert set(found) == {("0", "query_key_norm"), ("0", "value_norm")}
    assert all(row.holds for row in found.values())
    values = found["0", "value_norm"]
    weights = attention()
    blocks = weights["W_O"].reshape(HEADS, WIDTH, D)
    norms = [
        np.linalg.norm(v @ o, 2) for v, o in zip(weights["W_V"], blocks, strict=True)
    ]
    # The verified bound is above the norm, by little.
    assert sum(norms) <= float(values.bound) * (1 + 1e-12)
    assert float(values.bound) <= sum(norms) * 1.01


def test_values_over_the_cap_are_outside(tmp_path):
    weights = attention()
    weights["W_O"] = 4 * weights["W_O"]
    found = measured(tmp_path, "soft-pre-norm", weights)
    assert not found["0", "value_norm"].holds
    assert found["0", "query_key_norm"].holds


def test_without_a_scale_the_usual_one_is_meant(tmp_path):
    weights = attention()
    del weights["scale"]
    found = measured(tmp_path, "soft-pre-norm", weights)
    assert not found["0", "query_key_norm"].holds


def test_every_layer_is_measured(tmp_path):
    text = PATHS["soft-pre-norm"].read_text().replace("depth = 24", "depth = 2")
    file = tmp_path / "two.toml"
    file.write_text(text)
    path = tmp_path / "weights.npz"
    np.savez(
        path,
        **{
            f"layers.{layer}.{name}": array
            for layer in range(2)
            for name, array in attention(layer).items()
        },
    )
    rows = measure(read(file), path)
    assert [row.layer for row in rows] == ["0", "0", "1", "1"]
    with pytest.raises(InvalidInput, match="found weights of 2"):
        measure(read(PATHS["soft-pre-norm"]), path)


@pytest.mark.parametrize(
    ("name", "covered"), [("b_V", True), ("b_K", True), ("b_Q", False)]
)
def test_a_bias_of_the_queries_is_not_covered(name, covered, tmp_path):
    weights = attention() | {name: np.ones((HEADS, WIDTH))}
    found = measured(tmp_path, "soft-pre-norm", weights)
    assert all(row.holds for row in found.values()) == covered
    zero = weights | {name: np.zeros((HEADS, WIDTH))}
    found = measured(tmp_path, "soft-pre-norm", zero)
    assert all(row.holds for row in found.values())


def test_a_gain_is_not_covered(tmp_path):
    found = measured(tmp_path, "soft-pre-norm", attention() | {"gamma": np.ones(D)})
    assert "no cap" in found["0", "gamma"].note


def test_a_tie_holds_exactly_or_not(tmp_path):
    found = measured(tmp_path, "tied-negative", tied())
    assert all(row.holds for row in found.values())
    moved = tied()
    moved["W_O"] = moved["W_O"] + 1e-9
    found = measured(tmp_path, "tied-negative", moved)
    assert "no negative multiple" in found["0", "tie negative"].note
    attractive = measured(tmp_path, "tied-negative", tied(kappa=-0.25))
    assert not attractive["0", "tie negative"].holds
    other = tied() | {"W_V": tied()["W_Q"]}
    found = measured(tmp_path, "tied-negative", other)
    assert "W_V is not W_K" in found["0", "tie negative"].note


def test_a_convex_tie_needs_one_matrix(tmp_path):
    found = measured(tmp_path, "convex-sinkhorn", tied())
    assert "W_Q is not W_K" in found["0", "tie convex"].note


def test_feed_forwards_are_measured_by_their_matrices(tmp_path):
    rng = np.random.default_rng(1)
    weights = attention() | {"W": capped(rng, D, 8), "b": np.ones(8)}
    found = measured(tmp_path, "gradient-feed-forward", weights)
    assert found["0", "matrix_norm"].holds
    two = attention() | {"W_1": capped(rng, D, 8), "W_2": capped(rng, 8, D, cap=1.5)}
    found = measured(tmp_path, "layer-scale", two)
    assert found["0", "in_norm"].holds
    assert not found["0", "out_norm"].holds
    assert found["0", "out_norm"].bound >= Fraction(1499, 1000)


@pytest.mark.parametrize(
    ("weights", "reason"),
    [
        ({}, "found no array"),
        ({"W_Q": np.ones((1, 2, 2))}, "for W_K of layer 0, found W_Q"),
        (attention() | {"W_Q": np.ones((2, 2))}, "W_Q with 3 axes"),
        (attention() | {"W_Q": np.full((2, 6, 3), np.nan)}, "give finite numbers"),
    ],
)
def test_what_cannot_be_measured_is_said(weights, reason, tmp_path):
    with pytest.raises(InvalidInput, match=reason):
        measured(tmp_path, "soft-pre-norm", weights)


def test_a_file_that_is_no_archive_is_refused(tmp_path):
    path = tmp_path / "weights.npz"
    path.write_text("no archive")
    with pytest.raises(InvalidInput, match="asked for the weights"):
        measure(read(PATHS["soft-pre-norm"]), path)
