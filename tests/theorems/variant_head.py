"""One head of attention in plain numpy, with the score slopes of each variant."""

from dataclasses import dataclass

import numpy as np

STEP = float(np.cbrt(np.finfo(float).eps))


def differences(function, state):
    """Central differences of the last argument, its axes last."""
    columns = []
    for unit in np.eye(state.size):
        move = STEP * unit.reshape(state.shape)
        ends = [function(state + sign * move) for sign in (1, -1)]
        columns.append((ends[0] - ends[1]) / (2 * STEP))
    found = np.stack(columns, axis=-1)
    return found.reshape(*found.shape[:-1], *state.shape)


def room(*arrays):
    # Third derivatives of these small fields stay below about 1e5 times the scale.
    return 1e5 * STEP**2 * (1 + max(np.abs(array).max() for array in arrays))


@dataclass(frozen=True)
class Head:
    """One head with the options of every variant; each test sets one."""

    Q: np.ndarray
    K: np.ndarray
    V: np.ndarray
    kind: str
    epsilon: float = 0.5
    cap: float = 0.7
    sink: float = 0.3
    key_bias: float = 0.0

    def unit(self, z):
        square = (z**2).sum(axis=-1, keepdims=True)
        count = z.shape[-1] if self.kind == "rms" else 1
        return z / np.sqrt(square / count + self.epsilon)

    def unit_slope(self, z):
        """DN of each row, (n, r, r)."""
        count = z.shape[-1] if self.kind == "rms" else 1
        square = (z**2).sum(axis=-1) / count + self.epsilon
        outer = z[:, :, None] * z[:, None, :] / (count * square)[:, None, None]
        return (np.eye(z.shape[-1]) - outer) / np.sqrt(square)[:, None, None]

    def turns(self, n):
        """R of each position, (n, r, r), planes of neighbours."""
        width = self.Q.shape[1]
        turns = np.tile(np.eye(width), (n, 1, 1))
        for plane in range(width // 2):
            angle = np.arange(n) * 0.5**plane
            part = slice(2 * plane, 2 * plane + 2)
            cos, sin = np.cos(angle), np.sin(angle)
            turns[:, part, part] = np.array([[cos, -sin], [sin, cos]]).transpose(
                2, 0, 1
            )
        return turns

    def scores(self, X):
        q, k = X @ self.Q, X @ self.K + self.key_bias
        if self.kind in ("rms", "cosine"):
            q, k = self.unit(q), self.unit(k)
        if self.kind == "rotary":
            turns = self.turns(len(X))
            q = np.einsum("ier,ir->ie", turns, q)
            k = np.einsum("ier,ir->ie", turns, k)
        if self.kind == "l2":
            return -((q[:, None] - k[None]) ** 2).sum(axis=-1)
        if self.kind == "linear":
            return np.log(elu1(q) @ elu1(k).T)
        s = q @ k.T
        return self.cap * np.tanh(s / self.cap) if self.kind == "soft-cap" else s

    def slopes(self, X):
        """a_ij and b_ij of the theorem, each (n, n, d)."""
        q, k = X @ self.Q, X @ self.K + self.key_bias
        if self.kind in ("rms", "cosine"):
            by_key = np.einsum("jrw,ir->ijw", self.unit_slope(k), self.unit(q))
            by_query = np.einsum("irw,jr->ijw", self.unit_slope(q), self.unit(k))
        elif self.kind == "rotary":
            turns = self.turns(len(X))
            moved = np.einsum("ige,jgf->ijef", turns, turns)  # R_i^T R_j
            by_key = np.einsum("ijef,ie->ijf", moved, q)
            by_query = np.einsum("ijef,jf->ije", moved, k)
        elif self.kind == "l2":
            by_key = 2 * (q[:, None] - k[None])
            by_query = -by_key
        elif self.kind == "linear":
            product = (elu1(q) @ elu1(k).T)[:, :, None]
            by_key = elu1(q)[:, None] * np.minimum(elu1(k), 1)[None] / product
            by_query = np.minimum(elu1(q), 1)[:, None] * elu1(k)[None] / product
        else:
            tau = np.ones((len(X), len(X), 1))
            if self.kind == "soft-cap":
                tau = tau - np.tanh(q @ k.T / self.cap)[:, :, None] ** 2
            by_key, by_query = tau * q[:, None], tau * k[None]
        return by_key @ self.K.T, by_query @ self.Q.T

    def weights(self, X):
        s = self.scores(X)
        if self.kind == "sinkhorn":
            return sinkhorn(s)
        if self.kind == "sigmoid":
            return 1 / (1 + np.exp(-s))
        e = np.exp(s)
        rest = np.exp(self.sink) if self.kind == "sink" else 0
        return e / (rest + e.sum(axis=1, keepdims=True))

    def values(self, X):
        value = X @ self.V
        return 1.5 * self.unit(value) if self.kind == "cosine" else value

    def value_slope(self, X):
        """D_k, (n, d, d)."""
        if self.kind != "cosine":
            return np.tile(self.V.T, (len(X), 1, 1))
        return 1.5 * self.unit_slope(X @ self.V) @ self.V.T

    def __call__(self, X):
        return self.weights(X) @ self.values(X)


def elu1(z):
    return np.where(z > 0, z + 1, np.exp(np.minimum(z, 0)))


def sinkhorn(s):
    f, g = np.zeros((2, len(s)))
    change = np.inf
    # Stops at rounding, far below the error of the differences.
    while change > 1e-15 * (1 + np.abs(s).max()):
        f = -np.log(np.exp(s + g).sum(axis=1))
        new = -np.log(np.exp(s + f[:, None]).sum(axis=0))
        change, g = np.abs(new - g).max(), new
    return np.exp(f[:, None] + s + g)
