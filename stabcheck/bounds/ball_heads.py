r"""What the ball bounds of attention need to know about the heads.

On the ball $|x_i| \le R$, with $A_h = s W_Q^hW_K^{hT}$, $U_h = (W_V^hW_O^h)^T$ and the
slope $a_i = A_h^Tx_i + s W_K^hb_Q^h$ of row $i$'s logits:

* $|a_i| \le \hat a_h = \|A_h\|R + |s W_K^hb_Q^h|$ (`attention-jacobian-projection-
  biases`: the query bias counts, the key bias does not), $\alpha_h = \hat a_hR$;
* $\operatorname{tr} C_i \le R^2$, hence the covariance terms by the extremal forms
  $\chi$ and $\omega$ (`covariance-extremal-forms`);
* the logits of row $i$ spread by at most $2\alpha_h + \beta_i$, with $\beta_i$ the
  spread of the additive score bias over its $k_i$ keys, hence $p_{ij} \le \bar p_i =
  1/(1 + (k_i - 1)e^{-2\alpha_h - \beta_i})$.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from stabcheck.bounds.head_forms import HeadForms
from stabcheck.bounds.norms import dyadic, norm_of_products, trace_power_norm
from stabcheck.bounds.parameters import Attention, AttentionFamily
from stabcheck.bounds.validation import Array, checked_count
from stabcheck.errors import InvalidInput

SEARCH_WIDTH = 8.0
"""Weights are sought within e^8 of the one that balances the two norms."""


@dataclass(frozen=True, eq=False)
class BallHeads:
    """Norms of the heads on a ball; arrays have one entry a head.

    `through` bounds ||U_h||, `value` ||W_V^h||, `form` ||A_h||; `alpha` is a-hat R;
    `output` bounds ||W_O||, None where the heads are only known by their sum;
    `peaks` `(H, n)` are the row maxima of `largest_share`; `admissible` `(n, n)`.
    """

    radius: float
    through: Array
    value: Array
    form: Array
    alpha: Array
    output: float | None
    peaks: Array
    admissible: Array

    @property
    def tokens(self) -> int:
        return self.admissible.shape[0]

    def column_mass(self, peaks: Array) -> Array:
        r"""$\max_j\sum_i h_i$ over the rows that see key j, of peaks `(H, n)`."""
        return (peaks @ self.admissible).max(axis=1)


def ball_heads(
    field: Attention | AttentionFamily, radius: float, tokens: int
) -> BallHeads:
    """The norms of a field's heads on the ball of a radius, for that many tokens."""
    tokens = checked_count("tokens", tokens)
    if isinstance(field, AttentionFamily):
        return _family_heads(field, radius, tokens)
    W_Q, W_K, W_V = (W.astype(np.float64) for W in (field.W_Q, field.W_K, field.W_V))
    scale = abs(field.scale_value)
    form = scale * norm_of_products(W_Q, W_K)
    offset = np.zeros(field.heads)
    if field.b_Q is not None:
        moved = np.einsum("hdk,hk->hd", W_K, field.b_Q.astype(np.float64))
        offset = scale * np.linalg.norm(moved, axis=1)
    alpha = (form * radius + offset) * radius
    admissible = field.admissible(tokens)
    spreads = 2 * alpha[:, None] + score_spreads(field, admissible)
    outputs = field.output_matrices()
    return BallHeads(
        radius=radius,
        through=norm_of_products(W_V, outputs.transpose(0, 2, 1)),
        value=trace_power_norm(W_V),
        form=form,
        alpha=alpha,
        output=float(trace_power_norm(outputs.reshape(-1, field.features))),
        peaks=row_peaks(alpha, spreads, admissible.sum(axis=1)),
        admissible=admissible.astype(np.float64),
    )


def _family_heads(family: AttentionFamily, radius: float, tokens: int) -> BallHeads:
    if tokens != family.tokens:
        raise InvalidInput(
            f"asked for {tokens} tokens, found a family of {family.tokens}; "
            "give the family's own number"
        )
    form, through = (
        np.array([float(norm)]) for norm in (family.query_key_norm, family.value_norm)
    )
    alpha = form * radius**2
    admissible = np.ones((tokens, tokens), dtype=bool)
    if family.causal:
        admissible = np.tril(admissible)
    spreads = np.broadcast_to(2 * alpha[:, None], (1, tokens))
    return BallHeads(
        radius=radius,
        through=through,
        value=through,
        form=form,
        alpha=alpha,
        output=None,
        peaks=row_peaks(alpha, spreads, admissible.sum(axis=1)),
        admissible=admissible.astype(np.float64),
    )


