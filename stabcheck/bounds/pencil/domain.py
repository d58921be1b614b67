r"""A box, a tube or a Frobenius ball round a state, as the pencil needs it.

`separate` domains (box, tube) move every token by itself: a linear functional $c$ of
one displacement is at most $s(c)$.  In the Frobenius ball the tokens share one budget,
and sums over tokens become sums of squares.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from stabcheck.bounds.validation import Array, checked_nonnegative
from stabcheck.errors import InvalidInput

KINDS = ("box", "tube", "frobenius")


@dataclass(frozen=True, eq=False)
class PencilDomain:
    """A box, tube or Frobenius ball round a state.

    `radii` `(n, d)`: of the entries of a box, each its own; of a tube or a Frobenius
    ball the same number everywhere.
    """

    kind: str
    radii: Array

    @staticmethod
    def of(kind: str, radius: float | Array, shape: tuple[int, int]) -> PencilDomain:
        """The domain of a radius, for a box also of radii `(n, d)`, round a state.

        **Raises:** `InvalidInput` for another kind, a negative radius or, but for a
        box, several radii.
        """
        if kind not in KINDS:
            raise InvalidInput(
                f"asked for the domain {kind!r}; use one of {', '.join(KINDS)}"
            )
        given = np.asarray(radius, dtype=np.float64)
        if given.shape not in ((), tuple(shape)) or (given.ndim and kind != "box"):
            raise InvalidInput(
                f"asked for a {kind} with radii of shape {given.shape}; give one "
                f"number or, for a box, an array of shape {tuple(shape)}"
            )
        checked_nonnegative("radius", float(given.min()))
        checked_nonnegative("radius", float(given.max()))
        return PencilDomain(kind, np.array(np.broadcast_to(given, shape)))

    @property
    def joint(self) -> bool:
        """Whether the tokens share one budget."""
        return self.kind == "frobenius"

    @property
    def radius(self) -> float:
        """The one radius of a tube or a Frobenius ball."""
        return float(self.radii[0, 0])

    @cached_property
    def reach(self) -> Array:
        """How far each token moves, in the Euclidean norm, `(n,)`."""
        if self.kind == "box":
            return np.linalg.norm(self.radii, axis=1)
        return self.radii[:, 0]

    def supports(self, functionals: Array) -> Array:
        """The largest values of functionals `(..., d)` of each token, `(..., n)`."""
        tokens = range(len(self.radii))
        return np.stack([self.support(k, functionals) for k in tokens], axis=-1)

    def own_supports(self, functionals: Array) -> Array:
        """The same of functionals `(H, n, ..., d)` of the token of their axis 1."""
        tokens = range(len(self.radii))
        parts = [self.support(k, functionals[:, k]) for k in tokens]
        return np.stack(parts, axis=1)

    def support(self, token: int, functionals: Array) -> Array:
        """The largest values of functionals `(..., d)` of one token, `(...,)`."""
        if self.kind == "box":
            return np.abs(functionals) @ self.radii[token]
        return np.linalg.norm(functionals, axis=-1) * self.radii[token, 0]

    def budget(self, weights: Array) -> float:
        r"""An upper bound of $\sum_k\delta_k^2/c_k$ over the domain, $c$ `(n, d)`."""
        shares = self.radii**2 / weights
        if self.kind == "box":
            return float(shares.sum())
        if self.kind == "tube":
            return float(shares.max(axis=1).sum())
        return float(shares.max())
