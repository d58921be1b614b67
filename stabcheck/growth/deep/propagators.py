r"""A stack along the trajectory of a state: parts, Jacobians, partial products."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Protocol

import numpy as np

from stabcheck.bounds import Attention, FeedForward, LayerNorm, RMSNorm
from stabcheck.growth.deep.attention import AttentionPart
from stabcheck.growth.deep.coupling import Frame
from stabcheck.growth.deep.feed_forward import FeedForwardPart
from stabcheck.growth.deep.normalised import Normalised, normalised
from stabcheck.growth.deep.support import matrix_norm

Branch = tuple[Attention | FeedForward | LayerNorm | RMSNorm, ...]


class EulerStep(Protocol):
    """A residual map: one step of size h of forward Euler for a branch of fields."""

    branch: Branch
    step_size: Fraction

    def __call__(self, state: np.ndarray) -> np.ndarray:
        """The state behind the map."""
        ...


@dataclass(frozen=True, eq=False)
class Part:
    """One map at a state: its normalisation, if any, its field and its Jacobian."""

    step_size: float
    norm: Normalised | None
    field: AttentionPart | FeedForwardPart
    outer: np.ndarray
    """h times the Jacobian of the field behind the normalisation, `(n d, n d)`."""
    jacobian: np.ndarray


@dataclass(frozen=True, eq=False)
class Along:
    """Parts along a trajectory; `products[l, k]` is $J_l\\cdots J_{k+1}$."""

    tokens: int
    parts: tuple[Part, ...]
    products: dict[tuple[int, int], np.ndarray]
    norms: dict[tuple[int, int], float] = field(default_factory=dict)
    starts: dict[int, Frame] = field(default_factory=dict)
    inverses: dict[tuple[int, int], np.ndarray] = field(default_factory=dict)
    inverse_norms: dict[tuple[int, int], float] = field(default_factory=dict)
    recursions: dict[tuple[bool, bytes], Any] = field(default_factory=dict)
    """The bounds over tubes of these radii, for growth and shrink alike."""

    @property
    def depth(self) -> int:
        return len(self.parts)

    @property
    def width(self) -> int:
        """The features of a token."""
        return len(self.products[0, 0]) // self.tokens

    def norm(self, last: int, first: int) -> float:
        """A bound of the norm of a partial product."""
        if (last, first) not in self.norms:
            self.norms[last, first] = matrix_norm(self.products[last, first])
        return self.norms[last, first]

    def start(self, number: int) -> Frame:
        """The right frame of a map, as functionals of the input."""
        if number not in self.starts:
            right = self.parts[number].field.right
            self.starts[number] = right.times(self.products[number, 0])
        return self.starts[number]

    def inverse(self, last: int, first: int) -> np.ndarray:
        """The inverse of a partial product.

        **Raises:** `numpy.linalg.LinAlgError` where it is singular.
        """
        if (last, first) not in self.inverses:
            self.inverses[last, first] = np.linalg.inv(self.products[last, first])
        return self.inverses[last, first]

    def inverse_norm(self, last: int, first: int) -> float:
        """A bound of the norm of the inverse of a partial product."""
        if (last, first) not in self.inverse_norms:
            self.inverse_norms[last, first] = matrix_norm(self.inverse(last, first))
        return self.inverse_norms[last, first]


def is_covered(branch: Branch) -> bool:
    """Whether the branch is attention or feed-forward, behind a norm or none."""
    *before, last = branch
    return isinstance(last, Attention | FeedForward) and (
        not before or (len(before) == 1 and isinstance(before[0], LayerNorm | RMSNorm))
    )


def along(maps: Sequence[EulerStep], state: np.ndarray) -> Along:
    """Linearise forward Euler maps along the trajectory of a state `(n, d)`."""
    parts = []
    for step in maps:
        parts.append(part_at(step, state))
        state = step(state)
    size = state.size
    products = {(last, last): np.eye(size) for last in range(len(parts) + 1)}
    norms = dict.fromkeys(products, 1.0)
    for first in range(len(parts)):
        for last in range(first + 1, len(parts) + 1):
            before = products[last - 1, first]
            products[last, first] = parts[last - 1].jacobian @ before
    return Along(len(state), tuple(parts), products, norms)


def part_at(step: EulerStep, state: np.ndarray) -> Part:
    """Linearise one map at a state."""
    *before, last = step.branch
    tokens, features = state.shape
    norm = normalised(before[0], state) if before else None
    inside = before[0](state) if before else state
    identity = np.broadcast_to(np.eye(features), (tokens, features, features))
    inner = norm.jacobians if norm else identity
    kind = AttentionPart if isinstance(last, Attention) else FeedForwardPart
    h = float(step.step_size)
    outer = h * last.jacobian(inside)
    shaped = outer.reshape(state.size, tokens, features).transpose(1, 0, 2) @ inner
    jacobian = np.eye(state.size) + shaped.transpose(1, 0, 2).reshape(outer.shape)
    return Part(h, norm, kind(last, inside, inner), outer, jacobian)
