r"""$\lambda_{\max}(vU^TU + aA^TA)$ of a head, for many weights $v, a \ge 0$.

$U^TU = LL^T$ and $A^TA = KK^T$ with $d_v$ and $d_k$ columns: where they are few, the
Gram matrix of $[\sqrt vL, \sqrt aK]$ has the same traces of powers and is smaller.
Where they are many, the sum itself is.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from stabcheck.bounds.norms import trace_power_eigenvalue
from stabcheck.bounds.parameters import Attention
from stabcheck.bounds.validation import Array


@dataclass(frozen=True, eq=False)
class HeadForms:
    """`[L, K]`, `(d, d_v + d_k)`, of which the first `width` columns are L's."""

    joined: Array
    width: int

    @staticmethod
    def of(attention: Attention, head: int) -> HeadForms:
        """The forms $U^TU$ and $A^TA$ of a head."""
        W_O = attention.output_matrices()[head]
        W_Q, W_K, W_V = (
            W[head].astype(np.float64)
            for W in (attention.W_Q, attention.W_K, attention.W_V)
        )
        values = W_V @ _root(W_O @ W_O.T)
        slopes = attention.scale_value * W_K @ _root(W_Q.T @ W_Q)
        joined = np.concatenate([values, slopes], axis=1)
        return HeadForms(joined, values.shape[1])

    def largest(self, values: float, slopes: float) -> float:
        r"""Bound $\lambda_{\max}(vU^TU + aA^TA)$, $v$ and $a$ as given."""
        weights = np.full(self.joined.shape[1], np.sqrt(slopes))
        weights[: self.width] = np.sqrt(values)
        if self._gram is not None:
            scaled = self._gram * np.outer(weights, weights)
        else:
            scaled = self.joined * weights
            scaled = scaled @ scaled.T
        return float(trace_power_eigenvalue(scaled))

    @cached_property
    def _gram(self) -> Array | None:
        rows, columns = self.joined.shape
        return self.joined.T @ self.joined if columns <= rows else None

    @property
    def balance(self) -> float:
        r"""$(\operatorname{tr}A^TA/\operatorname{tr}U^TU)^{1/2}$; 1 where one is 0."""
        squares = (self.joined**2).sum(axis=0)
        values, slopes = squares[: self.width].sum(), squares[self.width :].sum()
        return float(np.sqrt(slopes / values)) if values > 0 and slopes > 0 else 1.0


def _root(gram: Array) -> Array:
    """A matrix S with S S^T = gram, for a positive semidefinite gram."""
    values, vectors = np.linalg.eigh(gram)
    return vectors * np.sqrt(np.maximum(values, 0.0))
