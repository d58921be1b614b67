"""Checks the fields and the domain of a design: kinds, caps, masks, ties."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from stabcheck.checker.failures import Malformed
from stabcheck.checker.reading.values import count, keys, positive, rational, string_of

MASKS = ("any", "none", "causal")
TIES = ("none", "negative", "convex")
ACTIVATIONS = ("relu", "tanh", "gelu", "silu", "softplus", "sigmoid")
ATTENTION = ("attention", "sinkhorn-attention")
DOMAINS = {
    "all": "",
    "ball": "radius_squared",
    "sphere": "",
    "token-rms": "floor",
}
"""The key beside `kind` of each domain."""

FIELDS = {
    "attention": "normalisation radius_squared mask tie query_key_norm value_norm",
    "sinkhorn-attention": (
        "normalisation radius_squared mask tie query_key_norm value_norm"
    ),
    "cosine-attention": (
        "mask query_norm key_norm value_norm temperature output epsilon"
    ),
    "rotary-attention": "mask query_key_norm value_norm",
    "soft-cap-attention": "mask query_key_norm value_norm cap",
    "sigmoid-attention": "query_key_norm value_norm bias most_tokens",
    "qk-norm-attention": ("mask query_norm key_norm value_norm gain epsilon key_width"),
    "l2-attention": "mask feature_norm value_norm most_tokens",
    "hopfield": "beta diameter_squared sign",
    "feed-forward": "normalisation activation in_norm out_norm",
    "gradient-feed-forward": "activation matrix_norm",
    "antisymmetric-feed-forward": "activation matrix_norm",
}
"""The keys beside `kind` of each kind of field."""

WORDS = {
    "mask": MASKS,
    "tie": TIES,
    "activation": ACTIVATIONS,
    "normalisation": ("none", "soft", "rms"),
}


def one_of(where: str, value: Any, allowed: tuple[str, ...]) -> str:
    """A word of a list."""
    if string_of(where, value) not in allowed:
        raise Malformed(f"{where} is {value[:60]!r}, none of {', '.join(allowed)}")
    return value


def domain_of(record: dict[str, Any]) -> dict[str, Any]:
    """The domain, validated."""
    kind = one_of("domain.kind", record.get("kind"), tuple(DOMAINS))
    size = DOMAINS[kind]
    keys("domain", record, f"kind {size}")
    return record | ({size: positive(f"domain.{size}", record[size])} if size else {})


def field_of(where: str, record: dict[str, Any]) -> dict[str, Any]:
    """A field with its caps, validated."""
    kind = one_of(f"{where}.kind", record.get("kind"), tuple(FIELDS))
    keys(where, record, f"kind {FIELDS[kind]}")
    found = {
        key: _field_value(f"{where}.{key}", key, value)
        for key, value in record.items()
        if key != "kind"
    }
    if kind in ATTENTION:
        _check_attention(where, kind, found)
    elif found.get("normalisation") == "rms":
        raise Malformed(f"{where}.normalisation 'rms' is for attention only")
    return {"kind": kind} | found


def _field_value(where: str, key: str, value: Any) -> Any:
    if key in WORDS:
        return one_of(where, value, WORDS[key])
    if key in ("most_tokens", "key_width"):
        return count(where, value)
    if key == "bias":
        return rational(where, value)
    if key == "sign":
        if type(value) is not int or value not in (1, -1):
            raise Malformed(f"{where} has to be 1 or -1")
        return value
    if key == "radius_squared" and value is None:
        return None
    if key in ("epsilon", "radius_squared", "cap"):
        return positive(where, value)
    return rational(where, value, Fraction(0))


def _check_attention(where: str, kind: str, found: dict[str, Any]) -> None:
    if (found["normalisation"] == "none") != (found["radius_squared"] is None):
        raise Malformed(
            f"{where}.radius_squared belongs to a normalisation, and to no other field"
        )
    if kind == "sinkhorn-attention" and found["mask"] != "none":
        raise Malformed(f"{where}: Sinkhorn attention has the mask 'none' only")
    if kind == "attention" and found["tie"] == "convex":
        raise Malformed(f"{where}: the tie 'convex' is for Sinkhorn attention only")
