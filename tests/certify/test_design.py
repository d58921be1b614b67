"""Design files: what is read, and one clear line for what cannot be."""

from fractions import Fraction

import numpy as np
import pytest

from stabcheck.bounds import Attention, FeedForward, RMSNorm
from stabcheck.certify.design import Design, FamilyDesign, read
from stabcheck.errors import InvalidInput
from stabcheck.layers import Normalise, Residual

BLOCK = {
    "field": (
        'kind = "block"\ntokens = 3\nfeatures = 4\nheads = 2\nhidden = 6\n'
        'norm = "pre-rms"\nmask = "causal"'
    ),
    "parameters": "seed = 1",
    "step": 'size = "1/8"\ndepth = 2\nintegrators = ["heun"]',
    "domain": 'kind = "tube"\nradius = "0.1%"',
}
FAMILY = {
    "field": 'kind = "attention"\ntokens = 3\nfeatures = 4\nheads = 2',
    "parameters": 'query_key_norm = "1/2"\nvalue_norm = 1',
    "step": 'size = "1/8"\ndepth = 2',
    "domain": 'kind = "ball"\nradius = 1',
}


def written(folder, tables, **changes):
    file = folder / "design.toml"
    tables = tables | changes
    file.write_text("\n".join(f"[{name}]\n{body}" for name, body in tables.items()))
    return file


def test_a_pre_norm_block_is_two_residual_maps_a_layer(tmp_path):
    design = read(written(tmp_path, BLOCK))
    assert isinstance(design, Design)
    assert [map_.name for map_ in design.stack.maps] == [
        "layer.0.attention",
        "layer.0.feed-forward",
        "layer.1.attention",
        "layer.1.feed-forward",
    ]
    norm, attention = design.stack.maps[0].branch
    assert isinstance(norm, RMSNorm)
    assert isinstance(attention, Attention)
    assert attention.causal
    assert isinstance(design.stack.maps[1].branch[1], FeedForward)
    assert design.step_size == Fraction(1, 8)
    assert design.state.shape == (3, 4)
    assert design.integrators == ("heun",)


def test_post_norm_puts_a_normalisation_behind_every_branch(tmp_path):
    field = BLOCK["field"].replace("pre-rms", "post-layer")
    stack = read(written(tmp_path, BLOCK, field=field)).stack
    kinds = [type(map_) for map_ in stack.maps]
    assert kinds == [Residual, Normalise] * 4


def test_the_same_seed_gives_the_same_weights(tmp_path):
    first = read(written(tmp_path, BLOCK)).stack.maps[0].branch[1].W_Q
    again = read(written(tmp_path, BLOCK)).stack.maps[0].branch[1].W_Q
    other = read(written(tmp_path, BLOCK, parameters="seed = 2"))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other.stack.maps[0].branch[1].W_Q)


def test_caps_on_the_weights_make_a_family(tmp_path):
    design = read(written(tmp_path, FAMILY))
    assert isinstance(design, FamilyDesign)
    assert design.family.query_key_norm == Fraction(1, 2)
    assert design.radius == 1
    assert design.depth == 2


def stored(folder, **changes):
    rng = np.random.default_rng(0)
    shapes = {"W_Q": (2, 4, 2), "W_K": (2, 4, 2), "W_V": (2, 4, 2), "W_O": (4, 4)}
    arrays = {f"layers.0.{k}": rng.standard_normal(s) for k, s in shapes.items()}
    arrays["X"] = rng.standard_normal((3, 4))
    np.savez(folder / "weights.npz", **(arrays | changes))
    return arrays


ATTENTION = {
    "field": 'kind = "attention"\ntokens = 3\nfeatures = 4\nheads = 2',
    "parameters": 'file = "weights.npz"',
    "step": "size = 1",
    "domain": 'kind = "tube"\nradius = 0.01',
}


def test_weights_and_state_are_read_from_a_file(tmp_path):
    arrays = stored(tmp_path)
    design = read(written(tmp_path, ATTENTION))
    assert np.array_equal(design.stack.maps[0].branch[0].W_V, arrays["layers.0.W_V"])
    assert np.array_equal(design.state, arrays["X"])


