r"""Attention on a ball: every state whose tokens have norm at most $R$.

$J = \sum_h J_h$ with $J_h = (I \otimes U_h)[P_h \otimes I + E_h] +
\operatorname{blkdiag}(U_hC_i^hA_h^T)$.  Each of the two parts is summed over the heads
either directly or through the concatenated heads (`multi-head-norm`), whichever is
smaller.
"""

from __future__ import annotations

import numpy as np

from stabcheck.bounds.ball_heads import (
    BallHeads,
    ball_heads,
    extremal_norms,
    extremal_turns,
)
from stabcheck.bounds.bound import Bound, outward
from stabcheck.bounds.parameters import Attention, AttentionFamily
from stabcheck.bounds.validation import Array, checked_nonnegative
from stabcheck.errors import InvalidInput

Parameters = dict[str, float | list[float]]


def attention_mixed_norm_ball(
    field: Attention | AttentionFamily, radius: float, tokens: int
) -> Bound:
    r"""Bound $\sup\|J\|_{\infty,2}$.  Theorem `attention-mixed-norm-ball`.

    One head: $\|U\|\sqrt{1+\alpha^2} + R^2\chi(U, A)$, free of the number of tokens,
    for every mask and score bias.

    Proof: in row $i$ with $|v_j| \le 1$ and $e = |E_iv|$, $|UE_iv| +
    |\operatorname{Cov}_i(Ux, a_i\cdot v)| \le \|U\|e + \|U\||a_i|R\sqrt{1 - e^2}$.

    **Arguments:** `radius` of the ball; `tokens` of the states.

    **Returns:** for concrete weights the parameter `receiver`, one weight a head.
    """
    heads = _prepared(field, radius, tokens)
    means = _over_heads(heads, np.sqrt(1 + heads.alpha**2))
    covariances, parameters = _receivers(field, heads)
    return _bound(
        "attention-mixed-norm-ball", "mixed-norm", means + covariances, parameters
    )


def attention_norm_ball(
    field: Attention | AttentionFamily, radius: float, tokens: int
) -> Bound:
    r"""Bound $\sup\|J\|_2$.  Theorems `attention-norm-ball` and its masked companion.

    One head: $\|U\|\sqrt{\max_j\sum_{i\ni j}\max_{p\le\bar p_i}p(1 + \alpha^2
    \mathrm{vf}(p))} + R^2\chi(U, A)$, the sum over the rows that see the key $j$.

    **Arguments**, **Returns:** as `attention_mixed_norm_ball`.
    """
    heads = _prepared(field, radius, tokens)
    means = _over_heads(heads, np.sqrt(heads.column_mass()))
    covariances, parameters = _receivers(field, heads)
    masked = not heads.admissible.all()
    theorem = "attention-norm-ball-masked" if masked else "attention-norm-ball"
    return _bound(theorem, "spectral-norm", means + covariances, parameters)


def attention_log_norm_ball(
    field: Attention | AttentionFamily,
    radius: float,
    tokens: int,
    quantity: str = "log-norm",
) -> Bound:
    r"""Bound $\sup\mu_2(J)$ or $\inf\lambda_{\min}$.  `attention-log-norm-ball`.

    One head: $\tfrac12\|U\|(\sqrt{1+\alpha^2} + \sqrt{nh}) + R^2\omega(\pm U, A)$ with
    $h$ the largest `peaks` of the rows: a token that sends to many cannot also be the
    one that receives.

    **Arguments:** as `attention_mixed_norm_ball`; `quantity` `log-norm` or
    `log-norm-lower`.

    **Returns:** for concrete weights the parameter `turn`, one weight a head.
    """
    if quantity not in ("log-norm", "log-norm-lower"):
        raise InvalidInput(
            f"asked for {quantity}; this theorem bounds log-norm, log-norm-lower"
        )
    heads = _prepared(field, radius, tokens)
    top = heads.peaks.max(axis=1)
    own = np.sqrt(1 + heads.alpha**2)
    both = (own + np.sqrt(heads.tokens * top)) / 2
    first = np.minimum(both, np.sqrt(heads.column_mass()))
    value = float(heads.through @ first)
    if heads.output is not None:
        joint = _length(heads.value * own) + _length(
            heads.value * np.sqrt(heads.tokens * top)
        )
        value = min(value, heads.output * joint / 2)
    sign = 1 if quantity == "log-norm" else -1
    if isinstance(field, AttentionFamily):
        turns, parameters = heads.through * heads.form, {}
    else:
        turns, weights = extremal_turns(field, sign)
        turns = np.minimum(turns, heads.through * heads.form)
        parameters = {"turn": [float(t) for t in weights]}
    value += heads.radius**2 * float(turns.sum())
    return _bound("attention-log-norm-ball", quantity, sign * value, parameters)


def _prepared(
    field: Attention | AttentionFamily, radius: float, tokens: int
) -> BallHeads:
    return ball_heads(field, checked_nonnegative("radius", radius), tokens)


def _length(parts: Array) -> float:
    return float(np.sqrt((parts**2).sum()))


def _over_heads(heads: BallHeads, factors: Array) -> float:
    """The smaller of sum_h ||U_h|| f_h and ||W_O|| |(||W_V^h|| f_h)_h|."""
    value = float(heads.through @ factors)
    if heads.output is None:
        return value
    return min(value, heads.output * _length(heads.value * factors))


def _receivers(
    field: Attention | AttentionFamily, heads: BallHeads
) -> tuple[float, Parameters]:
    r"""$R^2\sum_h\chi(U_h, A_h)$ or what bounds it, and the weights it rests on."""
    square = heads.radius**2
    value = square * _over_heads(heads, heads.form)
    if isinstance(field, AttentionFamily):
        return value, {}
    chi, weights = extremal_norms(field)
    chi = np.minimum(chi, heads.through * heads.form)
    value = min(value, square * float(chi.sum()))
    return value, {"receiver": [float(t) for t in weights]}


def _bound(theorem: str, quantity: str, value: float, parameters: Parameters) -> Bound:
    return Bound(theorem, quantity, outward(quantity, value), parameters)
