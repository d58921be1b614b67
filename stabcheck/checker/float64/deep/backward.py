r"""How far inverses move over a tube, backward in the depth.

With $E_k$ what the Jacobian of map k moves, $Y_l = P_{L,l-1}^{-1}$, $z_l \ge \lVert
J_l^{-1}E_l\rVert$ and all $z_l < 1$, the inverse $M_l$ of the derivative of the maps l
to L is $Y_l - \sum_{k \ge l}P_{k,l-1}^{-1}E_kM_k$ and within

$$\eta_l = \frac1{1 - z_l}\Bigl(\lVert X_l\sqrt r\rVert\Bigl(\lVert\sqrt cZ_l\rVert +
\bigl(\sum_{k > l}\lVert\sqrt{c_k}R_k\rVert^2\eta_k^2\bigr)^{1/2}\Bigr) + \sum_{k \ge l}
\lVert P_{k,l-1}^{-1}\rVert q_k(\lVert Y_k\rVert + [k > l]\eta_k)\Bigr)$$

of $Y_l$, where $X_l = [P_{k,l-1}^{-1}L_k]_{k \ge l}$ and $Z_l = [R_kY_k]_{k \ge l}$
couple all that is not in $q_k$: everything, or what is not linear in the input.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from stabcheck.checker.failures import ClaimRejected
from stabcheck.checker.float64.deep.arrays import Near, exactly, multiply, upward
from stabcheck.checker.float64.deep.coupling import Coupling
from stabcheck.checker.float64.deep.inverses import inverse, inverse_norm
from stabcheck.checker.float64.deep.joint import ratio, root
from stabcheck.checker.float64.deep.propagators import Along
from stabcheck.checker.float64.deep.tube import Recursion


class Backward:
    """The moves $\\eta_l$ of the inverses, and what is not linear in the input."""

    def __init__(self, state: Recursion) -> None:
        self.state, self.path = state, state.path
        self.moved = np.zeros(self.path.depth)
        self.coupled = Pulled(self.path)
        self.rest = None if state.curved is None else Pulled(self.path)
        for number in range(self.path.depth - 1, -1, -1):
            self._advance(number)

    def _advance(self, number: int) -> None:
        moves, path = self.state.moves[number], self.path
        own = self._own(number)
        if not own < 1 - 2.0**-20:
            raise ClaimRejected(
                f"map {number} of the range may move so far that it is singular: "
                "nothing is proved about the shrink on a tube of these radii"
            )
        behind = self.moved.copy()
        if self.rest is None:
            self.coupled.advance(number, moves.rest)
            total = self.coupled.norm(number, behind)
        else:
            self.coupled.advance(number, moves.one + moves.rest)
            self.rest.advance(number, moves.rest)
            norms = [inverse_norm(path, path.depth, k) for k in range(path.depth)]
            linear = self.linear(number, np.array(norms) + behind)
            apart = self.rest.norm(number, behind) + linear
            total = min(self.coupled.norm(number, behind), apart)
        self.moved[number] = upward(total / (1 - own))

    def _own(self, number: int) -> float:
        """Bound the norm of the inverse of a map's Jacobian times what it moves."""
        part, moves = self.path.parts[number], self.state.moves[number]
        left = part.field.left.pushed(
            inverse(self.path, number + 1, number).transpose(1, 0)
        )
        found = moves.rest.norm_between(left, part.field.right)
        if self.state.curved is None:
            return found
        coupled = moves.one.norm_between(left, part.field.right)
        linear = inverse_norm(self.path, number + 1, number) * moves.curved
        return float(upward(found + min(coupled, linear)))

    def linear(self, first: int, lengths: np.ndarray) -> float:
        """The sum of the norms of inverses, q_k and lengths, from a map on."""
        moves = self.state.moves
        total = sum(
            inverse_norm(self.path, k + 1, first) * moves[k].curved * lengths[k]
            for k in range(first, self.path.depth)
        )
        return float(upward(total))


class Pulled:
    """The couplings of the maps from l on, between inverses of partial products."""

    def __init__(self, path: Along) -> None:
        self.path = path
        size = len(path.parts[0].jacobian.middle)
        self.left = self.right = exactly(np.zeros((size, size)))
        self.local, self.spreads = np.zeros(path.depth), np.zeros(path.depth)

    def advance(self, number: int, coupling: Coupling) -> None:
        """Take the map before, weighed at both ends of the stack."""
        path, part = self.path, self.path.parts[number]
        start = part.field.left.pushed(inverse(path, number + 1, 0).transpose(1, 0))
        end = part.field.right.pushed(inverse(path, path.depth, number))
        rows, columns = coupling.weights(start, end)
        scale = ratio(end.weighted_norm(columns), start.weighted_norm(rows))
        rows, columns = upward(rows * scale), upward(columns / scale)
        own = inverse(path, number + 1, number)
        before = replace(self.left, radius=0.0) + part.field.left.gram(rows)
        made = multiply(multiply(own, before), own.transpose(1, 0))
        self.local[number] = made.radius
        self.left = Near(made.middle, 0.0)
        self.right = self.right + end.gram(columns)
        self.spreads[number] = part.field.right.weighted_norm(columns)

    def norm(self, first: int, moved: np.ndarray) -> float:
        r"""Bound what they make, ahead of inverses that move by so much.

        The errors of the maps m grow by $\lVert P_{m-1,l-1}^{-1}\rVert^2$.
        """
        norms = [1.0]
        for m in range(first + 1, self.path.depth):
            norms.append(inverse_norm(self.path, m, first))
        error = upward(np.array(norms) ** 2 @ self.local[first:])
        apart = self.spreads * moved
        after = np.sqrt(upward(apart @ apart)) + root(self.right)
        left = root(replace(self.left, radius=float(error)))
        return float(upward(left * after))
