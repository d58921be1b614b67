"""What is expensive at a state, computed once and shared by every bound there."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
from scipy.sparse.linalg import LinearOperator, eigsh

from stabcheck import bounds
from stabcheck.bounds import Attention
from stabcheck.certificate import digest
from stabcheck.errors import InvalidInput
from stabcheck.layers import Branch

QUANTITIES = ("spectral-norm", "log-norm", "log-norm-lower")


class Centre:
    """A branch at a state: its Jacobian, its local quantities, its extreme values."""

    def __init__(self, branch: Branch, state: np.ndarray) -> None:
        self.branch = branch
        self.state = np.asarray(state, dtype=np.float64)
        self.known: dict[Any, Any] = {}
        self._jacobian: np.ndarray | None = None

    @property
    def jacobian(self) -> np.ndarray:
        """The dense Jacobian of the branch, `(n d, n d)`, token-major."""
        if self._jacobian is None:
            self._jacobian = dense_jacobian(self.branch, self.state)
        return self._jacobian

    def local(self) -> Any:
        """The local quantities of an attention branch."""
        return self.remember(
            "local", lambda: bounds.local_attention(self.branch[0], self.state)
        )

    def value(self, quantity: str) -> float:
        """The quantity at the state itself, to about 1e-12 of the norm."""
        return self.remember(
            ("value", quantity), lambda: extreme(self.jacobian, quantity)
        )

    def remember(self, key: Any, compute: Callable[[], Any]) -> Any:
        """The value of a key, computed at the first call."""
        if key not in self.known:
            self.known[key] = compute()
        return self.known[key]

    def forget_jacobian(self) -> None:
        """Release the dense Jacobian once the three extreme values are known."""
        for quantity in QUANTITIES:
            self.value(quantity)
        self._jacobian = None


class Centres:
    """The last few centres, so that stages shared by methods are computed once."""

    def __init__(self, branch: Branch, capacity: int = 24) -> None:
        self.branch = branch
        self.capacity = capacity
        self._known: OrderedDict[str, Centre] = OrderedDict()

    def at(self, state: np.ndarray) -> Centre:
        """The centre at a state."""
        key = digest(np.asarray(state, dtype=np.float64))
        if key not in self._known:
            self._known[key] = Centre(self.branch, state)
            if len(self._known) > self.capacity:
                self._known.popitem(last=False)
        self._known.move_to_end(key)
        return self._known[key]


def extreme(jacobian: np.ndarray, quantity: str) -> float:
    """The quantity of a dense matrix: dense eigenvalues when small, else Lanczos."""
    if len(jacobian) <= 256:
        return _dense_extreme(jacobian, quantity)
    start = np.random.default_rng(0).standard_normal(len(jacobian))
    if quantity == "spectral-norm":
        gram = _operator(jacobian, lambda v: jacobian.T @ (jacobian @ v))
        return float(np.sqrt(eigsh(gram, 1, which="LA", v0=start)[0][0]))
    symmetric = _operator(jacobian, lambda v: (jacobian @ v + jacobian.T @ v) / 2)
    which = "LA" if quantity == "log-norm" else "SA"
    return float(eigsh(symmetric, 1, which=which, v0=start)[0][0])


def _dense_extreme(jacobian: np.ndarray, quantity: str) -> float:
    if quantity == "spectral-norm":
        return float(np.linalg.norm(jacobian, 2))
    values = np.linalg.eigvalsh((jacobian + jacobian.T) / 2)
    return float(values[-1 if quantity == "log-norm" else 0])


def _operator(
    jacobian: np.ndarray, matvec: Callable[[np.ndarray], np.ndarray]
) -> LinearOperator:
    return LinearOperator(jacobian.shape, matvec=matvec, dtype=np.float64)


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
    if isinstance(field, Attention):
        return field.jacobian(state) @ matrix
    tokens, features = state.shape
    blocks = field.token_jacobians(state)
    stacked = matrix.reshape(tokens, features, matrix.shape[1])
    return (blocks @ stacked).reshape(matrix.shape)
