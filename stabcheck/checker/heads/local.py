r"""What an attention head does in a tube, from its values at the centre.

For a head at the centre $X$ (queries with their bias, keys and values centred by the
attention weights, $\tilde v_{ij} = v_j - \sum_k p_{ik} v_k$, $\tilde k_{ij}$ alike):
$\sigma_i$ and $\tau_i$ are the norms of the stacked $\sqrt{p_{ij}}\,\tilde v_{ij}$ and
$s\sqrt{p_{ij}}\,\tilde k_{ij}$, that is the largest standard deviations of value and
scaled key under $p_i$.

Let every token move by at most $\epsilon$.  Up to a constant of the row, which softmax
does not see, the logit $s\,q_i\cdot(k_j + b_K)$ moves by
$s\,\delta_i W_Q\cdot\tilde k_{ij} + s\,q_i\cdot\delta_j W_K
 + s\,\delta_i W_Q W_K^{\mathsf T}\delta_j^{\mathsf T}$, at most
$\eta_{ij} = \epsilon\,(s|W_Q\tilde k_{ij}| + s|W_K q_i|) + \epsilon^2
s\lVert W_Q W_K^{\mathsf T}\rVert$.  So the weight $p_{ij}$ stays between
$p e^{-\eta}/(p e^{-\eta} + \sum_{k\ne j} p_{ik} e^{\eta_{ik}})$ and the same with the
signs exchanged.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flint import arb, arb_mat

from stabcheck.checker.arithmetic.balls import (
    DIRECT_SIZE,
    SQUARINGS,
    gram_bound,
    gram_norm,
    largest,
    root,
    spectral_norm,
)
from stabcheck.checker.fields.attention import (
    HeadState,
    Weights,
    attention_weights,
    head_state,
)

if TYPE_CHECKING:
    from stabcheck.checker.context import Context

__all__ = [
    "HeadGrams",
    "HeadNorms",
    "HeadTube",
    "LocalHead",
    "deviation",
    "head_grams",
    "head_norms",
    "head_tube",
    "largest_gram",
    "local_heads",
    "moved_weights",
    "trace_power_of_product",
]


@dataclass(frozen=True)
class HeadNorms:
    """Norms of W_V, W_K, W_Q and of s W_Q W_K^T, upper bounds as balls."""

    value: arb
    key: arb
    query: arb
    form: arb


@dataclass(frozen=True)
class HeadGrams:
    r"""The Gram matrices $W^{\mathsf T}W$ of W_V, W_K, W_Q: narrow, one a head."""

    value: arb_mat
    key: arb_mat
    query: arb_mat


@dataclass(frozen=True)
class LocalHead:
    """A head at a centre: weights p, query Gram, deviations, logit slopes."""

    norms: HeadNorms
    scale: arb
    admissible: list[list[int]]
    weight: list[list[arb]]
    query: arb_mat
    value_deviation: list[arb]
    key_deviation: list[arb]
    key_slope: list[list[arb]]
    query_slope: list[arb]


@dataclass(frozen=True)
class HeadTube:
    """A head in a tube: bounds of its weights and of their ratios to the centre's."""

    upper: list[list[arb]]
    lower: list[list[arb]]
    change: list[list[arb]]
    ratio: list[arb]
    distortion: list[arb]


def trace_power_of_product(first: arb_mat, second: arb_mat) -> arb:
    r"""Enclose the trace-power bound of $\lVert A B^{\mathsf T}\rVert_2$.

    $A$ and $B$ are (d, k).  The Gram matrix is $A (B^{\mathsf T}B) A^{\mathsf T}$, and
    the trace of its p-th power is that of $(A^{\mathsf T}A\,B^{\mathsf T}B)^p$, which
    is only (k, k).  Never larger than the product of the two norms.
    """
    product = gram_bound(first) * gram_bound(second)
    width = first.ncols()
    if width >= first.nrows() or width > DIRECT_SIZE:
        return product.min(gram_bound(first * second.transpose()))
    power = (first.transpose() * first) * (second.transpose() * second)
    for _ in range(SQUARINGS):
        power = power * power
    value = power.trace()
    for _ in range(SQUARINGS + 1):
        value = root(value)
    return product.min(value)


def head_norms(ctx: Context, index: int, head: int) -> HeadNorms:
    """Bound the norms of one head's matrices; kept for the whole run."""
    cached = ctx.cache.get(("head-norms", index, head))
    if cached is not None:
        return cached
    weights = attention_weights(ctx, index)
    matrices = weights.heads[head]
    norms = HeadNorms(
        value=spectral_norm(matrices.value),
        key=spectral_norm(matrices.key),
        query=spectral_norm(matrices.query),
        form=abs(weights.scale) * trace_power_of_product(matrices.query, matrices.key),
    )
    ctx.cache[("head-norms", index, head)] = norms
    return norms


def head_grams(ctx: Context, index: int, head: int) -> HeadGrams:
    """The Gram matrices of one head; kept for the whole run, as every centre asks."""
    key = ("head-grams", index, head)
    if key not in ctx.cache:
        matrices = attention_weights(ctx, index).heads[head]
        ctx.cache[key] = HeadGrams(
            *(
                matrix.transpose() * matrix
                for matrix in (matrices.value, matrices.key, matrices.query)
            )
        )
    return ctx.cache[key]


