r"""Rules for one attention field on a tube: norm and deviation of its Jacobian.

Both bounds factor over the heads: see `heads.factored`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flint import arb

from stabcheck.checker.arithmetic.balls import largest, nonnegative_norm, root
from stabcheck.checker.heads.factored import Parts, decide_head_factored
from stabcheck.checker.heads.local import (
    HeadTube,
    LocalHead,
    head_tube,
    largest_gram,
    local_heads,
)
from stabcheck.checker.rules import rule

if TYPE_CHECKING:
    from stabcheck.checker.context import Context


def _value_deviation(head: LocalHead, tube: HeadTube, radius: arb) -> list[arb]:
    """Bound sigma_i in the tube: variance is at most the moment about any centre."""
    return [
        root(ratio) * sigma + radius * head.norms.value
        for ratio, sigma in zip(tube.ratio, head.value_deviation, strict=True)
    ]


def _moved_query(
    head: LocalHead, tube: HeadTube, deviation: list[arb], radius: arb
) -> arb:
    """Bound what the moved queries add: s eps |W_Q| max_j sqrt(sum_i sigma_i^2 p)."""
    tokens = range(len(deviation))
    mass = largest(
        sum((deviation[i] * deviation[i] * tube.upper[i][j] for i in tokens), arb(0))
        for j in tokens
    )
    return head.scale * radius * head.norms.query * root(mass)


def _query_part(head: LocalHead, factors: list[arb], weight: list[list[arb]]) -> arb:
    """Bound max_j sqrt(lambda_max(s^2 sum_i f_i^2 w_ij q_i q_i^T))."""
    tokens = range(len(factors))
    worst = largest(
        largest_gram(
            head.query, [factors[i] * factors[i] * weight[i][j] for i in tokens]
        )
        for j in tokens
    )
    return head.scale * root(worst)


def _norm_parts(head: LocalHead, radius: arb) -> Parts:
    r"""Bound a_h, e_h, d_h at every state of the tube.

    Mixing: $0 \le p' \le \bar p$ entrywise, or the centre plus the change.  Keys:
    $|\operatorname{Cov}_{p'}(v', \psi)| \le \sigma'(E_{p'}\psi^2)^{1/2}$, summed over
    the rows.  Queries: Cauchy-Schwarz for the covariance of value and key.
    """
    tube = head_tube(head, radius)
    deviation = _value_deviation(head, tube, radius)
    mixing = nonnegative_norm(tube.upper).min(
        nonnegative_norm(head.weight) + nonnegative_norm(tube.change)
    )
    keys = _query_part(head, deviation, tube.upper)
    keys = keys + _moved_query(head, tube, deviation, radius)
    queries = largest(
        sigma * (root(ratio) * tau + radius * head.scale * head.norms.key)
        for sigma, ratio, tau in zip(
            deviation, tube.ratio, head.key_deviation, strict=True
        )
    )
    return mixing, keys, queries


def _deviation_parts(head: LocalHead, radius: arb) -> Parts:
    r"""Bound a_h, e_h, d_h for the change of the Jacobian.

    Since $\underline r\,p \le p' \le \bar r\,p$ and a variance is a minimum over
    centres, $|\operatorname{Cov}_{p'} - \operatorname{Cov}_p| \le \kappa
    \operatorname{Cov}_p$ as quadratic forms; and $\operatorname{Cov}_{p'}(v', \psi') -
    \operatorname{Cov}_p(v, \psi)$ is the sum of $\operatorname{Cov}_{p'}(v', \psi' -
    \psi)$, $\operatorname{Cov}_{p'}(v' - v, \psi)$ and the change of the covariance.
    """
    tube = head_tube(head, radius)
    norms, scale = head.norms, head.scale
    factors, queries = [], []
    for ratio, kappa, sigma, tau in zip(
        tube.ratio,
        tube.distortion,
        head.value_deviation,
        head.key_deviation,
        strict=True,
    ):
        grown = root(ratio) * radius
        factors.append(grown * norms.value + kappa * sigma)
        queries.append(
            kappa * sigma * tau
            + grown * (norms.value * tau + scale * norms.key * sigma)
            + radius * radius * scale * norms.value * norms.key
        )
    deviation = _value_deviation(head, tube, radius)
    keys = _query_part(head, factors, head.weight)
    keys = keys + _moved_query(head, tube, deviation, radius)
    return nonnegative_norm(tube.change), keys, largest(queries)


def _head_factored(
    ctx: Context, claim: dict, premises: list[dict], quantity: str
) -> None:
    bound_parts = _norm_parts if quantity == "spectral-norm" else _deviation_parts

    def parts_of(index: int, centre: str, radius: arb) -> list[Parts]:
        return [bound_parts(head, radius) for head in local_heads(ctx, index, centre)]

    decide_head_factored(ctx, claim, premises, quantity, "attention", parts_of)


@rule("attention-norm-tube")
def attention_norm_tube(ctx: Context, claim: dict, premises: list[dict]) -> None:
    """Check sup over the tube of the spectral norm of the Jacobian."""
    _head_factored(ctx, claim, premises, "spectral-norm")


@rule("attention-jacobian-deviation-tube")
def attention_jacobian_deviation_tube(
    ctx: Context, claim: dict, premises: list[dict]
) -> None:
    """Check sup over the tube of the distance of the Jacobian from the centre's."""
    _head_factored(ctx, claim, premises, "jacobian-deviation")
