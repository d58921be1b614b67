r"""Whether concrete weights lie inside a design's family: verified norms against caps.

Weights are binary fractions: each norm is bounded in exact arithmetic (lemma
`trace-power-norm`), and a tie holds exactly or not at all.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from stabcheck.certify.designs.description import Branch, Design
from stabcheck.errors import InvalidInput
from stabcheck.parametrisations import certified_attention, certified_norm

LAYER = re.compile(r"layers\.(\d+)\.(.+)")
Arrays = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Measured:
    """One cap: its name, its number and the verified bound of the weights' norm."""

    layer: str
    name: str
    cap: Fraction
    bound: Fraction | None
    note: str = ""

    @property
    def holds(self) -> bool:
        """Whether the weights lie within the cap, as far as the bound shows."""
        return self.bound is not None and self.bound <= self.cap

    def to_json(self) -> dict[str, Any]:
        """The entry that `design check --json` prints."""
        return {
            "layer": self.layer,
            "cap": self.name,
            "allowed": float(self.cap),
            "verified": None if self.bound is None else float(self.bound),
            "holds": self.holds,
            "note": self.note,
        }


def read_weights(path: Path) -> dict[str, dict[str, np.ndarray]]:
    """The arrays of an `.npz` by layer: `layers.3.W_Q` is layer 3, `W_Q` is layer 0.

    **Raises:** `InvalidInput` for what is no such file, or holds no numbers.
    """
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
    except (OSError, ValueError) as error:
        raise InvalidInput(f"asked for the weights {path}: {error}") from error
    layers: dict[str, dict[str, np.ndarray]] = {}
    for name, array in arrays.items():
        if array.dtype.kind not in "iuf" or not np.isfinite(array).all():
            raise InvalidInput(
                f"asked for the weights {path}, found {name} of type {array.dtype}; "
                "give finite numbers"
            )
        match = LAYER.fullmatch(name)
        layer, key = (match[1], match[2]) if match else ("0", name)
        layers.setdefault(layer, {})[key] = array
    return layers


def measure(design: Design, path: Path) -> list[Measured]:
    """Every cap of the design against the weights of every layer in a file."""
    layers = read_weights(path)
    if not layers:
        raise InvalidInput(f"asked for the weights {path}, found no array in it")
    if len(layers) not in (1, design.depth):
        raise InvalidInput(
            f"asked to check {design.depth} layers of {design.name}, found weights of "
            f"{len(layers)} in {path}; give one set for all, or one for each"
        )
    found = []
    for layer, arrays in sorted(layers.items(), key=lambda item: int(item[0])):
        for branch in design.branches:
            found += _measure_branch(path, layer, branch, arrays)
        found += _uncovered(layer, design, arrays)
    return found


def _uncovered(layer: str, design: Design, arrays: Arrays) -> list[Measured]:
    """Arrays that the family does not have, unless they are zero."""
    known: set[str] = set()
    for branch in design.branches:
        kind = branch.field["kind"]
        known |= {*MEASURES[kind][0], *FREE.get(kind, ())}
        known |= {"mask", "bias"} if branch.field.get("mask") == "any" else set()
        if kind in ATTENTIONS and branch.field["normalisation"] != "soft":
            known -= SHIFTS
    note = "no cap of the design covers this array"
    return [
        Measured(layer, name, Fraction(0), None, note)
        for name, array in sorted(arrays.items())
        if name not in known and np.any(array)
    ]


def _measure_branch(
    path: Path, layer: str, branch: Branch, arrays: Arrays
) -> list[Measured]:
    kind = branch.field["kind"]
    if kind not in MEASURES:
        raise InvalidInput(
            f"asked to check weights of {kind}; supported: {', '.join(MEASURES)}"
        )
    needed, measures = MEASURES[kind]
    missing = [name for name in needed if name not in arrays]
    if missing:
        raise InvalidInput(
            f"asked {path} for {missing[0]} of layer {layer}, found "
            f"{', '.join(sorted(arrays)) or 'nothing'}"
        )
    shapes = [name for name in needed if arrays[name].ndim != RANKS.get(name, 2)]
    if shapes:
        raise InvalidInput(
            f"asked {path} for {shapes[0]} with {RANKS.get(shapes[0], 2)} axes, found "
            f"the shape {arrays[shapes[0]].shape}"
        )
    found = [
        Measured(layer, name, branch.field[name], measure_of(arrays))
        for name, measure_of in measures.items()
    ]
    tie = branch.field.get("tie", "none")
    return [*found, _tie(layer, tie, arrays)] if tie != "none" else found


