r"""Rules for attention with rotary positions or a soft cap on a tube.

The bounds factor over the heads: see `heads.factored`.  Turned queries and keys move
by as much as plain ones, because turns are orthogonal; a cap multiplies the slopes of a
score by $t_{ij} \in (0, 1]$.  With $\rho_i = s\max_j(\bar t_{ij}\epsilon\lVert
W_K\rVert + \Delta t_{ij}|k_j|)$ the rows $s\,t_{ij}k_j$ of token i move by at most
$\rho_i$ in the tube.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flint import arb

from stabcheck.checker.arithmetic.balls import largest, nonnegative_norm, root
from stabcheck.checker.fields.scored_attention import KIND
from stabcheck.checker.heads.factored import Parts, decide_head_factored
from stabcheck.checker.heads.local import largest_gram
from stabcheck.checker.heads.scored import (
    ScoredCentre,
    ScoredTube,
    scored_centres,
    scored_tube,
)
from stabcheck.checker.rules import rule

if TYPE_CHECKING:
    from stabcheck.checker.context import Context

Table = list[list[arb]]


def _values(head: ScoredCentre, tube: ScoredTube, radius: arb) -> list[arb]:
    """Bound the deviation of the values in the tube, row by row."""
    return [
        root(ratio) * sigma + radius * head.norms.value
        for ratio, sigma in zip(tube.weights.ratio, head.value_deviation, strict=True)
    ]


def _moved_keys(head: ScoredCentre, tube: ScoredTube, radius: arb) -> list[arb]:
    """Bound rho: how far the rows s t_ij k_j move, row by row."""
    reach = radius * head.norms.key
    return [
        head.scale
        * largest(
            tube.slope[i][j] * reach + tube.turn[i][j] * head.key_length[j]
            for j in keys
        )
        for i, keys in enumerate(head.admissible)
    ]


def _masses(factors: list[arb], weights: Table, slopes: Table) -> Table:
    """The entries f_i^2 w_ij t_ij^2, listed by column j."""
    tokens = range(len(factors))
    return [
        [
            factors[i] * factors[i] * weights[i][j] * slopes[i][j] * slopes[i][j]
            for i in tokens
        ]
        for j in tokens
    ]


def _along_queries(head: ScoredCentre, masses: Table) -> arb:
    """Bound max_j sqrt(lambda_max(s^2 sum_i mass_ij q_i q_i^T))."""
    worst = largest(largest_gram(head.at.query, column) for column in masses)
    return head.scale * root(worst)


def _moved_query(head: ScoredCentre, masses: Table, radius: arb) -> arb:
    """Bound s eps |W_Q| max_j sqrt(sum_i mass_ij)."""
    most = largest(sum(column, arb(0)) for column in masses)
    return head.scale * radius * head.norms.query * root(most)


def _norm_parts(head: ScoredCentre, radius: arb) -> Parts:
    """Bound a_h, e_h, d_h at every state of the tube."""
    tube = scored_tube(head, radius)
    values, moved = _values(head, tube, radius), _moved_keys(head, tube, radius)
    mixing = nonnegative_norm(tube.weights.upper).min(
        nonnegative_norm(head.weight) + nonnegative_norm(tube.weights.change)
    )
    masses = _masses(values, tube.weights.upper, tube.slope)
    keys = _along_queries(head, masses) + _moved_query(head, masses, radius)
    queries = largest(
        sigma * (root(ratio) * tau + rho)
        for sigma, ratio, tau, rho in zip(
            values, tube.weights.ratio, head.key_deviation, moved, strict=True
        )
    )
    return mixing, keys, queries


def _deviation_parts(head: ScoredCentre, radius: arb) -> Parts:
    r"""Bound a_h, e_h, d_h for the change of the Jacobian.

    As in `attention-jacobian-deviation-tube`; the change $\psi' - \psi$ has one more
    term where the slopes of the cap turn.
    """
    tube = scored_tube(head, radius)
    values, moved = _values(head, tube, radius), _moved_keys(head, tube, radius)
    factors, queries = [], []
    for ratio, kappa, sigma, tau, inflated, rho in zip(
        tube.weights.ratio,
        tube.weights.distortion,
        head.value_deviation,
        head.key_deviation,
        values,
        moved,
        strict=True,
    ):
        grown = root(ratio) * radius * head.norms.value
        factors.append(grown + kappa * sigma)
        queries.append(kappa * sigma * tau + grown * tau + inflated * rho)
    upper = tube.weights.upper
    keys = _along_queries(head, _masses(factors, head.weight, head.at.slope))
    keys = keys + _moved_query(head, _masses(values, upper, tube.slope), radius)
    if head.cap is not None:
        keys = keys + _along_queries(head, _masses(values, upper, tube.turn))
    return nonnegative_norm(tube.weights.change), keys, largest(queries)


def _head_factored(
    ctx: Context, claim: dict, premises: list[dict], quantity: str
) -> None:
    bound_parts = _norm_parts if quantity == "spectral-norm" else _deviation_parts

    def parts_of(index: int, centre: str, radius: arb) -> list[Parts]:
        heads = scored_centres(ctx, index, centre)
        return [bound_parts(head, radius) for head in heads]

    decide_head_factored(ctx, claim, premises, quantity, KIND, parts_of)


@rule("scored-attention-norm-tube")
def scored_attention_norm_tube(ctx: Context, claim: dict, premises: list[dict]) -> None:
    """Check sup over the tube of the spectral norm of the Jacobian."""
    _head_factored(ctx, claim, premises, "spectral-norm")


@rule("scored-attention-deviation-tube")
def scored_attention_deviation_tube(
    ctx: Context, claim: dict, premises: list[dict]
) -> None:
    """Check sup over the tube of the distance of the Jacobian from the centre's."""
    _head_factored(ctx, claim, premises, "jacobian-deviation")
