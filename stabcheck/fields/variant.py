r"""The variants of attention: options that each change one line of its declaration."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, fields
from typing import Any

from stabcheck.errors import InvalidInput
from stabcheck.fields.options import checked_choice, checked_count, checked_flag
from stabcheck.fields.scores import SCORES, Score
from stabcheck.symbolic import Scalar, Tensor


@dataclass(frozen=True)
class Variant:
    """What distinguishes an attention from plain softmax of dot products.

    `groups`, how many heads of keys and values the heads of queries share; `window`,
    a token sees those less than so many positions away; `alibi`, whether logits fall
    with distance by the parameter `slopes` `(H,)`; `rotary`, `"half"` or
    `"interleaved"`: positions turn queries and keys, in planes of a feature of each
    half or of neighbours; `frequencies`, whether the angles are a parameter `theta`
    `(d_k/2,)` instead of powers of the number `base`; `qk_norm`, `"rms"` (with gains
    `gamma_Q`, `gamma_K` `(d_k,)`) or `"l2"`: queries and keys are normalised, with the
    number `qk_epsilon`; `value_norm`, whether values are too, times the number `nu`;
    `score`, `"dot"`, `"l2"` or a function of a query, a key and the indices of their
    features, whose own `parameters` are named beside it; `softcap`, whether logits
    are kept below the number `cap`; `sink`, `"zero"` or `"head"`: the softmax has one
    more key that is thrown away, with logit 0 or the parameter `sink` `(H,)`;
    `weights`, `"softmax"`, `"sigmoid"`, `"linear"` or `"sinkhorn"`; `iterations`, how
    many of Sinkhorn's, absent: to convergence; `consensus`, whether values are seen
    from the token's own; `tie`, `"negative"`: keys are the values and `W_O` is minus
    the number `kappa` times `scale` and `W_Q` transposed, so that $V = -\\kappa
    A^{\\mathsf T}$ for each head; `"gram"`: so too, and queries are keys, $A = s W W^
    {\\mathsf T}$.
    """

    groups: int | None = None
    window: int | None = None
    alibi: bool = False
    rotary: str | bool = False
    frequencies: bool = False
    qk_norm: str | bool = False
    value_norm: bool = False
    score: str | Score = "dot"
    softcap: bool = False
    sink: str | bool = False
    weights: str = "softmax"
    iterations: int | None = None
    consensus: bool = False
    tie: str | bool = False
    parameters: tuple[Tensor | Scalar, ...] = ()

    def __post_init__(self) -> None:
        for name in ("alibi", "frequencies", "value_norm", "softcap", "consensus"):
            checked_flag("attention", name, getattr(self, name))
        for name in ("groups", "window", "iterations"):
            if getattr(self, name) is not None:
                checked_count("attention", name, getattr(self, name))
        for name, choices in CHOICES.items():
            if not callable(getattr(self, name)):
                checked_choice("attention", name, getattr(self, name), choices)
        _refuse_contradictions(self)

    @property
    def chosen(self) -> dict[str, Any]:
        """The options that differ from plain attention, for the settings of a field."""
        found = {f.name: getattr(self, f.name) for f in fields(self)}
        del found["parameters"]
        if callable(self.score):
            found["score"] = f"{self.score.__name__}-score"
        plain = {f.name: f.default for f in fields(self)}
        return {name: value for name, value in found.items() if value != plain[name]}

    @property
    def words(self) -> list[str]:
        """What a name of the field says of it."""
        spelled = {
            "groups": "grouped-query",
            "window": "sliding-window",
            "alibi": "alibi",
            "rotary": "rotary",
            "qk_norm": "qk-norm",
            "value_norm": "value-norm",
            "softcap": "soft-capped",
            "sink": "sink",
            "consensus": "consensus",
        }
        named = [word for name, word in spelled.items() if name in self.chosen]
        kinds = [self.chosen[n] for n in ("score", "weights") if n in self.chosen]
        ties = {"negative": ["tied"], "gram": ["gram"]}
        return [*ties.get(self.tie, []), *named, *kinds]


CHOICES: dict[str, tuple[str | bool, ...]] = {
    "rotary": (False, "half", "interleaved"),
    "qk_norm": (False, "rms", "l2"),
    "score": tuple(SCORES),
    "sink": (False, "zero", "head"),
    "weights": ("softmax", "sigmoid", "linear", "sinkhorn"),
    "tie": (False, "negative", "gram"),
}

TIED_WEIGHTS = ("softmax", "sinkhorn")
UNTIED = ("groups", "rotary", "qk_norm", "value_norm", "score", "softcap", "sink")
"""Options beside which $A_h$ is no product of two matrices, or no theorem holds."""


def variant_of(options: dict[str, Any]) -> Variant:
    """The variant that some options ask for.

    **Raises:** `InvalidInput` for an option that there is not.
    """
    known = [f.name for f in fields(Variant)]
    for name in options:
        if name not in known:
            near = difflib.get_close_matches(name, known, 3, 0.1)
            raise InvalidInput(
                f"asked for attention with an option {name}, found none of that name; "
                f"nearest: {', '.join(near)}"
            )
    return Variant(**options)


def _refuse_contradictions(variant: Variant) -> None:
    """Refuse options that say nothing beside the others."""
    logits = [n for n in ("alibi", "softcap", "score") if n in variant.chosen]
    softmax = variant.weights == "softmax"
    untied = [n for n in (*UNTIED, "consensus") if n in variant.chosen]
    for fault, reason in (
        (variant.frequencies and not variant.rotary, "frequencies without rotary"),
        (variant.sink and not softmax, f"a sink and {variant.weights} weights"),
        (
            variant.iterations and variant.weights != "sinkhorn",
            f"iterations of {variant.weights} weights",
        ),
        (
            variant.weights == "linear" and logits,
            f"linear weights, which have no logits, and {', '.join(logits)}",
        ),
        (
            variant.weights == "sinkhorn" and variant.window is not None,
            "sinkhorn weights and a window, which leaves no doubly stochastic weights",
        ),
        (variant.parameters and not callable(variant.score), "parameters of no score"),
        (variant.tie and untied, f"tied values and {', '.join(untied)}"),
        (
            variant.tie and variant.weights not in TIED_WEIGHTS,
            f"tied values and {variant.weights} weights",
        ),
    ):
        if fault:
            raise InvalidInput(
                f"asked for attention, found {reason}; leave one of the two out"
            )
