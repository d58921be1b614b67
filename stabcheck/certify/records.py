"""Fields as the checker reads them: JSON records that name arrays."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from stabcheck.bounds import (
    Attention,
    AttentionFamily,
    FeedForward,
    GatedFeedForward,
    LayerNorm,
    RMSNorm,
    ScoredAttention,
)
from stabcheck.certificate import rational
from stabcheck.errors import InvalidInput
from stabcheck.layers import Field

ATTENTION_ARRAYS = ("W_Q", "W_K", "W_V", "W_O", "b_Q", "b_K", "b_V", "b_O", "bias")
ARRAYS: dict[type, tuple[str, ...]] = {
    Attention: (*ATTENTION_ARRAYS, "mask"),
    FeedForward: ("W_1", "b_1", "W_2", "b_2"),
    GatedFeedForward: ("W_g", "W_1", "W_2"),
    LayerNorm: ("gamma", "beta"),
    RMSNorm: ("gamma",),
    AttentionFamily: (),
}


def field_arrays(field: Field) -> dict[str, np.ndarray]:
    """The arrays of a field by the names of the certificate; absent ones left out."""
    if isinstance(field, ScoredAttention):
        return field_arrays(field.plain) | _frequencies(field)
    found = {name: getattr(field, name) for name in ARRAYS[type(field)]}
    return {
        name: np.asarray(value, dtype=np.int8) if name == "mask" else _exact(value)
        for name, value in found.items()
        if value is not None
    }


def _frequencies(field: ScoredAttention) -> dict[str, np.ndarray]:
    if field.rotary is None or field.rotary.frequencies is None:
        return {}
    return {"frequencies": _exact(field.rotary.frequencies)}


def _exact(value: np.ndarray) -> np.ndarray:
    array = np.asarray(value)
    if array.dtype not in (np.float32, np.float64):
        array = array.astype(np.float64)
    return array


def field_record(field: Field, tokens: int, names: dict[str, str]) -> dict[str, Any]:
    """The record of a field whose arrays have these names."""
    if isinstance(field, Attention):
        return _attention(field, tokens) | names
    if isinstance(field, ScoredAttention):
        return _scored(field, tokens, names)
    if isinstance(field, GatedFeedForward):
        features, hidden = field.W_1.shape
        sizes = {"tokens": tokens, "features": features, "hidden": hidden}
        kind = {"kind": "gated-feed-forward", "activation": field.activation}
        return kind | sizes | names
    if isinstance(field, FeedForward):
        features, hidden = field.W_1.shape
        sizes = {"tokens": tokens, "features": features, "hidden": hidden}
        return {"kind": "feed-forward", "activation": "gelu"} | sizes | names
    if isinstance(field, LayerNorm | RMSNorm):
        return {
            "kind": "layer-norm" if isinstance(field, LayerNorm) else "rms-norm",
            "tokens": tokens,
            "features": len(field.gamma),
            "epsilon": rational(field.epsilon),
        } | names
    return {
        "kind": "attention-family",
        "tokens": field.tokens,
        "features": field.features,
        "heads": field.heads,
        "causal": field.causal,
        "query_key_norm": rational(field.query_key_norm),
        "value_norm": rational(field.value_norm),
    }


def _scored(
    field: ScoredAttention, tokens: int, names: dict[str, str]
) -> dict[str, Any]:
    arrays = {key: name for key, name in names.items() if key != "frequencies"}
    record = _attention(field.plain, tokens) | {"kind": "scored-attention"} | arrays
    if field.rotary is not None:
        record["rotary"] = {"layout": field.rotary.layout}
        if field.rotary.base is None:
            record["rotary"]["frequencies"] = names["frequencies"]
        else:
            record["rotary"]["base"] = rational(Fraction(field.rotary.base))
    if field.soft_cap is not None:
        record["soft_cap"] = rational(Fraction(field.soft_cap))
    return record


def _attention(field: Attention, tokens: int) -> dict[str, Any]:
    heads, features, key_width = field.W_Q.shape
    if field.mask is not None and field.mask.shape != (tokens, tokens):
        raise InvalidInput(
            f"the mask has shape {field.mask.shape} for {tokens} tokens; "
            f"give ({tokens}, {tokens})"
        )
    return {
        "kind": "attention",
        "tokens": tokens,
        "features": features,
        "heads": heads,
        "key_width": key_width,
        "value_width": field.W_V.shape[2],
        "scale": {"rsqrt": key_width}
        if field.scale is None
        else {"value": rational(field.scale)},
        "causal": bool(field.causal),
    }
