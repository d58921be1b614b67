r"""The logarithmic norm of attention over a tube, all heads in one matrix.

The form of `tube_form` is bounded by the largest eigenvalue of one symmetric matrix:
$(n d, n d)$ when the couplings of different tokens are kept (`joint`), else one
$(d, d)$ matrix a token.  It is convex in the logarithms of the weights; a few
quasi-Newton steps on a smoothed eigenvalue choose them.  Any positive weights give a
true bound, so the search needs no proof.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

from stabcheck.bounds.bound import Bound
from stabcheck.bounds.local_attention import LocalAttention, local_attention
from stabcheck.bounds.norms import dyadic
from stabcheck.bounds.parameters import Attention
from stabcheck.bounds.tube_form import TubeForm
from stabcheck.bounds.tube_products import ProductWeights
from stabcheck.bounds.validation import Array, checked_nonnegative
from stabcheck.bounds.witness import WITNESS_MARGIN
from stabcheck.errors import InvalidInput

JOINT_SIZE = 512
"""Up to this many rows the couplings of the tokens are kept in one matrix."""
SHARPNESS = 60.0
"""The smoothed largest eigenvalue is within log(N)/60 of the spread of the spectrum."""
REACH = 12.0
"""Weights are sought within e^12 of those that balance the traces."""
DEAD = 40.0
"""The logarithm of a weight that makes one side of a product vanish in float64."""
BITS = 24
"""Significant bits of the chosen weights: any values near the optimum do."""
SHARES = {True: ((1.0, 1.0), (0.0, 1.0), (0.0, 0.0)), False: ((0.0, 1.0), (0.0, 0.0))}
"""Shares of keys and receivers that are tried: the last is best on large tubes."""


def attention_log_norm_tube(
    attention: Attention,
    state: Array,
    radius: float,
    quantity: str,
    *,
    local: LocalAttention | None = None,
    joint: bool | None = None,
    iterations: int = 25,
) -> Bound:
    r"""Bound $\sup\mu_2(J)$ or $\inf\lambda_{\min}$.  `attention-log-norm-tube`.

    **Arguments:** `state` `(n, d)`; `radius`, of every token; `quantity` `log-norm` or
    `log-norm-lower`; `local`, the local quantities at `state` when they are known;
    `joint`, one matrix of all tokens (default: up to 512 rows); `iterations` of the
    search.

    **Returns:** parameters `joint` (1 or 0), `key_share`, `receiver_share`, and the
    weights `mixing`, `key`, `receiver` (heads times tokens), `moved` (7 a head).
    """
    local = local or local_attention(attention, state)
    radius = checked_nonnegative("radius", radius)
    sign = _sign(quantity)
    joint = local.state.size <= JOINT_SIZE if joint is None else joint
    with np.errstate(over="ignore", invalid="ignore"):
        forms = [
            TubeForm(local, radius, sign, *shares, joint=joint)
            for shares in SHARES[joint]
        ]
    forms = [form for form in forms if form.is_finite]
    if not forms:
        return Bound("attention-log-norm-tube", quantity, sign * np.inf)
    # A few steps tell which shares are best; the rest go to the winner.
    trials = [_search(form, None, iterations // 3) for form in forms]
    best = min(trials, key=lambda found: found.value)
    best = _search(best.form, best.weights, iterations - iterations // 3)
    value = best.value + WITNESS_MARGIN * best.size
    return Bound(
        "attention-log-norm-tube", quantity, sign * value, _parameters(best)
    )


def attention_log_norm_tube_matrices(
    attention: Attention,
    state: Array,
    radius: float,
    bound: Bound,
    *,
    local: LocalAttention | None = None,
) -> list[Array]:
    """The matrices whose semidefiniteness proves a bound of this theorem.

    **Returns:** one `(n d, n d)` matrix if the bound is joint, else n of `(d, d)`.
    """
    local = local or local_attention(attention, state)
    chosen = bound.parameters
    joint = chosen["joint"] == 1
    form = TubeForm(
        local,
        checked_nonnegative("radius", radius),
        _sign(bound.quantity),
        chosen["key_share"],
        chosen["receiver_share"],
        joint=joint,
    )
    names = ("mixing", "key", "receiver", "moved")
    vector = np.concatenate([np.asarray(chosen[name]) for name in names])
    matrix = _assembled(form, form.anchor(), ProductWeights.of(vector, *form.shape))
    constant = form.sign * bound.value * np.eye(matrix.shape[-1])
    return [constant - matrix] if joint else list(constant - matrix)


def _sign(quantity: str) -> int:
    if quantity not in ("log-norm", "log-norm-lower"):
        raise InvalidInput(
            f"asked for {quantity}; this theorem bounds log-norm, log-norm-lower"
        )
    return 1 if quantity == "log-norm" else -1


@dataclass(frozen=True, eq=False)
class _Found:
    """A value with its weights; `size`, the norm of the matrix behind it."""

    form: TubeForm
    weights: ProductWeights
    value: float
    size: float


def _parameters(found: _Found) -> dict[str, float | list[float]]:
    weights = found.weights
    return {
        "joint": float(found.form.joint),
        "key_share": found.form.key_share,
        "receiver_share": found.form.receiver_share,
        "mixing": [float(g) for g in weights.mixing.ravel()],
        "key": [float(g) for g in weights.key.ravel()],
        "receiver": [float(g) for g in weights.receiver.ravel()],
        "moved": [float(g) for g in weights.moved.ravel()],
    }


def _assembled(form: TubeForm, anchor: Array, weights: ProductWeights) -> Array:
    """The matrix of the bound: `(n d, n d)` if joint, else `(n, d, d)`."""
    blocks = form.token_matrices(weights)
    if not form.joint:
        return anchor + blocks
    tokens, d, _ = blocks.shape
    total = anchor.reshape(tokens, d, tokens, d).copy()
    diagonal = np.arange(tokens)
    total[diagonal, :, diagonal] += blocks
    return total.reshape(tokens * d, tokens * d)


def _search(
    form: TubeForm, weights: ProductWeights | None, iterations: int
) -> _Found:
    """Quasi-Newton steps from given weights, or from balanced ones."""
    objective = _SmoothEigenvalue(form)
    start = objective.balanced() if weights is None else np.log(weights.flat())
    if iterations == 0:
        return objective.found(start)
    result = minimize(
        objective,
        start,
        jac=True,
        method="L-BFGS-B",
        bounds=[(x - REACH, x + REACH) for x in start],
        options={"maxiter": iterations},
    )
    candidates = [objective.found(start)]
    if np.isfinite(result.x).all():
        candidates.append(objective.found(result.x))
    return min(candidates, key=lambda found: found.value)


class _SmoothEigenvalue:
    """The log-sum-exp of the spectrum and its gradient in the log weights."""

    def __init__(self, form: TubeForm) -> None:
        self.form = form
        self.anchor = form.anchor()
        self.sharpness: float | None = None

    def balanced(self) -> Array:
        """The logarithms of the weights that balance the traces of each product."""
        tokens, d = self.form.local.state.shape
        left, right = self.form.sides(np.broadcast_to(np.eye(d), (tokens, d, d)))
        a, b = left.flat(), right.flat()
        live = (a > 0) & (b > 0)
        ratio = np.where(live, b, 1.0) / np.where(live, a, 1.0)
        # A product with a side 0 is 0: its weight makes the other side small.
        dead = np.where(a > 0, -DEAD, np.where(b > 0, DEAD, 0.0))
        return np.where(live, np.log(ratio) / 2, dead)

    def found(self, logarithms: Array) -> _Found:
        """The bound at weights rounded to short rationals."""
        heads, tokens = self.form.shape
        vector = dyadic(np.exp(logarithms), BITS)
        weights = ProductWeights.of(vector, heads, tokens)
        values = np.linalg.eigvalsh(_assembled(self.form, self.anchor, weights))
        top = float(values[..., -1].max())
        return _Found(self.form, weights, top, float(np.abs(values).max()) or 1.0)

    def __call__(self, logarithms: Array) -> tuple[float, Array]:
        form = self.form
        g = np.exp(logarithms)
        matrix = _assembled(
            form, self.anchor, ProductWeights.of(g, *form.shape)
        )
        values, vectors = np.linalg.eigh(matrix)
        top = values[..., -1].max()
        if self.sharpness is None:
            spread = top - values[..., 0].min()
            self.sharpness = SHARPNESS / (spread or 1.0)
        powers = np.exp(self.sharpness * (values - top))
        total = powers.sum()
        left, right = form.sides(self._density(vectors, powers / total))
        gradient = (g * left.flat() - right.flat() / g) / 2
        return float(top + np.log(total) / self.sharpness), gradient

    def _density(self, vectors: Array, shares: Array) -> Array:
        """The diagonal blocks `(n, d, d)` of the weighted projections."""
        tokens, d = self.form.local.state.shape
        if self.form.joint:
            kept = shares > 1e-12
            inner = vectors[:, kept].reshape(tokens, d, -1)
            return (inner * shares[kept]) @ inner.transpose(0, 2, 1)
        return (vectors * shares[:, None, :]) @ vectors.transpose(0, 2, 1)


__all__ = [
    "JOINT_SIZE",
    "attention_log_norm_tube",
    "attention_log_norm_tube_matrices",
]
