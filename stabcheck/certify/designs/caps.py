"""The caps of each kind of field in a design file, and the record they become."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from stabcheck.certify.designs.numbers import cap, count, word
from stabcheck.errors import InvalidInput

ATTENTION = ("attention", "sinkhorn-attention")
CAPS = {
    "attention": ("value_norm",),
    "sinkhorn-attention": ("value_norm",),
    "cosine-attention": (
        "query_norm", "key_norm", "value_norm", "temperature", "output", "epsilon",
    ),
    "l2-attention": ("feature_norm", "value_norm"),
    "rotary-attention": ("query_key_norm", "value_norm"),
    "hopfield": ("beta", "diameter_squared"),
    "feed-forward": ("in_norm", "out_norm"),
    "gradient-feed-forward": ("matrix_norm",),
    "antisymmetric-feed-forward": ("matrix_norm",),
}  # fmt: skip
"""The numbers that a file has to give for each kind."""
OPTIONS = {
    "attention": ("logits", "query_key_norm", "kappa", "tie"),
    "sinkhorn-attention": ("logits", "query_key_norm", "kappa", "tie"),
    "l2-attention": ("most_tokens",),
    "hopfield": ("sign",),
    "feed-forward": ("activation",),
    "gradient-feed-forward": ("activation",),
    "antisymmetric-feed-forward": ("activation",),
}
"""The other keys of `[parameters]` for each kind."""
DEFAULTS = {"epsilon": 1, "output": 1, "temperature": 1}
ACTIVATIONS = ("relu", "tanh", "gelu", "silu", "softplus", "sigmoid")
MASKS = ("any", "none", "causal")
NORMS = {
    "none": "none",
    "soft": "soft",
    "pre-soft": "soft",
    "rms": "rms",
    "pre-rms": "rms",
}
"""Normalisations before a field, and their names in a certificate."""
POST_NORMS = ("post-layer", "post-rms")
SIGNS = {"attractive": 1, "repulsive": -1}
TIES = {"none": "none", "negative": "negative", "convex": "convex"}


def record_of(
    where: str, field: Mapping[str, Any], parameters: Mapping[str, Any], domain: Any
) -> dict[str, Any]:
    """The certificate's record of one field.

    **Arguments:** `where`, the file, for messages; `field` and `parameters`, tables of
    the file; `domain`, the record of the domain.

    **Raises:** `InvalidInput` for a missing, unknown, contradicting or negative cap.
    """
    kind = word(where, field, "kind", tuple(CAPS))
    known = {*CAPS[kind], *OPTIONS.get(kind, ())}
    unknown = sorted(set(parameters) - known)
    if unknown:
        raise InvalidInput(
            f"{where} has the unknown cap {unknown[0]!r} of {kind}; known: "
            f"{', '.join(sorted(known))}"
        )
    found: dict[str, Any] = {"kind": kind}
    for name in CAPS[kind]:
        default = DEFAULTS.get(name)
        found[name] = cap(where, parameters, name, default)
    if found.get("epsilon") == 0:
        raise InvalidInput(
            f"{where} has epsilon = 0, with which the derivative of the normalisation "
            "is unbounded near the zero token; give a positive number"
        )
    if kind in ATTENTION:
        return found | _attention(where, kind, field, parameters, domain)
    return found | _others(where, kind, field, parameters)


def _attention(
    where: str,
    kind: str,
    field: Mapping[str, Any],
    parameters: Mapping[str, Any],
    domain: Mapping[str, Any],
) -> dict[str, Any]:
    norm = NORMS[word(where, field, "norm", tuple(NORMS), "none")]
    mask = word(where, field, "mask", MASKS, "none" if "sink" in kind else "any")
    tie = word(where, parameters, "tie", tuple(TIES), "none")
    if kind == "sinkhorn-attention" and mask != "none":
        raise InvalidInput(
            f"{where} asks for Sinkhorn attention with the mask {mask!r}; under a mask "
            "no doubly stochastic weights need exist: use mask = 'none'"
        )
    if kind == "attention" and tie == "convex":
        raise InvalidInput(
            f"{where} ties the weights of softmax attention as 'convex'; only Sinkhorn "
            "attention has that energy: use kind = 'sinkhorn-attention'"
        )
    square = _radius_squared(where, field, norm)
    query_key = _query_key(where, parameters, square, domain)
    _check_tie(where, parameters, tie, query_key)
    return {
        "normalisation": norm,
        "radius_squared": square,
        "mask": mask,
        "tie": tie,
        "query_key_norm": query_key,
    }


def _radius_squared(where: str, field: Mapping[str, Any], norm: str) -> Fraction | None:
    r"""$\rho^2$: the width where a file names it, else $\rho$ is the unit."""
    if norm == "none":
        return None
    return Fraction(count(where, field, "features", 1))


def _query_key(
    where: str,
    parameters: Mapping[str, Any],
    square: Fraction | None,
    domain: Mapping[str, Any],
) -> Fraction:
    if ("logits" in parameters) == ("query_key_norm" in parameters):
        raise InvalidInput(
            f"{where} has to cap the logits by one of logits (||A|| times the squared "
            "token radius) and query_key_norm (||A||)"
        )
    if "query_key_norm" in parameters:
        return cap(where, parameters, "query_key_norm")
    radius: Fraction = square or domain.get("radius_squared", Fraction(1))
    return cap(where, parameters, "logits") / radius


def _check_tie(
    where: str, parameters: Mapping[str, Any], tie: str, query_key: Fraction
) -> None:
    """Refuse caps of which V = -kappa A' cannot attain both."""
    if tie == "none":
        if "kappa" in parameters:
            raise InvalidInput(
                f"{where} gives kappa without a tie; add tie = 'negative' or 'convex'"
            )
        return
    values = cap(where, parameters, "value_norm")
    if query_key == 0 and values > 0:
        raise InvalidInput(
            f"{where} ties V = -kappa A' with the cap 0 on A and {values} on V; the "
            "caps contradict the tie: V would be 0 as well"
        )
    if "kappa" in parameters:
        kappa = cap(where, parameters, "kappa")
        if kappa * query_key != values:
            raise InvalidInput(
                f"{where} ties V = -kappa A' with kappa = {kappa} and the cap "
                f"{query_key} on ||A||, so that ||V|| is capped by "
                f"{kappa * query_key}, not by {values}; drop one of the three"
            )


def _others(
    where: str, kind: str, field: Mapping[str, Any], parameters: Mapping[str, Any]
) -> dict[str, Any]:
    norm = word(where, field, "norm", tuple(NORMS), "none")
    found: dict[str, Any] = {}
    if kind == "feed-forward":
        if NORMS[norm] == "rms":
            raise InvalidInput(
                f"{where} puts RMSNorm before a feed-forward; its derivative is "
                "unbounded near the zero token: use norm = 'soft'"
            )
        found["normalisation"] = NORMS[norm]
    elif norm != "none":
        raise InvalidInput(
            f"{where} puts the normalisation {norm!r} before {kind}, of which no "
            "theorem speaks; use norm = 'none'"
        )
    if "activation" in OPTIONS.get(kind, ()):
        found["activation"] = word(where, parameters, "activation", ACTIVATIONS)
    if kind.endswith("attention"):
        found["mask"] = word(where, field, "mask", MASKS, "any")
    if kind == "l2-attention":
        found["most_tokens"] = count(where, parameters, "most_tokens")
    if kind == "hopfield":
        sign = word(where, parameters, "sign", tuple(SIGNS), "attractive")
        found["sign"] = SIGNS[sign]
    return found
