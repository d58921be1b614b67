r"""Attention, declared: projections, scores, weights, mixing.

$$F(X)_i = \sum_h \sum_k P^h_{ik}\,(W_V^{hT} x_k + b_V^h)\,W_O^h + b_O,$$
$$P^h_i = \operatorname{softmax}_k\; s\,(W_Q^{hT} x_i + b_Q^h) \cdot
(W_K^{hT} x_k + b_K^h)$$

Every variant changes one line: see `variant`, `scores`, `vectors`, `weights`.
"""

from __future__ import annotations

from typing import Any

from sympy import Expr, S

from stabcheck.errors import InvalidInput
from stabcheck.fields.heads import Heads, heads_of, kappa
from stabcheck.fields.notation import X, a, b_O, i, k, mask_tensor
from stabcheck.fields.options import checked_count, checked_flag
from stabcheck.fields.scores import SCORES, admissible, cap, capped, penalty, slopes
from stabcheck.fields.variant import Variant, variant_of
from stabcheck.fields.vectors import (
    base,
    frequencies,
    gains,
    normalised,
    normalised_values,
    rotated,
    theta,
    value_scale,
    vector_epsilon,
)
from stabcheck.fields.weights import (
    balanced,
    doubly_stochastic,
    features,
    offset,
    sigmoids,
    sinks,
    softmax,
)
from stabcheck.symbolic import Declaration, Field, Index, Tensor


def attention(
    *,
    heads: int = 1,
    causal: bool = False,
    mask: bool = False,
    bias: bool | str = False,
    biases: bool = False,
    output: bool = True,
    **options: Any,
) -> Field:
    r"""Multi-head attention and its variants.

    **Arguments:** `heads`, how many; `causal`, whether a token sees only itself and
    earlier ones; `mask`, whether a parameter `mask` `(n, n)` of zeros and ones says
    what a token sees; `bias`, whether a parameter `bias` is added to the logits:
    `True` for `(n, n)`, `"head"` for `(H, n, n)`; `biases`, whether the projections
    have biases `b_Q`, `b_K` `(H, d_k)`, `b_V` `(H, d_v)`, `b_O` `(d,)`; `output`,
    whether there is a `W_O` `(H d_v, d)`; without it one head with `d_v = d`;
    `options`, those of `Variant`.

    **Returns:** a field with parameters `W_Q`, `W_K` `(H, d, d_k)`, `W_V` `(H, d, d_v)`
    and `scale`, which is `1/sqrt(d_k)` unless given; with groups `W_K`, `W_V` and
    their biases have `G` heads.

    **Raises:** `InvalidInput`.
    """
    settings = {
        "heads": checked_count("attention", "heads", heads),
        "causal": checked_flag("attention", "causal", causal),
        "mask": checked_flag("attention", "mask", mask),
        "bias": "head" if bias == "head" else checked_flag("attention", "bias", bias),
        "biases": checked_flag("attention", "biases", biases),
        "output": checked_flag("attention", "output", output),
    }
    variant = variant_of(options)
    _refuse(settings, variant)
    layout = heads_of(
        heads=heads, groups=variant.groups, rotary=variant.rotary, output=output
    )
    name = _name(settings, variant)
    parameters = _parameters(layout, settings, variant)
    F = Declaration(name, X, parameters, **settings, **variant.chosen)
    if variant.tie:
        return _tied(F, layout, settings, variant)
    q, key, value = layout.projected(F, biases=biases)
    q, key, value = _prepared(F, layout, variant, q, key, value)
    P = _weights(F, layout, settings, variant, q, key)
    mean = layout.mixed(P, value, consensus=variant.consensus)
    return F.returns((i, a), mean + int(biases) * b_O[a], sizes=layout.sizes)


def _tied(
    F: Declaration, heads: Heads, settings: dict[str, Any], variant: Variant
) -> Field:
    """The field whose values are the keys, brought back by the map of the queries."""
    q, *keys = heads.projected(F, names="q" if variant.tie == "gram" else "qk")
    key = keys[0] if keys else q
    P = _weights(F, heads, settings, variant, q, key)
    return F.returns((i, a), heads.descending(P, key), sizes=heads.sizes)


