r"""Maps of one state: Runge-Kutta steps, splittings, steps back to the sphere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from stabcheck.errors import InvalidInput
from stabcheck.integrators import ButcherTableau
from stabcheck.integrators.several_fields.splitting import LieTrotter
from stabcheck.schemes.slopes import Slope

NEWTON_STEPS = 12
"""Each doubles the digits; a stage equation that needs more has no certified step."""
SETTLED = 2**12
"""What a stage equation may miss, in roundings of its largest entry."""


@dataclass(frozen=True, eq=False)
class RungeKuttaStep:
    r"""One step of a Runge-Kutta method: $x + h \sum_i b_i F(Y_i)$.

    Explicit stages are evaluated in order.  Implicit ones are solved by Newton's
    method with dense Jacobians, in jax only, and the answer is nan where it does not
    settle; one more step from the solution gives the derivative of the exact step.

    **Arguments:** `slope`; `method`, a tableau; `size`, the step $h$.
    """

    slope: Slope
    method: ButcherTableau
    size: Fraction | float

    def __call__(self, state: Any) -> Any:
        """The next state `(n, d)`."""
        h, weights = float(self.size), [float(b) for b in self.method.b]
        slopes = self._explicit(state) if self.method.is_explicit else None
        if slopes is None:
            slopes = [self.slope(stage) for stage in self._implicit(state)]
        moves = (h * b * slope for b, slope in zip(weights, slopes, strict=True) if b)
        return sum(moves, start=state)

    def _explicit(self, state: Any) -> list[Any]:
        h, slopes = float(self.size), []
        for row in self.method.A:
            known = zip(row, slopes, strict=False)
            stage = sum((h * float(a) * slope for a, slope in known if a), start=state)
            slopes.append(self.slope(stage))
        return slopes

    def _implicit(self, state: Any) -> Any:
        """The stages `(s, n, d)`, differentiable by the state and by the slope."""
        import jax
        import jax.numpy as jnp

        import stabcheck.interpret.jax_  # noqa: F401  for its side effect: 64 bits

        A = float(self.size) * jnp.array([[float(a) for a in r] for r in self.method.A])
        start = jnp.broadcast_to(jnp.asarray(state), (len(A), *jnp.shape(state)))

        def gap(stages: Any) -> Any:
            slopes = jnp.stack([self.slope(stage) for stage in stages])
            return stages - state - jnp.tensordot(A, slopes, axes=1)

        def improved(_: int, stages: Any) -> Any:
            matrix = jax.jacfwd(gap)(stages).reshape(stages.size, stages.size)
            change = jnp.linalg.solve(matrix, gap(stages).ravel())
            return stages - change.reshape(stages.shape)

        found = jax.lax.fori_loop(0, NEWTON_STEPS, improved, start)
        found = improved(0, jax.lax.stop_gradient(found))
        room = SETTLED * jnp.finfo(found.dtype).eps * (1 + jnp.abs(found).max())
        return jnp.where(jnp.abs(gap(found)).max() <= room, found, jnp.nan)


@dataclass(frozen=True, eq=False)
class Splitting:
    """Substeps of several fields, one after the other: Lie-Trotter, Strang, Macaron.

    **Arguments:** `slopes`, by the names of the fields of the method; `method`, such as
    `sequential-block` and `macaron-block` of the catalogue, whose `a` is attention and
    `b` the feed-forward branch; `size`, the step.

    **Raises:** `InvalidInput` where the names differ.
    """

    slopes: Mapping[str, Slope]
    method: LieTrotter
    size: Fraction | float

    def __post_init__(self) -> None:
        if set(self.slopes) != set(self.method.fields):
            raise InvalidInput(
                f"asked for {self.method.name} of {', '.join(self.slopes) or 'none'}, "
                f"found a method of {', '.join(self.method.fields)}; give a slope for "
                "each"
            )

    def __call__(self, state: Any) -> Any:
        """The next state `(n, d)`."""
        for substep in self.method.word:
            slope = self.slopes[substep.field]
            size = float(self.size) * float(substep.fraction)
            state = RungeKuttaStep(slope, substep.method, size)(state)
        return state


@dataclass(frozen=True, eq=False)
class OnSphere:
    r"""An Euler step drawn back to the unit sphere: $N_1(X + h F(X))$.

    Every token of the state has length 1, and so has every token of the next.
    """

    slope: Slope
    size: Fraction | float

    def __call__(self, state: Any) -> Any:
        """The next state `(n, d)`."""
        moved = state + float(self.size) * self.slope(state)
        return moved / (moved**2).sum(axis=-1, keepdims=True) ** 0.5
