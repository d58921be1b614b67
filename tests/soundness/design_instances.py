"""Certificates about designs: every kind of field, of layer and of domain."""

from __future__ import annotations

import json
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

from soundness.instances import Declined, Generator, declining
from soundness.preferences import preferred

from stabcheck import integrators
from stabcheck.certificate import write_text
from stabcheck.certify.designs.answers import answer
from stabcheck.certify.designs.description import (
    COMPOSITIONS,
    EULER,
    Branch,
    Design,
    StepSize,
)
from stabcheck.certify.designs.steps import largest_steps

CAPS = ("0", "1/4", "1/2", "1", "3")
RADII_SQUARED = ("1/100", "1", "4")
METHODS = (
    "forward-euler",
    "heun",
    "explicit-midpoint",
    "ssprk3",
    "rk4",
    "backward-euler",
    "implicit-midpoint",
    "trapezoid",
    "radau-iia:2",
)
ACTIVATIONS = ("relu", "tanh", "gelu", "silu", "softplus", "sigmoid")
TOKEN_WISE = (
    "hopfield",
    "feed-forward",
    "gradient-feed-forward",
    "antisymmetric-feed-forward",
)
GLOBAL = ("cosine-attention", "l2-attention", *TOKEN_WISE)
ON_BALLS = (
    "rotary-attention",
    "soft-cap-attention",
    "sigmoid-attention",
    "qk-norm-attention",
)
MOST_TOKENS = 4
"""The oracle's members have as many tokens at most."""

KEYS = {
    "cosine-attention": (
        "query_norm", "key_norm", "value_norm", "temperature", "output", "epsilon",
    ),
    "l2-attention": ("feature_norm", "value_norm", "most_tokens"),
    "rotary-attention": ("query_key_norm", "value_norm"),
    "soft-cap-attention": ("query_key_norm", "value_norm", "cap"),
    "sigmoid-attention": ("query_key_norm", "value_norm", "bias", "most_tokens"),
    "qk-norm-attention": (
        "query_norm", "key_norm", "value_norm", "gain", "epsilon", "key_width",
    ),
    "hopfield": ("beta", "diameter_squared", "sign"),
    "feed-forward": ("normalisation", "activation", "in_norm", "out_norm"),
    "gradient-feed-forward": ("activation", "matrix_norm"),
    "antisymmetric-feed-forward": ("activation", "matrix_norm"),
}  # fmt: skip
"""The numbers of each kind of field but the two softmax families with ties."""


def _cap(rng: Generator) -> Fraction:
    return Fraction(str(rng.choice(CAPS)))


def _value(rng: Generator, key: str) -> Any:
    """A value for one key of a field's record."""
    words: Mapping[str, Any] = {
        "activation": lambda: str(rng.choice(ACTIVATIONS)),
        "normalisation": lambda: str(rng.choice(["none", "soft"])),
        "most_tokens": lambda: MOST_TOKENS,
        "key_width": lambda: 2,
        "sign": lambda: int(rng.choice([-1, 1])),
        "bias": lambda: Fraction(int(rng.integers(-4, 3))),
        "epsilon": lambda: Fraction(str(rng.choice(["1/1000", "1/4", "1"]))),
        "cap": lambda: Fraction(str(rng.choice(["1/10", "1", "30"]))),
    }
    return words[key]() if key in words else _cap(rng)


def _attention(rng: Generator, kind: str, norm: str) -> dict[str, Any]:
    """Softmax or Sinkhorn attention, with its ties."""
    sinkhorn = kind == "sinkhorn-attention"
    ties = ["none", "negative", "convex"] if sinkhorn else ["none", "negative"]
    square = Fraction(int(rng.integers(1, 5))) if norm != "none" else None
    return {
        "kind": kind,
        "normalisation": norm,
        "radius_squared": square,
        "mask": "none" if sinkhorn else str(rng.choice(["any", "none", "causal"])),
        "tie": str(rng.choice(ties)),
        "query_key_norm": _cap(rng),
        "value_norm": _cap(rng),
    }


def _field(rng: Generator, kind: str) -> dict[str, Any]:
    """The record of a field without options of its own domain."""
    record = {"kind": kind} | {key: _value(rng, key) for key in KEYS[kind]}
    if kind == "l2-attention":
        record["mask"] = str(rng.choice(["none", "causal"]))
    elif kind in (*ON_BALLS, "cosine-attention") and kind != "sigmoid-attention":
        record["mask"] = str(rng.choice(["any", "none", "causal"]))
    return record


