r"""Growth over an input tube: theorems `depth-tube-first-order`, `depth-tube-coupled`.

With $|\delta_i| \le \varepsilon_i$, $T_l$ the second derivative of the first l maps and
$w_l$ what the state moves beyond $B_l\delta$,

$$\lVert D\Phi_l(X) - B_l - T_l[\delta]\rVert \le \rho_l = \sum_{k \le l}\lVert
P_{l,k}\rVert q_kd_{k-1} + \lVert X_l\sqrt r\rVert\Bigl(\lVert\sqrt cZ_l\rVert +
\bigl(\sum_{k \le l}\lVert\sqrt{c_k}R_k\rVert^2d_{k-1}^2\bigr)^{1/2}\Bigr),\qquad d_l =
t_l + \rho_l,$$

where the frames $X_l$, $Z_l$ and weights $r$, $c$ of all maps couple what is not linear
in $\delta$ (`weighted-schur-test`).  Without the tensors $T_l$ everything is coupled.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stabcheck.checker.failures import ClaimRejected
from stabcheck.checker.float64.deep.arrays import upward
from stabcheck.checker.float64.deep.coupling import (
    Coupling,
    Frame,
    beside,
    reach,
)
from stabcheck.checker.float64.deep.curvature import Curvature
from stabcheck.checker.float64.deep.graded import Graded
from stabcheck.checker.float64.deep.joint import Joint
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
    """What the map adds to the move of the state, over its left groups."""
    turned: np.ndarray
    """What its second derivative adds at each token, where it is not coupled."""
    curved: float
    """Largest norm of the part that is linear in the input, 0 where it is coupled."""


def growth_over_tube(state: Recursion) -> float:
    """Bound the growth over the tube."""
    path, depth = state.path, state.path.depth
    if state.curved is None:
        first = path.norm(depth, 0)
    else:
        whole, linear = path.products[depth, 0], state.linear[-1]
        first = top_pair(whole, state.curved.last, linear, state.radii)
    return float(upward(first + state.remainders[-1]))


def recursion(path: Along, curved: Curvature | None, radii: np.ndarray) -> Recursion:
    """The bounds along the whole depth over the tube of these radii `(n,)`.

    **Raises:** `ClaimRejected` where they diverge.
    """
    state = Recursion(path, curved, radii)
    for number in range(path.depth):
        state.advance(number)
    return state


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
        self.joint = Joint(path)

    def advance(self, number: int) -> None:
        """Take one map more.  **Raises:** `ClaimRejected` where it diverges."""
        moves = self._moves(number)
        self.moves.append(moves)
        self.joint.advance(number, moves.rest)
        after = number + 1
        self.remainders.append(self._remainder(after))
        forced = self._forced(after)
        integral = self.remainders[-1] * self.length
        if self.curved is None:
            self.linear.append(0.0)
            self.drift = upward(np.minimum(forced, integral / 2))
        else:
            self.linear.append(self.curved.stack[after].support(self.radii))
            pairs = self.curved.stack_pairs[after]
            second = pairs.support(self.radii, self.radii) / 2
            self.drift = upward(second + np.minimum(forced, integral / 3))
        if not (self.remainders[-1] < LARGEST and (self.drift < LARGEST).all()):
            raise _diverges(number)

    def _forced(self, after: int) -> np.ndarray:
        """How far the states behind move by what the maps so far add, `(n,)`."""
        frames, lengths = [], []
        tokens = self.path.width * np.arange(self.path.tokens)
        for k, (part, moves) in enumerate(
            zip(self.path.parts, self.moves, strict=False)
        ):
            pushed = self.path.products[after, k + 1].transpose(1, 0)
            frames += [part.field.left.pushed(pushed), Frame(pushed, tokens)]
            lengths += [moves.forces, moves.turned]
        return reach(beside(frames), np.concatenate(lengths), self.path.tokens)

    def _moves(self, number: int) -> Moves:
        part, before = self.path.parts[number], self.path.products[number, 0]
        size = len(before.middle)
        tokens = before.reshape(self.path.tokens, -1, size)
        linear = vector_support(tokens, self.radii)
        turns, rest = _normalisation_moves(number, part, linear, self.drift)
        field = part.field
        ahead = field.supports(self.path.start(number).rows, self.radii)
        drifted = field.supports(field.right.rows, self.drift)
        step = float(upward(part.step.middle + part.step.radius))
        couplings = field.couplings(ahead, drifted, rest, turns)
        one, drift, beyond = (coupling.scaled(step) for coupling in couplings)
        if not (beyond.values < LARGEST).all():
            raise _diverges(number)
        by_input = field.lengths(ahead, linear)
        by_drift = field.lengths(drifted, self.drift)
        forces = drift.times(by_drift) / 2 + beyond.times(by_input + by_drift) / 3
        if self.curved is None:
            forces = forces + one.times(by_input) / 2 + one.times(by_drift)
            nothing, rest = np.zeros_like(self.drift), one + drift + beyond
            return Moves(one, rest, upward(forces), nothing, 0.0)
        turned = self.curved.map_pairs[number].support(self.radii, self.drift)
        curved = self.curved.maps[number].support(self.radii)
        return Moves(one, drift + beyond, upward(forces), turned, curved)

    def _remainder(self, after: int) -> float:
        deviations = np.add(self.linear, self.remainders)
        total = self.joint.norm(deviations)
        for k, moves in enumerate(self.moves):
            total += self.path.norm(after, k + 1) * moves.curved * deviations[k]
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
