r"""Rosenbrock methods: linearly implicit Runge-Kutta methods.

$k_i = hf\bigl(y_0 + \sum_{j<i}\alpha_{ij}k_j\bigr) + hJ\sum_{j\le i}\gamma_{ij}k_j$,
$y_1 = y_0 + \sum_ib_ik_i$ with $J = f'(y_0)$, or any matrix for a W-method (Hairer,
Wanner, *Solving ODEs II*, IV.7).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import Any

from stabcheck.errors import InvalidInput
from stabcheck.integrators.algebra.coefficient import (
    coefficient,
    coefficient_row,
)
from stabcheck.integrators.algebra.conditions import OrderOfConditions, order_reached
from stabcheck.integrators.runge_kutta import decimals, order
from stabcheck.integrators.runge_kutta.one_step import OneStepMethod
from stabcheck.integrators.runge_kutta.stability_function import (
    StabilityFunction,
    of_tableau,
)

FUNCTION, MATRIX = "f", "W"


@dataclass(frozen=True)
class RosenbrockMethod(OrderOfConditions, OneStepMethod):
    r"""A Rosenbrock method.

    **Arguments:** `alpha`, `(s, s)`, strictly lower triangular; `gamma`, `(s, s)`,
    lower triangular; `b`, `(s,)`; `source`; `published_order`, for coefficients known
    by their decimals only, the order that they are published with, and
    `published_decay`, whether $R(\infty) = 0$ is too.

    **Raises:** `InvalidInput` for unequal lengths or entries above the diagonal.
    """

    name: str
    alpha: tuple[tuple[Any, ...], ...]
    gamma: tuple[tuple[Any, ...], ...]
    b: tuple[Any, ...]
    source: str = field(default="", compare=False)
    published_order: int | None = None
    published_decay: bool = False

    family = "Rosenbrock"
    is_explicit = False
    own_facts = ("w_order",)

    def __post_init__(self) -> None:
        rows = [("alpha", self.alpha, 0), ("gamma", self.gamma, 1)]
        b = coefficient_row(f"b of {self.name}", self.b)
        object.__setattr__(self, "b", b)
        for key, matrix, shift in rows:
            exact = tuple(
                coefficient_row(f"{key} of {self.name}", row) for row in matrix
            )
            if len(exact) != len(b) or any(len(row) != len(b) for row in exact):
                raise InvalidInput(
                    f"asked for the Rosenbrock method {self.name} with {len(b)} "
                    f"weights, found {key} with rows of {[len(row) for row in exact]}; "
                    "give square matrices of that size"
                )
            if any(any(row[i + shift :]) for i, row in enumerate(exact)):
                raise InvalidInput(
                    f"asked for the Rosenbrock method {self.name}, found {key} with an "
                    "entry above the triangle; stages use earlier stages only"
                )
            object.__setattr__(self, key, exact)

    @property
    def stages(self) -> int:
        """The number of stages, $s$."""
        return len(self.b)

    @cached_property
    def beta(self) -> tuple[tuple[Any, ...], ...]:
        r"""$\beta_{ij} = \alpha_{ij} + \gamma_{ij}$."""
        rows = zip(self.alpha, self.gamma, strict=True)
        return tuple(tuple(a + g for a, g in zip(*pair, strict=True)) for pair in rows)

    @cached_property
    def stability_function(self) -> StabilityFunction:
        r"""$R(z) = 1 + zb^T(I - z\beta)^{-1}\mathbb 1$ (HW IV.7, eq. (7.14))."""
        R = of_tableau(self.beta, self.b)
        if self.published_order is None:
            return R
        return decimals.projected(R, self.published_order, decays=self.published_decay)

    def residuals(self, nodes: int) -> Iterator[Any]:
        r"""$\Phi(t) - 1/\gamma(t)$ for $J = f'(y_0)$, over the trees of that size.

        A node with one branch passes it on by $\beta$, one with more by $\alpha$ (HW
        IV.7, eq. (7.11')).
        """
        return self._residuals(nodes, (FUNCTION,))

    @cached_property
    def w_order(self) -> int | None:
        r"""The order with any matrix in place of $J$ (HW IV.7, Theorem 7.7).

        Trees with a matrix node, which carries one branch by $\gamma$, have weight 0,
        all others $1/\gamma(t)$ by $\alpha$ alone.  `None` for decimals.
        """
        if self.published_order is not None:
            return None
        return order_reached(lambda nodes: self._residuals(nodes, (FUNCTION, MATRIX)))

    def _residuals(self, nodes: int, colours: tuple[str, ...]) -> Iterator[Any]:
        free = MATRIX in colours
        for tree in order.trees(nodes, colours):
            if not _is_admissible(tree):
                continue
            stages = self._stages(tree, free)
            weight = sum(
                (b * x for b, x in zip(self.b, stages, strict=True)), start=Fraction(0)
            )
            has_matrix = free and _has_matrix(tree)
            exact = Fraction(0) if has_matrix else Fraction(1, order.density(tree))
            yield weight - exact

    def _stages(self, tree: order.Tree, free: bool) -> list[Any]:
        """The weights of a tree by stage; `free` for an arbitrary matrix."""
        colour, children = tree
        if colour == MATRIX:
            pass_on = self.gamma
        elif len(children) == 1 and not free:
            pass_on = self.beta
        else:
            pass_on = self.alpha
        product: list[Any] = [Fraction(1)] * self.stages
        for child in children:
            inner = self._stages(child, free)
            product = [
                x * sum((a * y for a, y in zip(row, inner, strict=True)), Fraction(0))
                for x, row in zip(product, pass_on, strict=True)
            ]
        return product


def from_transformed(
    name: str,
    gamma: Any,
    a: Sequence[Sequence[Any]],
    C: Sequence[Sequence[Any]],
    m: Sequence[Any],
    source: str,
    published_order: int | None = None,
    *,
    published_decay: bool = False,
) -> RosenbrockMethod:
    r"""The method from the form that is implemented, $u = \Gamma k$.

    $a = \alpha\Gamma^{-1}$, $C = \operatorname{diag}(1/\gamma) - \Gamma^{-1}$, $m^T =
    b^T\Gamma^{-1}$ (HW IV.7, eq. (7.25)).
    """
    exact = [[coefficient(f"C of {name}", x) for x in row] for row in C]
    g = coefficient(f"gamma of {name}", gamma)
    size = len(m)
    inverse = [
        [(1 / g if i == j else Fraction(0)) - exact[i][j] for j in range(size)]
        for i in range(size)
    ]
    gammas = _inverted(inverse)
    alpha = [
        _row_times([coefficient(f"a of {name}", x) for x in row], gammas) for row in a
    ]
    b = _row_times([coefficient(f"m of {name}", x) for x in m], gammas)
    return RosenbrockMethod(
        name, alpha, gammas, b, source, published_order, published_decay
    )


def _inverted(lower: list[list[Any]]) -> list[list[Any]]:
    """The inverse of a lower triangular matrix, by forward substitution."""
    size = len(lower)
    inverse: list[list[Any]] = [[Fraction(0)] * size for _ in range(size)]
    for j in range(size):
        for i in range(j, size):
            known = sum(
                (lower[i][k] * inverse[k][j] for k in range(j, i)), start=Fraction(0)
            )
            inverse[i][j] = (int(i == j) - known) / lower[i][i]
    return inverse


def _row_times(row: Sequence[Any], matrix: list[list[Any]]) -> list[Any]:
    return [
        sum((x * matrix[k][j] for k, x in enumerate(row)), start=Fraction(0))
        for j in range(len(matrix))
    ]


def _is_admissible(tree: order.Tree) -> bool:
    """A matrix node carries exactly one branch."""
    if tree[0] == MATRIX and len(tree[1]) != 1:
        return False
    return all(map(_is_admissible, tree[1]))


def _has_matrix(tree: order.Tree) -> bool:
    return tree[0] == MATRIX or any(map(_has_matrix, tree[1]))
