"""A design in words: its statement, the scaling of its step, its recipes."""

from __future__ import annotations

from fractions import Fraction

from stabcheck.certify.designs.answers import Answer
from stabcheck.certify.designs.description import Branch, Design
from stabcheck.certify.designs.formatting import digits

LAYERS = {
    "step": "a step",
    "lie-trotter": "steps one after the other",
    "strang": "half steps around a whole one",
    "reversible": "a reversible pair of streams",
    "leapfrog": "a leapfrog pair of streams",
    "momentum": "a momentum residual",
    "sphere": "a step and the projection to the unit sphere",
}
DOMAINS = {
    "all": "all states",
    "ball": "all states with |x_i|^2 <= {radius_squared}",
    "sphere": "all states on the unit sphere",
    "token-rms": "all states with token rms >= {floor}",
}


def statement_of(design: Design) -> str:
    """One sentence: for which weights, states, layers."""
    fields = "; ".join(_field(branch) for branch in design.branches)
    methods = " and ".join(dict.fromkeys(b.method.name for b in design.branches))
    return (
        f"{design.name}: {design.depth} layers, each {LAYERS[design.layer]} of size "
        f"{design.step.text} by {methods}, for every set of weights of {fields}, on "
        f"{DOMAINS[design.domain['kind']].format(**design.domain)}, in the metric "
        f"{design.metric}."
    )


def _field(branch: Branch) -> str:
    words = [
        f"{key} {value}"
        for key, value in branch.field.items()
        if key != "kind" and value is not None
    ]
    leak = f", leak {branch.leak}" if branch.leak else ""
    return f"{branch.field['kind']} ({', '.join(words)}{leak})"


def scaling_of(found: Answer) -> str:
    """How the step has to scale with the depth so that both sides stay bounded."""
    design = found.design
    growth, shrink = found.depth.get("growth"), found.depth.get("shrink")
    if growth is None:
        return "no scaling is known: nothing bounds the growth"
    if found.every_depth:
        upper = digits(found.every_depth["growth"].value, up=True, count=4)
        lower = found.every_depth.get("shrink")
        least = digits(lower.value, up=False, count=4) if lower else ""
        kept = f", shrink >= {least}" if lower else ""
        return (
            f"as the design has it: with steps divided by the depth, growth <= "
            f"{upper}{kept} at every depth from {design.depth} on"
        )
    if design.domain["kind"] == "token-rms":
        return (
            "h = T/L with T below floor / v: growth is a power of 1 - Tv/floor that "
            "blows up there, whatever the depth"
        )
    if growth.value <= 1:
        return (
            "growth <= 1 at any depth with this step; the shrink decays like the power "
            "of one layer's: h = T/L keeps it bounded from below as well"
        )
    if shrink is None:
        return "h = T/L, a step divided by the depth, bounds growth and shrink"
    return "h = T/L, a step divided by the depth, keeps growth and shrink bounded"


ATTENTION = (
    "cap W_Q, W_K, W_V and the blocks of W_O at norm 1 (power iteration in training, "
    "a verified bound after); scale the logits by {scale} in place of 1/sqrt(d_k); "
    "multiply W_O by {value}/H: stabcheck.parametrisations.bounded_attention"
)
TIED = (
    "take W_V = W_K and W_O = -kappa s W_Q' per head: "
    "stabcheck.parametrisations.tied_negative; cap ||A_h|| at {query_key}, and kappa "
    "sum ||A_h|| at {value}"
)
CONVEX = (
    "take W_Q = W_K = W_V = W, W_O = -kappa s W': stabcheck.parametrisations.gram; "
    "cap s ||W||^2 at {query_key} and kappa times it at {value}"
)


def recipes_of(design: Design) -> list[str]:
    """For each field, how to make weights that satisfy its caps."""
    return [f"{branch.field['kind']}: {_recipe(branch)}" for branch in design.branches]


def _recipe(branch: Branch) -> str:
    field = branch.field
    kind = field["kind"]
    if kind in ("attention", "sinkhorn-attention"):
        form = {"negative": TIED, "convex": CONVEX}.get(field["tie"], ATTENTION)
        return form.format(
            scale=_short(field["query_key_norm"]),
            query_key=_short(field["query_key_norm"]),
            value=_short(field["value_norm"]),
        )
    if kind == "feed-forward":
        return (
            f"cap ||W_1|| at {field['in_norm']} and ||W_2|| at {field['out_norm']}: "
            "stabcheck.parametrisations.bounded_feed_forward"
        )
    if kind == "gradient-feed-forward":
        return (
            f"cap ||W|| at {field['matrix_norm']}; the branch is -W' sigma(W x + b): "
            "stabcheck.parametrisations.bounded_gradient_feed_forward"
        )
    if kind == "antisymmetric-feed-forward":
        return f"K = M - M' of norm {field['matrix_norm']}: parametrisations.skew"
    caps = [f"{k} {_short(v)}" for k, v in field.items() if k.endswith("norm")]
    return (
        "cap by spectral norm (stabcheck.parametrisations.capped): "
        f"{', '.join(caps) or 'nothing but the numbers of the field'}"
    )


def _short(value: Fraction) -> str:
    text = str(value)
    return text if len(text) <= 10 else f"{float(value):.6g}"
