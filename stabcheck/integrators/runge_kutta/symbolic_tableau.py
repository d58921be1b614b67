r"""Runge-Kutta methods with symbolic coefficients.

A family such as the theta method keeps its parameter as a symbol of SymPy, which is
imported when such a method is asked for something.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import Any

from stabcheck.integrators.runge_kutta.order import density
from stabcheck.integrators.runge_kutta.rooted_trees import Tree, trees
from stabcheck.integrators.runge_kutta.tableau import ButcherTableau


def is_symbolic(value: Any) -> bool:
    """Whether a parameter is an expression with symbols."""
    return bool(getattr(value, "free_symbols", None))


@dataclass(frozen=True)
class SymbolicTableau:
    """A tableau whose entries are expressions in symbols.

    **Arguments:** `A`, `(s, s)`; `b`, `(s,)`; `source`.
    """

    name: str
    A: Sequence[Sequence[Any]]
    b: Sequence[Any]
    source: str = field(default="", compare=False)

    family = "Runge-Kutta with parameters"

    @property
    def stages(self) -> int:
        """The number of stages, $s$."""
        return len(self.b)

    @cached_property
    def parameters(self) -> tuple[Any, ...]:
        """The symbols, by name."""
        entries = [x for row in (*self.A, self.b) for x in row]
        found = set().union(*(getattr(x, "free_symbols", set()) for x in entries))
        return tuple(sorted(found, key=str))

    def at(self, **values: Fraction | int | str) -> ButcherTableau:
        """The method at rational parameters, by the names of the symbols."""
        from sympy import Rational, sympify

        place = {s: Rational(values[str(s)]) for s in self.parameters}

        def exact(entry: Any) -> Fraction:
            value = sympify(entry).subs(place)
            return Fraction(int(value.p), int(value.q))

        shown = ",".join(str(values[str(s)]) for s in self.parameters)
        return ButcherTableau(
            f"{self.name}:{shown}",
            [[exact(x) for x in row] for row in self.A],
            [exact(x) for x in self.b],
            source=self.source,
        )

    @cached_property
    def stability_function(self) -> Any:
        r"""$R(z) = \det(I - zA + z\mathbb 1b^T)/\det(I - zA)$, an expression in $z$."""
        from sympy import Matrix, Symbol, eye, factor, ones

        z = Symbol("z")
        A, b = Matrix(self.A), Matrix([self.b])
        identity = eye(self.stages)
        numerator = (identity - z * A + z * ones(self.stages, 1) * b).det()
        return factor(numerator / (identity - z * A).det())

    @cached_property
    def E_polynomial(self) -> Any:
        r"""$E(y) = |Q(iy)|^2 - |P(iy)|^2$, factored, for real parameters.

        The method is I-stable for the parameters with $E \ge 0$ for all $y$.
        """
        from sympy import I, Symbol, expand, factor, fraction, together

        y, z = Symbol("y", real=True), Symbol("z")
        P, Q = fraction(together(self.stability_function))
        on_axis = [expand(p.subs(z, I * y) * p.subs(z, -I * y)) for p in (Q, P)]
        return factor(expand(on_axis[0] - on_axis[1]))

    def order_conditions(self, order: int) -> list[Any]:
        r"""$\Phi(t) - 1/\gamma(t)$ of all trees with at most so many nodes, without
        those that vanish for every parameter."""
        from sympy import Rational, factor

        found = []
        for nodes in range(1, order + 1):
            for tree in trees(nodes, ("f",)):
                stages = self._stages(tree)
                weight = sum(b * x for b, x in zip(self.b, stages, strict=True))
                residual = factor(weight - Rational(1, density(tree)))
                if residual != 0:
                    found.append(residual)
        return found

    @cached_property
    def order(self) -> int:
        """The order that holds for every value of the parameters."""
        reached = 0
        while not self.order_conditions(reached + 1):
            reached += 1
        return reached

    def _stages(self, tree: Tree) -> list[Any]:
        product: list[Any] = [1] * self.stages
        for child in tree[1]:
            inner = self._stages(child)
            product = [
                x * sum(a * y for a, y in zip(row, inner, strict=True))
                for x, row in zip(product, self.A, strict=True)
            ]
        return product

    @property
    def stability_text(self) -> str:
        """The stability function as text."""
        return str(self.stability_function)