def test_weights_of_another_shape_are_refused(tmp_path):
    stored(tmp_path, **{"layers.0.W_Q": np.ones((2, 4, 3))})
    with pytest.raises(InvalidInput, match=r"layers.0.W_Q of shape \(2, 4, 2\)"):
        read(written(tmp_path, ATTENTION))


def test_weights_that_are_not_numbers_are_refused(tmp_path):
    stored(tmp_path, **{"layers.0.W_Q": np.full((2, 4, 2), np.nan)})
    with pytest.raises(InvalidInput, match="W_Q must be finite"):
        read(written(tmp_path, ATTENTION))


def test_an_array_of_objects_is_refused(tmp_path):
    stored(tmp_path)
    np.savez(tmp_path / "weights.npz", X=np.array([{}], dtype=object))
    with pytest.raises(InvalidInput, match="asked for the weights"):
        read(written(tmp_path, ATTENTION))


@pytest.mark.parametrize(
    ("table", "body", "message"),
    [
        ("field", 'kind = "convolution"', "tokens = None"),
        ("field", BLOCK["field"].replace('"block"', '"conv"'), "the kind 'conv'"),
        ("field", BLOCK["field"].replace("tokens = 3", "tokens = 0"), "tokens = 0"),
        ("field", BLOCK["field"].replace("= 3", "= true", 1), "tokens = True"),
        ("field", BLOCK["field"].replace("heads = 2", "heads = 3"), "4 features for 3"),
        ("field", BLOCK["field"].replace("pre-rms", "pre"), "norm = 'pre'"),
        ("field", BLOCK["field"].replace("causal", "odd"), "mask = 'odd'"),
        ("field", BLOCK["field"] + "\nleak = 0.5", "asks for a leak"),
        ("field", BLOCK["field"] + "\nwidth = 3", "unknown key 'width'"),
        ("parameters", "", "names no weights"),
        ("parameters", "seed = -1", "seed = -1"),
        ("parameters", 'file = "none.npz"', "asked for the weights"),
        ("parameters", 'seed = 1\ntie = "negative"', "tied weights"),
        ("step", 'size = "0"', "has to be positive"),
        ("step", 'size = "1e999999999"', "asked for the step size"),
        ("step", 'size = "nan"', "asked for the step size 'nan'"),
        ("step", 'integrators = ["rk5"]', "nearest"),
        ("step", "integrators = 3", "give names"),
        ("step", "depth = 0", "depth = 0"),
        ("domain", 'kind = "cube"', "use point or tube"),
        ("colour", "red = 1", "unknown key 'colour'"),
    ],
)
def test_a_bad_design_is_one_clear_line(tmp_path, table, body, message):
    with pytest.raises(InvalidInput, match=message) as caught:
        read(written(tmp_path, BLOCK, **{table: body}))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("table", "body", "message"),
    [
        ("parameters", 'query_key_norm = "-1"\nvalue_norm = 1', "number >= 0"),
        ("parameters", 'query_key_norm = "x"\nvalue_norm = 1', "give a number"),
        ("parameters", "query_key_norm = 1", "value_norm = 'None'"),
        ("step", 'integrators = ["rk4"]', "forward-euler"),
        ("domain", 'kind = "tube"\nradius = 1', "kind = 'ball'"),
        ("domain", 'kind = "ball"\nradius = -1', "negative"),
        ("domain", 'kind = "ball"\nradius = "nan"', "no finite number"),
    ],
)
def test_a_bad_family_is_one_clear_line(tmp_path, table, body, message):
    with pytest.raises(InvalidInput, match=message):
        read(written(tmp_path, FAMILY, **{table: body}))


@pytest.mark.parametrize("text", ["", "[field", "\x00", "field = 3"])
def test_what_is_no_design_is_refused(tmp_path, text):
    file = tmp_path / "design.toml"
    file.write_text(text)
    with pytest.raises(InvalidInput):
        read(file)


def test_a_missing_design_is_named(tmp_path):
    with pytest.raises(InvalidInput, match=r"none\.toml"):
        read(tmp_path / "none.toml")
