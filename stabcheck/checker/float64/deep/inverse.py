r"""Shrink over an input tube: theorem `depth-tube-inverse`.

The norm of the inverse of the derivative is at most $y_1 + \eta_1$, the norm at the
centre and what it moves by, and, with the second derivative $T_L$ of the stack,

$$\sup\lVert B_L^{-1} - B_L^{-1}T_L[\delta]B_L^{-1}\rVert + \lVert X_1\sqrt r\rVert
\Bigl(\lVert\sqrt cZ_1\rVert + \bigl(\sum_k\lVert\sqrt{c_k}R_k\rVert^2\eta_k^2
\bigr)^{1/2}\Bigr) + \sum_k\lVert B_k^{-1}\rVert q_k\eta_k .$$
"""

from __future__ import annotations

from stabcheck.checker.float64.deep.arrays import contract, multiply, upward
from stabcheck.checker.float64.deep.backward import Backward
from stabcheck.checker.float64.deep.curvature import grams
from stabcheck.checker.float64.deep.inverses import inverse, inverse_norm
from stabcheck.checker.float64.deep.top_pair import top_pair
from stabcheck.checker.float64.deep.tube import Recursion


def inverse_over_tube(state: Recursion) -> float:
    """Bound the norm of the inverse of the derivative over the tube: 1 over shrink.

    **Raises:** `ClaimRejected` where the bounds diverge.
    """
    found, depth = Backward(state), state.path.depth
    norm = inverse_norm(state.path, depth, 0) + float(found.moved[0])
    if state.curved is not None:
        norm = min(norm, _first_order(state, found))
    return float(upward(norm))


def _first_order(state: Recursion, found: Backward) -> float:
    path = state.path
    whole, last = inverse(path, path.depth, 0), state.curved.last
    size = len(whole.middle)
    turned = multiply(-whole, last.reshape(size, -1)).reshape(size, size, size)
    turned = contract("akm,mb->akb", turned, whole)
    linear = grams(turned, path.tokens).support(state.radii)
    total = top_pair(whole, turned, linear, state.radii)
    total += found.rest.norm(0, found.moved) + found.linear(0, found.moved)
    return float(upward(total))