def score_spreads(attention: Attention, admissible: Array) -> Array:
    """Spread of the additive score bias over each row's keys, `(H, n)` or `(1, n)`."""
    tokens = len(admissible)
    if attention.bias is None:
        return np.zeros((1, tokens))
    bias = attention.bias.astype(np.float64).reshape(-1, tokens, tokens)
    top = np.where(admissible, bias, -np.inf).max(axis=2)
    return top - np.where(admissible, bias, np.inf).min(axis=2)


def row_peaks(alpha: Array, spreads: Array, keys: Array) -> Array:
    """`largest_share` of every head and row, `(H, n)`."""
    return np.array(
        [
            [
                largest_share(a, spread, int(count))
                for spread, count in zip(row, keys, strict=True)
            ]
            for a, row in zip(
                alpha, np.broadcast_to(spreads, (len(alpha), len(keys))), strict=True
            )
        ]
    )


def largest_share(alpha: float, spread: float, keys: int) -> float:
    r"""$\max_{p\le\bar p}p(1 + \alpha^2\mathrm{vf}(p))$ for a row with that many keys.

    $\mathrm{vf}(p) = 1$ up to one half, then $4p(1-p)$; beyond one half the function
    is concave with its peak at $(1 + \sqrt{1 + 3/(4\alpha^2)})/3$.  A row with one key
    has the weight 1 and no variance.
    """
    if keys == 1:
        return 1.0
    p_bar = 1 / (1 + (keys - 1) * math.exp(-spread))
    if p_bar <= 0.5:
        return p_bar * (1 + alpha**2)
    peak = p_bar
    if alpha**2 > 0:
        peak = min(p_bar, (1 + math.sqrt(1 + 0.75 / alpha**2)) / 3)
    return peak * (1 + 4 * alpha**2 * peak * (1 - peak))


def extremal_norms(attention: Attention) -> tuple[Array, Array]:
    r"""$\chi(U_h, A_h)$ by weights $t_h$: $\tfrac12\lambda_{\max}(tU^TU + A^TA/t)$.

    **Returns:** two arrays `(H,)`, the values and the weights.
    """
    found = []
    for h in range(attention.heads):
        forms = HeadForms.of(attention, h)

        def value(t: float, forms: HeadForms = forms) -> float:
            return forms.largest(t, 1 / t) / 2

        found.append(_best_weight(value, forms.balance))
    values, weights = zip(*found, strict=True)
    return np.array(values), np.array(weights)


def extremal_turns(attention: Attention, sign: int) -> tuple[Array, Array]:
    r"""$\omega(\pm U_h, A_h)$ with weights $t_h$: $\tfrac14\|\pm tU + A/t\|^2$.

    **Returns:** two arrays `(H,)`, the values and the weights.
    """
    scale = attention.scale_value
    found = []
    for h, W_O in enumerate(attention.output_matrices()):
        W_Q, W_K, W_V = (
            W[h].astype(np.float64)
            for W in (attention.W_Q, attention.W_K, attention.W_V)
        )
        right = np.concatenate([W_V, W_K], axis=1)[None]

        def value(
            t: float, left: tuple[Array, Array] = (W_O.T, W_Q), right: Array = right
        ) -> float:
            joined = np.concatenate([sign * t * left[0], scale / t * left[1]], axis=1)
            return float(norm_of_products(joined[None], right)[0]) ** 2 / 4

        sizes = [
            float(norm_of_products(L[None], R[None])[0])
            for L, R in ((scale * W_Q, W_K), (W_O.T, W_V))
        ]
        found.append(_best_weight(value, math.sqrt(_ratio(*sizes))))
    values, weights = zip(*found, strict=True)
    return np.array(values), np.array(weights)


def _ratio(top: float, bottom: float) -> float:
    """top/bottom, or 1 where one of the two vanishes: the weight does not matter."""
    return top / bottom if top > 0 and bottom > 0 else 1.0


def _best_weight(
    value: Callable[[float], float], balance: float
) -> tuple[float, float]:
    """The least of a few values round a balanced weight: log-convex in the weight."""
    from scipy.optimize import minimize_scalar

    result = minimize_scalar(
        lambda exponent: value(balance * math.exp(exponent)),
        bounds=(-SEARCH_WIDTH, SEARCH_WIDTH),
        method="bounded",
        options={"xatol": 1e-4},
    )
    weights = [float(dyadic(w)) for w in (balance, balance * math.exp(float(result.x)))]
    best = min(weights, key=value)
    return value(best), best