def _prepared(
    F: Declaration,
    heads: Heads,
    variant: Variant,
    q: Tensor,
    key: Tensor,
    value: Tensor,
) -> tuple[Tensor, ...]:
    """Queries, keys and values as they are compared and averaged."""
    if variant.qk_norm:
        q, key = normalised(F, heads, variant.qk_norm, q, key)
    if variant.value_norm:
        value = normalised_values(F, heads, value)
    if variant.rotary:
        angles = theta if variant.frequencies else frequencies(F)
        q, key = rotated(F, heads, angles, q, key)
    return q, key, value


def _weights(
    F: Declaration,
    heads: Heads,
    settings: dict[str, Any],
    variant: Variant,
    q: Tensor,
    key: Tensor,
) -> Tensor:
    seen = {"causal": settings["causal"], "mask": settings["mask"]}

    def sees(at: Index) -> Expr:
        return admissible(at, window=variant.window, **seen)

    def score(at: Index) -> Expr:
        compare = SCORES.get(variant.score, variant.score)
        own, other = q[(*heads.query, i, *w)], key[(*heads.key, at, *w)]
        return heads.scale.symbol * compare(own, other, w)

    def logit(at: Index) -> Expr:
        s = score(at) if named is None else named[(*heads.query, i, at)]
        s = capped(s) if variant.softcap else s
        s = s + penalty(heads, at) if variant.alibi else s
        B = _bias(heads, settings)
        return s + B[(*B.indices[:-1], at)] if settings["bias"] else s

    w, named = heads.width, None
    if variant.weights == "linear":
        return features(F, heads, q, key, sees)
    if variant.softcap or variant.weights == "sigmoid":
        named = F.let("s", (*heads.query, i, k), score(k))
    if variant.weights == "sigmoid":
        return sigmoids(F, heads, logit, sees)
    if variant.weights == "sinkhorn" and not variant.iterations:
        return doubly_stochastic(F, heads, logit)
    sink = {False: S.NegativeInfinity, "zero": S.Zero}.get(variant.sink)
    sink = sinks(heads)[heads.query] if sink is None else sink
    P = softmax(F, heads, logit, sees, sink)
    return balanced(F, P, variant.iterations) if variant.iterations else P


def _bias(heads: Heads, settings: dict[str, Any]) -> Tensor:
    axes = (*heads.query, i, k) if settings["bias"] == "head" else (i, k)
    return Tensor("bias", axes)


def _parameters(
    heads: Heads, settings: dict[str, Any], variant: Variant
) -> tuple[Any, ...]:
    """Every parameter that some line may name; the declaration keeps those named."""
    return (
        *heads.parameters[:-1],
        mask_tensor,
        _bias(heads, settings),
        slopes(heads),
        *gains(heads),
        vector_epsilon,
        value_scale,
        *((theta,) if variant.frequencies else (base,)),
        cap,
        offset,
        sinks(heads),
        *variant.parameters,
        kappa,
        heads.scale,
    )


def _name(settings: dict[str, Any], variant: Variant) -> str:
    words = {"causal": "causal", "mask": "masked", "biases": "biased"}
    chosen = [word for key, word in words.items() if settings[key]]
    return "-".join([*chosen, *variant.words, "attention"])


def _refuse(settings: dict[str, Any], variant: Variant) -> None:
    """Refuse options that say nothing beside the others."""
    heads, groups = settings["heads"], variant.groups
    if heads > 1 and not settings["output"]:
        raise InvalidInput(
            f"asked for attention with {heads} heads and no W_O, found nothing that "
            "brings the heads together; leave output=True"
        )
    if groups is not None and heads % groups:
        raise InvalidInput(
            f"asked for attention with {heads} heads in {groups} groups, found that "
            "they do not divide evenly; give a divisor of the heads"
        )
    if variant.tie and (settings["biases"] or not settings["output"]):
        raise InvalidInput(
            "asked for attention with tied values and biases or without W_O, found "
            "that its only weights are those of queries and keys; leave it out"
        )
    if variant.weights == "linear" and (settings["bias"] or settings["mask"]):
        raise InvalidInput(
            "asked for attention with linear weights and a bias or mask of logits, "
            "found that linear weights have none; leave it out"
        )
    if variant.weights == "sinkhorn" and (settings["causal"] or settings["mask"]):
        raise InvalidInput(
            "asked for attention with sinkhorn weights and a mask, found that few "
            "masks leave doubly stochastic weights; leave it out"
        )
