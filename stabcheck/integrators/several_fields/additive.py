r"""Additive and partitioned Runge-Kutta methods: one tableau for each field.

Additive, $y' = f_1(y) + f_2(y) + \dots$: all tableaux act on common stages, as in
implicit-explicit methods, where $a$ is the explicit field and $b$ the implicit one.
Partitioned, $q' = f(q, p)$, $p' = g(q, p)$: each tableau advances its own variable.
The order conditions are the same (Hairer, Norsett, Wanner, *Solving ODEs I*, II.15).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import Any

from stabcheck.errors import InvalidInput
from stabcheck.integrators import notebook
from stabcheck.integrators.algebra.algebraic import Algebraic, Infinity
from stabcheck.integrators.algebra.coefficient import algebraic, coefficient
from stabcheck.integrators.algebra.conditions import order_reached
from stabcheck.integrators.runge_kutta import order
from stabcheck.integrators.runge_kutta.tableau import ButcherTableau
from stabcheck.integrators.several_fields.multivariate import (
    MultivariateStabilityFunction,
)
from stabcheck.integrators.several_fields.multivariate_construction import (
    of_tableaux,
    projected,
)
from stabcheck.integrators.several_fields.oscillator import Oscillator

Tableau = tuple[Any, Any]
"""Stage matrix and weights."""


@dataclass(frozen=True)
class AdditiveRungeKutta:
    r"""A Runge-Kutta tableau for each of several fields, over common stages.

    **Arguments:** `name`; `tableaux`, matrix and weights by field; `source`;
    `published_order`, for coefficients known by their decimals only.

    **Raises:** `InvalidInput` for fewer than two fields or tableaux of unequal sizes.
    """

    name: str
    tableaux: Mapping[str, Tableau]
    source: str = field(default="", compare=False)
    published_order: int | None = None

    family = "additive Runge-Kutta"
    _repr_latex_ = notebook.latex
    _repr_png_ = notebook.png
    own_facts = ("stable_box", "real_strip", "imaginary_strip")

    def __post_init__(self) -> None:
        exact = {
            name: (
                tuple(tuple(self._exact(name, x) for x in row) for row in A),
                tuple(self._exact(name, x) for x in b),
            )
            for name, (A, b) in self.tableaux.items()
        }
        sizes = {n for A, b in exact.values() for n in (len(A), len(b), *map(len, A))}
        if len(exact) < 2 or len(sizes) != 1:
            raise InvalidInput(
                f"asked for the method {self.name} of {len(exact)} fields with rows of "
                f"{sorted(sizes)} coefficients; give at least two tableaux of one size"
            )
        object.__setattr__(self, "tableaux", exact)

    def _exact(self, name: str, value: Any) -> Any:
        return coefficient(f"the tableau for {name} of {self.name}", value)

    @property
    def fields(self) -> tuple[str, ...]:
        """The names of the fields."""
        return tuple(self.tableaux)

    @property
    def stages(self) -> int:
        """The number of common stages."""
        return len(self.tableaux[self.fields[0]][1])

    @property
    def is_explicit(self) -> bool:
        """Whether every stage uses earlier stages only."""
        return not any(
            any(row[i:]) for A, _ in self.tableaux.values() for i, row in enumerate(A)
        )

    @property
    def conditional_on_order(self) -> int | None:
        """The order that every fact rests on, if only decimals are published."""
        return self.published_order

    @cached_property
    def order(self) -> int:
        """The order, by rooted trees coloured by the fields; or the one published.

        It is at most that of any field alone, and even for a symmetric method.
        """
        if self.published_order is not None:
            return self.published_order
        bound = min(self.part(name).order for name in self.fields)
        weights = order.ElementaryWeights(self.tableaux)
        reached = 0
        while reached < bound:
            follows = self.is_symmetric and reached % 2 == 1
            if not follows and any(d != 0 for _, d in weights.defects(reached + 1)):
                break
            reached += 1
        return reached

    @cached_property
    def is_symmetric(self) -> bool:
        r"""Whether it is its own adjoint: $a_{s+1-i,s+1-j} + a_{ij} = b_j = b_{s+1-j}$.

        Hairer, Lubich, Wanner, *Geometric Numerical Integration*, V.2, Theorem 2.3.
        """
        stages = range(self.stages)
        return all(
            b[j] == b[-1 - j] and A[i][j] + A[-1 - i][-1 - j] == b[j]
            for A, b in self.tableaux.values()
            for i in stages
            for j in stages
        )

    @cached_property
    def order_residual(self) -> Algebraic:
        """The largest residual of the order conditions up to the order."""
        if self.published_order is None:
            return Algebraic.of(0)
        return algebraic(order.largest_residual(self.tableaux, self.order))

    def part(self, name: str) -> ButcherTableau:
        """The Runge-Kutta method that is left for one field alone."""
        A, b = self.tableaux[name]
        return ButcherTableau(f"{self.name}, {name} alone", A, b, source=self.source)

    @cached_property
    def stability_function(self) -> MultivariateStabilityFunction:
        r"""$R$ of one argument for each field."""
        R = of_tableaux(self.tableaux)
        return R if self.published_order is None else projected(R, self.published_order)

    @property
    def _is_of_two(self) -> bool:
        return len(self.fields) == 2

    @cached_property
    def stable_box(self) -> Algebraic | Infinity | None:
        r"""The largest $r$ with $|R| \le 1$ on $[-r, 0]^2$; two fields only."""
        return self.stability_function.real_box() if self._is_of_two else None

    @cached_property
    def real_strip(self) -> Algebraic | Infinity | None:
        r"""The largest $r$ with $|R| \le 1$ for $a \in [-r, 0]$ and all $b \le 0$."""
        if not self._is_of_two:
            return None
        return self.stability_function.real_strip(self.fields[0])

    @cached_property
    def imaginary_strip(self) -> Algebraic | Infinity | None:
        r"""The largest $r$ with $|R| \le 1$ for $a \in i[-r, r]$ and all $b \le 0$."""
        if not self._is_of_two:
            return None
        return self.stability_function.imaginary_strip(self.fields[0])

    @property
    def stability_text(self) -> str:
        """The stability function as text."""
        return str(self.stability_function)


@dataclass(frozen=True)
class PartitionedRungeKutta(AdditiveRungeKutta):
    r"""A tableau for $q' = f(q, p)$ and one for $p' = g(q, p)$, over common stages.

    **Arguments:** those of `AdditiveRungeKutta`, with the fields `q` and `p`.  The
    sets of a sum of fields have no meaning for it.
    """

    family = "partitioned Runge-Kutta"
    own_facts = (
        "oscillator_stability_interval",
        "separable_order",
        "is_symplectic",
        "is_symmetric",
    )

    stability_function = None
    stable_box = None
    real_strip = None
    imaginary_strip = None

    @cached_property
    def separable_order(self) -> int:
        """The order for $q' = f(p)$, $p' = g(q)$: trees whose colours alternate."""
        return order_reached(
            lambda nodes: (
                order.elementary_weight(t, self.tableaux)
                - Fraction(1, order.density(t))
                for t in order.trees(nodes, self.fields)
                if _alternates(t)
            )
        )

    @cached_property
    def is_symplectic(self) -> bool:
        r"""Whether $b_i\hat a_{ij} + \hat b_ja_{ji} = b_i\hat b_j$ and $b = \hat b$.

        Hairer, Lubich, Wanner, *Geometric Numerical Integration*, VI.4, Theorem 4.6.
        """
        (A, b), (A_hat, b_hat) = self.tableaux.values()
        stages = range(self.stages)
        return b == b_hat and not any(
            b[i] * A_hat[i][j] + b_hat[j] * A[j][i] - b[i] * b_hat[j]
            for i in stages
            for j in stages
        )

    @cached_property
    def is_separably_symplectic(self) -> bool:
        r"""The same for $q' = f(p)$, $p' = g(q)$, where $b = \hat b$ is not needed."""
        (A, b), (A_hat, b_hat) = self.tableaux.values()
        stages = range(self.stages)
        return not any(
            b[i] * A_hat[i][j] + b_hat[j] * A[j][i] - b[i] * b_hat[j]
            for i in stages
            for j in stages
        )

    @cached_property
    def oscillator(self) -> Oscillator:
        r"""The map of $q' = p$, $p' = -\omega^2q$."""
        return Oscillator.of_tableaux(*self.tableaux.values())

    @cached_property
    def oscillator_stability_interval(self) -> Algebraic | Infinity:
        r"""The largest $\beta$ with both eigenvalues in the unit disc for $h\omega \in
        [0, \beta]$."""
        return self.oscillator.stability_interval

    @property
    def stability_text(self) -> str:
        """The trace of the map of the harmonic oscillator."""
        return self.oscillator.text


def _alternates(tree: order.Tree) -> bool:
    colour, children = tree
    return all(child[0] != colour and _alternates(child) for child in children)
