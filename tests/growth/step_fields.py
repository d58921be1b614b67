r"""Small vector fields with known bounds on their Jacobians, and steps along them.

$f(x) = Jx - W^T\tanh(Wx + c)$: the second part is minus a gradient, so $L = \|J\| +
\|W\|^2$, $\mu = \mu_2(J)$, $m = m(J) - \|W\|^2$ are bounds; linear for $W = 0$.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st
from strategies import SEEDS, generator

from stabcheck.integrators import ButcherTableau

FIXED_POINT_STEPS = 400
STEPS = st.sampled_from([0.01, 0.1, 0.3, 0.5, 1.0])
SIZES = st.integers(1, 5)


@dataclass(frozen=True)
class StepField:
    """A field on vectors of any size from one upwards."""

    J: np.ndarray
    W: np.ndarray
    c: np.ndarray

    def __call__(self, x: np.ndarray) -> np.ndarray:
        return self.J @ x - self.W.T @ np.tanh(self.W @ x + self.c)

    @property
    def size(self) -> int:
        return len(self.J)

    @property
    def is_linear(self) -> bool:
        return not self.W.any()

    @property
    def L(self) -> float:
        return float(np.linalg.norm(self.J, 2) + np.linalg.norm(self.W, 2) ** 2)

    @property
    def mu(self) -> float:
        return float(np.linalg.eigvalsh((self.J + self.J.T) / 2)[-1])

    @property
    def m(self) -> float:
        lowest = float(np.linalg.eigvalsh((self.J + self.J.T) / 2)[0])
        return lowest - float(np.linalg.norm(self.W, 2) ** 2)

    def scaled(self, factor: float) -> StepField:
        """The field times a nonnegative factor."""
        return StepField(factor * self.J, np.sqrt(factor) * self.W, self.c)


@st.composite
def bounded_fields(draw, dissipative: bool = False) -> StepField:
    """Fields of size one to five: linear, skew, symmetric, or with a tanh net."""
    size = draw(SIZES)
    rng = generator(draw(SEEDS))
    J = draw(st.sampled_from([0.1, 1.0, 2.0])) * rng.standard_normal((size, size))
    kind = draw(st.sampled_from(["any", "skew", "symmetric"]))
    if kind == "skew":
        J = (J - J.T) / 2
    if kind == "symmetric":
        J = (J + J.T) / 2
    if dissipative:
        top = np.linalg.eigvalsh((J + J.T) / 2)[-1]
        J = J - (top + draw(st.sampled_from([1e-6, 0.5]))) * np.eye(size)
    W = np.zeros((1, size))
    if draw(st.booleans()):
        W = rng.standard_normal((draw(st.integers(1, 4)), size))
    return StepField(J, W, rng.standard_normal(len(W)))


def take_step(method: ButcherTableau, field, h: float, x: np.ndarray) -> np.ndarray:
    """One step; implicit stages by fixed-point iteration, for contractions only."""
    A = np.array([[float(a) for a in row] for row in method.A])
    b = np.array([float(weight) for weight in method.b])
    slopes = np.zeros((len(b), len(x)))
    for _ in range(1 if method.is_explicit else FIXED_POINT_STEPS):
        before = slopes.copy()
        for i in range(len(b)):
            slopes[i] = field(x + h * A[i] @ slopes)
        if np.abs(slopes - before).max() <= 1e-15 * np.abs(slopes).max():
            break
    return x + h * b @ slopes


def ratios(
    method: ButcherTableau, field: StepField, h: float, seed: int
) -> list[float]:
    """|Phi(x) - Phi(y)|/|x - y| for pairs near and far, along singular vectors too."""
    rng = generator(seed)
    found = []
    directions = [rng.standard_normal(field.size) for _ in range(3)]
    directions += list(np.linalg.svd(field.J)[2][[0, -1]])
    for direction in directions:
        x = 2 * rng.standard_normal(field.size)
        y = x + rng.choice([1e-3, 1.0, 5.0]) * direction
        moved = take_step(method, field, h, x) - take_step(method, field, h, y)
        found.append(float(np.linalg.norm(moved) / np.linalg.norm(x - y)))
    return found


def linear_step(method: ButcherTableau, field: StepField, h: float) -> np.ndarray:
    """The matrix of the step on the linear part, $R(hJ)$."""
    R = method.stability_function
    P, Q = (
        sum(
            float(c) * np.linalg.matrix_power(h * field.J, k)
            for k, c in enumerate(coefficients)
        )
        for coefficients in (R.P, R.Q)
    )
    return np.linalg.solve(Q, P)
