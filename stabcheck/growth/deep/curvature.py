r"""Second derivatives of a stack and of its maps, as Gram matrices by input token.

$T_l = D^2(\phi_l\circ\dots\circ\phi_1)$ obeys $T_l = J_lT_{l-1} + Q_l[B_{l-1}\cdot,
B_{l-1}\cdot]$ with $Q_l = D^2\phi_l$ and $B_l = J_l\cdots J_1$.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from stabcheck.growth.deep.propagators import Along, Part


@dataclass(frozen=True, eq=False)
class Curvature:
    """`stack[l]` are the Grams of T_l, `(n, N, N)`, `maps[l]` those of Q_l[B_(l-1)].

    `stack_pairs` and `map_pairs` are the same by output token and pair of input
    tokens, `(n, n, n, d, d)`; `last` is T_L itself, `(N, N, N)`: output, direction,
    input.
    """

    stack: tuple[np.ndarray, ...]
    maps: tuple[np.ndarray, ...]
    stack_pairs: tuple[np.ndarray, ...]
    map_pairs: tuple[np.ndarray, ...]
    last: np.ndarray


def curvature_of(path: Along) -> Curvature:
    """The second derivatives along a path."""
    size = path.products[0, 0].shape[0]
    tensor = np.zeros((size, size, size))
    stack, maps = [grams(tensor, path.tokens)], []
    stack_pairs, map_pairs = [pair_grams(tensor, path.tokens)], []
    for number, part in enumerate(path.parts):
        before = path.products[number, 0]
        curved = _map_curvature(part, before)
        maps.append(grams(curved, path.tokens))
        map_pairs.append(pair_grams(curved, path.tokens))
        tensor = _next(part, before, tensor)
        stack.append(grams(tensor, path.tokens))
        stack_pairs.append(pair_grams(tensor, path.tokens))
    return Curvature(
        tuple(stack), tuple(maps), tuple(stack_pairs), tuple(map_pairs), tensor
    )


def grams(tensor: np.ndarray, tokens: int) -> np.ndarray:
    r"""$\Gamma_j = \sum_{k \in j}G_kG_k^T$ of a tensor `(N, directions, m)`."""
    size = len(tensor)
    found = []
    for part in np.split(tensor, tokens, axis=1):
        flat = np.ascontiguousarray(part).reshape(size, -1)
        found.append(flat @ flat.T)
    return np.stack(found)


def pair_grams(tensor: np.ndarray, tokens: int) -> np.ndarray:
    r"""$M_{ijk}M_{ijk}^{\mathsf T}$ of the parts $M_{ijk}$ `(d, d d)` of a tensor."""
    width = len(tensor) // tokens
    shaped = tensor.reshape((tokens, width) * 3)
    found = np.empty((tokens, tokens, tokens, width, width))
    for at, rows in zip(found, shaped, strict=True):
        parts = rows.transpose(1, 3, 0, 2, 4).reshape(tokens, tokens, width, -1)
        np.matmul(parts, np.swapaxes(parts, -1, -2), out=at)
    return found


def _map_curvature(part: Part, before: np.ndarray) -> np.ndarray:
    """Q[B a, b] for all columns: `(N, N, N)`, output, direction, input."""
    size = len(before)
    rows = part.field.right.rows
    found = part.step_size * part.field.second_derivative(rows @ before, rows)
    if part.norm is None:
        return found
    tokens, features = part.norm.state.shape
    moved = before.reshape(tokens, features, size)
    identity = np.broadcast_to(np.eye(features), (tokens, features, features))
    turned = part.norm.second_derivative(moved, identity)
    for i, columns in enumerate(_token_slices(tokens, features)):
        flat = turned[i].reshape(features, -1)
        block = (part.outer[:, columns] @ flat).reshape(size, size, features)
        found[:, :, columns] += block
    return found


def _next(part: Part, before: np.ndarray, tensor: np.ndarray) -> np.ndarray:
    size = len(before)
    rows = part.field.right.rows @ before
    found = tensor + part.step_size * part.field.second_derivative(rows, rows)
    inner = part.field.inner
    tokens, features, _ = inner.shape
    moved = inner @ tensor.reshape(tokens, features, -1)
    if part.norm is not None:
        columns = before.reshape(tokens, features, size)
        turned = part.norm.second_derivative(columns, columns)
        moved = moved + turned.reshape(moved.shape)
    found += (part.outer @ moved.reshape(size, -1)).reshape(found.shape)
    return found


def _token_slices(tokens: int, features: int) -> Iterator[slice]:
    return (slice(i * features, (i + 1) * features) for i in range(tokens))
