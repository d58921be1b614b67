r"""Senders and receivers of attention on a ball: the two parts of $J = F + D$.

$F$ sends: row $i$ of $Fv$ is at most $\lVert U\rVert(\sum_jw_{ij}|v_j|^2)^{1/2}$ with
$w_{ij} \le h_i$ and $\sum_jw_{ij} \le 1 + \alpha^2$; the shares $h_i$ are those of the
heads by themselves or, where a claim gives smaller ones, those that cells confirm.  $D$
is block diagonal with blocks of at most $\rho$.  Sums over the heads are taken directly
or through the concatenated heads, whichever is smaller; only the former know how a head
ties logits and values, $U = (W_VW_O)^{\mathsf T}$.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from flint import arb

from stabcheck.checker.arithmetic.balls import ball, largest, root, vector_norm
from stabcheck.checker.failures import ClaimRejected
from stabcheck.checker.fields.attention import attention_weights
from stabcheck.checker.heads.aligned_share import Tie, covers
from stabcheck.checker.heads.ball import (
    BallHead,
    extremal_norm,
    full_row_spread,
    keys_of_rows,
    output_norm,
)
from stabcheck.checker.hypotheses import positive_parameters

if TYPE_CHECKING:
    from stabcheck.checker.context import Context

__all__ = ["joint_norm", "over_heads", "own_senders", "senders_norm", "share_peaks"]

Peaks = list[list[arb]]


def over_heads(
    ctx: Context, index: int, heads: list[BallHead], factors: list[arb]
) -> arb:
    """The smaller of the sum and of the concatenated form."""
    value, output = _direct(heads, factors), output_norm(ctx, index)
    if output is None:
        return value
    return value.min(_joined(output, heads, factors))


def _direct(heads: list[BallHead], factors: list[arb]) -> arb:
    pairs = zip(heads, factors, strict=True)
    return sum((head.through * factor for head, factor in pairs), arb(0))


def _joined(output: arb, heads: list[BallHead], factors: list[arb]) -> arb:
    pairs = zip(heads, factors, strict=True)
    return output * vector_norm([head.value * factor for head, factor in pairs])


def share_peaks(
    ctx: Context, claim: dict, index: int, radius: arb, heads: list[BallHead]
) -> Peaks:
    """The peaks of the heads; rows that see every key by the claimed shares."""
    peaks = [list(head.peaks) for head in heads]
    if "share" not in claim["parameters"]:
        return peaks
    shares = positive_parameters(claim, "share", len(heads))
    ties: list[Fraction | None] = [None] * len(heads)
    if ctx.field(index)["kind"] == "attention":
        ties = list(positive_parameters(claim, "tie", len(heads)))
    rows = keys_of_rows(ctx, index)
    full = [i for i, keys in enumerate(rows) if len(keys) == len(rows)]
    for h, (share, tie) in enumerate(zip(shares, ties, strict=True)):
        if not full or not ball(share) < largest(peaks[h][i] for i in full):
            continue
        if not _is_covered(ctx, index, h, heads[h], radius, share, tie):
            raise ClaimRejected(
                f"the cells do not confirm that no key of head {h} has a share above "
                "parameter share"
            )
        for i in full:
            peaks[h][i] = peaks[h][i].min(ball(share))
    return peaks


def _is_covered(
    ctx: Context,
    index: int,
    number: int,
    head: BallHead,
    radius: arb,
    share: Fraction,
    weight: Fraction | None,
) -> bool:
    keys = ctx.field(index)["tokens"]
    spread, tie = arb(0), None
    if weight is not None:
        spread = full_row_spread(ctx, index, number)
        tie = _tie(ctx, index, number, head, radius, weight)
    alone = 1 / (1 + (keys - 1) * (-2 * head.alpha - spread).exp())
    return covers(ball(share), head.alpha, keys, spread, alone, tie)


def _tie(
    ctx: Context,
    index: int,
    number: int,
    head: BallHead,
    radius: arb,
    weight: Fraction,
) -> Tie | None:
    r"""$\Xi = \lambda_{\max}(U^TU + A^TA/t^2)/\lVert U\rVert^2$, without query bias.

    $\mathrm{Var}(w\cdot x) + \mathrm{Var}(a\cdot x)/(Rt)^2$ is the trace of the
    covariance with a matrix of at most $U^TU + A^TA/t^2$, as $aa^T \preceq R^2A^TA$.
    """
    bias = attention_weights(ctx, index).heads[number].query_bias
    t, through = ball(weight), head.through
    unbiased = all(entry == 0 for entry in bias)
    if not (unbiased and radius > 0 and through > 0):
        return None
    form = 2 * extremal_norm(ctx, index, number, weight) / (t * through * through)
    logit = head.alpha / (radius * radius * t * through)
    return Tie(form, logit * logit)


def _column_masses(ctx: Context, index: int, peaks: Peaks) -> list[arb]:
    """Per head, the largest sum of peaks over the rows that see one key."""
    rows = keys_of_rows(ctx, index)
    seen_by = [
        [i for i, keys in enumerate(rows) if j in keys] for j in range(len(rows))
    ]
    return [
        largest(sum((row_peaks[i] for i in seen), arb(0)) for seen in seen_by)
        for row_peaks in peaks
    ]


def senders_norm(ctx: Context, index: int, heads: list[BallHead], peaks: Peaks) -> arb:
    """Bound the norm of the senders' part by the masses of the columns."""
    value = _direct(heads, [root(m) for m in _column_masses(ctx, index, peaks)])
    output = output_norm(ctx, index)
    if output is None:
        return value
    plain = _column_masses(ctx, index, [head.peaks for head in heads])
    return value.min(_joined(output, heads, [root(m) for m in plain]))


