r"""Gated feed-forward fields: SwiGLU and GeGLU, their Jacobian and how it moves.

A token's Jacobian is $J = W_2^T(\operatorname{diag}(z\circ\phi'(u))W_g^T +
\operatorname{diag}(\phi(u))W_1^T)$ with $u = xW_g$, $z = xW_1$.  On a tube $u$ and $z$
of a unit move by at most $\varepsilon|w_g|$ and $\varepsilon|w_1|$, $\phi'(u)$ by at
most $\delta$, hence $z\phi'(u)$ by $\alpha = \delta(|z| + \varepsilon|w_1|) +
|\phi'(u)|\varepsilon|w_1|$ and $\phi(u)$ by $\beta = \varepsilon|w_g|(|\phi'(u)| +
\delta)$.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import expit

from stabcheck.bounds.bound import Bound, outward
from stabcheck.bounds.norms import trace_power_norm
from stabcheck.bounds.token_wise import TokenWise, gelu, gelu_derivative
from stabcheck.bounds.validation import (
    Array,
    checked_array,
    checked_nonnegative,
    checked_state,
)
from stabcheck.errors import InvalidInput

SILU_TURN = 2.399357280515468
"""Where the slope of SiLU is largest, z tanh(z/2) = 2 (`silu-derivative-range`)."""


def silu(z: Array) -> Array:
    """z times the logistic function."""
    return z * expit(z)


def silu_derivative(z: Array) -> Array:
    """sigma(z) (1 + z sigma(-z))."""
    return expit(z) * (1 + z * expit(-z))


@dataclass(frozen=True)
class Gate:
    """An activation: value, slope, and where for z > 0 the slope turns."""

    value: Callable[[Array], Array]
    slope: Callable[[Array], Array]
    turn: float


GATES = {
    "silu": Gate(silu, silu_derivative, SILU_TURN),
    "gelu": Gate(gelu, gelu_derivative, float(np.sqrt(2.0))),
}


@dataclass(frozen=True, eq=False)
class GatedFeedForward(TokenWise):
    r"""$(\phi(xW_g)\circ xW_1)W_2$: SwiGLU for `silu`, GeGLU for `gelu`.

    **Arguments:** `W_g`, `W_1` `(d, m)`, `W_2` `(m, d)`; `activation`.

    **Raises:** `InvalidInput`.
    """

    W_g: Array
    W_1: Array
    W_2: Array
    activation: str = "silu"

    def __post_init__(self) -> None:
        if self.activation not in GATES:
            raise InvalidInput(
                f"asked for a gated feed-forward field with activation="
                f"{self.activation!r}; give one of {', '.join(GATES)}"
            )
        gate = checked_array("W_g", self.W_g, (None, None))
        features, hidden = gate.shape
        object.__setattr__(self, "W_g", gate)
        for name, shape in (("W_1", (features, hidden)), ("W_2", (hidden, features))):
            found = checked_array(name, getattr(self, name), shape)
            object.__setattr__(self, name, found)

    @property
    def features(self) -> int:
        return self.W_g.shape[0]

    @property
    def gate(self) -> Gate:
        """The activation with its slope."""
        return GATES[self.activation]

    @cached_property
    def in_float64(self) -> tuple[Array, Array, Array]:
        """W_g, W_1 and W_2."""
        return tuple(W.astype(np.float64) for W in (self.W_g, self.W_1, self.W_2))

    def hidden(self, state: Array) -> tuple[Array, Array]:
        """u = x W_g and z = x W_1, `(n, m)` each."""
        X = checked_state(state, self.features)
        gate, first, _ = self.in_float64
        return X @ gate, X @ first

    def __call__(self, state: Array) -> Array:
        """The field at a state `(n, d)`."""
        u, z = self.hidden(state)
        return (self.gate.value(u) * z) @ self.in_float64[2]

    def linearise(self, state: Array) -> GatedDerivative:
        """The derivative at a state, for many products."""
        u, z = self.hidden(state)
        return GatedDerivative(self, z * self.gate.slope(u), self.gate.value(u))

    def token_jacobians(self, state: Array) -> Array:
        """`swiglu-jacobian` per token, shape `(n, d, d)`."""
        at, (gate, first, second) = self.linearise(state), self.in_float64
        return np.stack(
            [
                second.T @ (steep[:, None] * gate.T + value[:, None] * first.T)
                for steep, value in zip(at.steep, at.value, strict=True)
            ]
        )


@dataclass(frozen=True, eq=False)
class GatedDerivative:
    r"""A gated field at a state: $z\phi'(u)$ and $\phi(u)$ of its units, `(n, m)`."""

    field: GatedFeedForward
    steep: Array
    value: Array

    def jvp(self, direction: Array) -> Array:
        """Derivative in a direction `(n, d)`."""
        gate, first, second = self.field.in_float64
        inner = self.steep * (direction @ gate) + self.value * (direction @ first)
        return inner @ second

    def vjp(self, covector: Array) -> Array:
        """The transpose of `jvp`."""
        gate, first, second = self.field.in_float64
        inner = covector @ second.T
        return (self.steep * inner) @ gate.T + (self.value * inner) @ first.T


def gated_feed_forward_deviation_tube(
    field: GatedFeedForward, state: Array, radius: float
) -> Bound:
    r"""Bound the change of the Jacobian over a tube.

    Theorem `gated-feed-forward-deviation-tube`: at most, for the worst token,
    $\|\sqrt\alpha W_2\|\|\sqrt\alpha W_g^T\| + \|\sqrt\beta W_2\|\|\sqrt\beta W_1^T\|$.
    """
    radius = checked_nonnegative("radius", radius)
    gate, first, second = field.in_float64
    worst = 0.0
    with np.errstate(over="ignore", invalid="ignore"):
        for steep, value in zip(*_changes(field, state, radius), strict=True):
            moved = 0.0
            for matrix, change in ((gate, steep), (first, value)):
                root = np.sqrt(change)
                left = float(trace_power_norm(matrix * root))
                moved += left * float(trace_power_norm(root[:, None] * second))
            worst = max(worst, moved) if np.isfinite(moved) else np.inf
    quantity = "jacobian-deviation"
    theorem = "gated-feed-forward-deviation-tube"
    return Bound(theorem, quantity, outward(quantity, worst))


def _changes(
    field: GatedFeedForward, state: Array, radius: float
) -> tuple[Array, Array]:
    r"""The changes alpha of $z\phi'(u)$ and beta of $\phi(u)$, `(n, m)` each."""
    u, z = field.hidden(state)
    gate, first, _ = field.in_float64
    reach = radius * np.linalg.norm(gate, axis=0)
    moves = radius * np.linalg.norm(first, axis=0)
    steep = np.abs(field.gate.slope(u))
    turned = _slope_changes(field.gate, u, reach)
    return turned * (np.abs(z) + moves) + steep * moves, reach * (steep + turned)


def _slope_changes(gate: Gate, u: Array, reach: Array) -> Array:
    """How far the slope moves on [u - reach, u + reach]: it turns at two points."""
    centre = gate.slope(u)
    change = np.zeros_like(u)
    for point in (u - reach, u + reach):
        change = np.maximum(change, np.abs(gate.slope(point) - centre))
    for turn in (-gate.turn, gate.turn):
        inside = np.abs(turn - u) <= reach * (1 + 1e-12) + 1e-14
        step = np.abs(gate.slope(np.float64(turn)) - centre)
        change = np.where(inside, np.maximum(change, step), change)
    # Differences of nearby values carry the rounding of the values themselves.
    return np.where(reach > 0, change + 4 * np.finfo(float).eps * (1 + abs(u)), 0.0)