def _query_key(arrays: Arrays) -> Fraction:
    return certified_attention(_with_output(arrays)).query_key


def _value(arrays: Arrays) -> Fraction:
    return certified_attention(_with_output(arrays)).value


def _with_output(arrays: Arrays) -> dict[str, Any]:
    """Attention's weights; without `W_O` one head gives its values as they are."""
    found: dict[str, Any] = {k: arrays[k] for k in ("W_Q", "W_K", "W_V")}
    if "scale" in arrays:
        found["scale"] = float(arrays["scale"])
    found["W_O"] = arrays.get("W_O", np.eye(arrays["W_V"].shape[2]))
    return found


def _norm(name: str) -> Callable[[Arrays], Fraction]:
    return lambda arrays: certified_norm(arrays[name])


ATTENTION = (
    ("W_Q", "W_K", "W_V"),
    {"query_key_norm": _query_key, "value_norm": _value},
)
MEASURES: dict[
    str, tuple[tuple[str, ...], Mapping[str, Callable[[Arrays], Fraction]]]
] = {
    "attention": ATTENTION,
    "sinkhorn-attention": ATTENTION,
    "feed-forward": (
        ("W_1", "W_2"),
        {"in_norm": _norm("W_1"), "out_norm": _norm("W_2")},
    ),
    "gradient-feed-forward": (("W",), {"matrix_norm": _norm("W")}),
    "antisymmetric-feed-forward": (("K",), {"matrix_norm": _norm("K")}),
}
"""Per kind: the arrays that are needed, and the norm that each cap is about."""
ATTENTIONS = ("attention", "sinkhorn-attention")
SHIFTS = {"b_V", "b_O"}
"""Biases that move values: no distance changes, but a ball may be left."""
FREE = {
    "attention": ("W_O", "scale", "b_K", *SHIFTS),
    "sinkhorn-attention": ("W_O", "scale", "b_K", *SHIFTS),
    "feed-forward": ("b_1", "b_2"),
    "gradient-feed-forward": ("b",),
    "antisymmetric-feed-forward": ("b",),
}
"""Arrays of each kind that no cap is about: b_K adds the same to all logits of a row.

A bias of the queries is none of them: it acts like a token of its own.
"""
RANKS = {"W_Q": 3, "W_K": 3, "W_V": 3}


def _tie(layer: str, tie: str, arrays: Arrays) -> Measured:
    r"""Whether $V_h = -\kappa A_h^T$ exactly: values are keys, outputs queries."""
    W_Q, W_K, W_V = (arrays[name] for name in ("W_Q", "W_K", "W_V"))
    reasons = []
    if tie == "convex" and not np.array_equal(W_Q, W_K):
        reasons.append("W_Q is not W_K")
    if not np.array_equal(W_V, W_K):
        reasons.append("W_V is not W_K")
    blocks = arrays.get("W_O")
    if blocks is None or not _is_negative_multiple(blocks, W_Q):
        reasons.append("the blocks of W_O are no negative multiple of W_Q'")
    note = "; ".join(reasons)
    bound = None if note else Fraction(0)
    return Measured(layer, f"tie {tie}", Fraction(0), bound, note)


def _is_negative_multiple(W_O: np.ndarray, W_Q: np.ndarray) -> bool:
    """Whether W_O is a number below zero times the heads of W_Q', stacked, exactly."""
    stacked = W_Q.swapaxes(-1, -2).reshape(-1, W_Q.shape[1])
    if stacked.shape != W_O.shape:
        return False
    pairs = [
        (Fraction(float(o)), Fraction(float(q)))
        for o, q in zip(W_O.ravel(), stacked.ravel(), strict=True)
    ]
    ratios = {o / q for o, q in pairs if q != 0}
    zeros = all(o == 0 for o, q in pairs if q == 0)
    return zeros and len(ratios) <= 1 and all(ratio <= 0 for ratio in ratios)