def own_senders(ctx: Context, index: int, heads: list[BallHead], peaks: Peaks) -> arb:
    r"""Bound $\sum_i|v_i||(Fv)_i|$ for $|v| = 1$: a sender is not the receiver.

    Head by head the smaller of $\frac12(\sqrt{1+\alpha^2} + \sqrt{nh})$ and the norm.
    """
    halves, norms = _own_factors(ctx, index, heads, peaks)
    value = _direct(heads, [a.min(b) for a, b in zip(halves, norms, strict=True)])
    output = output_norm(ctx, index)
    if output is None:
        return value
    for factors in _own_factors(ctx, index, heads, [head.peaks for head in heads]):
        value = value.min(_joined(output, heads, factors))
    return value


def _own_factors(
    ctx: Context, index: int, heads: list[BallHead], peaks: Peaks
) -> tuple[list[arb], list[arb]]:
    tokens = ctx.field(index)["tokens"]
    halves = [
        (root(1 + head.alpha * head.alpha) + root(tokens * largest(row_peaks))) / 2
        for head, row_peaks in zip(heads, peaks, strict=True)
    ]
    return halves, [root(mass) for mass in _column_masses(ctx, index, peaks)]


def joint_norm(head: BallHead, peaks: list[arb], receivers: arb) -> arb:
    r"""Bound the norm of one head, senders and receivers together.

    With $u = \lVert U\rVert$ and $k = \min(1 + \alpha^2, nh)$: $\lVert J\rVert^2$ is at
    most $\rho^2$ and the largest eigenvalue of the symmetric 2 by 2 matrix with the
    diagonal $u^2nh + 2\rho u\sqrt k$, 0 and the entry $\rho u\sqrt{nh - k}$ beside it.
    """
    mass = len(peaks) * largest(peaks)
    own = mass.min(1 + head.alpha * head.alpha)
    through = head.through
    corner = through * through * mass + 2 * receivers * through * root(own)
    side = receivers * through * root(mass - own)
    top = (corner + root(corner * corner + 4 * side * side)) / 2
    return root(receivers * receivers + top)
