r"""Shrink over an input tube: theorem `depth-tube-inverse`.

With $E_k$ what the Jacobian of map k moves, $Y_l = P_{L,l-1}^{-1}$, $z_l \ge \lVert
J_l^{-1}E_l\rVert$ and all $z_l < 1$, the inverse $M_l$ of the derivative of the maps l
to L is $Y_l - \sum_{k \ge l}P_{k,l-1}^{-1}E_kM_k$ and within

$$\eta_l = \frac1{1 - z_l}\Bigl(\lVert X_l\sqrt r\rVert\Bigl(\lVert\sqrt cZ_l\rVert +
\bigl(\sum_{k > l}\lVert\sqrt{c_k}R_k\rVert^2\eta_k^2\bigr)^{1/2}\Bigr) + \sum_{k \ge l}
\lVert P_{k,l-1}^{-1}\rVert q_k(\lVert Y_k\rVert + [k > l]\eta_k)\Bigr)$$

of $Y_l$, where $X_l = [P_{k,l-1}^{-1}L_k]_{k \ge l}$ and $Z_l = [R_kY_k]_{k \ge l}$
couple all that is not in $q_k$: everything, or what is not linear in the input.  With
the second derivative $T_L$ the first order of the whole stack is exact.
"""

from __future__ import annotations

import numpy as np

from stabcheck.growth.deep.coupling import Coupling
from stabcheck.growth.deep.curvature import Curvature, grams
from stabcheck.growth.deep.joint import ratio
from stabcheck.growth.deep.propagators import Along
from stabcheck.growth.deep.support import gram_support, top_eigenvalue
from stabcheck.growth.deep.top_pair import top_pair
from stabcheck.growth.deep.tube import DeepBound, Recursion, recursion

INVERSE_ROOM = 1e-4
"""Errors of the tensors enter with the square of the norm of the inverse."""


def deep_inverse(
    path: Along, curved: Curvature | None, radii: np.ndarray
) -> DeepBound | None:
    """Bound one over the shrink over the tube of these radii `(n,)`.

    **Returns:** None where the bounds diverge.
    """
    state = recursion(path, curved, radii)
    if state is None:
        return None
    try:
        found = _Backward(state)
    except np.linalg.LinAlgError:
        return None
    depth = path.depth
    if not all(found.advance(number) for number in range(depth - 1, -1, -1)):
        return None
    norm, moved = path.inverse_norm(depth, 0), found.moved[0]
    bound = DeepBound(norm + moved, moved, INVERSE_ROOM)
    if curved is None:
        return bound
    first = _first_order(state, found)
    return min(bound, first, key=lambda each: each.value)


class _Backward:
    """How far the inverses of the maps from l on move, backward in l."""

    def __init__(self, state: Recursion) -> None:
        depth = state.path.depth
        self.state, self.moved = state, np.zeros(depth)
        self.coupled = _Pulled(state.path)
        self.rest = None if state.curved is None else _Pulled(state.path)
        self.own = [_own(state, number) for number in range(depth)]

    def advance(self, number: int) -> bool:
        """Take the map before; False where it may become singular."""
        moves, own = self.state.moves[number], self.own[number]
        if not own < 1:
            return False
        behind = self.moved.copy()
        if self.rest is None:
            self.coupled.advance(number, moves.rest)
            total = self.coupled.norm(behind)
        else:
            self.coupled.advance(number, moves.one + moves.rest)
            self.rest.advance(number, moves.rest)
            norms = [
                self.state.path.inverse_norm(self.state.path.depth, k)
                for k in range(self.state.path.depth)
            ]
            linear = self.linear(number, np.array(norms) + behind)
            total = min(self.coupled.norm(behind), self.rest.norm(behind) + linear)
        self.moved[number] = total / (1 - own)
        return bool(np.isfinite(self.moved[number]))

    def linear(self, first: int, lengths: np.ndarray) -> float:
        """The sum of the norms of inverses, q_k and lengths, from a map on."""
        path = self.state.path
        return sum(
            path.inverse_norm(k + 1, first) * self.state.moves[k].curved * lengths[k]
            for k in range(first, path.depth)
        )


class _Pulled:
    """The couplings of the maps from l on, between inverses of partial products."""

    def __init__(self, path: Along) -> None:
        self.path = path
        size = len(path.products[0, 0])
        self.left, self.right = np.zeros((size, size)), np.zeros((size, size))
        self.spreads = np.zeros(path.depth)

    def advance(self, number: int, coupling: Coupling) -> None:
        """Take the map before, weighed at both ends of the stack."""
        path, part = self.path, self.path.parts[number]
        start = part.field.left.times(path.inverse(number + 1, 0).T)
        end = part.field.right.times(path.inverse(path.depth, number))
        rows, columns = coupling.weights(start, end)
        scale = ratio(end.weighted_norm(columns), start.weighted_norm(rows))
        own = path.inverse(number + 1, number)
        self.left = own @ (self.left + part.field.left.gram(rows * scale)) @ own.T
        self.right = self.right + end.gram(columns / scale)
        self.spreads[number] = part.field.right.weighted_norm(columns / scale)

    def norm(self, moved: np.ndarray) -> float:
        """Bound what they make, ahead of inverses that move by so much."""
        apart = self.spreads * moved
        after = np.sqrt(top_eigenvalue(self.right)) + np.sqrt(apart @ apart)
        return float(np.sqrt(top_eigenvalue(self.left)) * after)


def _own(state: Recursion, number: int) -> float:
    """Bound the norm of the inverse of a map's Jacobian times what it moves."""
    part, moves = state.path.parts[number], state.moves[number]
    left = part.field.left.times(state.path.inverse(number + 1, number).T)
    found = moves.rest.norm_between(left, part.field.right)
    if moves.curved is None:
        return found
    coupled = moves.one.norm_between(left, part.field.right)
    linear = state.path.inverse_norm(number + 1, number) * moves.curved
    return found + min(coupled, linear)


def _first_order(state: Recursion, found: _Backward) -> DeepBound:
    path = state.path
    whole = path.inverse(path.depth, 0)
    turned = np.tensordot(-whole, state.curved.last, 1) @ whole
    linear = gram_support(grams(turned, path.tokens), state.radii)
    first = top_pair(whole, turned, linear, state.radii)
    total = found.rest.norm(found.moved) + found.linear(0, found.moved)
    return DeepBound(first + total, total, INVERSE_ROOM)
