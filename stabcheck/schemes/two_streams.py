r"""Maps of two streams `(2, n, d)`: reversible, leapfrog and momentum blocks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Any

from stabcheck.errors import InvalidInput
from stabcheck.integrators.several_fields.additive import PartitionedRungeKutta
from stabcheck.schemes.slopes import Slope


@dataclass(frozen=True, eq=False)
class TwoStreams:
    r"""A partitioned method for $q' = f(p)$, $p' = g(q)$; states are $(q, p)$.

    With `reversible-block` of the catalogue, the additive coupling of RevNet: $p_+ = p
    + hg(q)$, $q_+ = q + hf(p_+)$.

    **Arguments:** `first` and `second`, the slopes $f$, $g$; `method`, whose stages can
    be computed one after the other for such fields; `size`, the step.

    **Raises:** `InvalidInput` for a method whose stages depend on themselves.
    """

    first: Slope
    second: Slope
    method: PartitionedRungeKutta
    size: Fraction | float

    def __post_init__(self) -> None:
        if _loops(*(A for A, _ in self.method.tableaux.values())):
            raise InvalidInput(
                f"asked for two streams by {self.method.name}, found a stage that "
                "depends on itself; give a method that is explicit for separable fields"
            )

    def __call__(self, state: Any) -> Any:
        """The next streams `(2, n, d)`."""
        tableaux, h = tuple(self.method.tableaux.values()), float(self.size)
        slopes = (self.first, self.second)

        def moved(stream: int, weights: Sequence[Any]) -> Any:
            stages = (j for j, weight in enumerate(weights) if weight)
            moves = (h * float(weights[j]) * slope(stream, j) for j in stages)
            return sum(moves, start=state[stream])

        @cache
        def slope(stream: int, stage: int) -> Any:
            """The slope of a stream at a stage of the other one."""
            other = 1 - stream
            return slopes[stream](moved(other, tableaux[other][0][stage]))

        return _stacked(*(moved(stream, tableaux[stream][1]) for stream in (0, 1)))


@dataclass(frozen=True, eq=False)
class Leapfrog:
    r"""$u_+ = u + hf(x)/\omega$, $x_+ = x + h\omega u_+$; states are $(x, u)$.

    Symplectic Euler for $x'' = f(x)$ with the velocity $\omega u$; $\omega$ scales the
    second stream only.

    **Arguments:** `slope`; `size`, the step; `frequency`, $\omega > 0$.
    """

    slope: Slope
    size: Fraction | float
    frequency: Fraction | float = 1

    def __call__(self, state: Any) -> Any:
        """The next streams `(2, n, d)`."""
        place, velocity = state
        h, omega = float(self.size), float(self.frequency)
        velocity = velocity + h / omega * self.slope(place)
        return _stacked(place + h * omega * velocity, velocity)


@dataclass(frozen=True, eq=False)
class Momentum:
    r"""$v_+ = \gamma v + (1 - \gamma)hF(x)$, $x_+ = x + v_+$; states are $(x, v)$.

    With $v$ eliminated, `momentum-residual` of the catalogue.

    **Arguments:** `slope`; `size`, the step; `gamma`, between 0 and 1.
    """

    slope: Slope
    size: Fraction | float
    gamma: Fraction | float

    def __call__(self, state: Any) -> Any:
        """The next streams `(2, n, d)`."""
        place, velocity = state
        gamma = float(self.gamma)
        drive = (1 - gamma) * float(self.size)
        velocity = gamma * velocity + drive * self.slope(place)
        return _stacked(place + velocity, velocity)


def _stacked(first: Any, second: Any) -> Any:
    import numpy as np

    if isinstance(first, np.ndarray):
        return np.stack([first, second])
    import jax.numpy as jnp

    return jnp.stack([first, second])


def _loops(*matrices: Sequence[Sequence[Any]]) -> bool:
    """Whether a stage of a stream needs itself, by way of the other stream."""
    reached = {
        (stream, i): {(1 - stream, j) for j, a in enumerate(row) if a}
        for stream, A in enumerate(matrices)
        for i, row in enumerate(A)
    }
    while reached:
        ready = {node for node, needs in reached.items() if not needs & set(reached)}
        if not ready:
            return True
        for node in ready:
            del reached[node]
    return False
