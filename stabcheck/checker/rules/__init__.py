"""The rules, one a theorem id; a module of rules is loaded when a claim needs it.

Lazy loading keeps numpy out of the process until a claim asks for the float64 tier.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stabcheck.checker.context import Context

Rule = Callable[["Context", dict, list[dict]], None]

RULES: dict[str, Rule] = {}
"""Rules by theorem id; filled by the modules as they are loaded."""

MODULES: dict[str, tuple[str, ...]] = {
    "point": ("spectral-norm-psd", "log-norm-psd", "tube-from-centre"),
    "inclusion": ("domain-inclusion",),
    "split": ("domain-split",),
    "pencil": ("attention-pencil",),
    "joint_tube": ("attention-log-norm-tube", "attention-norm-joint-tube"),
    "budget": ("attention-norm-budget", "attention-log-norm-budget"),
    "mixed_norm_tube": ("attention-mixed-norm-tube",),
    "attention": ("attention-norm-tube", "attention-jacobian-deviation-tube"),
    "scored_attention": (
        "scored-attention-norm-tube",
        "scored-attention-deviation-tube",
    ),
    "scored_ball": ("scored-attention-ball",),
    "gated_feed_forward": ("gated-feed-forward-deviation-tube",),
    "feed_forward": ("feed-forward-tube", "feed-forward-deviation-tube"),
    "normalisation": (
        "layer-norm-tube",
        "rms-norm-tube",
        "layer-norm-deviation-tube",
    ),
    "attained": ("attained",),
    "blocks": ("pre-norm-block", "pre-norm-deviation"),
    "steps": (
        "euler-growth",
        "euler-shrink",
        "explicit-runge-kutta-crude",
        "explicit-runge-kutta-energy",
        "backward-euler-growth",
        "implicit-midpoint-growth",
        "circle-contractivity",
    ),
    "step_lmi": ("runge-kutta-growth-lmi", "runge-kutta-shrink-lmi"),
    "depth": ("depth-product", "splitting-growth", "layer-norm-kernel"),
    "families": (
        "attention-mixed-norm-ball",
        "attention-norm-ball",
        "attention-norm-ball-masked",
        "attention-log-norm-ball",
    ),
    "mixed_depth": ("family-euler-mixed", "depth-mixed-norm"),
    "stability_facts": (
        "stability-function-rational",
        "order-by-rooted-trees",
        "axis-interval-by-sturm",
        "disc-in-stability-region",
        "a-stability-by-e-polynomial",
        "circle-contractivity-radius",
        "algebraic-stability",
        "absolute-monotonicity-by-resolvent",
    ),
    "multistep_facts": (
        "multistep-order-conditions",
        "root-condition-in-half-plane",
        "multistep-wedge",
    ),
    "one_leg": ("one-leg-g-norm",),
    "frozen": ("momentum-schur-cohn",),
    "designs.scores": (
        "rotary-attention-norm",
        "soft-cap-attention-norm",
        "sigmoid-attention-norm",
        "qk-norm-attention-norm",
    ),
    "designs.fields": (
        "attention-mixed-norm-family",
        "rms-pre-norm-mixed-norm",
        "soft-pre-norm-mixed-norm",
        "tied-negative-mixed-log-norm",
        "sinkhorn-attention-norm",
        "sinkhorn-tied-log-norm",
        "convex-sinkhorn-energy",
        "cosine-attention-norm",
        "kim-l2-mixed-norm",
    ),
    "designs.token_wise": (
        "hopfield-monotone",
        "feed-forward-family",
        "gradient-feed-forward-spectrum",
        "antisymmetric-feed-forward-log-norm",
    ),
    "designs.steps": (
        "leak-comparison",
        "monotone-step-contractivity",
        "leak-circle-contractivity",
    ),
    "designs.one_stage": (
        "row-wise-euler",
        "backward-euler-comparison",
        "implicit-midpoint-comparison",
    ),
    "designs.schemes": (
        "splitting-products",
        "reversible-two-stream",
        "leapfrog-comparison",
        "momentum-comparison",
        "sphere-step",
        "token-rms-recursion",
    ),
    "designs.depth": (
        "design-depth-product",
        "design-every-depth",
        "design-ball-reach",
    ),
    "float64": ("psd-floating-point-cholesky", "depth-point"),
    "norm_wise": ("depth-tube-norm-wise",),
    "deep": (
        "depth-tube-first-order",
        "depth-tube-coupled",
        "depth-tube-inverse",
        "depth-tube-inverse-coupled",
    ),
}
THEOREMS: dict[str, str] = {
    theorem: module for module, names in MODULES.items() for theorem in names
}
"""The module of each theorem: the complete list of what the checker can decide."""


def rule(theorem: str) -> Callable[[Rule], Rule]:
    """Register a function as the rule of a theorem."""

    def register(function: Rule) -> Rule:
        if theorem not in THEOREMS:
            raise LookupError(f"the rule {theorem} is missing from the list of rules")
        RULES[theorem] = function
        return function

    return register


def rule_of(theorem: str) -> Rule:
    """The rule of a theorem id that the document's validation has admitted."""
    if theorem not in RULES:
        import_module(f"stabcheck.checker.rules.{THEOREMS[theorem]}")
    return RULES[theorem]
