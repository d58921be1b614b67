"""A branch linearised at a state: products with its Jacobian in both directions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from stabcheck.errors import InvalidInput


class Derivative(Protocol):
    """A Jacobian at a state by its products on `(n, d)`."""

    def jvp(self, direction: np.ndarray) -> np.ndarray:
        """The Jacobian times a direction."""
        ...

    def vjp(self, covector: np.ndarray) -> np.ndarray:
        """The transposed Jacobian times a covector."""
        ...


class Field(Protocol):
    """A vector field that can be evaluated and linearised."""

    is_token_wise: bool

    def __call__(self, state: np.ndarray) -> np.ndarray:
        """The field at a state `(n, d)`."""
        ...

    def linearise(self, state: np.ndarray) -> Derivative:
        """The field's derivative at a state."""
        ...


Branch = tuple[Field, ...]


@dataclass(frozen=True)
class BranchDerivative:
    """The chain rule over the fields of a branch, first to last."""

    parts: tuple[Derivative, ...]

    def jvp(self, direction: np.ndarray) -> np.ndarray:
        """The branch's Jacobian times a direction `(n, d)`."""
        for part in self.parts:
            direction = part.jvp(direction)
        return direction

    def vjp(self, covector: np.ndarray) -> np.ndarray:
        """The transposed Jacobian times a covector `(n, d)`."""
        for part in reversed(self.parts):
            covector = part.vjp(covector)
        return covector


def linearise(branch: Branch, state: np.ndarray) -> BranchDerivative:
    """The derivative of a branch, fields applied first to last, at a state `(n, d)`.

    **Raises:** `InvalidInput` for a field that has no state, such as a family.
    """
    parts = []
    for index, field in enumerate(branch):
        if not hasattr(field, "linearise"):
            raise InvalidInput(
                f"asked to linearise {type(field).__name__}, found a field without "
                "weights; give a field that can be evaluated"
            )
        parts.append(field.linearise(state))
        if index + 1 < len(branch):
            state = field(state)
    return BranchDerivative(tuple(parts))
