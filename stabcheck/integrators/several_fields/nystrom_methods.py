r"""Runge-Kutta-Nystrom methods for $q'' = g(q)$, and their order by Nystrom trees.

$Q_i = q_0 + c_ihp_0 + h^2\sum_j\bar a_{ij}g(Q_j)$, $q_1 = q_0 + hp_0 +
h^2\sum_i\bar b_ig(Q_i)$, $p_1 = p_0 + h\sum_ib_ig(Q_i)$ (Hairer, Norsett, Wanner,
*Solving ODEs I*, II.14).  In a tree for $q' = p$, $p' = g(q)$ the colours alternate,
and a node of $q' = p$, which is linear, carries one branch at most.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache, cached_property
from typing import Any

from stabcheck.errors import InvalidInput
from stabcheck.integrators import notebook
from stabcheck.integrators.algebra.algebraic import Algebraic, Infinity
from stabcheck.integrators.algebra.coefficient import coefficient_row
from stabcheck.integrators.algebra.conditions import OrderOfConditions
from stabcheck.integrators.runge_kutta import order
from stabcheck.integrators.several_fields.oscillator import Oscillator

POSITION, FORCE = "q", "p"


@dataclass(frozen=True)
class NystromMethod(OrderOfConditions):
    r"""A Runge-Kutta-Nystrom method.

    **Arguments:** `A`, $\bar a$, `(s, s)`; `b_position`, $\bar b$; `b_velocity`, $b$;
    `c`, the nodes; `source`; `published_order`, for coefficients known by their
    decimals only.

    **Raises:** `InvalidInput` for unequal lengths.
    """

    name: str
    A: tuple[tuple[Any, ...], ...]
    b_position: tuple[Any, ...]
    b_velocity: tuple[Any, ...]
    c: tuple[Any, ...]
    source: str = field(default="", compare=False)
    published_order: int | None = None

    family = "Runge-Kutta-Nyström"
    _repr_latex_ = notebook.latex
    _repr_png_ = notebook.png
    own_facts = ("oscillator_stability_interval",)

    def __post_init__(self) -> None:
        rows = [self._exact(row) for row in self.A]
        object.__setattr__(self, "A", tuple(rows))
        for key in ("b_position", "b_velocity", "c"):
            object.__setattr__(self, key, self._exact(getattr(self, key)))
        lengths = [len(x) for x in (rows, self.b_position, self.c, *rows)]
        if any(length != self.stages for length in lengths):
            raise InvalidInput(
                f"asked for the Nyström method {self.name} of {self.stages} velocity "
                f"weights, found lengths {sorted(set(lengths))}; give one of each for "
                "every stage"
            )

    def _exact(self, row: Any) -> tuple[Any, ...]:
        return coefficient_row(f"the Nyström method {self.name}", row)

    @property
    def stages(self) -> int:
        """The number of stages, $s$."""
        return len(self.b_velocity)

    @property
    def is_explicit(self) -> bool:
        """Whether every stage uses earlier stages only."""
        return not any(any(row[i:]) for i, row in enumerate(self.A))

    def residuals(self, nodes: int) -> Iterator[Any]:
        r"""$\Phi(t) - 1/\gamma(t)$ for positions and velocities, trees of that size."""
        for tree in force_trees(nodes):
            weight = _weighed(self.b_velocity, self._stages(tree))
            yield weight - Fraction(1, order.density(tree))
        for tree in force_trees(nodes - 1):
            weight = _weighed(self.b_position, self._stages(tree))
            yield weight - Fraction(1, order.density((POSITION, (tree,))))

    @cached_property
    def _known(self) -> dict[order.Tree, list[Any]]:
        return {}

    def _stages(self, tree: order.Tree) -> list[Any]:
        """The weights of a tree by stage, over the branches at its root."""
        known = self._known
        if tree not in known:
            product: list[Any] = [Fraction(1)] * self.stages
            for _, above in tree[1]:
                if above:
                    inner = self._stages(above[0])
                    factors = [_weighed(row, inner) for row in self.A]
                else:
                    factors = list(self.c)
                product = [x * y for x, y in zip(product, factors, strict=True)]
            known[tree] = product
        return known[tree]

    @cached_property
    def oscillator(self) -> Oscillator:
        r"""The map of $q' = p$, $p' = -\omega^2q$."""
        return Oscillator.of_nystrom(self.A, self.b_position, self.b_velocity, self.c)

    @cached_property
    def oscillator_stability_interval(self) -> Algebraic | Infinity:
        r"""The largest $\beta$ with both eigenvalues in the unit disc for $h\omega \in
        [0, \beta]$."""
        return self.oscillator.stability_interval

    @property
    def stability_text(self) -> str:
        """The trace of the map of the harmonic oscillator."""
        return self.oscillator.text


@cache
def force_trees(nodes: int) -> tuple[order.Tree, ...]:
    """The trees of that many nodes with a force at the root."""
    return tuple((FORCE, forest) for forest in _forests(nodes - 1, nodes - 1))


@cache
def _branches(nodes: int) -> tuple[order.Tree, ...]:
    """A position node alone, or with a force above it."""
    if nodes == 1:
        return ((POSITION, ()),)
    return tuple((POSITION, (tree,)) for tree in force_trees(nodes - 1))


@cache
def _forests(nodes: int, largest: int) -> tuple[tuple[order.Tree, ...], ...]:
    """Multisets of branches of at most that size, as sorted tuples."""
    if nodes == 0:
        return ((),)
    if nodes < 0 or largest == 0:
        return ()
    found = set(_forests(nodes, largest - 1))
    for branch in _branches(largest):
        for rest in _forests(nodes - largest, largest):
            found.add(tuple(sorted((*rest, branch))))
    return tuple(sorted(found))


def _weighed(weights: Any, stages: list[Any]) -> Any:
    return sum((b * x for b, x in zip(weights, stages, strict=True)), Fraction(0))
