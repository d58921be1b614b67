"""What the declarations say of themselves, and what they refuse."""

import pytest

from stabcheck.errors import InvalidInput
from stabcheck.fields import (
    FIELDS,
    attention,
    feed_forward,
    layer_norm,
    post_norm,
    pre_norm,
    rms_norm,
)
from stabcheck.fields.notation import H


def names(field):
    return [parameter.name for parameter in field.parameters]


def test_attention_has_the_parameters_its_options_ask_for():
    plain = ["W_Q", "W_K", "W_V", "W_O", "scale"]
    assert names(attention()) == plain
    assert names(attention(output=False)) == ["W_Q", "W_K", "W_V", "scale"]
    assert set(names(attention(biases=True))) - set(plain) == {
        "b_Q",
        "b_K",
        "b_V",
        "b_O",
    }
    assert set(names(attention(mask=True, bias=True))) - set(plain) == {"mask", "bias"}
    assert names(attention(causal=True)) == plain


def test_the_settings_are_those_of_the_declaration():
    field = attention(heads=4, causal=True)
    assert field.settings["heads"] == 4
    assert field.settings["causal"] is True
    assert field.settings["mask"] is False
    assert field.sizes[H] == 4
    assert field.jacobian().settings == field.settings


def test_a_block_knows_its_parts_first_to_last():
    block = pre_norm(rms_norm(), attention(heads=2))
    assert [part.name for part in block.parts] == ["rms-norm", "attention"]
    assert block.sizes[H] == 2
    assert names(block)[:2] == ["gamma", "epsilon"]
    after = post_norm(layer_norm(), feed_forward())
    assert [part.name for part in after.parts] == ["feed-forward", "layer-norm"]
    assert "step_size" in names(after)


@pytest.mark.parametrize("name", sorted(FIELDS))
def test_every_declared_field_maps_states_to_states(name):
    field = FIELDS[name]()
    own, out = field.state.indices, field.output.indices
    assert [(i.kind, i.size) for i in own] == [(i.kind, i.size) for i in out]


@pytest.mark.parametrize("heads", [0, -1, 1.5, "4", True])
def test_a_number_of_heads_that_is_none_is_refused(heads):
    with pytest.raises(InvalidInput, match="give a whole number of at least 1"):
        attention(heads=heads)


def test_several_heads_need_an_output_projection():
    with pytest.raises(InvalidInput, match="leave output=True"):
        attention(heads=2, output=False)


@pytest.mark.parametrize(
    "options",
    [{"causal": "yes"}, {"mask": 1}, {"biases": None}, {"bias": "row"}, {"output": 0}],
)
def test_an_option_that_is_not_a_flag_is_refused(options):
    # In SymPy a symbol times True raises, far from the cause.
    with pytest.raises(InvalidInput, match="give True or False"):
        attention(**options)


def test_two_parts_with_one_parameter_name_cannot_be_composed():
    with pytest.raises(InvalidInput, match="gamma a parameter of both"):
        post_norm(layer_norm(), pre_norm(layer_norm(), attention()))
