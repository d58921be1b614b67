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

from stabcheck.checker.failures import ClaimRejected
from stabcheck.checker.float64.deep.arrays import (
    Near,
    contract,
    exactly,
    multiply,
    upward,
)
from stabcheck.checker.float64.deep.curvature import Curvature, grams
from stabcheck.checker.float64.deep.propagators import Along
from stabcheck.checker.float64.deep.support import matrix_norm
from stabcheck.checker.float64.deep.top_pair import top_pair
from stabcheck.checker.float64.deep.tube import Recursion


def inverse_over_tube(
    path: Along, curved: Curvature | None, radii: np.ndarray
) -> float:
    """Bound the norm of the inverse of the derivative over the tube: 1 over shrink.

    **Raises:** `ClaimRejected` where the recursion diverges.
    """
    state = Recursion(path, curved, radii)
    for number in range(path.depth):
        state.advance(number)
    inverses = _Inverses(path)
    moved = _moved_inverses(state, inverses)
    norm = matrix_norm(inverses.of(path.depth, 0)) + moved[0]
    if curved is not None:
        norm = min(norm, _first_order(state, inverses, moved))
    return float(upward(norm))


class _Inverses:
    """Enclosed inverses of partial products, each with its residual."""

    def __init__(self, path: Along) -> None:
        self.path = path
        self.known: dict[tuple[int, int], Near] = {}

    def of(self, last: int, first: int) -> Near:
        r"""$P^{-1}$ near R: $\lVert P^{-1} - R\rVert \le \beta\lVert R\rVert/(1 -
        \beta)$ for $\beta = \lVert I - RP\rVert < 1$.
        """
        if (last, first) not in self.known:
            product = self.path.products[last, first]
            inverse = exactly(_approximate_inverse(product.middle))
            identity = exactly(np.eye(len(product.middle)))
            defect = matrix_norm(identity + -multiply(inverse, product))
            if not defect < 0.5:
                raise ClaimRejected(
                    f"the inverse of the maps {first} to {last - 1} of the range is "
                    "not enclosed: nothing is proved about their shrink"
                )
            norm = matrix_norm(inverse)
            error = float(upward(defect * norm / (1 - defect)))
            self.known[last, first] = Near(inverse.middle, error, norm)
        return self.known[last, first]


def _approximate_inverse(matrix: np.ndarray) -> np.ndarray:
    try:
        return np.linalg.inv(matrix)
    except np.linalg.LinAlgError:
        return np.zeros_like(matrix)  # its residual is 1: refused


def _moved_inverses(state: Recursion, inverses: _Inverses) -> list[float]:
    """How far the inverses of the maps from l on move, l from 0."""
    depth = state.path.depth
    norms = [matrix_norm(inverses.of(depth, first)) for first in range(depth)]
    moved = [0.0] * depth
    for first in range(depth - 1, -1, -1):
        own, total = 1.0, 0.0
        for number in range(first, depth):
            z = _pulled_back(state, inverses.of(number + 1, first), number)
            if number == first:
                own = z
                total += z * norms[first]
            else:
                total += z * (norms[number] + moved[number])
        if not own < 1 - 2.0**-20:
            raise ClaimRejected(
                f"map {first} of the range may move so far that it is singular: "
                "nothing is proved about the shrink on a tube of these radii"
            )
        moved[first] = float(upward(total / (1 - own)))
    return moved


def _pulled_back(state: Recursion, inverse: Near, number: int) -> float:
    """Bound the norm of an inverse times what the Jacobian of a map moves."""
    part, moves = state.path.parts[number], state.moves[number]
    left = part.field.left.times(inverse.transpose(1, 0))
    found = moves.rest.norm_between(left, part.field.right)
    if state.curved is not None:
        coupled = moves.one.norm_between(left, part.field.right)
        found += min(coupled, matrix_norm(inverse) * moves.curved)
    return float(upward(found))


def _first_order(state: Recursion, inverses: _Inverses, moved: list[float]) -> float:
    path, depth = state.path, state.path.depth
    whole, last = inverses.of(depth, 0), state.curved.last
    size = len(whole.middle)
    turned = multiply(-whole, last.reshape(size, -1)).reshape(size, size, size)
    turned = contract("akm,mb->akb", turned, whole)
    linear = grams(turned, path.tokens).support(state.radii)
    total = top_pair(whole, turned, linear, state.radii)
    for number, (part, moves) in enumerate(zip(path.parts, state.moves, strict=True)):
        inverse = inverses.of(number + 1, 0)
        left = part.field.left.times(inverse.transpose(1, 0))
        behind = part.field.right.times(inverses.of(depth, number))
        total += moves.rest.norm_between(left, behind)
        apart = moves.rest.norm_between(left, part.field.right)
        total += (apart + matrix_norm(inverse) * moves.curved) * moved[number]
    return float(upward(total))
