r"""Caps on spectral norms: $W = c\,\tilde W/\max(c, \sigma(\tilde W))$.

`capped` estimates $\sigma$ by one step of power iteration from a vector that the
training loop carries: exact in the limit, never above the norm, hence the margin; it
lags while weights move fast.
`capped_by_powers` divides by an upper bound in closed form, so that the cap holds at
every step up to rounding, and needs no state.
"""

from __future__ import annotations

from typing import Any

MARGIN = 2.0**-6
"""How far below the cap the estimate is kept: what power iteration may still miss."""
SQUARINGS = 4


def start_vector(weight: Any) -> Any:
    """Unit vectors `(..., n)` for weights `(..., m, n)`: where iteration starts."""
    import jax
    import jax.numpy as jnp

    shape = jnp.shape(weight)
    drawn = jax.random.normal(jax.random.key(0), (*shape[:-2], shape[-1]))
    return _unit(drawn.astype(jnp.asarray(weight).dtype))


def power_norm(weight: Any, vector: Any, *, steps: int = 1) -> tuple[Any, Any]:
    r"""Estimate $\sigma(W)$ from below; return it and the vector to go on from.

    The gradient is that of $|W v|$ for the vector found: $u v^T$ in the limit.

    **Arguments:** `weight` `(..., m, n)`; `vector` `(..., n)`, of `start_vector` or of
    the last call; `steps` of power iteration.
    """
    import jax

    fixed = jax.lax.stop_gradient(weight)
    for _ in range(steps):
        vector = _unit(_applied(fixed.swapaxes(-1, -2), _applied(fixed, vector)))
    vector = jax.lax.stop_gradient(vector)
    return _length(_applied(weight, vector)), vector


def capped(
    weight: Any, vector: Any, cap: float, *, margin: float = MARGIN
) -> tuple[Any, Any]:
    r"""Scale weights down to a spectral norm of at most `cap`, as far as is known.

    **Arguments:** `weight` `(..., m, n)`; `vector` `(..., n)`; `cap`; `margin`, by
    what share the estimate is raised before it is compared with the cap.

    **Returns:** the scaled weights, and the vector for the next call.
    """
    estimate, vector = power_norm(weight, vector)
    return _scaled(weight, (1 + margin) * estimate, cap), vector


def capped_by_powers(weight: Any, cap: float, *, squarings: int = SQUARINGS) -> Any:
    r"""Scale weights down to a spectral norm of at most `cap`, at every step.

    Divides by $\lVert (W^T W)^{2^k} \rVert_F^{1/2^{k+1}} \ge \sigma(W)$ with $k$ the
    number of `squarings`: at most a factor $n^{1/2^{k+2}}$ above for $n$ columns.

    **Arguments:** `weight` `(..., m, n)`; `cap`.
    """
    import jax.numpy as jnp

    size = jnp.maximum(jnp.abs(weight).max(axis=(-1, -2), keepdims=True), TINY)
    scaled = weight / size
    power, logarithm = scaled.swapaxes(-1, -2) @ scaled, 0.0
    for level in range(squarings + 1):
        square = (power**2).sum(axis=(-1, -2), keepdims=True)
        length = jnp.sqrt(jnp.maximum(square, TINY))
        logarithm = logarithm + jnp.log(length) / 2.0 ** (level + 1)
        power = power / length
        power = power @ power
    bound = (size * jnp.exp(logarithm))[..., 0, 0]
    return _scaled(weight, bound, cap)


TINY = 1e-30
"""Weights of zeros stay what they are."""


def _scaled(weight: Any, norm: Any, cap: float) -> Any:
    import jax.numpy as jnp

    return weight * (cap / jnp.maximum(norm, cap))[..., None, None]


def _applied(matrix: Any, vector: Any) -> Any:
    return (matrix @ vector[..., None])[..., 0]


def _length(vector: Any) -> Any:
    import jax.numpy as jnp

    return jnp.sqrt(jnp.maximum((vector**2).sum(axis=-1), TINY))


def _unit(vector: Any) -> Any:
    return vector / _length(vector)[..., None]