def deviation(weights: arb_mat, rows: arb_mat, token: int, keys: list[int]) -> arb:
    """Bound the norm of the stacked sqrt(p_ij) (row_j - sum_k p_ik row_k)."""
    weight = [weights[token, j] for j in keys]
    table = rows.tolist()
    chosen = arb_mat([table[j] for j in keys])
    mean = arb_mat(1, len(keys), weight) * chosen
    spread = chosen - arb_mat(len(keys), 1, [arb(1)] * len(keys)) * mean
    scales = arb_mat(len(keys), len(keys))
    for position, p in enumerate(weight):
        scales[position, position] = root(p)
    return gram_bound(scales * spread)


def _key_slopes(
    at: HeadState, query_gram: arb_mat, token: int, scale: arb
) -> list[arb]:
    """Enclose s |W_Q (k_j - mean)| for every j: the logits' slope in token i."""
    tokens = at.key.nrows()
    weight = arb_mat(1, tokens, [at.weight[token, j] for j in range(tokens)])
    mean = weight * at.key
    spread = at.key - arb_mat(tokens, 1, [arb(1)] * tokens) * mean
    form = (spread * query_gram) * spread.transpose()
    return [scale * root(form[j, j]) for j in range(tokens)]


def _local_head(ctx: Context, index: int, head: int, state: arb_mat) -> LocalHead:
    weights: Weights = attention_weights(ctx, index)
    matrices = weights.heads[head]
    at = head_state(weights, matrices, state)
    scale = weights.scale
    absolute = abs(scale)
    tokens = range(state.nrows())
    keys_of = weights.admissible
    grams = head_grams(ctx, index, head)
    query_form = (at.query * grams.key) * at.query.transpose()
    return LocalHead(
        norms=head_norms(ctx, index, head),
        scale=absolute,
        admissible=keys_of,
        weight=at.weight.tolist(),
        query=at.query,
        value_deviation=[deviation(at.weight, at.value, i, keys_of[i]) for i in tokens],
        key_deviation=[
            absolute * deviation(at.weight, at.key, i, keys_of[i]) for i in tokens
        ],
        key_slope=[_key_slopes(at, grams.query, i, absolute) for i in tokens],
        query_slope=[absolute * root(query_form[i, i]) for i in tokens],
    )


def local_heads(ctx: Context, index: int, centre: str) -> list[LocalHead]:
    """Enclose every head of attention field `index` at the centre array."""
    cached = ctx.cache.get(("local-heads", index, centre))
    if cached is not None:
        return cached
    field = ctx.field(index)
    state = ctx.arb_matrix(centre, field["tokens"], field["features"])
    heads = [_local_head(ctx, index, h, state) for h in range(field["heads"])]
    ctx.cache[("local-heads", index, centre)] = heads
    return heads


def head_tube(head: LocalHead, radius: arb) -> HeadTube:
    """Bound a head's attention weights over the tube of the given radius."""
    moves = [
        {
            j: radius * (head.key_slope[i][j] + head.query_slope[i])
            + radius * radius * head.norms.form
            for j in keys
        }
        for i, keys in enumerate(head.admissible)
    ]
    return moved_weights(head.weight, moves)


def moved_weights(weights: list[list[arb]], moves: list[dict[int, arb]]) -> HeadTube:
    """Bound attention weights whose logits move by at most `moves`, row by row.

    A row of `moves` names its admissible keys; a constant of the row does not count.
    """
    tokens = len(weights)
    upper, lower, change, ratio, distortion = [], [], [], [], []
    for weight, row in zip(weights, moves, strict=True):
        grown = {j: move.exp() for j, move in row.items()}
        shrunk = {j: (-move).exp() for j, move in row.items()}
        rest_up = _sums_of_others({j: weight[j] * grown[j] for j in row})
        rest_down = _sums_of_others({j: weight[j] * shrunk[j] for j in row})
        row_upper, row_lower, row_change = ([arb(0)] * tokens for _ in range(3))
        ups, downs = [], []
        for j in row:
            # Divided by e^(+-eta): no infinity meets another.
            up = 1 / (weight[j] + rest_down[j] * shrunk[j])
            down = 1 / (weight[j] + rest_up[j] * grown[j])
            row_upper[j] = weight[j] * up
            row_lower[j] = weight[j] * down
            row_change[j] = (weight[j] * (up - 1)).max(weight[j] * (1 - down))
            ups.append(up)
            downs.append(down)
        upper.append(row_upper)
        lower.append(row_lower)
        change.append(row_change)
        ratio.append(largest(ups))
        distortion.append(largest([*(u - 1 for u in ups), *(1 - v for v in downs)]))
    return HeadTube(upper, lower, change, ratio, distortion)


def _sums_of_others(terms: dict[int, arb]) -> dict[int, arb]:
    """The sums over all other keys, without subtracting: large terms would cancel."""
    result = dict.fromkeys(terms, arb(0))
    for order in (list(terms), list(terms)[::-1]):
        total = arb(0)
        for j in order:
            result[j] = result[j] + total
            total = total + terms[j]
    return result


def largest_gram(rows: arb_mat, weight: list[arb]) -> arb:
    r"""Enclose the trace-power bound of $\sum_i w_i q_i q_i^{\mathsf T}$."""
    tokens, width = rows.nrows(), rows.ncols()
    scales = arb_mat(tokens, tokens)
    for i, entry in enumerate(weight):
        scales[i, i] = root(entry)
    scaled = scales * rows
    if tokens <= width:
        return gram_norm(scaled * scaled.transpose())
    return gram_norm(scaled.transpose() * scaled)
