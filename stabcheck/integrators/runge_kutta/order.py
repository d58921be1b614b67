r"""The order of a method by rooted trees, exactly.

For the sum $f^1 + f^2 + \dots$ of fields, each with a Runge-Kutta tableau over common
stages, the conditions are $\Phi(t) = 1/\gamma(t)$ for every rooted tree $t$ whose
nodes are coloured by the fields (Hairer, Norsett, Wanner, *Solving ODEs I*, II.2 for
one colour, II.15 for two).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from flint import arb, arb_mat, ctx, fmpq, fmpq_mat

from stabcheck.integrators.algebra.algebraic import Algebraic
from stabcheck.integrators.algebra.coefficient import Coefficient, number_field_of
from stabcheck.integrators.algebra.conditions import order_reached
from stabcheck.integrators.algebra.exact_real import dyadic
from stabcheck.integrators.algebra.field_element import FieldElement
from stabcheck.integrators.algebra.polynomials import exact_number, exact_polynomial
from stabcheck.integrators.algebra.resolvent import matrix_product, rational_matrix
from stabcheck.integrators.algebra.roots import first_root
from stabcheck.integrators.runge_kutta.rooted_trees import (
    Growth,
    Tree,
    density,
    first_of_size,
    growths,
    size,
    symmetry,
    trees,
)

__all__ = [
    "ElementaryWeights",
    "Tableau",
    "Tree",
    "density",
    "elementary_weight",
    "largest_residual",
    "order_of",
    "principal_error_norm",
    "size",
    "symmetry",
    "trees",
]

Tableau = tuple[Sequence[Sequence[Coefficient]], Sequence[Coefficient]]
"""Stage matrix and weights."""


class ElementaryWeights:
    r"""$\Phi(t) = \sum_i b_i\prod_k(A\,\Phi_i(t_k))$ of all trees, size by size.

    **Arguments:** `method`, a tableau for each field, over common stages; `bits`, for
    balls of that accuracy instead of exact numbers.
    """

    def __init__(self, method: Mapping[str, Tableau], bits: int = 0) -> None:
        self.colours = tuple(method)
        self._bits = bits
        tableaux = list(method.values())
        entries = [x for A, b in tableaux for row in (*A, b) for x in row]
        self._in_field = number_field_of("a method", entries) is not None
        self._matrices = {c: self._matrix(A) for c, (A, _) in method.items()}
        self._weights = {c: self._matrix([b]) for c, (_, b) in method.items()}
        one: Any = Fraction(1) if self._in_field else fmpq(1)
        self._ones = [arb(1) if bits else one] * len(tableaux[0][1])
        self._size = 0
        self._products: list[list[Any]] = []
        self._through: list[list[Any]] = []

    def of_size(self, nodes: int) -> list[tuple[Growth, Any]]:
        """Every tree of that many nodes with its elementary weight."""
        with ctx.workprec(self._bits or ctx.prec):
            while nodes > self._size:
                self._size += 1
                self._grow(self._size)
            return self._weighted(nodes)

    def defects(self, nodes: int) -> list[tuple[Growth, Any]]:
        r"""Every tree of that many nodes with $\Phi(t) - 1/\gamma(t)$."""
        with ctx.workprec(self._bits or ctx.prec):
            return [
                (growth, weight - self._ones[0] / growth.density)
                for growth, weight in self.of_size(nodes)
            ]

    def _weighted(self, nodes: int) -> list[tuple[Growth, Any]]:
        starts = first_of_size(nodes + 1, self.colours)
        numbers = range(starts[nodes - 1], starts[nodes])
        grown = growths(nodes, self.colours)
        values: dict[int, Any] = {}
        for colour in self.colours:
            mine = [k for k in numbers if grown[k].colour == colour]
            row = self._times(self._weights[colour], [self._products[k] for k in mine])
            values |= {k: value[0] for k, value in zip(mine, row, strict=True)}
        return [(grown[k], values[k]) for k in numbers]

    def _grow(self, nodes: int) -> None:
        """The stage products of the trees of one more size."""
        self._pass_through(nodes - 1)
        for growth in growths(nodes, self.colours)[len(self._products) :]:
            if growth.rest is None or growth.branch is None:
                self._products.append(self._ones)
            else:
                below, above = self._products[growth.rest], self._through[growth.branch]
                self._products.append(
                    [x * y for x, y in zip(below, above, strict=True)]
                )

    def _pass_through(self, nodes: int) -> None:
        """The stage matrix of its root applied to each tree of at most that size."""
        grown = growths(nodes, self.colours)
        first = len(self._through)
        found: dict[int, list[Any]] = {}
        for colour in self.colours:
            mine = [k for k in range(first, len(grown)) if grown[k].colour == colour]
            columns = [self._products[k] for k in mine]
            rows = self._times(self._matrices[colour], columns)
            found |= dict(zip(mine, rows, strict=True))
        self._through += [found[k] for k in range(first, len(grown))]

    def _matrix(self, rows: Sequence[Sequence[Coefficient]]) -> Any:
        if self._bits:
            with ctx.workprec(self._bits):
                return arb_mat([[_ball(x) for x in row] for row in rows])
        return rows if self._in_field else rational_matrix(rows)

    def _times(self, matrix: Any, columns: list[list[Any]]) -> list[list[Any]]:
        """The matrix applied to each of the columns."""
        if not columns:
            return []
        if isinstance(matrix, fmpq_mat):
            # (matrix columns)^T, so that the rows of the product are the images.
            return (fmpq_mat(columns) * matrix.transpose()).tolist()
        if isinstance(matrix, arb_mat):
            return (arb_mat(columns) * matrix.transpose()).tolist()
        product = matrix_product(matrix, list(zip(*columns, strict=True)))
        return [list(column) for column in zip(*product, strict=True)]


def elementary_weight(tree: Tree, method: Mapping[str, Tableau]) -> Coefficient:
    r"""$\Phi(t)$ of one tree, tableaux by the colour."""
    weights = method[tree[0]][1]
    stages = _stage_products(tree, method)
    return sum((b * x for b, x in zip(weights, stages, strict=True)), start=Fraction(0))


def order_of(method: Mapping[str, Tableau] | ElementaryWeights) -> int:
    """The largest order whose conditions all hold.

    **Arguments:** `method`, a tableau for each field over common stages, or its exact
    elementary weights.
    """
    weights = _weights_of(method)
    return order_reached(lambda nodes: (d for _, d in weights.defects(nodes)))


def largest_residual(
    method: Mapping[str, Tableau] | ElementaryWeights, order: int
) -> Coefficient:
    r"""$\max |\Phi(t) - 1/\gamma(t)|$ over the trees with at most `order` nodes.

    From balls an upper bound.
    """
    weights = _weights_of(method)
    sizes = [
        abs(defect)
        for nodes in range(1, order + 1)
        for _, defect in weights.defects(nodes)
    ]
    if isinstance(sizes[0], arb):
        return max(dyadic(size.upper()) for size in sizes)
    return exact_number(max(sizes))


def principal_error_norm(
    method: Mapping[str, Tableau] | ElementaryWeights, order: int
) -> Algebraic:
    r"""$\bigl(\sum_{|t| = p+1}((\Phi(t) - 1/\gamma(t))/\sigma(t))^2\bigr)^{1/2}$.

    From balls the nearest rational to their accuracy.
    """
    weights = _weights_of(method)
    square: Any = 0
    for growth, defect in weights.defects(order + 1):
        coefficient = defect / growth.symmetry
        square += coefficient * coefficient
    if isinstance(square, arb):
        return Algebraic.of(dyadic(square.sqrt().mid()))
    return first_root(exact_polynomial([-exact_number(square), 0, 1]))


def _weights_of(
    method: Mapping[str, Tableau] | ElementaryWeights,
) -> ElementaryWeights:
    if isinstance(method, ElementaryWeights):
        return method
    return ElementaryWeights(method)


def _ball(value: Coefficient) -> arb:
    if isinstance(value, FieldElement):
        return value.ball(ctx.prec)
    return arb(fmpq(value.numerator, value.denominator))


def _stage_products(tree: Tree, method: Mapping[str, Tableau]) -> list[Coefficient]:
    stages = [Fraction(1)] * len(method[tree[0]][1])
    for child in tree[1]:
        inner = _stage_products(child, method)
        outer = matrix_product(method[child[0]][0], [[x] for x in inner])
        stages = [s * row[0] for s, row in zip(stages, outer, strict=True)]
    return stages
