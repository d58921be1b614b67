"""What is expensive at a state, computed once and shared by every bound there."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

from stabcheck import bounds, spectra
from stabcheck.bounds import ScoredAttention
from stabcheck.certificate import digest
from stabcheck.errors import InvalidInput
from stabcheck.layers import Branch

QUANTITIES = ("spectral-norm", "log-norm", "log-norm-lower")
DENSE_SIZE = 256
"""Up to this many rows the extreme values come from dense eigenvalues."""


class Centre:
    """A branch at a state: its Jacobian, its local quantities, its extreme values."""

    def __init__(
        self, branch: Branch, state: np.ndarray, shared: dict[Any, Any] | None = None
    ) -> None:
        self.branch = branch
        self.state = np.asarray(state, dtype=np.float64)
        self.known: dict[Any, Any] = {}
        self.shared = {} if shared is None else shared
        """What all centres of a branch have in common, such as weights of heads."""
        self._jacobian: np.ndarray | None = None

    @property
    def jacobian(self) -> np.ndarray:
        """The dense Jacobian of the branch, `(n d, n d)`, token-major."""
        if self._jacobian is None:
            self._jacobian = dense_jacobian(self.branch, self.state)
        return self._jacobian

    def local(self) -> Any:
        """The local quantities of an attention branch."""
        (only,) = self.branch
        evaluate = (
            bounds.local_scored
            if isinstance(only, ScoredAttention)
            else bounds.local_attention
        )
        return self.remember("local", lambda: evaluate(only, self.state))

    def value(self, quantity: str) -> float:
        """The quantity at the state itself, to about 1e-10 of the norm."""

        def compute() -> float:
            if self.state.size <= DENSE_SIZE:
                return dense_extreme(self.jacobian, quantity)
            return estimated_extreme(self.branch, self.state, quantity)

        return self.remember(("value", quantity), compute)

    def remember(self, key: Any, compute: Callable[[], Any]) -> Any:
        """The value of a key, computed at the first call."""
        if key not in self.known:
            self.known[key] = compute()
        return self.known[key]


class Centres:
    """The last few centres, so that stages shared by methods are computed once."""

    def __init__(self, branch: Branch, capacity: int = 24) -> None:
        self.branch = branch
        self.capacity = capacity
        self._known: OrderedDict[str, Centre] = OrderedDict()
        self._shared: dict[Any, Any] = {}

    def at(self, state: np.ndarray) -> Centre:
        """The centre at a state."""
        key = digest(np.asarray(state, dtype=np.float64))
        if key not in self._known:
            self._known[key] = Centre(self.branch, state, self._shared)
            if len(self._known) > self.capacity:
                self._known.popitem(last=False)
        self._known.move_to_end(key)
        return self._known[key]


def dense_extreme(jacobian: np.ndarray, quantity: str) -> float:
    """The quantity of a small dense matrix."""
    if quantity == "spectral-norm":
        return float(np.linalg.norm(jacobian, 2))
    values = np.linalg.eigvalsh((jacobian + jacobian.T) / 2)
    return float(values[-1 if quantity == "log-norm" else 0])


def estimated_extreme(branch: Branch, state: np.ndarray, quantity: str) -> float:
    """The quantity by Lanczos and Golub-Kahan, without the Jacobian itself."""
    derivative = spectra.linearise(branch, state)

    def jvp(v: np.ndarray) -> np.ndarray:
        return derivative.jvp(v.reshape(state.shape)).ravel()

    def vjp(v: np.ndarray) -> np.ndarray:
        return derivative.vjp(v.reshape(state.shape)).ravel()

    if quantity == "spectral-norm":
        return spectra.spectral_norm(jvp, vjp, state.size).value
    estimate = (
        spectra.logarithmic_norm
        if quantity == "log-norm"
        else spectra.logarithmic_norm_lower
    )
    return estimate(lambda v: (jvp(v) + vjp(v)) / 2, state.size).value


def dense_jacobian(branch: Branch, state: np.ndarray) -> np.ndarray:
    """The dense Jacobian of a branch: a token-wise field multiplies block by block."""
    if not branch:
        raise InvalidInput("asked for the Jacobian of a branch without fields")
    product = branch[0].jacobian(state)
    for before, field in pairwise(branch):
        state = before(state)
        product = times(field, state, product)
    return product


def times(field: Any, state: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """The field's Jacobian at a state times a dense matrix of `n d` rows."""
    if not field.is_token_wise:
        return field.jacobian(state) @ matrix
    tokens, features = state.shape
    blocks = field.token_jacobians(state)
    stacked = matrix.reshape(tokens, features, matrix.shape[1])
    return (blocks @ stacked).reshape(matrix.shape)
