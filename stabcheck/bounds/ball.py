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
from stabcheck.bounds.ball_rows import tied_rows
from stabcheck.bounds.ball_shares import BallShares, ball_shares
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
    covariances, chi, parameters = _receivers(field, heads)
    value = means + covariances
    if not isinstance(field, AttentionFamily):
        tied, levels, weights = tied_rows(field, heads)
        apart = heads.through * np.sqrt(1 + heads.alpha**2) + chi
        value = min(value, float(np.minimum(apart, tied).sum()))
        parameters |= {"level": _listed(levels), "tie": _listed(weights)}
    return _bound("attention-mixed-norm-ball", "mixed-norm", value, parameters)


def attention_norm_ball(
    field: Attention | AttentionFamily, radius: float, tokens: int
) -> Bound:
    r"""Bound $\sup\|J\|_2$.  Theorems `attention-norm-ball` and its masked companion.

    The part of the senders has the norm $S$, $|u| \cdot$ its rows at most $T$
    (`attention-log-norm-ball`), the receivers $\rho$: $\|J\|^2 \le S^2 + 2\rho T +
    \rho^2$, for one head also by `_joint` (`norm-of-senders-and-receivers`).

    **Arguments:** as `attention_mixed_norm_ball`.

    **Returns:** for concrete weights the parameters `receiver` and `tie`, for all
    `share` (`attention-aligned-share`): one number a head.
    """
    heads = _prepared(field, radius, tokens)
    shares = ball_shares(field, heads)
    covariances, receivers, parameters = _receivers(field, heads)
    senders, both = _senders(heads, shares), _own_senders(heads, shares)
    with np.errstate(over="ignore"):
        mixed = np.sqrt(2 * covariances) * np.sqrt(both)
        value = float(np.hypot.reduce([senders, mixed, covariances]))
        value = min(value, float(_joint(heads, shares, receivers).sum()))
    masked = not heads.admissible.all()
    theorem = "attention-norm-ball-masked" if masked else "attention-norm-ball"
    parameters |= _share_parameters(field, shares)
    return _bound(theorem, "spectral-norm", value, parameters)


def attention_log_norm_ball(
    field: Attention | AttentionFamily,
    radius: float,
    tokens: int,
    quantity: str = "log-norm",
) -> Bound:
    r"""Bound $\sup\mu_2(J)$ or $\inf\lambda_{\min}$.  `attention-log-norm-ball`.

    One head: $\tfrac12\|U\|(\sqrt{1+\alpha^2} + \sqrt{nh}) + R^2\omega(\pm U, A)$ with
    $h$ the largest share of the rows: a token that sends to many cannot also be the
    one that receives.

    **Arguments:** as `attention_mixed_norm_ball`; `quantity` `log-norm` or
    `log-norm-lower`.

    **Returns:** as `attention_norm_ball`, with `turn` for `receiver`.
    """
    if quantity not in ("log-norm", "log-norm-lower"):
        raise InvalidInput(
            f"asked for {quantity}; this theorem bounds log-norm, log-norm-lower"
        )
    heads = _prepared(field, radius, tokens)
    shares = ball_shares(field, heads)
    value = _own_senders(heads, shares)
    sign = 1 if quantity == "log-norm" else -1
    if isinstance(field, AttentionFamily):
        turns, parameters = heads.through * heads.form, {}
    else:
        turns, weights = extremal_turns(field, sign)
        turns = np.minimum(turns, heads.through * heads.form)
        parameters = {"turn": _listed(weights)}
    parameters |= _share_parameters(field, shares)
    value += heads.radius**2 * float(turns.sum())
    return _bound("attention-log-norm-ball", quantity, sign * value, parameters)


def _prepared(
    field: Attention | AttentionFamily, radius: float, tokens: int
) -> BallHeads:
    return ball_heads(field, checked_nonnegative("radius", radius), tokens)


def _length(parts: Array) -> float:
    return float(np.hypot.reduce(parts))


def _over_heads(heads: BallHeads, factors: Array) -> float:
    """The smaller of sum_h ||U_h|| f_h and ||W_O|| |(||W_V^h|| f_h)_h|."""
    value = float(heads.through @ factors)
    if heads.output is None:
        return value
    return min(value, heads.output * _length(heads.value * factors))


def _senders(heads: BallHeads, shares: BallShares) -> float:
    """The norm of the senders' part: the root of the largest column's mass."""
    value = float(heads.through @ np.sqrt(heads.column_mass(shares.peaks)))
    if heads.output is None:
        return value
    parts = heads.value * np.sqrt(heads.column_mass(heads.peaks))
    return min(value, heads.output * _length(parts))


def _own_senders(heads: BallHeads, shares: BallShares) -> float:
    r"""Above $\sum_i|v_i||w_i|$, w the senders' part of $Jv$, for $|v| = 1$."""
    own = np.sqrt(1 + heads.alpha**2)

    def factors(peaks: Array) -> tuple[Array, Array]:
        both = (own + np.sqrt(heads.tokens * peaks.max(axis=1))) / 2
        return both, np.sqrt(heads.column_mass(peaks))

    value = float(heads.through @ np.minimum(*factors(shares.peaks)))
    if heads.output is None:
        return value
    lengths = [_length(heads.value * part) for part in factors(heads.peaks)]
    return min(value, heads.output * min(lengths))


def _joint(heads: BallHeads, shares: BallShares, receivers: Array) -> Array:
    r"""Head by head, the norm of senders and receivers together, in units of $\|U\|$.

    $\|J\|^2 \le \rho^2 + \lambda_{\max}$ of $[[nh + 2\rho\sqrt k, \rho\sqrt{nh - k}],
    [\cdot, 0]]$ with $k = \min(1 + \alpha^2, nh)$.
    """
    rho = np.divide(
        receivers, heads.through, out=np.zeros_like(receivers), where=heads.through > 0
    )
    mass = heads.tokens * shares.peaks.max(axis=1)
    own = np.minimum(1 + heads.alpha**2, mass)
    corner = mass + 2 * rho * np.sqrt(own)
    root = np.sqrt(corner**2 + 4 * rho**2 * (mass - own))
    return heads.through * np.sqrt(rho**2 + (corner + root) / 2)


def _receivers(
    field: Attention | AttentionFamily, heads: BallHeads
) -> tuple[float, Array, Parameters]:
    r"""What bounds $R^2\sum_h\chi(U_h, A_h)$, its heads, and their weights."""
    square = heads.radius**2
    value = square * _over_heads(heads, heads.form)
    chi = heads.through * heads.form
    if isinstance(field, AttentionFamily):
        return value, square * chi, {}
    norms, weights = extremal_norms(field)
    chi = np.minimum(chi, norms)
    value = min(value, square * float(chi.sum()))
    return value, square * chi, {"receiver": _listed(weights)}


def _share_parameters(
    field: Attention | AttentionFamily, shares: BallShares
) -> Parameters:
    parameters: Parameters = {"share": _listed(shares.shares)}
    if isinstance(field, Attention):
        parameters["tie"] = _listed(shares.ties)
    return parameters


def _listed(numbers: Array) -> list[float]:
    return [float(number) for number in numbers]


def _bound(theorem: str, quantity: str, value: float, parameters: Parameters) -> Bound:
    return Bound(theorem, quantity, outward(quantity, value), parameters)
