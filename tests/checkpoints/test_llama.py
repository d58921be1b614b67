"""A Llama-style decoder is read exactly, or refused in one line."""

import numpy as np
import pytest
from checkpoints.tiny_llama import CONFIG, WEIGHTS, forward, tensors, write
from safetensors.numpy import save_file

import stabcheck as sc
from stabcheck import checkpoints
from stabcheck.certify.sources import decoder_stack
from stabcheck.errors import InvalidInput

IDS = [3, 1, 4, 1]
QWEN = CONFIG | {"model_type": "qwen2"}
NESTED = {key: value for key, value in CONFIG.items() if key != "rope_theta"}
NESTED["rope_parameters"] = {"rope_type": "default", "rope_theta": 10000.0}


@pytest.mark.parametrize("config", [CONFIG, QWEN, NESTED])
def test_the_stack_computes_what_the_model_does(tmp_path, config):
    decoder = checkpoints.read(write(tmp_path, config=config))
    stack = decoder_stack(decoder, "tiny")
    found = stack.trajectory(decoder.embed(IDS))[-1]
    wanted = forward(tensors(config), IDS, CONFIG | config)
    assert np.abs(found - wanted).max() <= 1e-12 * np.abs(wanted).max()
    assert stack.layers == (("layer.0", 0, 2), ("layer.1", 2, 4))


def test_a_decoder_is_certified(tmp_path):
    decoder = checkpoints.llama(write(tmp_path))
    stack = decoder_stack(decoder, "tiny")
    state = decoder.embed(IDS[:2])
    certificate = sc.certify(stack, domain=sc.Tube(state, radius="1e-3"))
    kinds = {record["kind"] for record in certificate.fields}
    assert kinds == {"rms-norm", "scored-attention", "gated-feed-forward"}
    assert {"scored-attention-deviation-tube", "gated-feed-forward-deviation-tube"} <= {
        claim.theorem for claim in certificate.claims
    }


def test_brain_floats_are_read_exactly(tmp_path):
    weights = tensors()
    write(tmp_path, weights=weights)
    # Cut every weight to its upper half, and write the halves under their type.
    halves = {
        name: (np.ascontiguousarray(w).view(np.uint32) >> 16).astype(np.uint16)
        for name, w in weights.items()
    }
    save_file(halves, tmp_path / WEIGHTS)
    raw = (tmp_path / WEIGHTS).read_bytes()
    length = int.from_bytes(raw[:8], "little")
    header = raw[8 : 8 + length].replace(b'"U16"', b'"BF16"')
    header = header.ljust(-(-len(header) // 8) * 8)
    (tmp_path / WEIGHTS).write_bytes(
        len(header).to_bytes(8, "little") + header + raw[8 + length :]
    )
    decoder = checkpoints.llama(tmp_path)
    wanted = (halves["model.embed_tokens.weight"].astype(np.uint32) << 16).view("<f4")
    assert np.array_equal(decoder.word, wanted)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"hidden_act": "relu"}, "hidden_act = 'relu'"),
        ({"rope_scaling": {"rope_type": "yarn"}}, "rope_scaling = 'yarn'"),
        ({"mlp_bias": True}, "mlp_bias = True"),
        ({"partial_rotary_factor": "0.5"}, "partial_rotary_factor"),
        ({"num_key_value_heads": 3}, "equal groups"),
        ({"head_dim": 3}, "equal groups"),
        ({"rms_norm_eps": 0}, "rms_norm_eps"),
        ({"rope_theta": -1}, "rope_theta"),
        ({"hidden_act": ["silu"]}, "hidden_act"),
        ({"intermediate_size": 13}, "of shape"),
        ({"num_hidden_layers": 1}, "as many layers"),
        ({"num_hidden_layers": 3}, "found none of that name"),
    ],
)
def test_another_architecture_is_refused_in_one_line(tmp_path, change, words):
    folder = write(tmp_path, weights=tensors(), config=CONFIG | change)
    with pytest.raises(InvalidInput, match=words) as refused:
        checkpoints.read(folder)
    assert "\n" not in str(refused.value)


def test_more_tokens_than_the_window_are_refused(tmp_path):
    decoder = checkpoints.llama(write(tmp_path, config=CONFIG | {"sliding_window": 3}))
    with pytest.raises(InvalidInput, match="takes 1 to 3"):
        decoder.embed(IDS)
    with pytest.raises(InvalidInput, match="ids 0 to 10"):
        decoder.embed([11])
