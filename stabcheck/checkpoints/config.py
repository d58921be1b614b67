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
    document = read_document(path)
    for key, wanted in REQUIRED.items():
        found = document.get(key, DEFAULTS.get(key))
        if found != wanted:
            raise InvalidInput(
                f"asked for a post-norm BERT encoder, found {key} = {short(found)} in "
                f"{path}; only {key} = {wanted!r} is supported"
            )
    config = Config(
        layers=count_of(path, document, "num_hidden_layers"),
        features=count_of(path, document, "hidden_size"),
        heads=count_of(path, document, "num_attention_heads"),
        hidden=count_of(path, document, "intermediate_size"),
        vocabulary=count_of(path, document, "vocab_size"),
        positions=count_of(path, document, "max_position_embeddings"),
        token_types=count_of(path, document, "type_vocab_size"),
        epsilon=decimal_of(path, document, "layer_norm_eps"),
    )
    if config.features % config.heads:
        raise InvalidInput(
            f"asked for heads of equal width, found hidden_size = {config.features} "
            f"for {config.heads} heads in {path}; make them divide"
        )
    return config


def read_document(path: Path) -> Mapping[str, Any]:
    """A config.json as an object; its decimals stay text.

    **Raises:** `InvalidInput`.
    """
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


def count_of(path: Path, document: Mapping[str, Any], key: str) -> int:
    """A size of the configuration, at least 1.  **Raises:** `InvalidInput`."""
    value = document.get(key)
    if type(value) is not int or not 1 <= value <= LARGEST_COUNT:
        raise InvalidInput(
            f"asked {path} for {key}, found {short(value)}; "
            f"give a whole number from 1 to {LARGEST_COUNT}"
        )
    return value


def decimal_of(
    path: Path, document: Mapping[str, Any], key: str, most: float = 1.0
) -> Fraction:
    """A positive number, such as `layer_norm_eps`, as the exact decimal written.

    **Raises:** `InvalidInput`.
    """
    value = document.get(key)
    number = isinstance(value, str | int) and not isinstance(value, bool)
    try:
        if number and len(str(value)) <= 40 and 1e-30 <= float(value) <= most:
            return Fraction(value)
    except ValueError:
        pass
    raise InvalidInput(
        f"asked {path} for {key}, found {short(value)}; "
        f"give a decimal from 1e-30 to {most:g}"
    )


def short(value: object) -> str:
    """A value in at most 60 characters."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