def _everywhere(rng: Generator) -> dict[str, Any]:
    """A field that is bounded on the whole space."""
    kind = str(rng.choice([*GLOBAL, "attention", "sinkhorn-attention"]))
    if kind.endswith("attention") and kind not in GLOBAL:
        return _attention(rng, kind, "soft")
    return _field(rng, kind)


def _on_a_ball(rng: Generator) -> dict[str, Any]:
    """A field that a ball of tokens bounds."""
    kind = str(rng.choice([*ON_BALLS, "attention", "attention", "sinkhorn-attention"]))
    return _field(rng, kind) if kind in ON_BALLS else _attention(rng, kind, "none")


def _layer(rng: Generator) -> tuple[str, dict[str, Any], dict[str, Fraction]]:
    """The kind of a layer, its domain, and the number that a scheme needs."""
    kinds = ["step"] * 6 + ["lie-trotter", "strang"] * 2
    kinds += ["reversible", "leapfrog", "momentum", "sphere", "token-rms"]
    kind = str(rng.choice(kinds))
    if kind == "sphere":
        return kind, {"kind": "sphere"}, {}
    if kind == "token-rms":
        floor = Fraction(str(rng.choice(["1/2", "2"])))
        return "step", {"kind": kind, "floor": floor}, {}
    square = Fraction(str(rng.choice(RADII_SQUARED)))
    on_ball = kind in COMPOSITIONS and rng.random() < 0.5
    domain = {"kind": "ball", "radius_squared": square} if on_ball else {"kind": "all"}
    scheme = {}
    if kind == "leapfrog":
        scheme = {"frequency": Fraction(str(rng.choice(["1/2", "1", "3"])))}
    if kind == "momentum":
        scheme = {"gamma": Fraction(str(rng.choice(["1/10", "1/2", "9/10"])))}
    return kind, domain, scheme


def _record(rng: Generator, domain: Mapping[str, Any]) -> dict[str, Any]:
    if domain["kind"] == "token-rms":
        return _attention(rng, "attention", "rms")
    if domain["kind"] == "all":
        return _everywhere(rng)
    return _on_a_ball(rng)


def _metric(rng: Generator, records: list[dict[str, Any]]) -> str:
    """The metric in which a theorem speaks about the fields."""
    kinds = {record["kind"] for record in records}
    if "sinkhorn-attention" in kinds:
        return "frobenius"
    if kinds <= set(TOKEN_WISE):
        return str(rng.choice(["token-max", "frobenius"]))
    return "token-max"


def drawn(rng: Generator) -> Design:
    """A design with every number drawn."""
    layer, domain, scheme = _layer(rng)
    composed = layer in COMPOSITIONS and domain["kind"] != "token-rms"
    euler = integrators.get(EULER)
    count = 1 if layer in ("step", "leapfrog", "momentum", "sphere") else 2
    records = [_record(rng, domain) for _ in range(count)]
    method = integrators.get(str(rng.choice(METHODS))) if composed else euler
    branches = tuple(
        Branch(
            field=record,
            scale=StepSize(
                Fraction(str(rng.choice(["1", "1", "1/2"]))), bool(rng.random() < 0.2)
            ),
            leak=Fraction(str(rng.choice(["0", "0", "1/2", "1", "4"])))
            if composed
            else Fraction(0),
            method=method,
        )
        for record in records
    )
    return Design(
        name="drawn",
        branches=branches,
        layer=layer,
        scheme=scheme,
        step=StepSize(
            Fraction(str(rng.choice(["1/24", "1/4", "1/2", "1"]))),
            bool(rng.random() < 0.4),
        ),
        depth=int(rng.integers(1, 5)),
        domain=domain,
        metric=_metric(rng, records),
    )


def design(rng: Generator, folder: Path, *, traps: bool) -> Path:
    """A certificate of one design; with traps, of its largest steps by any method."""
    described = drawn(rng)
    with declining(), preferred(rng, traps=traps):
        rows = largest_steps(described) if traps else []
        found = rows[rng.integers(len(rows))].answer if rows else answer(described)
    if not found.chain.length:
        raise Declined("no theorem speaks about this design")
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "certificate.json"
    write_text(path, json.dumps(found.chain.document("a drawn design", {})))
    return path
