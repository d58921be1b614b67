r"""Whether concrete weights lie inside a design's family: verified norms against caps.

Weights are binary fractions: each norm is bounded in exact arithmetic (lemma
`trace-power-norm`), and a tie holds exactly or not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from stabcheck.certify.designs.description import Branch, Design
from stabcheck.certify.designs.formatting import digits
from stabcheck.certify.designs.tied import broken_tie, tied_by_kappa
from stabcheck.certify.designs.weights import (
    Arrays,
    check_shapes,
    number,
    read_weights,
)
from stabcheck.errors import InvalidInput
from stabcheck.parametrisations import certified_attention, certified_norm


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
            "verified": None if self.bound is None else _float(self.bound),
            "holds": self.holds,
            "note": self.note,
        }


def _float(value: Fraction) -> float:
    """The nearest float of a bound of any size."""
    return float(digits(value, up=True, count=17))


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
    _check_names(design)
    found = []
    for layer, arrays in sorted(layers.items(), key=lambda item: int(item[0])):
        for branch in design.branches:
            found += _measure_branch(path, layer, branch, arrays)
        found += _uncovered(layer, design, arrays)
    return found


def _check_names(design: Design) -> None:
    """Refuse two branches whose arrays have the same names."""
    kinds = [branch.field["kind"] for branch in design.branches]
    names = [n for kind in kinds for n in MEASURES.get(kind, ((), {}))[0]]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InvalidInput(
            f"asked to check weights of {' and '.join(kinds)}, which both have "
            f"{twice[0]}; one branch of each kind can be checked"
        )


def _uncovered(layer: str, design: Design, arrays: Arrays) -> list[Measured]:
    """Arrays that the family does not have, unless they are zero."""
    known: set[str] = set()
    for branch in design.branches:
        kind = branch.field["kind"]
        known |= {*MEASURES[kind][0], *FREE.get(kind, ())}
        known |= {"mask", "bias"} if branch.field.get("mask") == "any" else set()
        known |= {"kappa"} if branch.field.get("tie", "none") != "none" else set()
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
    kind, tie = branch.field["kind"], branch.field.get("tie", "none")
    if kind not in MEASURES:
        raise InvalidInput(
            f"asked to check weights of {kind}; supported: {', '.join(MEASURES)}"
        )
    needed, measures = MEASURES[kind]
    if tie != "none" and "kappa" in arrays:
        arrays = tied_by_kappa(path, tie, arrays)
    missing = [name for name in needed if name not in arrays]
    if missing:
        raise InvalidInput(
            f"asked {path} for {missing[0]} of layer {layer}, found "
            f"{', '.join(sorted(arrays)) or 'nothing'}"
        )
    check_shapes(path, layer, branch, arrays)
    found = [
        Measured(layer, name, branch.field[name], measure_of(arrays))
        for name, measure_of in measures.items()
    ]
    if kind == "antisymmetric-feed-forward":
        skew = np.array_equal(arrays["K"], -arrays["K"].T)
        note = "" if skew else "K is not -K'"
        found.append(_exactly(layer, "antisymmetry", note))
    if tie != "none":
        found.append(_exactly(layer, f"tie {tie}", broken_tie(tie, arrays)))
    return found


def _exactly(layer: str, name: str, note: str) -> Measured:
    """An equation that holds exactly, or not at all: then a note says why."""
    bound = None if note else Fraction(0)
    return Measured(layer, name, Fraction(0), bound, note)


def _query_key(arrays: Arrays) -> Fraction:
    return certified_attention(_with_output(arrays)).query_key


def _value(arrays: Arrays) -> Fraction:
    found = certified_attention(_with_output(arrays)).value
    if "kappa" not in arrays:
        return found
    return found * number(arrays["kappa"]) * abs(number(arrays["scale"]))


def _with_output(arrays: Arrays) -> dict[str, Any]:
    """Attention's weights; without `W_O` one head gives its values as they are."""
    found: dict[str, Any] = {k: arrays[k] for k in ("W_Q", "W_K", "W_V")}
    if "scale" in arrays:
        found["scale"] = float(arrays["scale"])
    found["W_O"] = arrays.get("W_O", np.eye(arrays["W_V"].shape[2]))
    return found


def _norm(name: str) -> Callable[[Arrays], Fraction]:
    return lambda arrays: certified_norm(arrays[name])


def _beta(arrays: Arrays) -> Fraction:
    beta = number(arrays["beta"])
    if beta < 0:
        raise InvalidInput(
            f"asked for beta of the keys, found {float(beta):.6g}; give a number >= 0, "
            "the design has the sign"
        )
    return beta


def _diameter_squared(arrays: Arrays) -> Fraction:
    """Not less than the largest squared distance of two keys, in floating point."""
    Y = arrays["Y"].astype(np.float64)
    with np.errstate(over="ignore"):
        largest = max(float(((Y - row) ** 2).sum(axis=1).max()) for row in Y)
    if not np.isfinite(largest):
        raise InvalidInput("asked for distances of the keys Y, found one above 1e154")
    # Each of the d terms is off by less than four roundings, their sum by d more.
    return Fraction(largest) * (1 + Fraction(Y.shape[1] + 4, 2**52)) + TINY


TINY = Fraction(1, 10**300)
"""More than what underflow takes from the squares."""
ATTENTION = (
    ("W_Q", "W_K", "W_V"),
    {"query_key_norm": _query_key, "value_norm": _value},
)
MEASURES: dict[
    str, tuple[tuple[str, ...], Mapping[str, Callable[[Arrays], Fraction]]]
] = {
    "attention": ATTENTION,
    "sinkhorn-attention": ATTENTION,
    "cosine-attention": (
        ("W_Q", "W_K", "W_V"),
        {
            "query_norm": _norm("W_Q"),
            "key_norm": _norm("W_K"),
            "value_norm": _norm("W_V"),
        },
    ),
    "l2-attention": (
        ("W", "B"),
        {"feature_norm": _norm("W"), "value_norm": _norm("B")},
    ),
    "hopfield": (
        ("Y", "beta"),
        {"beta": _beta, "diameter_squared": _diameter_squared},
    ),
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
