r"""Closed-form bounds of the attention Jacobian at one state: baselines, no rules.

The checker decides values at a point by a semidefinite matrix or by the tube theorems
with radius 0; these formulas say where such a value comes from.  Per head, $U =
(W_VW_O)^T$, $A = sW_QW_K^T$, $a_i = A^Tx_i + sW_Kb_Q$, $C_i$ the covariance of the
tokens under row $i$ of $P$.  $J = \sum_h(I\otimes U_h)[P_h\otimes I + E_h] +
\operatorname{blkdiag}(\sum_hU_hC_i^hA_h^T)$.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from stabcheck.bounds.bound import Bound, outward
from stabcheck.bounds.norms import spectral_norm, symmetric_part
from stabcheck.bounds.parameters import Attention
from stabcheck.bounds.validation import Array, checked_state
from stabcheck.errors import InvalidInput

SEARCH_WIDTH = 8.0
"""The weight tau is sought within e^8 of 1."""


@dataclass(frozen=True, eq=False)
class PointAttention:
    """Head by head: P `(H, n, n)`, U, A `(H, d, d)`, a `(H, n, d)`, C `(H, n, d, d)`.

    `value` are the transposed W_V `(H, d_v, d)`, `output` is the norm of W_O.
    """

    weights: Array
    through: Array
    form: Array
    slope: Array
    covariance: Array
    value: Array
    output: float

    @property
    def receivers(self) -> Array:
        """sum_h U_h C_i A_h^T, `(n, d, d)`."""
        turned = self.covariance @ self.form.transpose(0, 2, 1)[:, None]
        return (self.through[:, None] @ turned).sum(axis=0)


def point_attention(attention: Attention, state: Array) -> PointAttention:
    """Evaluate the quantities of the formulas at a state `(n, d)`."""
    X = checked_state(state, attention.features)
    query, key, _ = attention.projections(X)
    P = attention.attention_weights(query, key)
    W_Q, W_K, W_V = (
        W.astype(np.float64) for W in (attention.W_Q, attention.W_K, attention.W_V)
    )
    outputs = attention.output_matrices()
    scale = attention.scale_value
    centred = X[None, None] - (P @ X)[:, :, None]
    weighted = P[..., None] * centred
    return PointAttention(
        weights=P,
        through=(W_V @ outputs).transpose(0, 2, 1),
        form=scale * W_Q @ W_K.transpose(0, 2, 1),
        slope=scale * query @ W_K.transpose(0, 2, 1),
        covariance=weighted.transpose(0, 1, 3, 2) @ centred,
        value=W_V.transpose(0, 2, 1),
        output=spectral_norm(outputs.reshape(-1, attention.features)),
    )


def attention_norm_column_mass(attention: Attention, state: Array) -> Bound:
    r"""$\|U\|\sqrt{\max_j\sum_ip_{ij}(1 + |a_i|^2\lambda_{\max}(C_i))}$ + receivers.

    Theorem `attention-norm-column-mass`; heads as in `multi-head-norm`.
    """
    at = point_attention(attention, state)
    top = np.linalg.eigvalsh(at.covariance)[..., -1]
    rows = 1 + (at.slope**2).sum(axis=2) * top
    masses = np.sqrt((at.weights * rows[..., None]).sum(axis=1).max(axis=1))
    value = _joined(at, _norms(at.through) * masses, _norms(at.value) * masses)
    value += float(_norms(at.receivers).max())
    return _bound("attention-norm-column-mass", "spectral-norm", value)


def attention_norm_split(attention: Attention, state: Array) -> Bound:
    r"""$\|U\|\|P\| + (\max_j\lambda_{\max}(\sum_i\gamma_ip_{ij}a_ia_i^T))^{1/2}$ + ...

    Theorem `attention-norm-split`, $\gamma_i = \lambda_{\max}(UC_iU^T)$.
    """
    at = point_attention(attention, state)
    mixing = _norms(at.weights)

    def parts(matrices: Array) -> Array:
        seen = matrices[:, None] @ at.covariance
        seen = seen @ matrices.transpose(0, 2, 1)[:, None]
        gamma = np.linalg.eigvalsh(symmetric_part(seen))[..., -1]
        gram = np.einsum("hi,hij,hia,hib->hjab", gamma, at.weights, at.slope, at.slope)
        keys = np.sqrt(np.linalg.eigvalsh(gram)[..., -1].max(axis=1))
        return _norms(matrices) * mixing + keys

    value = _joined(at, parts(at.through), parts(at.value))
    value += float(_norms(at.receivers).max())
    return _bound("attention-norm-split", "spectral-norm", value)


def attention_mixed_norm_point(attention: Attention, state: Array) -> Bound:
    r"""$\max_i\sum_h(\|U\|^2 + |a_i|^2\lambda_{\max}(UC_iU^T))^{1/2}$ + receivers.

    Theorem `attention-mixed-norm-point`.
    """
    at = point_attention(attention, state)
    seen = at.through[:, None] @ at.covariance
    seen = seen @ at.through.transpose(0, 2, 1)[:, None]
    gamma = np.linalg.eigvalsh(symmetric_part(seen))[..., -1]
    square = _norms(at.through)[:, None] ** 2
    means = np.sqrt(square + (at.slope**2).sum(axis=2) * gamma).sum(axis=0)
    value = float((means + _norms(at.receivers)).max())
    return _bound("attention-mixed-norm-point", "mixed-norm", value)


def attention_log_norm_point(
    attention: Attention, state: Array, quantity: str = "log-norm"
) -> Bound:
    r"""The logarithmic norm with one weight tau.  Theorem `attention-log-norm-point`.

    $\mu_2(\sum_hP_h\otimes U_h) + \max_j\lambda_{\max}(H(\sum_hU_hC_jA_h^T) + \sum_h
    [\tfrac\tau2U_hC_jU_h^T + \tfrac1{2\tau}\sum_ip_{ij}a_ia_i^T])$; for the lower
    companion $U \to -U$.
    """
    if quantity not in ("log-norm", "log-norm-lower"):
        raise InvalidInput(
            f"asked for {quantity}; this theorem bounds log-norm, log-norm-lower"
        )
    sign = 1 if quantity == "log-norm" else -1
    at = point_attention(attention, state)
    tokens, d = at.slope.shape[1:]
    mixing = np.einsum("hij,hab->iajb", at.weights, sign * at.through)
    size = tokens * d
    top = np.linalg.eigvalsh(symmetric_part(mixing.reshape(size, size)))[-1]
    seen = at.through[:, None] @ at.covariance
    sent = (seen @ at.through.transpose(0, 2, 1)[:, None]).sum(axis=0)
    gram = np.einsum("hij,hia,hib->jab", at.weights, at.slope, at.slope)
    own = symmetric_part(sign * at.receivers)

    def worst(exponent: float) -> float:
        tau = math.exp(exponent)
        matrices = own + tau / 2 * sent + gram / (2 * tau)
        return float(np.linalg.eigvalsh(symmetric_part(matrices))[:, -1].max())

    from scipy.optimize import minimize_scalar

    limits = (-SEARCH_WIDTH, SEARCH_WIDTH)
    found = minimize_scalar(worst, bounds=limits, method="bounded")
    value = float(top) + worst(float(found.x))
    return _bound("attention-log-norm-point", quantity, sign * value)


def _norms(matrices: Array) -> Array:
    """Spectral norms of stacked matrices."""
    return np.linalg.norm(matrices, 2, axis=(-2, -1))


def _joined(at: PointAttention, through: Array, value: Array) -> float:
    """The smaller of the sum over heads and of the concatenated form."""
    joined = at.output * float(np.sqrt((value**2).sum()))
    return min(float(through.sum()), joined)


def _bound(theorem: str, quantity: str, value: float) -> Bound:
    return Bound(theorem, quantity, outward(quantity, value))
