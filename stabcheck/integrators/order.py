r"""The order of a method by rooted trees, exactly.

For the sum $f^1 + f^2 + \dots$ of fields, each with a Runge-Kutta tableau over common
stages, the conditions are $\Phi(t) = 1/\gamma(t)$ for every rooted tree $t$ whose
nodes are coloured by the fields (Hairer, Norsett, Wanner, *Solving ODEs I*, II.2 for
one colour, II.15 for two).  A tree is its root's colour and the sorted tuple of the
trees above it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from functools import cache
from math import factorial, prod

from stabcheck.integrators.algebraic import Algebraic
from stabcheck.integrators.roots import polynomial, positive_roots

Tree = tuple[str, tuple["Tree", ...]]
Tableau = tuple[Sequence[Sequence[Fraction]], Sequence[Fraction]]
"""Stage matrix and weights."""


@cache
def trees(nodes: int, colours: tuple[str, ...]) -> tuple[Tree, ...]:
    """All rooted trees of that many nodes, coloured in all ways."""
    return tuple(
        (colour, forest)
        for colour in colours
        for forest in _forests(nodes - 1, colours)
    )


@cache
def _forests(nodes: int, colours: tuple[str, ...]) -> tuple[tuple[Tree, ...], ...]:
    if nodes == 0:
        return ((),)
    grown = {
        tuple(sorted((*rest, tree)))
        for size in range(1, nodes + 1)
        for tree in trees(size, colours)
        for rest in _forests(nodes - size, colours)
    }
    return tuple(sorted(grown))


def size(tree: Tree) -> int:
    """The number of nodes."""
    return 1 + sum(map(size, tree[1]))


def density(tree: Tree) -> int:
    r"""$\gamma(t) = |t|\,\gamma(t_1)\cdots\gamma(t_k)$ (HNW II.2, Def. 2.10)."""
    return size(tree) * prod(map(density, tree[1]))


def symmetry(tree: Tree) -> int:
    r"""$\sigma(t)$, the order of the tree's symmetry group."""
    copies = Counter(tree[1])
    return prod(factorial(m) * symmetry(t) ** m for t, m in copies.items())


def elementary_weight(tree: Tree, method: Mapping[str, Tableau]) -> Fraction:
    r"""$\Phi(t) = \sum_i b_i\prod_k(A\,\Phi_i(t_k))$, tableaux by the colour."""
    weights = method[tree[0]][1]
    stages = _stage_products(tree, method)
    return sum((b * x for b, x in zip(weights, stages, strict=True)), start=Fraction(0))


def order_of(method: Mapping[str, Tableau]) -> int:
    """The largest order whose conditions all hold.

    **Arguments:** `method`, a tableau for each field, over common stages.
    """
    order = 0
    while not any(_residuals(method, order + 1)):
        order += 1
    return order


def principal_error_norm(method: Mapping[str, Tableau], order: int) -> Algebraic:
    r"""$\bigl(\sum_{|t| = p+1}((\Phi(t) - 1/\gamma(t))/\sigma(t))^2\bigr)^{1/2}$."""
    square = sum(
        (residual**2 for residual in _residuals(method, order + 1)), Fraction(0)
    )
    roots = positive_roots(polynomial([-square, Fraction(0), Fraction(1)]))
    return roots[0][0]


def _residuals(method: Mapping[str, Tableau], nodes: int) -> Iterator[Fraction]:
    for tree in trees(nodes, tuple(method)):
        defect = elementary_weight(tree, method) - Fraction(1, density(tree))
        yield defect / symmetry(tree)


def _stage_products(tree: Tree, method: Mapping[str, Tableau]) -> list[Fraction]:
    stages = [Fraction(1)] * len(method[tree[0]][1])
    for child in tree[1]:
        inner = _stage_products(child, method)
        A = method[child[0]][0]
        outer = [
            sum((a * x for a, x in zip(row, inner, strict=True)), start=Fraction(0))
            for row in A
        ]
        stages = [s * x for s, x in zip(stages, outer, strict=True)]
    return stages
