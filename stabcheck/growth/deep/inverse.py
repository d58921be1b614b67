r"""Shrink over an input tube: theorem `depth-tube-inverse`.

With $E_k$ what the Jacobian of map k moves, $z_{l,k} \ge \lVert
P_{k,l-1}^{-1}E_k\rVert$, $y_l = \lVert P_{L,l-1}^{-1}\rVert$ and all $z_{l,l} < 1$, the
inverse of the derivative of the maps l to L moves by at most

$$\eta_l = \frac{z_{l,l}y_l + \sum_{k>l}z_{l,k}(y_k + \eta_k)}{1 - z_{l,l}},\qquad
\text{shrink} \ge \frac1{y_1 + \eta_1},$$

and with the second derivative $T_L$ the first order is exact: $\lVert D\Phi^{-1}\rVert
\le \sup\lVert B_L^{-1} - B_L^{-1}T_L[\delta]B_L^{-1}\rVert + \sum_l\bigl(\langle
B_l^{-1}, K_l, P_{L,l-1}^{-1}\rangle + \langle B_l^{-1}, K_l, I\rangle\eta_l + \lVert
B_l^{-1}\rVert q_l\eta_l\bigr)$.
"""

from __future__ import annotations

import numpy as np

from stabcheck.growth.deep.curvature import Curvature, grams
from stabcheck.growth.deep.propagators import Along
from stabcheck.growth.deep.support import gram_support, matrix_norm
from stabcheck.growth.deep.top_pair import top_pair
from stabcheck.growth.deep.tube import DeepBound, Recursion

INVERSE_ROOM = 1e-4
"""Errors of the tensors enter with the square of the norm of the inverse."""


def deep_inverse(
    path: Along, curved: Curvature | None, radii: np.ndarray
) -> DeepBound | None:
    """Bound one over the shrink over the tube of these radii `(n,)`.

    **Returns:** None where the bounds diverge.
    """
    state = Recursion(path, curved, radii)
    if not all(state.advance(number) for number in range(path.depth)):
        return None
    try:
        inverses = {
            place: np.linalg.inv(product) for place, product in path.products.items()
        }
    except np.linalg.LinAlgError:
        return None
    moved = _moved_inverses(state, inverses)
    if moved is None:
        return None
    depth = path.depth
    norm = matrix_norm(inverses[depth, 0])
    found = DeepBound(norm + moved[0], moved[0], INVERSE_ROOM)
    if curved is None:
        return found
    first = _first_order(state, inverses, moved)
    return min(found, first, key=lambda bound: bound.value)


def _moved_inverses(state: Recursion, inverses: dict) -> list[float] | None:
    """How far the inverses of the maps from l on move, l from 0; None if unbounded."""
    depth = state.path.depth
    norms = [matrix_norm(inverses[depth, first]) for first in range(depth)]
    moved = [0.0] * depth
    for first in range(depth - 1, -1, -1):
        total = 0.0
        for number in range(first, depth):
            z = _pulled_back(state, inverses[number + 1, first], number)
            if number == first:
                own = z
                total += z * norms[first]
            else:
                total += z * (norms[number] + moved[number])
        if not own < 1:
            return None
        moved[first] = total / (1 - own)
    return moved


def _pulled_back(state: Recursion, inverse: np.ndarray, number: int) -> float:
    """Bound the norm of an inverse times what the Jacobian of a map moves."""
    part, moves = state.path.parts[number], state.moves[number]
    left = part.field.left.times(inverse.T)
    found = moves.rest.norm_between(left, part.field.right)
    if moves.curved is None:
        return found
    coupled = moves.one.norm_between(left, part.field.right)
    return found + min(coupled, matrix_norm(inverse) * moves.curved)


def _first_order(state: Recursion, inverses: dict, moved: list[float]) -> DeepBound:
    path, depth = state.path, state.path.depth
    whole = inverses[depth, 0]
    turned = np.tensordot(-whole, state.curved.last, 1) @ whole
    linear = gram_support(grams(turned, path.tokens), state.radii)
    first, total = top_pair(whole, turned, linear, state.radii), 0.0
    for number, (part, moves) in enumerate(zip(path.parts, state.moves, strict=True)):
        inverse = inverses[number + 1, 0]
        left = part.field.left.times(inverse.T)
        behind = part.field.right.times(inverses[depth, number])
        total += moves.rest.norm_between(left, behind)
        apart = moves.rest.norm_between(left, part.field.right)
        total += (apart + matrix_norm(inverse) * moves.curved) * moved[number]
    return DeepBound(first + total, total, INVERSE_ROOM)
