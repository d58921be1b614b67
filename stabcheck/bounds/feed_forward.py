r"""GELU feed-forward over a tube, token by token.

At the centre the Jacobian of a token is $J_0 = W_2^T\operatorname{diag}(g)W_1^T$.
On the tube each slope $g$ moves by at most $\delta_g$, so the Jacobian moves by
$W_2^T\operatorname{diag}(\theta)W_1^T$ with $|\theta_g|\le\delta_g$, whose norm is at
most $\sqrt{\|M_1\|\|M_2\|}$ with $M_1 = W_1\operatorname{diag}(\delta)W_1^T$,
$M_2 = W_2^T\operatorname{diag}(\delta)W_2$ (Cauchy-Schwarz).
"""

from __future__ import annotations

import numpy as np

from stabcheck.bounds.bound import Bound, outward
from stabcheck.bounds.norms import spectral_norm, trace_power_norm
from stabcheck.bounds.token_wise import (
    GELU_SECOND_DERIVATIVE_MAXIMUM,
    FeedForward,
    gelu_derivative,
)
from stabcheck.bounds.validation import Array, checked_nonnegative
from stabcheck.bounds.witness import (
    WITNESS_MARGIN,
    centre_and_deviation,
    point_matrix,
    token_wise_centre,
)

POWER_ITERATIONS = 12
CLEARLY_SMALLER = 1.1
SHARP_ROOM = 1e-8
"""Ten times what the checker adds to its own estimate of a norm."""

VANISHED = 2.0**-53
"""Of the product of the weights: a slope below it is as good as none."""


def feed_forward_tube(
    feed_forward: FeedForward,
    state: Array,
    radius: float,
    quantity: str,
    *,
    centre: float | None = None,
    deviation: Bound | None = None,
) -> Bound:
    """Bound the norm or logarithmic norm over a tube.  Theorem `feed-forward-tube`.

    The exact value at the centre, worst token, and the deviation.

    **Arguments:** `state` `(n, d)`; `radius` of every token; `quantity` one of
    `spectral-norm`, `log-norm`, `log-norm-lower`; `centre`, of
    `feed_forward_centre`, and `deviation`, when they are known.

    **Returns:** parameter `centre`, the value proved at the centre.
    """
    if centre is None:
        centre = feed_forward_centre(feed_forward, state)[quantity]
    if deviation is None:
        deviation = feed_forward_deviation_tube(feed_forward, state, radius)
    theorem = "feed-forward-tube"
    return centre_and_deviation(theorem, quantity, centre, deviation.value)


def feed_forward_centre(feed_forward: FeedForward, state: Array) -> dict[str, float]:
    """The values at the centre, worst token, that a witness can prove, by quantity."""
    found = token_wise_centre(feed_forward.token_jacobians(state), WITNESS_MARGIN)
    size = np.linalg.norm(feed_forward.W_1) * np.linalg.norm(feed_forward.W_2)
    # Where every slope has vanished, the checker does not tell them from 0.
    room = VANISHED * float(size)
    return {
        quantity: value + (-room if quantity == "log-norm-lower" else room)
        for quantity, value in found.items()
    }


def feed_forward_centre_matrices(
    feed_forward: FeedForward, state: Array, quantity: str, centre: float
) -> list[Array]:
    """The `(d, d)` matrices, one per token, that prove the value at the centre."""
    blocks = feed_forward.token_jacobians(state)
    return list(point_matrix(blocks, quantity, centre))


def feed_forward_deviation_tube(
    feed_forward: FeedForward,
    state: Array,
    radius: float,
    *,
    pooled: bool = False,
    sharp: bool = False,
) -> Bound:
    """Bound the change of the Jacobian.  Theorem `feed-forward-deviation-tube`.

    **Arguments:** `pooled` takes the largest change of each hidden unit over all
    tokens: a little larger and n times faster; `sharp` takes norms by eigenvalues,
    which floating point verifies: traces of powers are up to 2 % larger.
    """
    norm = estimated_norm if sharp else trace_power_norm
    changes = slope_changes(feed_forward, state, radius)
    if pooled:
        changes = changes.max(axis=0, keepdims=True)
    first = feed_forward.W_1.astype(np.float64)
    second = feed_forward.W_2.astype(np.float64)
    roots = np.sqrt(changes)
    estimates = np.array(
        [power_norm(first * r) * power_norm(r[:, None] * second) for r in roots]
    )
    # A token whose estimate is this much below the largest is not the worst one.
    worst = max(
        float(norm(first * root) * norm(root[:, None] * second))
        for root in roots[estimates * CLEARLY_SMALLER >= estimates.max()]
    )
    quantity = "jacobian-deviation"
    return Bound("feed-forward-deviation-tube", quantity, outward(quantity, worst))


def estimated_norm(matrix: Array) -> float:
    """The spectral norm with room for its verification in floating point."""
    return spectral_norm(matrix) * (1 + SHARP_ROOM)


def power_norm(matrix: Array) -> float:
    """A lower estimate of the spectral norm by a few power iterations."""
    vector = np.ones(matrix.shape[1])
    for _ in range(POWER_ITERATIONS):
        vector = matrix.T @ (matrix @ vector)
        size = float(np.linalg.norm(vector))
        if size == 0:
            return 0.0
        vector = vector / size
    return float(np.linalg.norm(matrix @ vector))


def slope_changes(feed_forward: FeedForward, state: Array, radius: float) -> Array:
    r"""How far gelu' moves from its value at the centre on the tube, `(n, m)`.

    gelu'' = (2 - z^2) phi(z) changes sign at $\pm\sqrt2$ only, so that gelu' on an
    interval lies between its values at the ends and at those of the two points that
    the interval contains.
    """
    radius = checked_nonnegative("radius", radius)
    z = feed_forward.hidden(state)
    reach = radius * np.linalg.norm(feed_forward.W_1.astype(np.float64), axis=0)
    centre = gelu_derivative(z)
    change = np.zeros_like(z)
    for point in (z - reach, z + reach):
        change = np.maximum(change, np.abs(gelu_derivative(point) - centre))
    for turn in (-np.sqrt(2.0), np.sqrt(2.0)):
        inside = np.abs(turn - z) <= reach * (1 + 1e-12)
        step = np.abs(gelu_derivative(np.float64(turn)) - centre)
        change = np.where(inside, np.maximum(change, step), change)
    # Differences of nearby values carry the rounding of the values themselves.
    change = np.where(reach > 0, change + 4 * np.finfo(float).eps, 0.0)
    return np.minimum(change, GELU_SECOND_DERIVATIVE_MAXIMUM * reach)
