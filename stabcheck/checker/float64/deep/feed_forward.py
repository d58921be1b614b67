r"""A GELU feed-forward behind a normalisation, along a tube.

The Jacobian of a token is $\sum_kg'(u_k)\,w_{2,k}w_{1,k}^{\mathsf T}$ with $u = zW_1 +
b_1$.  Where $u_k$ moves by at most $\kappa_k$, the slope moves by $g''(u_k)$ times
that move and at most $\tfrac12\sup|g'''|\,\kappa_k^2$ more.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from flint import arb, arb_mat

from stabcheck.checker.fields.token_wise import (
    feed_forward_weights,
    gelu_derivative,
    hidden_values,
)
from stabcheck.checker.float64.deep.arrays import (
    Near,
    contract,
    exactly,
    near,
    together,
    upward,
)
from stabcheck.checker.float64.deep.attention import on_diagonal
from stabcheck.checker.float64.deep.coupling import Coupling, Frame, frame
from stabcheck.checker.float64.deep.graded import Graded
from stabcheck.checker.float64.deep.support import matrix_norm, scalar_support
from stabcheck.checker.float64.midpoint_radius import from_arb

if TYPE_CHECKING:
    from stabcheck.checker.context import Context

GELU_THIRD_DERIVATIVE = 0.7789
r"""At least $\max|z(z^2 - 4)|\varphi(z)$, at $z^2 = (7 - \sqrt{33})/2$."""


@dataclass(frozen=True, eq=False)
class Supports:
    """Largest moves of the hidden values, `(n, m)`."""

    hidden: np.ndarray


@dataclass(frozen=True, eq=False)
class FeedForwardPart:
    """The hidden units of every token behind token Jacobians `inner` `(n, d, d)`.

    Slopes and curvatures are the first two derivatives of GELU, `(n, m)`.
    """

    first: Near
    second: Near
    slopes: Near
    curvatures: Near
    inner: Near

    @cached_property
    def right(self) -> Frame:
        """Hidden units of each token, then whole tokens."""
        rows = contract("dm,jde->jme", self.first, self.inner)
        return self._framed(rows)

    @cached_property
    def left(self) -> Frame:
        """Columns of W_2^T of each token, then whole tokens, as rows."""
        n = len(self.slopes.middle)
        shape = (n, *self.second.middle.shape)
        blocks = np.ascontiguousarray(np.broadcast_to(self.second.middle, shape))
        return self._framed(exactly(blocks))

    def _framed(self, rows: Near) -> Frame:
        n, units, d = rows.middle.shape
        whole = exactly(np.eye(n * d)).reshape(n, d, n * d)
        return frame([on_diagonal(rows).reshape(n * units, 1, n * d), whole])

    def supports(self, rows: Near, radii: np.ndarray) -> Supports:
        """Largest values over balls, of the right frame times what moves."""
        n, units = self.slopes.middle.shape
        hidden = scalar_support(rows[: n * units], radii)
        return Supports(hidden.reshape(n, units))

    def lengths(self, found: Supports, moved: np.ndarray) -> np.ndarray:
        """The supports as a vector over the right groups."""
        return np.concatenate([found.hidden.ravel(), moved])

    def couplings(
        self, linear: Supports, drift: Supports, rest: np.ndarray, turns: Graded
    ) -> tuple[Coupling, Coupling, Coupling]:
        """What is linear in the input, linear in the drift, and the rest."""
        n, units = self.slopes.middle.shape
        first = self.first.middle
        sizes = upward(np.sqrt((first * first).sum(axis=0)) + 2.0**-500)
        beyond = sizes * rest[:, None]
        moved = linear.hidden + drift.hidden + beyond
        bend = np.abs(self.curvatures.middle) + self.curvatures.radius
        second = GELU_THIRD_DERIVATIVE / 2 * moved**2
        moves = Graded(
            0.0, bend * linear.hidden, bend * drift.hidden, bend * beyond + second
        )
        columns = (moves * turns[:, None]).scaled(sizes)
        whole = turns.scaled(self._norms)
        unit, own = np.arange(n * units), n * units + np.arange(n)
        token = n * units + np.repeat(np.arange(n), units)
        left = np.concatenate([unit, unit, own])
        right = np.concatenate([unit, token, own])
        shape = (self.left.groups, self.right.groups)
        found = []
        for name in ("one", "drift", "rest"):
            parts = [
                np.broadcast_to(getattr(part, name), size).ravel()
                for part, size in (
                    (moves, (n, units)),
                    (columns, (n, units)),
                    (whole, (n,)),
                )
            ]
            values = upward(np.concatenate(parts))
            found.append(Coupling(left, right, values, shape))
        return tuple(found)

    @cached_property
    def _norms(self) -> np.ndarray:
        """Norms of the Jacobians of the tokens, behind the normalisation."""
        found = []
        for i in range(len(self.slopes.middle)):
            inside = contract("k,dk->kd", self.slopes[i], self.first)
            found.append(matrix_norm(contract("ke,kd->ed", self.second, inside)))
        return np.array(found)

    def second_derivative(self, first: Near, second: Near) -> Near:
        """F''[a, b] of right frames times two matrices: `(n d, k, m)`."""
        n, units = self.slopes.middle.shape
        parts, radii = [], []
        for i in range(n):
            at = slice(i * units, (i + 1) * units)
            outputs = contract("h,hd->hd", self.curvatures[i], self.second)
            bent = contract("hd,hm->hdm", outputs, second[at])
            part = contract("hk,hdm->dkm", first[at], bent)
            parts.append(part.middle)
            radii.append(part.radius)
        return Near(np.concatenate(parts), together(radii))


def feed_forward_part(
    ctx: Context, index: int, inside: arb_mat, inner: Near
) -> FeedForwardPart:
    """The part of feed-forward field `index` at normalised tokens in balls."""
    field = ctx.field(index)
    hidden = hidden_values(feed_forward_weights(ctx, index), inside)
    flat = [value for row in hidden for value in row]
    shape = (inside.nrows(), field["hidden"])
    root = (2 * arb.pi()).sqrt()
    curvatures = [(2 - z * z) * (-z * z / 2).exp() / root for z in flat]
    return FeedForwardPart(
        exactly(ctx.array(field["W_1"])),
        exactly(ctx.array(field["W_2"])),
        near(from_arb([gelu_derivative(z) for z in flat], shape)),
        near(from_arb(curvatures, shape)),
        inner,
    )
