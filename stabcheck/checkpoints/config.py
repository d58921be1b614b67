"""The config.json of a BERT-style encoder, each entry checked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from stabcheck.errors import InvalidInput

LARGEST_CONFIG = 2**20
LARGEST_COUNT = 2**24
REQUIRED = {
    "model_type": "bert",
    "hidden_act": "gelu",
    "position_embedding_type": "absolute",
    "is_decoder": False,
    "add_cross_attention": False,
}
"""What certify reads: a post-norm encoder, exact GELU, learned absolute positions."""
DEFAULTS = {
    "hidden_act": "gelu",
    "position_embedding_type": "absolute",
    "is_decoder": False,
    "add_cross_attention": False,
}
"""What the format itself means by an absent entry."""


@dataclass(frozen=True)
class Config:
    """The sizes of an encoder and the epsilon of its normalisations."""

    layers: int
    features: int
    heads: int
    hidden: int
    vocabulary: int
    positions: int
    token_types: int
    epsilon: Fraction


def read_config(path: Path) -> Config:
    """Read a config.json.

    **Raises:** `InvalidInput` for a file that is missing, not JSON, of another
    architecture or activation, or with a size that is missing or out of range.
    """
    document = _document(path)
    for key, wanted in REQUIRED.items():
        found = document.get(key, DEFAULTS.get(key))
        if found != wanted:
            raise InvalidInput(
                f"asked for a post-norm BERT encoder, found {key} = {_short(found)} in "
                f"{path}; only {key} = {wanted!r} is supported"
            )
    config = Config(
        layers=_count(path, document, "num_hidden_layers"),
        features=_count(path, document, "hidden_size"),
        heads=_count(path, document, "num_attention_heads"),
        hidden=_count(path, document, "intermediate_size"),
        vocabulary=_count(path, document, "vocab_size"),
        positions=_count(path, document, "max_position_embeddings"),
        token_types=_count(path, document, "type_vocab_size"),
        epsilon=_epsilon(path, document),
    )
    if config.features % config.heads:
        raise InvalidInput(
            f"asked for heads of equal width, found hidden_size = {config.features} "
            f"for {config.heads} heads in {path}; make them divide"
        )
    return config


def _document(path: Path) -> Mapping[str, Any]:
    try:
        if path.stat().st_size > LARGEST_CONFIG:
            raise ValueError(f"it is larger than {LARGEST_CONFIG} bytes")
        # Decimals stay text until their size is known: 1e-999999999 is a short one.
        document = json.loads(path.read_text(encoding="utf-8"), parse_float=str)
    except OSError as error:
        raise InvalidInput(
            f"asked for the configuration {path}, found no readable file: "
            f"{error.strerror}; put config.json beside the weights"
        ) from error
    except (ValueError, RecursionError) as error:
        raise InvalidInput(
            f"asked for the configuration {path}, found no JSON object: "
            f"{str(error)[:100]}; fetch it again"
        ) from error
    if not isinstance(document, dict):
        raise InvalidInput(
            f"asked for the configuration {path}, found a JSON "
            f"{type(document).__name__}; it has to be an object"
        )
    return document


def _count(path: Path, document: Mapping[str, Any], key: str) -> int:
    value = document.get(key)
    if type(value) is not int or not 1 <= value <= LARGEST_COUNT:
        raise InvalidInput(
            f"asked {path} for {key}, found {_short(value)}; "
            f"give a whole number from 1 to {LARGEST_COUNT}"
        )
    return value


def _epsilon(path: Path, document: Mapping[str, Any]) -> Fraction:
    """`layer_norm_eps` as the exact decimal that is written."""
    value = document.get("layer_norm_eps")
    number = isinstance(value, str | int) and not isinstance(value, bool)
    try:
        if number and len(str(value)) <= 40 and 1e-30 <= float(value) <= 1:
            return Fraction(value)
    except ValueError:
        pass
    raise InvalidInput(
        f"asked {path} for layer_norm_eps, found {_short(value)}; "
        "give a decimal from 1e-30 to 1"
    )


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
