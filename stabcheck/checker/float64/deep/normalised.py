r"""A normalisation along a tube: theorem `layer-norm-second-order`.

With $\rho = r/(s\sqrt d) < 1$ for a token that moves by at most $r$, and $g =
|\gamma|_\infty$, the Jacobian $D$ has $\lVert D'[\delta]\rVert \le \tfrac2{\sqrt3}
g\rho/s$, moves beyond that by at most $\tfrac32g\rho^2/(s(1 - \rho)^3)$, and the value
moves beyond $D\delta$ by at most $\tfrac1{\sqrt3}g\rho r/(s(1 - \rho)^2)$.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from flint import arb, arb_mat

from stabcheck.checker.fields.token_wise import normalised_token
from stabcheck.checker.float64.deep.arrays import (
    Near,
    contract,
    exactly,
    near,
    upward,
)
from stabcheck.checker.float64.deep.graded import Graded
from stabcheck.checker.float64.deep.support import matrix_norm
from stabcheck.checker.float64.midpoint_radius import from_arb
from stabcheck.checker.float64.token_wise import normalisation_jacobians

if TYPE_CHECKING:
    from stabcheck.checker.context import Context

SLOPE = 1.1547005383792517
r"""At least $2/\sqrt3$, the largest $|3c(1 - c^2)|$."""
CURVATURE = 3.0
"""The largest $|3(1 - c^2)(1 - 5c^2)|$."""


@dataclass(frozen=True, eq=False)
class Normalised:
    """A normalisation at an enclosed state `(n, d)`.

    `factors` are $-\\gamma_a/(s_i^2\\sqrt d)$; `shares` and `slopes` bound
    $1/(s_i\\sqrt d)$ and $|\\gamma|_\\infty/s_i$ from above.
    """

    jacobians: Near
    directions: Near
    factors: Near
    projector: Near
    shares: np.ndarray
    slopes: np.ndarray

    def moves(self, linear: np.ndarray, drift: np.ndarray) -> Graded:
        """Bound how far the Jacobian of each token moves, by order; shapes `(n,)`."""
        rho = self.shares * (linear + drift)
        rest = CURVATURE / 2 * self.slopes * rho**2 / self._left(rho) ** 3
        slope = SLOPE * self.slopes * self.shares
        parts = (slope * linear, slope * drift, rest)
        return Graded(np.zeros_like(rho), *(upward(part) for part in parts))

    def value_rest(self, moved: np.ndarray) -> np.ndarray:
        """Bound what the value moves beyond its derivative, `(n,)`."""
        rho = self.shares * moved
        found = SLOPE / 2 * self.slopes * rho * moved / self._left(rho) ** 2
        return upward(found)

    def holds(self, moved: np.ndarray) -> bool:
        r"""Whether $\rho < 1$, by a margin, for every token."""
        return bool((self.shares * moved < 1 - 2.0**-20).all())

    @staticmethod
    def _left(rho: np.ndarray) -> np.ndarray:
        """1 - rho from below: the margin keeps its relative rounding small."""
        return (1 - rho * (1 + 2.0**-40)) * (1 - 2.0**-30)

    def second_derivative(self, first: Near, second: Near) -> Near:
        """N''[a, b] for columns of `(n, d, k)` and `(n, d, m)`: `(n, d, k, m)`."""
        along = [
            contract("id,idk->ik", self.directions, part) for part in (first, second)
        ]
        across = [
            contract("de,iek->idk", self.projector, part)
            + -contract("id,ik->idk", self.directions, lengths)
            for part, lengths in zip((first, second), along, strict=True)
        ]
        inner = contract("idk,idm->ikm", across[0], second)
        # The factors first, where the arrays are small.
        turned = contract("id,id->id", self.factors, self.directions)
        across = [contract("id,idk->idk", self.factors, part) for part in across]
        found = contract("ik,idm->idkm", along[0], across[1])
        found = found + contract("idk,im->idkm", across[0], along[1])
        return found + contract("id,ikm->idkm", turned, inner)


def normalised(ctx: Context, index: int, state: arb_mat) -> Normalised:
    """Enclose the normalisation `index` at an enclosed state."""
    tokens, features = state.nrows(), state.ncols()
    rows = [normalised_token(ctx, index, row) for row in state.tolist()]
    width = arb(features).sqrt()
    directions = [z for row in rows for z in row.direction]
    factors = [
        -gain / (row.scale * row.scale * width) for row in rows for gain in row.gains
    ]
    part = arb(int(rows[0].centred)) / features
    plane = [int(a == b) - part for a in range(features) for b in range(features)]
    shape = (tokens, features)
    return Normalised(
        with_block_norms(near(normalisation_jacobians(ctx, index, state))),
        near(from_arb(directions, shape)),
        near(from_arb(factors, shape)),
        near(from_arb(plane, (features, features))),
        upper([1 / (row.scale * width) for row in rows]),
        upper([abs(gain) / row.scale for row in rows for gain in row.gains])
        .reshape(shape)
        .max(axis=1),
    )


def upper(balls: list[arb]) -> np.ndarray:
    """Upper ends of balls of nonnegative numbers."""
    found = from_arb(balls, (len(balls),))
    return upward(found.midpoint + found.radius)


def identity_blocks(tokens: int, features: int) -> Near:
    """One identity matrix a token."""
    blocks = np.broadcast_to(np.eye(features), (tokens, features, features))
    return Near(np.ascontiguousarray(blocks), 0.0, 1.0)


def with_block_norms(blocks: Near) -> Near:
    """Matrices of the tokens with a bound of their spectral norms."""
    norms = [matrix_norm(exactly(block)) for block in blocks.middle]
    return Near(blocks.middle, blocks.radius, max(norms))
