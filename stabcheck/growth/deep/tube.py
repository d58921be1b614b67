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

from stabcheck.growth.deep.coupling import Coupling, Frame, beside, reach
from stabcheck.growth.deep.curvature import Curvature
from stabcheck.growth.deep.graded import Graded
from stabcheck.growth.deep.joint import Joint
from stabcheck.growth.deep.propagators import Along, Part
from stabcheck.growth.deep.support import (
    gram_support,
    pair_supports,
    vector_support,
)
from stabcheck.growth.deep.top_pair import top_pair

GROWTH_ROOM = 1e-6
LARGEST = 1e6
"""Couplings and remainders above this have diverged."""


REMAINDER_ROOM = 1e-3
"""Share of a remainder by which the checker's rounding may enlarge it."""


@dataclass(frozen=True)
class DeepBound:
    """A norm over a tube; `remainder` is what the first order does not give."""

    value: float
    remainder: float
    room: float
    """Relative difference to what the checker encloses, for what is not remainder."""

    @property
    def claimed(self) -> float:
        """The value and some room, so that the checker proves it."""
        return self.value * (1 + self.room) + REMAINDER_ROOM * self.remainder


@dataclass(frozen=True, eq=False)
class Moves:
    """What one map of the stack does over the tube, as couplings and lengths."""

    one: Coupling
    rest: Coupling
    forces: np.ndarray
    """What the map adds to the move of the state, over its left groups."""
    turned: np.ndarray
    """What its second derivative adds at each token, where it is not coupled."""
    curved: float | None
    """Largest norm of the part that is linear in the input, from its tensor."""


def deep_growth(
    path: Along, curved: Curvature | None, radii: np.ndarray
) -> DeepBound | None:
    """Bound the growth over the tube of these radii `(n,)`; None where it diverges."""
    state = recursion(path, curved, radii)
    if state is None:
        return None
    last = path.products[path.depth, 0]
    if curved is None:
        first = path.norm(path.depth, 0)
    else:
        first = top_pair(last, curved.last, state.linear[-1], radii)
    rest = state.remainders[-1]
    return DeepBound(first + rest, rest, GROWTH_ROOM)


def recursion(
    path: Along, curved: Curvature | None, radii: np.ndarray
) -> Recursion | None:
    """The bounds along the whole depth; None where they diverge."""
    key = curved is None, radii.tobytes()
    if key not in path.recursions:
        state = Recursion(path, curved, radii)
        holds = all(state.advance(number) for number in range(path.depth))
        path.recursions[key] = state if holds else None
    return path.recursions[key]


class Recursion:
    """Bounds along the depth, each from those of the maps before."""

    def __init__(
        self, path: Along, curved: Curvature | None, radii: np.ndarray
    ) -> None:
        self.path, self.curved, self.radii = path, curved, radii
        self.length = float(np.sqrt(radii @ radii))
        self.drift = np.zeros(path.tokens)
        self.linear, self.remainders = [0.0], [0.0]
        self.moves: list[Moves] = []
        self.joint = Joint(path)

    def advance(self, number: int) -> bool:
        """Take one map more; False where it diverges."""
        found = self._moves(number)
        if found is None:
            return False
        self.moves.append(found)
        self.joint.advance(number, found.rest)
        after = number + 1
        self.remainders.append(self._remainder(after))
        forced = self._forced(after)
        integral = self.remainders[-1] * self.length
        if self.curved is None:
            self.linear.append(0.0)
            self.drift = np.minimum(forced, integral / 2)
        else:
            self.linear.append(gram_support(self.curved.stack[after], self.radii))
            pairs = self.curved.stack_pairs[after]
            second = pair_supports(pairs, self.radii, self.radii) / 2
            self.drift = second + np.minimum(forced, integral / 3)
        return bool(np.isfinite(self.drift).all() and self.remainders[-1] < LARGEST)

    def _forced(self, after: int) -> np.ndarray:
        """How far the states behind move by what the maps so far add, `(n,)`."""
        frames, lengths = [], []
        tokens = np.repeat(np.arange(self.path.tokens), self.path.width)
        for k, (part, moves) in enumerate(
            zip(self.path.parts, self.moves, strict=False)
        ):
            pushed = self.path.products[after, k + 1].T
            frames += [part.field.left.times(pushed), Frame(pushed, tokens)]
            lengths += [moves.forces, moves.turned]
        return reach(beside(frames), np.concatenate(lengths), self.path.tokens)

    def _moves(self, number: int) -> Moves | None:
        part, before = self.path.parts[number], self.path.products[number, 0]
        linear = vector_support(
            before.reshape(self.path.tokens, -1, len(before)), self.radii
        )
        turns, rest = _normalisation_moves(part, linear, self.drift)
        if turns is None:
            return None
        field = part.field
        ahead = field.supports(self.path.start(number).rows, self.radii)
        drifted = field.supports(field.right.rows, self.drift)
        couplings = field.couplings(ahead, drifted, rest, turns)
        one, drift, beyond = (c.scaled(part.step_size) for c in couplings)
        if not (beyond.values < LARGEST).all():
            return None
        by_input = field.lengths(ahead, linear)
        by_drift = field.lengths(drifted, self.drift)
        forces = drift.times(by_drift) / 2 + beyond.times(by_input + by_drift) / 3
        if self.curved is None:
            forces = forces + one.times(by_input) / 2 + one.times(by_drift)
            nothing = np.zeros_like(self.drift)
            return Moves(one, one + drift + beyond, forces, nothing, None)
        pairs = self.curved.map_pairs[number]
        turned = pair_supports(pairs, self.radii, self.drift)
        curved = gram_support(self.curved.maps[number], self.radii)
        return Moves(one, drift + beyond, forces, turned, curved)

    def _remainder(self, after: int) -> float:
        deviations = np.add(self.linear, self.remainders)
        total = self.joint.norm(deviations)
        for k, moves in enumerate(self.moves):
            if moves.curved is not None:
                total += self.path.norm(after, k + 1) * moves.curved * deviations[k]
        return total


def _normalisation_moves(
    part: Part, linear: np.ndarray, drift: np.ndarray
) -> tuple[Graded | None, np.ndarray]:
    """How far Jacobians and values of the normalisation move, `(n,)` each."""
    nothing = np.zeros_like(linear)
    if part.norm is None:
        return Graded(nothing, nothing, nothing, nothing), nothing
    moved = linear + drift
    if not (part.norm.shares(moved) < 1).all():
        return None, nothing
    return part.norm.jacobian_moves(linear, drift), part.norm.value_rest(moved)
