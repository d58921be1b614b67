r"""Second derivatives of a stack and of its maps, as Grams by input token.

$T_l = D^2(\phi_l\circ\dots\circ\phi_1)$ obeys $T_l = J_lT_{l-1} + Q_l[B_{l-1}\cdot,
B_{l-1}\cdot]$; the error of the float tensors telescopes as that of the products.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stabcheck.checker.failures import ClaimUndecided
from stabcheck.checker.float64.deep.arrays import (
    Near,
    contract,
    exactly,
    multiply,
    multiply_accurately,
    together,
    upward,
)
from stabcheck.checker.float64.deep.normalised import identity_blocks
from stabcheck.checker.float64.deep.propagators import Along, Part, scaled
from stabcheck.checker.float64.deep.support import (
    gram_support,
    pair_supports,
    total_length,
)
from stabcheck.checker.float64.midpoint_radius import gamma

MOST_ROWS = 512
"""A tensor of that many rows takes a gigabyte."""


@dataclass(frozen=True, eq=False)
class Grams:
    """Grams `(n, N, N)` of a tensor, their rounding `(n,)`, the error of the tensor."""

    matrices: np.ndarray
    rounding: np.ndarray
    radius: float

    def support(self, radii: np.ndarray) -> float:
        r"""$\sup\lVert T[\delta]\rVert$."""
        found = gram_support(self.matrices, self.rounding, radii)
        return float(upward(found + self.radius * total_length(radii)))


@dataclass(frozen=True, eq=False)
class PairGrams:
    """The same by output token and pair of input tokens: `(n, n, n, d, d)`."""

    matrices: np.ndarray
    rounding: np.ndarray
    radius: float

    def support(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        r"""$\sup|T[\delta, w]_i|$ for each token, `(n,)`."""
        found = pair_supports(self.matrices, self.rounding, first, second)
        return upward(found + self.radius * total_length(first) * total_length(second))


@dataclass(frozen=True, eq=False)
class Curvature:
    """Grams of T_l and Q_l[B_(l-1) . , .]; `last` is T_L: output, direction, input."""

    stack: tuple[Grams, ...]
    maps: tuple[Grams, ...]
    stack_pairs: tuple[PairGrams, ...]
    map_pairs: tuple[PairGrams, ...]
    last: Near


def curvature_of(path: Along) -> Curvature:
    """The second derivatives along a path.

    **Raises:** `ClaimUndecided` where the tensors would be too large.
    """
    size = len(path.parts[0].jacobian.middle)
    if size > MOST_ROWS:
        raise ClaimUndecided(
            f"second derivatives are formed for at most {MOST_ROWS} rows, this claim "
            f"needs {size}"
        )
    tensor = exactly(np.zeros((size, size, size)))
    stack, maps = [grams(tensor, path.tokens)], []
    stack_pairs, map_pairs = [pair_grams(tensor, path.tokens)], []
    local: list[float] = []
    for number, part in enumerate(path.parts):
        before = path.products[number, 0]
        curved = _map_curvature(part, before)
        maps.append(grams(curved, path.tokens))
        map_pairs.append(pair_grams(curved, path.tokens))
        made = _next(part, before, Near(tensor.middle, 0.0))
        local.append(made.radius)
        tensor = Near(made.middle, path.amplified(number + 1, local))
        stack.append(grams(tensor, path.tokens))
        stack_pairs.append(pair_grams(tensor, path.tokens))
    return Curvature(
        tuple(stack), tuple(maps), tuple(stack_pairs), tuple(map_pairs), tensor
    )


def grams(tensor: Near, tokens: int) -> Grams:
    """The Grams of the directions of each token of a tensor `(N, directions, m)`."""
    size = len(tensor.middle)
    found, rounding = [], []
    for part in np.split(tensor.middle, tokens, axis=1):
        flat = exactly(np.ascontiguousarray(part).reshape(size, -1))
        found.append(flat.middle @ flat.middle.T)
        rounding.append(gamma(flat.middle.shape[1]) * flat.size**2)
    return Grams(np.stack(found), upward(np.array(rounding)), tensor.radius)


def pair_grams(tensor: Near, tokens: int) -> PairGrams:
    r"""$M_{ijk}M_{ijk}^{\mathsf T}$ of the parts $M_{ijk}$ `(d, d d)` of a tensor."""
    width = len(tensor.middle) // tokens
    shaped = tensor.middle.reshape((tokens, width) * 3)
    found = np.empty((tokens, tokens, tokens, width, width))
    squares = np.empty((tokens, tokens, tokens))
    for i, rows in enumerate(shaped):
        parts = rows.transpose(1, 3, 0, 2, 4).reshape(tokens, tokens, width, -1)
        np.matmul(parts, np.swapaxes(parts, -1, -2), out=found[i])
        squares[i] = np.trace(found[i], axis1=-2, axis2=-1)
    rounding = upward(gamma(width * width) * upward(squares))
    return PairGrams(found, rounding, tensor.radius)


def _map_curvature(part: Part, before: Near) -> Near:
    """Q[B a, b] for all columns: `(N, N, N)`, output, direction, input."""
    size = len(before.middle)
    rows = part.field.right.rows
    ahead = multiply_accurately(rows, before)
    found = part.field.second_derivative(ahead, rows)
    found = scaled(found, part.step)
    if part.norm is None:
        return found
    tokens, features = part.norm.directions.middle.shape
    moved = before.reshape(tokens, features, size)
    identity = identity_blocks(tokens, features)
    turned = part.norm.second_derivative(moved, identity)
    radii = []
    for i in range(tokens):
        columns = slice(i * features, (i + 1) * features)
        outer = exactly(np.ascontiguousarray(part.outer.middle[:, columns]))
        outer = Near(outer.middle, part.outer.radius)
        block = multiply(outer, turned[i].reshape(features, -1))
        found.middle[:, :, columns] += block.middle.reshape(size, size, features)
        radii.append(block.radius)
    rounding = 2.0**-53 * exactly(found.middle).size
    radius = upward(found.radius + together(radii) + rounding)
    return Near(found.middle, float(radius))


def _next(part: Part, before: Near, tensor: Near) -> Near:
    """J T + Q[B., B.] as $T + F''h + hDF\\,(DT + N'')$: one large product."""
    size = len(before.middle)
    rows = multiply_accurately(part.field.right.rows, before)
    curved = scaled(part.field.second_derivative(rows, rows), part.step)
    tokens, features, _ = part.field.inner.middle.shape
    moved = multiply(part.field.inner, tensor.reshape(tokens, features, -1))
    if part.norm is not None:
        columns = before.reshape(tokens, features, size)
        turned = part.norm.second_derivative(columns, columns)
        moved = moved + turned.reshape(tokens, features, -1)
    outward = multiply(part.outer, moved.reshape(size, -1))
    return tensor + curved + outward.reshape(size, size, size)


def directional(first: str, tensor: Near, vector: Near) -> Near:
    """A tensor contracted with a vector over its output or its input."""
    indices = "a,akm->km" if first == "output" else "m,akm->ak"
    return contract(indices, vector, tensor)
