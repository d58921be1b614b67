r"""Couplings of attention along a tube, from sizes and supports: all nonnegative."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stabcheck.checker.float64.deep.arrays import upward
from stabcheck.checker.float64.deep.coupling import Coupling
from stabcheck.checker.float64.deep.graded import Graded

HALVINGS = 6


@dataclass(frozen=True, eq=False)
class Supports:
    """Largest values over a set of moves, of the functionals of every head."""

    logit: np.ndarray
    query: np.ndarray
    centred_key: np.ndarray
    centred_value: np.ndarray
    key: np.ndarray
    value: np.ndarray


@dataclass(frozen=True, eq=False)
class Sizes:
    """Upper bounds of what stands at the centre; leading axis the head.

    `weights` `(H, n, n)`, `share` $|\\delta_{jk} - p_{ik}|$ and `logit`, the lengths of
    the functionals of logits by token, `(H, n, n, n)`; norms of the matrices `(H,)`.
    """

    weights: np.ndarray
    share: np.ndarray
    logit: np.ndarray
    query_norms: np.ndarray
    key_norms: np.ndarray
    value_norms: np.ndarray


def upper_exponential(value: np.ndarray) -> np.ndarray:
    r"""Bound $e^x \le ((2 + t)/(2 - t))^{64}$, $t = x/64 < 1$; infinite beyond."""
    part = value / 2**HALVINGS
    found = (2 + part) / (2 - np.minimum(part, 1.0))
    for _ in range(HALVINGS):
        found = found * found
    return np.where(part < 1, upward(found), np.inf)


def couplings(
    sizes: Sizes,
    linear: Supports,
    drift: Supports,
    rest: np.ndarray,
    turns: Graded,
    shape: tuple[int, int],
) -> tuple[Coupling, Coupling, Coupling]:
    """What is linear in the input, linear in the drift, and the rest.

    **Arguments:** `rest` `(n,)` bounds the move of the normalised tokens beyond the
    derivative, `turns` `(n,)` how far their Jacobians move; `shape`, the groups of
    the left and of the right frame.
    """
    away = sizes.share @ rest
    queries = Graded(0.0, linear.query, drift.query, sizes.query_norms[:, None] * rest)
    keys = Graded(
        0.0,
        linear.centred_key,
        drift.centred_key,
        sizes.key_norms[:, None, None] * away,
    )
    values = Graded(
        0.0,
        linear.centred_value,
        drift.centred_value,
        sizes.value_norms[:, None, None] * away,
    )
    weights = _weights(sizes, linear, drift, queries, keys, rest)
    rows = _logit_turns(sizes, queries, keys, turns)
    blocks = _blocks(sizes, weights, rows, values, turns)
    left, right = _indices(*sizes.weights.shape[:2])
    return tuple(Coupling(left, right, block.ravel(), shape) for block in blocks)


def _weights(
    sizes: Sizes,
    linear: Supports,
    drift: Supports,
    queries: Graded,
    keys: Graded,
    rest: np.ndarray,
) -> Graded:
    r"""Bound $1 + \tau$ by order, `(H, n, n)`; theorem `softmax-second-order`."""
    p = sizes.weights
    bilinear = sizes.logit @ rest + queries.moved[:, :, None] * keys.moved
    # A key that the mask hides moves no weight.
    largest = np.where(p > 0, linear.logit + drift.logit + bilinear, 0.0)
    exponential = upper_exponential(upward(largest))
    power = largest**2 * exponential
    mean = (p * power).sum(axis=-1, keepdims=True) / 2
    beyond = bilinear + np.maximum(power / 2, exponential * mean)
    one = np.ones_like(p)
    return Graded(one, linear.logit, drift.logit, beyond)


def _logit_turns(sizes: Sizes, queries: Graded, keys: Graded, turns: Graded) -> Graded:
    """Bound theta + chi over [logits n | keys n | query 1 | values n | tokens n].

    Shape `(H, n, n, 4 n + 1)`.
    """
    heads, n, _ = sizes.weights.shape
    none = np.zeros((heads, n, n, n))
    own = np.arange(n)
    orders = []
    for name in ("zero", "one", "drift", "rest"):
        query = np.broadcast_to(getattr(queries, name), (heads, n))
        key = np.broadcast_to(getattr(keys, name), (heads, n, n))
        tokens = sizes.logit * getattr(turns, name)
        if name == "rest":
            turned = queries.moved * sizes.key_norms[:, None]
            tokens = tokens + turned[:, :, None, None] * sizes.share * turns.moved
            moved = keys.moved * sizes.query_norms[:, None, None]
            moved = moved * turns.moved[:, None]
            tokens[:, own, :, own] += moved.transpose(1, 0, 2)
        logits = none + np.eye(n) if name == "zero" else none
        parts = (logits, query[:, :, None, None] * sizes.share, key[..., None])
        orders.append(np.concatenate([*parts, none, tokens], axis=-1))
    return Graded(*orders)


def _blocks(
    sizes: Sizes, weights: Graded, rows: Graded, values: Graded, turns: Graded
) -> list[np.ndarray]:
    """The entries by order, `(H, n, n + 1, 4 n + 1)`: pairs (i, j), then token i."""
    p = sizes.weights
    n = p.shape[1]
    pairs = weights[..., None] * rows
    token = values[..., None] * pairs
    tau = p * weights.moved
    kappa = np.einsum("hij,hijb->hib", tau, rows.zero + rows.moved)
    products = (
        tau[..., None] * kappa[:, :, None],
        (tau * values.moved).sum(axis=-1)[..., None] * kappa,
    )
    direct = weights * turns[None, None].scaled(sizes.value_norms[:, None, None])
    found = []
    for name in ("one", "drift", "rest"):
        above = p[..., None] * getattr(pairs, name)
        below = (p[..., None] * getattr(token, name)).sum(axis=2)
        below[..., 2 * n + 1 : 3 * n + 1] += p * getattr(weights, name)
        below[..., 3 * n + 1 :] += p * getattr(direct, name)
        if name == "rest":
            above, below = above + products[0], below + products[1]
        found.append(upward(np.concatenate([above, below[:, :, None]], axis=2)))
    return found


def _indices(heads: int, n: int) -> tuple[np.ndarray, np.ndarray]:
    """The groups that each entry joins, `(H, n, n + 1, 4 n + 1)` flattened."""
    head, i, a = np.ogrid[:heads, :n, : n + 1]
    left = head * (n * n + n) + np.where(a < n, i * n + a, n * n + i)
    start = (np.arange(heads) * (n * n + 3 * n))[:, None]
    own = np.arange(n)
    columns = np.empty((heads, n, 4 * n + 1), dtype=np.int64)
    columns[..., :n] = start[..., None] + own[:, None] * n + own
    columns[..., n : 2 * n] = start[..., None] + n * n + own
    columns[..., 2 * n] = start + n * n + n + own
    columns[..., 2 * n + 1 : 3 * n + 1] = start[..., None] + n * n + 2 * n + own
    columns[..., 3 * n + 1 :] = heads * (n * n + 3 * n) + own
    shape = (heads, n, n + 1, 4 * n + 1)
    return (
        np.broadcast_to(left[..., None], shape).ravel(),
        np.broadcast_to(columns[:, :, None], shape).ravel(),
    )
