r"""Growth over an input tube: theorems `depth-tube-first-order`, `depth-tube-coupled`.

With $|\delta_i| \le \varepsilon_i$, $T_l$ the second derivative of the first l maps and
$w_l$ what the state moves beyond $B_l\delta$,

$$\lVert D\Phi_l(X) - B_l - T_l[\delta]\rVert \le \rho_l = \sum_{k \le l}\bigl(\lVert
P_{l,k}\rVert q_kd_{k-1} + \langle P_{l,k}, K_k, B_{k-1}\rangle + \langle P_{l,k}, K_k,
I\rangle d_{k-1}\bigr),\qquad d_l = t_l + \rho_l,$$

where $K_k$ couples what is not linear in $\delta$ and $\langle\cdot\rangle$ is the
norm of `weighted-schur-test`.  Without the tensors $T_l$ everything is coupled.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stabcheck.checker.failures import ClaimRejected
from stabcheck.checker.float64.deep.arrays import upward
from stabcheck.checker.float64.deep.coupling import Coupling, Frame, reach
from stabcheck.checker.float64.deep.curvature import Curvature
from stabcheck.checker.float64.deep.graded import Graded
from stabcheck.checker.float64.deep.propagators import Along, Part
from stabcheck.checker.float64.deep.support import total_length, vector_support
from stabcheck.checker.float64.deep.top_pair import top_pair

LARGEST = 1e6
"""Couplings and remainders above this have diverged."""


@dataclass(frozen=True, eq=False)
class Moves:
    """What one map of the stack does over the tube, as couplings and lengths."""

    one: Coupling
    rest: Coupling
    forces: np.ndarray
    curved: float
    """Largest norm of the part that is linear in the input, 0 where it is coupled."""


def growth_over_tube(path: Along, curved: Curvature | None, radii: np.ndarray) -> float:
    """Bound the growth over the tube of these radii `(n,)`.

    **Raises:** `ClaimRejected` where the recursion diverges.
    """
    state = Recursion(path, curved, radii)
    for number in range(path.depth):
        state.advance(number)
    if curved is None:
        first = path.norm(path.depth, 0)
    else:
        last = path.products[path.depth, 0]
        first = top_pair(last, curved.last, state.linear[-1], radii)
    return float(upward(first + state.remainders[-1]))


class Recursion:
    """Bounds along the depth, each from those of the maps before."""

    def __init__(
        self, path: Along, curved: Curvature | None, radii: np.ndarray
    ) -> None:
        self.path, self.curved, self.radii = path, curved, radii
        self.length = total_length(radii)
        self.drift = np.zeros(path.tokens)
        self.linear, self.remainders = [0.0], [0.0]
        self.moves: list[Moves] = []

    def advance(self, number: int) -> None:
        """Take one map more.  **Raises:** `ClaimRejected` where it diverges."""
        self.moves.append(self._moves(number))
        after = number + 1
        self.remainders.append(self._remainder(after))
        forced = np.sum(
            [
                reach(self._left(after, k + 1, part), moves.forces, self.path.tokens)
                for k, (part, moves) in enumerate(self._so_far())
            ],
            axis=0,
        )
        integral = self.remainders[-1] * self.length
        if self.curved is None:
            self.linear.append(0.0)
            self.drift = upward(np.minimum(forced, integral / 2))
        else:
            grams = self.curved.stack[after]
            self.linear.append(grams.support(self.radii))
            second = grams.rows(self.radii) * self.length / 2
            self.drift = upward(second + np.minimum(forced, integral / 3))
        if not (self.remainders[-1] < LARGEST and (self.drift < LARGEST).all()):
            raise _diverges(number)

    def _so_far(self) -> list[tuple[Part, Moves]]:
        return list(zip(self.path.parts, self.moves, strict=False))

    def _left(self, after: int, before: int, part: Part) -> Frame:
        return part.field.left.times(self.path.products[after, before].transpose(1, 0))

    def _moves(self, number: int) -> Moves:
        part, before = self.path.parts[number], self.path.products[number, 0]
        size = len(before.middle)
        tokens = before.reshape(self.path.tokens, -1, size)
        linear = vector_support(tokens, self.radii)
        turns, rest = _normalisation_moves(number, part, linear, self.drift)
        field = part.field
        ahead = field.supports(field.right.times(before).rows, self.radii)
        drifted = field.supports(field.right.rows, self.drift)
        step = float(upward(part.step.middle + part.step.radius))
        couplings = field.couplings(ahead, drifted, rest, turns)
        one, drift, beyond = (coupling.scaled(step) for coupling in couplings)
        if not (beyond.values < LARGEST).all():
            raise _diverges(number)
        by_input = field.lengths(ahead, linear)
        by_drift = field.lengths(drifted, self.drift)
        forces = one.times(by_drift) + drift.times(by_drift) / 2
        forces = forces + beyond.times(by_input + by_drift) / 3
        if self.curved is None:
            forces = forces + one.times(by_input) / 2
            return Moves(one, one + drift + beyond, upward(forces), 0.0)
        curved = self.curved.maps[number].support(self.radii)
        return Moves(one, drift + beyond, upward(forces), curved)

    def _remainder(self, after: int) -> float:
        total = 0.0
        for k, (part, moves) in enumerate(self._so_far()):
            left = self._left(after, k + 1, part)
            before = part.field.right.times(self.path.products[k, 0])
            total += moves.rest.norm_between(left, before)
            deviation = self.linear[k] + self.remainders[k]
            if deviation > 0:
                apart = moves.rest.norm_between(left, part.field.right)
                apart += self.path.norm(after, k + 1) * moves.curved
                total += apart * deviation
        return float(upward(total))


def _normalisation_moves(
    number: int, part: Part, linear: np.ndarray, drift: np.ndarray
) -> tuple[Graded, np.ndarray]:
    """How far Jacobians and values of the normalisation move, `(n,)` each."""
    nothing = np.zeros_like(linear)
    if part.norm is None:
        return Graded(nothing, nothing, nothing, nothing), nothing
    moved = upward(linear + drift)
    if not part.norm.holds(moved):
        raise _diverges(number)
    return part.norm.moves(linear, drift), part.norm.value_rest(moved)


def _diverges(number: int) -> ClaimRejected:
    return ClaimRejected(
        f"the bounds over the tube diverge at map {number} of the range: nothing is "
        "proved on a tube of these radii"
    )
