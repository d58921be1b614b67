r"""Exponential Rosenbrock methods, and the integrating-factor methods of Lawson."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from stabcheck.integrators.algebra.exponential_polynomial import exponential
from stabcheck.integrators.runge_kutta import order
from stabcheck.integrators.runge_kutta.tableau import ButcherTableau
from stabcheck.integrators.several_fields.exponential import (
    LINEAR,
    NONLINEAR,
    ExponentialRungeKutta,
    is_linear_in_L,
)


@dataclass(frozen=True)
class ExponentialRosenbrock(ExponentialRungeKutta):
    r"""The same with $L = f'(y_0)$, so that $N = f - Ly$ has no derivative at $y_0$.

    Trees with a nonlinear node of one branch have no weight in the solution: there are
    fewer conditions (Hochbruck, Ostermann, Schweitzer 2009).
    """

    family = "exponential Rosenbrock"

    def _residuals(self, nodes: int) -> Iterator[Fraction]:
        for tree in order.trees(nodes, (LINEAR, NONLINEAR)):
            if is_linear_in_L(tree) and not _has_single_branch(tree):
                weight = self._weight(tree, self.b, Fraction(1))
                yield weight - Fraction(1, order.density(tree))


def lawson(tableau: ButcherTableau, name: str, source: str) -> ExponentialRungeKutta:
    r"""The integrating-factor method: $a_{ij}e^{(c_i - c_j)z}$, $b_ie^{(1 - c_i)z}$."""
    c = tableau.c or ()
    return ExponentialRungeKutta(
        name,
        [[a * exponential(c_i - c_j) if a else 0 for a, c_j in zip(row, c, strict=True)]
         for row, c_i in zip(tableau.A, c, strict=True)],
        [b * exponential(1 - c_i) for b, c_i in zip(tableau.b, c, strict=True)],
        c,
        source,
    )  # fmt: skip


def _has_single_branch(tree: order.Tree) -> bool:
    """Whether a nonlinear node carries exactly one branch."""
    if tree[0] == NONLINEAR and len(tree[1]) == 1:
        return True
    return any(map(_has_single_branch, tree[1]))
