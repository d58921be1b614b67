r"""The average vector field method, $y_1 = y_0 + h\int_0^1f((1 - \xi)y_0 +
\xi y_1)\,d\xi$.

A Runge-Kutta method with a continuum of stages $\xi \in [0, 1]$, $A_{\xi\eta} =
\xi$ and $b_\xi = 1$: stage vectors are polynomials in $\xi$ (Quispel, McLaren, *J.
Phys. A* 41 (2008) 045206; Celledoni et al., *M2AN* 43 (2009) 645-649).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property

from flint import fmpq, fmpq_poly

from stabcheck.integrators.algebra.algebraic import Algebraic
from stabcheck.integrators.algebra.conditions import order_reached
from stabcheck.integrators.algebra.polynomials import exact_polynomial
from stabcheck.integrators.algebra.roots import first_root, fraction
from stabcheck.integrators.runge_kutta import order
from stabcheck.integrators.runge_kutta.one_step import OneStepMethod
from stabcheck.integrators.runge_kutta.stability_function import (
    StabilityFunction,
    in_lowest_terms,
)


@dataclass(frozen=True)
class AverageVectorField(OneStepMethod):
    """The method; it keeps the energy of every Hamiltonian field."""

    name: str = "average-vector-field"
    source: str = field(
        default="Quispel, McLaren, J. Phys. A 41 (2008) 045206, "
        "doi:10.1088/1751-8113/41/4/045206",
        compare=False,
    )

    family = "energy-preserving"
    stages = 1
    is_explicit = False
    is_energy_preserving = True
    own_facts = ("is_energy_preserving",)

    @cached_property
    def stability_function(self) -> StabilityFunction:
        """That of the trapezoidal rule: the mean of a linear field is taken exactly."""
        return in_lowest_terms(
            exact_polynomial([1, Fraction(1, 2)]),
            exact_polynomial([1, Fraction(-1, 2)]),
        )

    @cached_property
    def order(self) -> int:
        """The order, by rooted trees over the continuum of stages."""
        return order_reached(self._residuals)

    @cached_property
    def principal_error_norm(self) -> Algebraic:
        """The Euclidean norm of the leading error coefficients."""
        square = sum(x**2 for x in self._residuals(self.order + 1))
        return first_root(exact_polynomial([-square, Fraction(0), Fraction(1)]))

    def _residuals(self, nodes: int) -> list[Fraction]:
        return [
            (fraction(_mean(_stages(tree))) - Fraction(1, order.density(tree)))
            / order.symmetry(tree)
            for tree in order.trees(nodes, ("f",))
        ]


def _stages(tree: order.Tree) -> fmpq_poly:
    product = fmpq_poly([1])
    for child in tree[1]:
        product *= fmpq_poly([0, 1]) * _mean(_stages(child))
    return product


def _mean(p: fmpq_poly) -> fmpq:
    """The integral over the stages."""
    return sum((c / (k + 1) for k, c in enumerate(p.coeffs())), start=fmpq(0))
