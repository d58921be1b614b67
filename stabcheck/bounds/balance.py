r"""Weights per head that make a head-factored bound small.

`attention-norm-tube` and `attention-jacobian-deviation-tube` bound a Jacobian by

$$\max_h \frac{\omega_h}{r_h}\;\|\operatorname{diag}(r)W_O\|\;
\|[\,v_h W_V^h \mid k_h W_K^h \mid q_h W_Q^h\,]_h\|,\qquad
\omega_h^2 = (a_h/v_h)^2 + (e_h/k_h)^2 + (d_h/q_h)^2$$

for every choice of positive weights.  $r = \omega$ is the best $r$.  The logarithm
of the rest is minimised over the logarithms of the other weights, with each norm
replaced by the smooth $(\operatorname{tr} G^p)^{1/2p}$.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.optimize import minimize

from stabcheck.bounds.bound import Bound, Parameters, outward
from stabcheck.bounds.norms import dyadic, spectral_norm_bound, trace_power_norm
from stabcheck.bounds.parameters import Attention
from stabcheck.bounds.validation import Array

SMOOTHNESS = 32  # the power p of the smooth norm during the search
NAMES = ("output", "value", "key", "query")
ITERATIONS = 25  # quasi-Newton steps of a polished choice


@dataclass(frozen=True, eq=False)
class HeadWeights:
    """Positive weights `(H,)`, dyadic with at most 40 significant bits."""

    attention: Attention
    output: Array
    value: Array
    key: Array
    query: Array

    @staticmethod
    def from_parameters(attention: Attention, parameters: Parameters) -> HeadWeights:
        """The weights of the parameters of a claim."""
        return HeadWeights(attention, *(np.array(parameters[name]) for name in NAMES))

    def as_parameters(self) -> dict[str, float | list[float]]:
        """The weights as claim parameters."""
        return {name: [float(w) for w in getattr(self, name)] for name in NAMES}

    @cached_property
    def norms(self) -> float:
        """The product of the two norms of the module docstring."""
        attention = self.attention
        output = attention.output_matrices() * self.output[:, None, None]
        inputs = _stacked_inputs(attention, self.value, self.key, self.query)
        left = spectral_norm_bound(output.reshape(-1, attention.features))
        return float(left * spectral_norm_bound(inputs))


def factored_bound(parts: Array, weights: HeadWeights) -> float:
    """The bound of the module docstring for parts a, e, d of shape `(3, H)`."""
    size = _size(parts)
    scaled = parts / size / np.stack([weights.value, weights.key, weights.query])
    omega = np.sqrt((scaled**2).sum(axis=0))
    return float((omega / weights.output).max() * weights.norms) * size


def head_factored(
    parts: Array, weights: HeadWeights | None, theorem: str, quantity: str
) -> Bound:
    """The bound of a theorem that factors over the heads; infinite without weights."""
    if weights is None or not np.isfinite(parts).all():
        return Bound(theorem, quantity, np.inf)
    value = factored_bound(parts, weights)
    return Bound(theorem, quantity, outward(quantity, value), weights.as_parameters())


def finite_weights(
    attention: Attention, parts: Array, iterations: int
) -> HeadWeights | None:
    """Balanced weights, or none where a part is not finite."""
    if not np.isfinite(parts).all():
        return None
    return balanced_weights(attention, parts, iterations)


def _size(parts: Array) -> float:
    """The largest part, or 1: parts of a tiny tube have squares that underflow."""
    return float(parts.max()) or 1.0


def balanced_weights(
    attention: Attention, parts: Array, iterations: int = ITERATIONS
) -> HeadWeights:
    """Choose weights for parts a, e, d of shape `(3, H)` by a few quasi-Newton steps.

    A head whose part is 0 gets the smallest weight that keeps the scales finite.
    Without iterations every part is balanced with the norm of its matrix: a few per
    cent worse and much faster.
    """
    norms = np.stack(
        [
            trace_power_norm(W.astype(np.float64))
            for W in (attention.W_V, attention.W_K, attention.W_Q)
        ]
    )
    # The bound is homogeneous in the parts: their size does not change the weights.
    safe_parts = np.maximum(parts / _size(parts), 1e-12)
    safe_norms = np.maximum(norms, 1e-12 * (float(norms.max()) or 1.0))
    start = 0.5 * np.log(safe_parts / safe_norms)
    if iterations == 0:
        return _as_weights(attention, start, safe_parts)
    objective = _SmoothObjective(attention, safe_parts)
    result = minimize(
        objective,
        start.ravel(),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": iterations},
    )
    candidates = [_as_weights(attention, start, safe_parts)]
    if np.isfinite(result.x).all():
        found = result.x.reshape(3, -1)
        candidates.append(_as_weights(attention, found, safe_parts))
    return min(candidates, key=lambda weights: factored_bound(parts, weights))


def _as_weights(attention: Attention, logarithms: Array, parts: Array) -> HeadWeights:
    value, key, query = (dyadic(row) for row in np.exp(logarithms))
    omega = np.sqrt(((parts / np.exp(logarithms)) ** 2).sum(axis=0))
    return HeadWeights(attention, dyadic(omega), value, key, query)


def _stacked_inputs(
    attention: Attention, value: Array, key: Array, query: Array
) -> Array:
    """[value W_V | key W_K | query W_Q] over the heads, `(d, H (d_v + 2 d_k))`."""
    blocks = [
        (weight[:, None, None] * W.astype(np.float64))
        .transpose(1, 0, 2)
        .reshape(attention.features, -1)
        for weight, W in (
            (value, attention.W_V),
            (key, attention.W_K),
            (query, attention.W_Q),
        )
    ]
    return np.concatenate(blocks, axis=1)


class _SmoothObjective:
    """Logarithm of the smoothed bound and its gradient in the log weights."""

    def __init__(self, attention: Attention, parts: Array) -> None:
        self.attention = attention
        self.parts = parts
        output = attention.output_matrices().reshape(-1, attention.features)
        self.output_gram = output @ output.T

    def __call__(self, point: Array) -> tuple[float, Array]:
        attention, heads = self.attention, self.attention.heads
        weights = np.exp(point.reshape(3, heads))
        shares = (self.parts / weights) ** 2
        omega = np.sqrt(shares.sum(axis=0))
        shares = shares / shares.sum(axis=0)
        rows = np.repeat(omega, attention.value_width)
        left, row_mass = _smooth_norm(rows[:, None] * self.output_gram * rows)
        output_mass = row_mass.reshape(heads, -1).sum(axis=1)
        inputs = _stacked_inputs(attention, *weights)
        right, column_mass = _smooth_norm_of_columns(inputs)
        split = heads * attention.value_width
        keys, queries = np.split(column_mass[split:], 2)
        input_mass = np.stack(
            [
                mass.reshape(heads, -1).sum(axis=1)
                for mass in (column_mass[:split], keys, queries)
            ]
        )
        gradient = input_mass - shares * output_mass
        return float(left + right), gradient.ravel()


def _smooth_norm(gram: Array) -> tuple[float, Array]:
    """log (tr G^p)^(1/2p) and its derivative in the logarithms of the scales."""
    values, vectors = np.linalg.eigh(gram)
    logarithm, share = _power_shares(values)
    return logarithm, vectors**2 @ share


def _smooth_norm_of_columns(matrix: Array) -> tuple[float, Array]:
    """The same for M M^T, with the derivative in the scales of the columns."""
    if matrix.shape[1] <= matrix.shape[0]:
        return _smooth_norm(matrix.T @ matrix)
    values, vectors = np.linalg.eigh(matrix @ matrix.T)
    logarithm, share = _power_shares(values)
    tiny = max(values[-1], np.finfo(float).tiny) * 1e-14
    scaled = share / np.maximum(values, tiny)
    return logarithm, (matrix.T @ vectors) ** 2 @ scaled


def _power_shares(values: Array) -> tuple[float, Array]:
    top = max(float(values[-1]), np.finfo(float).tiny)
    powers = (np.maximum(values, 0.0) / top) ** SMOOTHNESS
    total = powers.sum()
    if total == 0:
        return 0.5 * np.log(top), powers
    logarithm = 0.5 * (np.log(top) + np.log(total) / SMOOTHNESS)
    return float(logarithm), powers / total
