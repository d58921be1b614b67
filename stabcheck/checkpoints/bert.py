"""BERT-style encoders: a folder or file with safetensors, beside it config.json."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from stabcheck.certificate import file_sha256
from stabcheck.checkpoints.checkpoint import Checkpoint, Embeddings, EncoderLayer
from stabcheck.checkpoints.config import Config, read_config
from stabcheck.checkpoints.tensors import TensorFile
from stabcheck.errors import InvalidInput

WEIGHTS = "model.safetensors"
CONFIG = "config.json"
TOKENIZER = "tokenizer.json"
PREFIXES = ("", "bert.")
"""Names inside a file: those of the encoder alone, or inside a model with a head."""
WORDS = "embeddings.word_embeddings.weight"


def bert(path: Path | str) -> Checkpoint:
    """Read a BERT-style post-norm encoder.

    **Arguments:** `path`, a folder with `model.safetensors`, or the weight file
    itself; `config.json` and `tokenizer.json` lie beside it.

    **Raises:** `InvalidInput` for anything missing, damaged, of another architecture,
    or where the weights and the configuration disagree.
    """
    weights = weight_file(Path(path))
    config = read_config(weights.with_name(CONFIG))
    with TensorFile(weights) as file:
        names = _Names(file, _prefix(file))
        _check_depth(file, names.prefix, config)
        embeddings = _embeddings(names, config)
        layers = tuple(_layer(names, config, k) for k in range(config.layers))
    return Checkpoint(
        layers,
        config.epsilon,
        file_sha256(weights),
        embeddings,
        weights.with_name(TOKENIZER),
    )


class _Names:
    """Tensors by their names inside the encoder."""

    def __init__(self, file: TensorFile, prefix: str) -> None:
        self.file, self.prefix = file, prefix

    def read(self, name: str, *shape: int) -> np.ndarray:
        return self.file.read(self.prefix + name, shape)


def weight_file(path: Path) -> Path:
    """The weights of a folder, or the file itself.  **Raises:** `InvalidInput`."""
    if path.is_dir():
        return path / WEIGHTS
    if path.is_file() and path.suffix != ".safetensors":
        raise InvalidInput(
            f"asked to read the checkpoint {path}, found a file of another kind; "
            "give a .safetensors file or its folder"
        )
    return path


def _prefix(file: TensorFile) -> str:
    for prefix in PREFIXES:
        if prefix + WORDS in file.names:
            return prefix
    raise InvalidInput(
        f"asked {file.path} for the tensor {WORDS}, found none of that name; "
        "give a complete BERT checkpoint"
    )


def _check_depth(file: TensorFile, prefix: str, config: Config) -> None:
    pattern = re.compile(re.escape(prefix) + r"encoder\.layer\.([0-9]{1,9})\.")
    found = {int(match[1]) for name in file.names if (match := pattern.match(name))}
    beyond = max(found, default=-1) + 1
    if beyond > config.layers:
        raise InvalidInput(
            f"asked for {config.layers} layers as {CONFIG} says, found {beyond} in "
            f"{file.path}; make config.json and the weights agree"
        )


def _embeddings(names: _Names, config: Config) -> Embeddings:
    d = config.features
    types = names.read("embeddings.token_type_embeddings.weight", config.token_types, d)
    return Embeddings(
        word=names.read(WORDS, config.vocabulary, d),
        position=names.read(
            "embeddings.position_embeddings.weight", config.positions, d
        ),
        token_type=types[0],
        gamma=names.read("embeddings.LayerNorm.weight", d),
        beta=names.read("embeddings.LayerNorm.bias", d),
    )


def _layer(names: _Names, config: Config, index: int) -> EncoderLayer:
    d, m, heads = config.features, config.hidden, config.heads
    prefix = f"encoder.layer.{index}"

    def linear(part: str, rows: int, columns: int) -> tuple[np.ndarray, np.ndarray]:
        # Stored for column vectors, (out, in); here tokens are rows.
        weight = names.read(f"{prefix}.{part}.weight", columns, rows)
        return weight.T, names.read(f"{prefix}.{part}.bias", columns)

    def split(part: str) -> tuple[np.ndarray, np.ndarray]:
        weight, bias = linear(f"attention.self.{part}", d, d)
        by_head = weight.reshape(d, heads, -1).transpose(1, 0, 2)
        return np.ascontiguousarray(by_head), bias.reshape(heads, -1)

    def norm(part: str) -> tuple[np.ndarray, np.ndarray]:
        name = f"{prefix}.{part}.LayerNorm"
        return names.read(f"{name}.weight", d), names.read(f"{name}.bias", d)

    (W_Q, b_Q), (W_K, b_K), (W_V, b_V) = map(split, ("query", "key", "value"))
    W_O, b_O = linear("attention.output.dense", d, d)
    W_1, b_1 = linear("intermediate.dense", d, m)
    W_2, b_2 = linear("output.dense", m, d)
    gamma_1, beta_1 = norm("attention.output")
    gamma_2, beta_2 = norm("output")
    return EncoderLayer(
        W_Q, W_K, W_V, np.ascontiguousarray(W_O), b_Q, b_K, b_V, b_O,
        gamma_1, beta_1,
        np.ascontiguousarray(W_1), b_1, np.ascontiguousarray(W_2), b_2,
        gamma_2, beta_2,
    )  # fmt: skip
