"""From a declared field and its arrays to the field whose bounds are known.

The names of a declaration say what it is: `causal-rotary-attention` is attention with
scores of its own, `swiglu-feed-forward` a gated field, linear attention is none.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from stabcheck.bounds.gated_feed_forward import GatedFeedForward
from stabcheck.bounds.parameters import Attention
from stabcheck.bounds.rotary import Rotary
from stabcheck.bounds.scored_attention import ScoredAttention
from stabcheck.bounds.token_wise import FeedForward, LayerNorm, RMSNorm
from stabcheck.errors import InvalidInput

if TYPE_CHECKING:
    from stabcheck.symbolic import Field as DeclaredField

KINDS: dict[str, type] = {
    "attention": Attention,
    "scored-attention": ScoredAttention,
    "feed-forward": FeedForward,
    "gated-feed-forward": GatedFeedForward,
    "layer-norm": LayerNorm,
    "rms-norm": RMSNorm,
}
"""The fields with concrete weights, by their kinds in a certificate."""

PLAIN_WORDS = {"causal", "masked", "biased", "grouped-query"}
"""What may stand before `attention` in a name: the class has all of it."""
SCORE_WORDS = {"rotary", "soft-capped"}
GATED = {"swiglu-feed-forward": "silu", "geglu-feed-forward": "gelu"}
PER_HEAD = {"W_Q": 2, "W_K": 2, "W_V": 2, "b_Q": 1, "b_K": 1, "b_V": 1}
"""How many axes an array has for one head."""
PER_GROUP = ("W_K", "W_V", "b_K", "b_V")


def kind_of(field: DeclaredField) -> str | None:
    """The kind of a declaration; none where its bounds are not known."""
    if field.parts:
        return None
    if field.name in GATED:
        return "gated-feed-forward"
    if field.name in ("feed-forward", "layer-norm", "rms-norm"):
        return field.name
    before, found, after = field.name.rpartition("attention")
    words = _words(before)
    if not found or after or not words <= PLAIN_WORDS | SCORE_WORDS:
        return None
    return "scored-attention" if words & SCORE_WORDS else "attention"


def _words(text: str) -> set[str]:
    """The words of a name; two of them are pairs."""
    for pair in ("grouped-query", "soft-capped"):
        text = text.replace(pair, pair.replace("-", " "))
    return {word.replace(" ", "-") for word in text.split("-") if word}


def with_weights(part: DeclaredField, parameters: Mapping[str, Any]) -> Any:
    """A declared field of a known kind with its arrays.

    **Raises:** `InvalidInput` for a parameter that is missing or misshapen.
    """
    needed = [p.name for p in part.parameters if getattr(p, "default", None) is None]
    missing = sorted(set(needed) - set(parameters))
    if missing:
        raise InvalidInput(
            f"asked for {part.name} without {', '.join(missing)}; give all of "
            f"{', '.join(needed)}"
        )
    names = {p.name for p in part.parameters} & set(parameters)
    given = {name: parameters[name] for name in names}
    kind = kind_of(part)
    if kind == "gated-feed-forward":
        return GatedFeedForward(**given, activation=part.settings["activation"])
    if kind in ("attention", "scored-attention"):
        return _attention(part, given)
    return KINDS[kind](**given)


def _attention(part: DeclaredField, given: dict[str, Any]) -> Any:
    settings = part.settings
    base, theta, cap = (given.pop(name, None) for name in ("base", "theta", "cap"))
    given = {name: _with_heads(name, value) for name, value in given.items()}
    if settings.get("groups"):
        members = settings["heads"] // settings["groups"]
        given |= {
            name: _repeated(name, given[name], settings["groups"], members)
            for name in PER_GROUP
            if name in given
        }
    made = Attention(**given, causal=settings["causal"])
    if settings["heads"] != made.heads:
        raise InvalidInput(
            f"asked for attention with {settings['heads']} heads, found weights of "
            f"{made.heads}"
        )
    rotary = None
    if settings.get("rotary"):
        base = 10000 if base is None and theta is None else base
        rotary = Rotary(settings["rotary"], base=base, frequencies=theta)
    if rotary is None and cap is None:
        return made
    return ScoredAttention(made, rotary, cap)


def _with_heads(name: str, value: Any) -> Any:
    array = np.asarray(value) if name in PER_HEAD else value
    return array[None] if np.ndim(array) == PER_HEAD.get(name) else array


def _repeated(name: str, value: Any, groups: int, members: int) -> np.ndarray:
    """Keys or values of every group, once for each of its heads of queries."""
    array = np.asarray(value)
    if array.shape[:1] != (groups,):
        raise InvalidInput(
            f"asked for attention in {groups} groups, found {name} of shape "
            f"{array.shape}; its first axis has the groups"
        )
    return np.repeat(array, members, axis=0)
