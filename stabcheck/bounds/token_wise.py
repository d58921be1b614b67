r"""Token-wise fields: GELU feed-forward, LayerNorm, RMSNorm.

Their Jacobians are block diagonal: one $d\times d$ matrix per token.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import ClassVar

import numpy as np
from scipy.special import ndtr

from stabcheck.bounds.derivative import (
    FeedForwardDerivative,
    NormalisationDerivative,
    TokenWiseDerivative,
)
from stabcheck.bounds.validation import (
    Array,
    checked_array,
    checked_nonnegative,
    checked_state,
)
from stabcheck.errors import InvalidInput

# |gelu''| = |2 - z^2| phi(z) <= 2 phi(0) = sqrt(2/pi).
GELU_SECOND_DERIVATIVE_MAXIMUM = 0.7978845608028655


def gelu(z: Array) -> Array:
    """The exact GELU, z Phi(z) (not the tanh approximation)."""
    return z * ndtr(z)


def gelu_derivative(z: Array) -> Array:
    """Phi(z) + z phi(z)."""
    return ndtr(z) + z * np.exp(-0.5 * z * z) / np.sqrt(2 * np.pi)


class TokenWise:
    """Jacobian products and the dense Jacobian of a token-wise field."""

    is_token_wise: ClassVar[bool] = True

    def token_jacobians(self, state: Array) -> Array:
        raise NotImplementedError

    def linearise(self, state: Array) -> TokenWiseDerivative:
        raise NotImplementedError

    def jvp(self, state: Array, direction: Array) -> Array:
        """Derivative of the field at `state` in `direction`, shape `(n, d)`."""
        return self.linearise(state).jvp(checked_state(direction, self.features))

    def vjp(self, state: Array, covector: Array) -> Array:
        """The transpose of `jvp` applied to a covector `(n, d)`."""
        return self.linearise(state).vjp(checked_state(covector, self.features))

    def jacobian(self, state: Array) -> Array:
        """Dense Jacobian `(n d, n d)`, token-major."""
        blocks = self.token_jacobians(state)
        tokens, d, _ = blocks.shape
        total = np.zeros((tokens, d, tokens, d))
        diagonal = np.arange(tokens)
        total[diagonal, :, diagonal] = blocks
        return total.reshape(tokens * d, tokens * d)


@dataclass(frozen=True, eq=False)
class FeedForward(TokenWise):
    """gelu(x W_1 + b_1) W_2 + b_2, with `W_1` `(d, m)`, `W_2` `(m, d)`."""

    W_1: Array
    b_1: Array
    W_2: Array
    b_2: Array

    def __post_init__(self) -> None:
        first = checked_array("W_1", self.W_1, (None, None))
        features, hidden = first.shape
        kept = {
            "W_1": first,
            "b_1": checked_array("b_1", self.b_1, (hidden,)),
            "W_2": checked_array("W_2", self.W_2, (hidden, features)),
            "b_2": checked_array("b_2", self.b_2, (features,)),
        }
        for name, array in kept.items():
            object.__setattr__(self, name, array)

    @property
    def features(self) -> int:
        return self.W_1.shape[0]

    def hidden(self, state: Array) -> Array:
        """Pre-activations x W_1 + b_1, shape `(n, m)`."""
        X = checked_state(state, self.features)
        return X @ self._in_float64[0] + self.b_1.astype(np.float64)

    def __call__(self, state: Array) -> Array:
        """The field at a state `(n, d)`."""
        activated = gelu(self.hidden(state))
        return activated @ self._in_float64[1] + self.b_2.astype(np.float64)

    @cached_property
    def _in_float64(self) -> tuple[Array, Array]:
        return self.W_1.astype(np.float64), self.W_2.astype(np.float64)

    def linearise(self, state: Array) -> FeedForwardDerivative:
        """The derivative at a state, for many products."""
        slopes = gelu_derivative(self.hidden(state))
        return FeedForwardDerivative(*self._in_float64, slopes)

    def token_jacobians(self, state: Array) -> Array:
        """$W_2^T diag(gelu'(z)) W_1^T$ per token, shape `(n, d, d)`."""
        slopes = gelu_derivative(self.hidden(state))
        first, second = (weight.T for weight in self._in_float64)
        return np.stack([(second * slope) @ first for slope in slopes])


@dataclass(frozen=True, eq=False)
class LayerNorm(TokenWise):
    """gamma (x - mean)/s + beta with s = sqrt(var + epsilon), var with 1/d."""

    gamma: Array
    beta: Array
    epsilon: float | Fraction

    def __post_init__(self) -> None:
        gamma = checked_array("gamma", self.gamma, (None,))
        beta = checked_array("beta", self.beta, gamma.shape)
        checked_nonnegative("epsilon", self.epsilon)
        object.__setattr__(self, "gamma", gamma)
        object.__setattr__(self, "beta", beta)

    @property
    def features(self) -> int:
        return self.gamma.shape[0]

    def centred(self, state: Array) -> tuple[Array, Array]:
        """Tokens minus their means, `(n, d)`, and the deviations s, `(n,)`."""
        X = checked_state(state, self.features)
        centred = X - X.mean(axis=1, keepdims=True)
        return centred, _deviation(centred, self.epsilon)

    def __call__(self, state: Array) -> Array:
        """The field at a state `(n, d)`."""
        centred, deviation = self.centred(state)
        gamma = self.gamma.astype(np.float64)
        return gamma * centred / deviation[:, None] + self.beta.astype(np.float64)

    def linearise(self, state: Array) -> NormalisationDerivative:
        """The derivative at a state, for many products."""
        return _derivative(self.gamma, *self.centred(state), centring=True)

    def token_jacobians(self, state: Array) -> Array:
        """`layer-norm-jacobian` per token, shape `(n, d, d)`."""
        centred, deviation = self.centred(state)
        d = self.features
        projection = np.eye(d) - np.full((d, d), 1 / d)
        return _token_jacobians(self.gamma, projection, centred, deviation)


@dataclass(frozen=True, eq=False)
class RMSNorm(TokenWise):
    """gamma x / r with r = sqrt(mean of x^2 + epsilon)."""

    gamma: Array
    epsilon: float | Fraction

    def __post_init__(self) -> None:
        object.__setattr__(self, "gamma", checked_array("gamma", self.gamma, (None,)))
        checked_nonnegative("epsilon", self.epsilon)

    @property
    def features(self) -> int:
        return self.gamma.shape[0]

    def centred(self, state: Array) -> tuple[Array, Array]:
        """The tokens themselves, `(n, d)`, and their root mean squares r, `(n,)`."""
        X = checked_state(state, self.features)
        return X, _deviation(X, self.epsilon)

    def __call__(self, state: Array) -> Array:
        """The field at a state `(n, d)`."""
        X, deviation = self.centred(state)
        return self.gamma.astype(np.float64) * X / deviation[:, None]

    def linearise(self, state: Array) -> NormalisationDerivative:
        """The derivative at a state, for many products."""
        return _derivative(self.gamma, *self.centred(state), centring=False)

    def token_jacobians(self, state: Array) -> Array:
        """`rms-norm-jacobian` per token, shape `(n, d, d)`."""
        X, deviation = self.centred(state)
        return _token_jacobians(self.gamma, np.eye(self.features), X, deviation)


def _deviation(centred: Array, epsilon: float | Fraction) -> Array:
    variance = np.mean(centred * centred, axis=1)
    if float(epsilon) == 0 and (variance == 0).any():
        raise InvalidInput(
            "a token has variance 0 and epsilon is 0: the norm is undefined there"
        )
    return np.sqrt(variance + float(epsilon))


def _unit(centred: Array, deviation: Array) -> Array:
    return centred / (deviation * np.sqrt(centred.shape[1]))[:, None]


def _derivative(
    gamma: Array, centred: Array, deviation: Array, *, centring: bool
) -> NormalisationDerivative:
    unit = _unit(centred, deviation)
    return NormalisationDerivative(gamma.astype(np.float64), unit, deviation, centring)


def _token_jacobians(
    gamma: Array, projection: Array, centred: Array, deviation: Array
) -> Array:
    unit = _unit(centred, deviation)
    inner = projection - unit[:, :, None] * unit[:, None, :]
    return gamma.astype(np.float64)[:, None] * inner / deviation[:, None, None]
