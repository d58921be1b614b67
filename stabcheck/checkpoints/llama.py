"""Llama-style decoders: a folder or file with safetensors, beside it config.json."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from stabcheck.certificate import file_sha256
from stabcheck.checkpoints.bert import CONFIG, TOKENIZER, weight_file
from stabcheck.checkpoints.config import count_of, decimal_of, read_document, short
from stabcheck.checkpoints.decoder import Decoder, DecoderLayer
from stabcheck.checkpoints.tensors import TensorFile
from stabcheck.errors import InvalidInput

MODELS = ("llama", "mistral", "qwen2")
"""Values of `model_type` whose layers are those of `Decoder`."""
ACTIVATIONS = {"silu": "silu", "swish": "silu", "gelu": "gelu"}
PREFIXES = ("model.", "")
WORDS = "embed_tokens.weight"
LARGEST_BASE = 1e12
DEFAULT_BASE = Fraction(10000)


@dataclass(frozen=True)
class _Config:
    layers: int
    features: int
    heads: int
    groups: int
    key_width: int
    hidden: int
    vocabulary: int
    most_tokens: int
    epsilon: Fraction
    base: Fraction
    activation: str
    input_biases: bool
    output_bias: bool


def llama(path: Path | str) -> Decoder:
    """Read a pre-norm decoder with rotary positions: Llama, Mistral or Qwen 2.

    **Arguments:** `path`, a folder with `model.safetensors`, or the weight file
    itself; `config.json` and `tokenizer.json` lie beside it.

    **Raises:** `InvalidInput` for anything missing, damaged, of another architecture,
    or where the weights and the configuration disagree.
    """
    weights = weight_file(Path(path))
    config = _read_config(weights.with_name(CONFIG))
    with TensorFile(weights) as file:
        prefix = _prefix(file)
        shape = (config.vocabulary, config.features)
        word = file.read(prefix + WORDS, shape)
        layers = tuple(
            _layer(file, f"{prefix}layers.{k}", config) for k in range(config.layers)
        )
        _check_depth(file, f"{prefix}layers.{config.layers}.")
    return Decoder(
        layers=layers,
        epsilon=config.epsilon,
        base=config.base,
        activation=config.activation,
        sha256=file_sha256(weights),
        word=word,
        most_tokens=config.most_tokens,
        tokenizer=weights.with_name(TOKENIZER),
    )


def _read_config(path: Path) -> _Config:
    document = read_document(path)
    _check_architecture(path, document)
    sizes = {key: count_of(path, document, key) for key in SIZES}
    features, heads = sizes["hidden_size"], sizes["num_attention_heads"]
    optional = {
        "num_key_value_heads": heads,
        "head_dim": features // heads,
        "sliding_window": sizes["max_position_embeddings"],
    }
    for key, default in optional.items():
        given = document.get(key) is not None
        optional[key] = count_of(path, document, key) if given else default
    groups, key_width = optional["num_key_value_heads"], optional["head_dim"]
    if heads % groups or key_width % 2:
        raise InvalidInput(
            f"asked for heads in equal groups and planes, found {heads} heads, "
            f"{groups} groups, head_dim = {key_width} in {path}; make them divide"
        )
    biased = document.get("attention_bias", False) is True
    return _Config(
        layers=sizes["num_hidden_layers"],
        features=features,
        heads=heads,
        groups=groups,
        key_width=key_width,
        hidden=sizes["intermediate_size"],
        vocabulary=sizes["vocab_size"],
        # Within a window every token sees all earlier ones.
        most_tokens=min(sizes["max_position_embeddings"], optional["sliding_window"]),
        epsilon=decimal_of(path, document, "rms_norm_eps"),
        base=_base(path, document),
        activation=ACTIVATIONS[document.get("hidden_act", "silu")],
        input_biases=biased or document["model_type"] == "qwen2",
        output_bias=biased and document["model_type"] != "qwen2",
    )


SIZES = (
    "num_hidden_layers",
    "hidden_size",
    "num_attention_heads",
    "intermediate_size",
    "vocab_size",
    "max_position_embeddings",
)


def _check_architecture(path: Path, document: Mapping[str, Any]) -> None:
    """Refuse what a decoder of this kind does not compute."""
    kinds = (None, "default")
    scaling = document.get("rope_scaling")
    named = scaling.get("rope_type") if isinstance(scaling, dict) else scaling
    for key, found, allowed in (
        ("model_type", document.get("model_type"), MODELS),
        ("hidden_act", document.get("hidden_act", "silu"), tuple(ACTIVATIONS)),
        ("rope_scaling", named, kinds),
        ("rope_type", _rope(document).get("rope_type"), kinds),
        ("partial_rotary_factor", document.get("partial_rotary_factor"), (None, 1)),
        ("mlp_bias", document.get("mlp_bias", False), (False,)),
    ):
        if not isinstance(found, str | int | None) or found not in allowed:
            raise InvalidInput(
                f"asked for a Llama-style decoder, found {key} = {short(found)} in "
                f"{path}; supported: {', '.join(map(repr, allowed))}"
            )


def _rope(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """The entries of rotary positions, where a newer configuration nests them."""
    found = document.get("rope_parameters")
    return found if isinstance(found, dict) else {}


def _base(path: Path, document: Mapping[str, Any]) -> Fraction:
    for entries in (document, _rope(document)):
        if entries.get("rope_theta") is not None:
            return decimal_of(path, entries, "rope_theta", LARGEST_BASE)
    return DEFAULT_BASE


def _prefix(file: TensorFile) -> str:
    for prefix in PREFIXES:
        if prefix + WORDS in file.names:
            return prefix
    raise InvalidInput(
        f"asked {file.path} for the tensor {WORDS}, found none of that name; "
        "give a complete Llama-style checkpoint"
    )


def _check_depth(file: TensorFile, beyond: str) -> None:
    if any(name.startswith(beyond) for name in file.names):
        raise InvalidInput(
            f"asked for as many layers as {CONFIG} says, found {beyond}* in "
            f"{file.path}; make config.json and the weights agree"
        )


def _layer(file: TensorFile, prefix: str, config: _Config) -> DecoderLayer:
    d, m, width = config.features, config.hidden, config.key_width

    def linear(name: str, rows: int, columns: int) -> np.ndarray:
        # Stored for column vectors, (out, in); here tokens are rows.
        weight = file.read(f"{prefix}.{name}.weight", (columns, rows))
        return np.ascontiguousarray(weight.T)

    def heads(name: str, count: int) -> tuple[np.ndarray, np.ndarray | None]:
        weight = linear(f"self_attn.{name}", d, count * width)
        by_head = weight.reshape(d, count, width).transpose(1, 0, 2)
        members = config.heads // count
        bias = None
        if config.input_biases:
            bias = file.read(f"{prefix}.self_attn.{name}.bias", (count * width,))
            bias = np.repeat(bias.reshape(count, width), members, axis=0)
        return np.repeat(by_head, members, axis=0), bias

    W_Q, b_Q = heads("q_proj", config.heads)
    W_K, b_K = heads("k_proj", config.groups)
    W_V, b_V = heads("v_proj", config.groups)
    output = f"{prefix}.self_attn.o_proj.bias"
    return DecoderLayer(
        gamma_1=file.read(f"{prefix}.input_layernorm.weight", (d,)),
        W_Q=W_Q,
        W_K=W_K,
        W_V=W_V,
        W_O=linear("self_attn.o_proj", config.heads * width, d),
        b_Q=b_Q,
        b_K=b_K,
        b_V=b_V,
        b_O=file.read(output, (d,)) if config.output_bias else None,
        gamma_2=file.read(f"{prefix}.post_attention_layernorm.weight", (d,)),
        W_g=linear("mlp.gate_proj", d, m),
        W_1=linear("mlp.up_proj", d, m),
        W_2=linear("mlp.down_proj", m, d),
    )
