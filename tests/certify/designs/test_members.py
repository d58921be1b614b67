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
    """Weights inside logits of 1/2 (in units of D features) and values of 1."""
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


def narrow(folder, name, **changes):
    """A design of the catalogue, for tokens of D features."""
    text = PATHS[name].read_text().replace("features = 64", f"features = {D}")
    for old, new in changes.items():
        text = text.replace(f"{old} = 24", f"{old} = {new}")
    file = folder / "narrow.toml"
    file.write_text(text)
    return read(file)


def measured(folder, name, weights):
    path = folder / "weights.npz"
    np.savez(path, **weights)
    return {(row.layer, row.name): row for row in measure(narrow(folder, name), path)}


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
    path = tmp_path / "weights.npz"
    np.savez(
        path,
        **{
            f"layers.{layer}.{name}": array
            for layer in range(2)
            for name, array in attention(layer).items()
        },
    )
    rows = measure(narrow(tmp_path, "soft-pre-norm", depth=2), path)
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
        (attention() | {"W_Q": np.ones((2, 8, 3))}, "6 features as in the design"),
        (attention() | {"W_K": np.ones((3, D, 3))}, "W_K with 2 heads as in W_Q"),
        (attention() | {"W_K": np.ones((2, D, 4))}, "W_K with 3 d_k as in W_Q"),
        (attention() | {"W_O": np.ones((5, D))}, "2 times 3 rows, found 5"),
        (attention() | {"scale": np.ones(2)}, "scale with 0 axes"),
        (attention() | {"W_Q": np.full((2, D, 3), np.nan)}, "give finite numbers"),
    ],
)
def test_what_cannot_be_measured_is_said(weights, reason, tmp_path):
    with pytest.raises(InvalidInput, match=reason):
        measured(tmp_path, "soft-pre-norm", weights)


def test_a_file_that_is_no_archive_is_refused(tmp_path):
    design, path = read(PATHS["soft-pre-norm"]), tmp_path / "weights.npz"
    np.savez(path, **attention())
    whole = path.read_bytes()
    np.save(tmp_path / "one.npy", np.ones(2))
    one = (tmp_path / "one.npy").read_bytes()
    for content in (b"no archive", b"", whole[:900], one):
        path.write_bytes(content)
        with pytest.raises(InvalidInput, match=r"found no \.npz of arrays"):
            measure(design, path)
    with pytest.raises(InvalidInput, match="No such file"):
        measure(design, tmp_path / "missing.npz")


def test_norms_of_any_size_are_printed(tmp_path):
    huge = np.full((HEADS, D, WIDTH), 1e200)
    weights = attention() | {"W_Q": huge, "W_K": huge}
    row = measured(tmp_path, "soft-pre-norm", weights)["0", "query_key_norm"]
    assert not row.holds
    assert row.to_json()["verified"] == np.inf


def test_a_tie_has_the_sign_of_the_scale(tmp_path):
    turned = tied() | {"scale": np.float64(-1)}
    assert not measured(tmp_path, "tied-negative", turned)["0", "tie negative"].holds
    turned["W_O"] = -turned["W_O"]
    assert measured(tmp_path, "tied-negative", turned)["0", "tie negative"].holds
    without = tied() | {"scale": np.float64(0)}
    assert not measured(tmp_path, "tied-negative", without)["0", "tie negative"].holds


def test_a_tie_by_kappa_needs_neither_values_nor_outputs(tmp_path):
    whole = tied(kappa=0.5)
    by_kappa = {name: whole[name] for name in ("W_Q", "W_K", "scale")}
    by_kappa["kappa"] = np.float64(0.5)
    found = measured(tmp_path, "tied-negative", by_kappa)
    assert found == measured(tmp_path, "tied-negative", whole)
    # 0.7 times a weight is rounded: only kappa itself can be checked.
    rounded = measured(tmp_path, "tied-negative", tied(kappa=0.7))
    assert "save kappa" in rounded["0", "tie negative"].note
    large = by_kappa | {"kappa": np.float64(70)}
    assert not measured(tmp_path, "tied-negative", large)["0", "value_norm"].holds
    for wrong in ({"W_V": whole["W_V"]}, {"kappa": np.float64(-1)}):
        with pytest.raises(InvalidInput, match="kappa"):
            measured(tmp_path, "tied-negative", by_kappa | wrong)


def test_a_convex_tie_by_kappa_is_one_matrix_and_a_scale_above_zero(tmp_path):
    one = {"W_Q": tied()["W_Q"], "scale": np.float64(0.1), "kappa": np.float64(0.5)}
    found = measured(tmp_path, "convex-sinkhorn", one)
    assert all(row.holds for row in found.values())
    turned = one | {"scale": np.float64(-0.1)}
    found = measured(tmp_path, "convex-sinkhorn", turned)
    assert found["0", "tie convex"].note == "the scale is negative"


def test_other_attention_and_memories_are_measured(tmp_path):
    half = {name: np.eye(4) / 2 for name in ("W_Q", "W_K", "W_V")}
    assert all(row.holds for row in measured(tmp_path, "cosine", half).values())
    distances = {"W": np.eye(4) / 2, "B": np.eye(4) / 20}
    assert all(row.holds for row in measured(tmp_path, "l2", distances).values())
    keys = {"Y": 0.4 * np.eye(4), "beta": np.float64(3.5)}
    found = measured(tmp_path, "hopfield-memory", keys)
    assert all(row.holds for row in found.values())
    assert found["0", "diameter_squared"].bound >= Fraction(0.4) ** 2 * 2
    far = measured(tmp_path, "hopfield-memory", keys | {"Y": np.eye(4)})
    assert not far["0", "diameter_squared"].holds
    with pytest.raises(InvalidInput, match="the design has the sign"):
        measured(tmp_path, "hopfield-memory", keys | {"beta": np.float64(-1)})


ONE_FIELD = """
[[branch]]
kind = "antisymmetric-feed-forward"
activation = "relu"
matrix_norm = 1
{more}
[step]
size = "1/L"
[domain]
kind = "all"
"""


def test_an_antisymmetric_matrix_is_one_exactly(tmp_path):
    file, path = tmp_path / "skew.toml", tmp_path / "weights.npz"
    file.write_text(ONE_FIELD.format(more=""))
    for matrix, skew in (([[0, 0.9], [-0.9, 0]], True), ([[0.9, 0], [0, 0.9]], False)):
        np.savez(path, K=np.array(matrix))
        rows = {row.name: row for row in measure(read(file), path)}
        assert rows["matrix_norm"].holds
        assert rows["antisymmetry"].holds == skew


def test_two_branches_with_the_same_names_cannot_be_told_apart(tmp_path):
    file, path = tmp_path / "two.toml", tmp_path / "weights.npz"
    head = ONE_FIELD.split("[step]", maxsplit=1)[0].format(more="")
    file.write_text(head + ONE_FIELD.format(more=""))
    np.savez(path, K=np.zeros((2, 2)))
    with pytest.raises(InvalidInput, match="both have K"):
        measure(read(file), path)
