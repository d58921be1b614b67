r"""What a Runge-Kutta tableau determines: R = P/Q, resolvents, forms, rooted trees.

Everything is recomputed from A and b: in rationals, or in the field of irrational
coefficients where a function says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import cache
from math import prod

from flint import fmpq, fmpq_mat, fmpq_poly

from stabcheck.checker.arithmetic.number_field import Coefficient, rational_of
from stabcheck.checker.arithmetic.ordered import is_semidefinite
from stabcheck.checker.arithmetic.polynomials import flint, polynomial

Rows = Sequence[Sequence[Fraction]]
Entry = fmpq | Coefficient
Stages = list[Entry]
Tree = tuple["Tree", ...]
"""A rooted tree: its branches in ascending order."""


def characteristic(matrix: Sequence[Sequence[Coefficient]]) -> list[Coefficient]:
    r"""The coefficients of $\det(I + xM)$, as `resolvent` finds them."""
    size = range(len(matrix))
    moved = [list(row) for row in matrix]
    found: list[Coefficient] = [Fraction(1)]
    for k in range(1, len(matrix) + 1):
        c = -sum((moved[i][i] for i in size), start=Fraction(0)) / k
        found.append((-1) ** k * c)
        N = [[x + c if i == j else x for j, x in enumerate(row)]
             for i, row in enumerate(moved)]  # fmt: skip
        moved = [[sum((row[m] * N[m][j] for m in size), start=Fraction(0))
                  for j in size] for row in matrix]  # fmt: skip
    return found


def is_rational(A: Sequence[Sequence[Coefficient]], b: Sequence[Coefficient]) -> bool:
    """Say whether all coefficients of a method are fractions."""
    return all(isinstance(x, Fraction) for row in (*A, b) for x in row)


def resolvent(matrix: Rows) -> tuple[fmpq_poly, list[fmpq_mat]]:
    r"""$\det(I + xM)$ and the coefficients of $\operatorname{adj}(I + xM)$ in x.

    Faddeev and Leverrier: $N_1 = I$, $c_k = -\operatorname{tr}(MN_k)/k$, $N_{k+1} =
    MN_k + c_kI$; coefficient k of the determinant is $(-1)^kc_k$, coefficient k - 1 of
    the adjugate $(-1)^{k-1}N_k$.
    """
    size = len(matrix)
    M = fmpq_mat([[flint(x) for x in row] for row in matrix])
    N = identity = fmpq_mat([[int(i == j) for j in range(size)] for i in range(size)])
    determinant, adjugate = [fmpq(1)], []
    for k in range(1, size + 1):
        adjugate.append(N * (-1) ** (k - 1))
        moved = M * N
        c = -sum((moved[i, i] for i in range(size)), start=fmpq(0)) / k
        determinant.append((-1) ** k * c)
        N = moved + identity * c
    return fmpq_poly(determinant), adjugate


def stability_function(
    A: Sequence[Sequence[Coefficient]], b: Sequence[Coefficient]
) -> tuple[fmpq_poly, fmpq_poly] | None:
    r"""$P = \det(I - zA + z\mathbb 1b^T)$ and $Q = \det(I - zA)$, divided by their gcd.

    Q(0) = 1.  `None` where a coefficient of P or Q is irrational.
    """
    border = [[w - a for a, w in zip(row, b, strict=True)] for row in A]
    minus = [[-a for a in row] for row in A]
    if is_rational(A, b):
        return in_lowest_terms(resolvent(border)[0], resolvent(minus)[0])
    P, Q = ([rational_of(c) for c in characteristic(M)] for M in (border, minus))
    if None in (*P, *Q):
        return None
    return in_lowest_terms(polynomial(P), polynomial(Q))


def in_lowest_terms(P: fmpq_poly, Q: fmpq_poly) -> tuple[fmpq_poly, fmpq_poly]:
    """P/Q without a common factor and with Q(0) = 1; Q(0) must not be 0."""
    common = P.gcd(Q)
    P, Q = P // common, Q // common
    return P / Q[0], Q / Q[0]


def contractivity_form(
    A: Rows, b: Sequence[Fraction], inverse_radius: Fraction
) -> list[list[Fraction]]:
    r"""$BA + A^TB - bb^T + B/r$ with $B = \operatorname{diag}(b)$."""
    stages = range(len(b))
    return [
        [
            b[i] * A[i][j] + b[j] * A[j][i] - b[i] * b[j]
            + (b[i] * inverse_radius if i == j else 0)
            for j in stages
        ]
        for i in stages
    ]  # fmt: skip


def is_contractive(A: Rows, b: Sequence[Fraction], inverse_radius: Fraction) -> bool:
    r"""Decide $b \ge 0$ and $BA + A^TB - bb^T + B/r \succeq 0$."""
    if min(b) < 0:
        return False
    return is_semidefinite(contractivity_form(A, b, inverse_radius))


def monotonicity_polynomials(
    A: Rows, b: Sequence[Fraction]
) -> tuple[fmpq_poly, Iterator[fmpq_poly]]:
    r"""$\det(I + \rho K)$, and what else has to be nonnegative.

    K is A bordered by b.  $(I + \rho K)^{-1}\mathbb 1$ and $\rho K(I + \rho K)^{-1} = I
    - (I + \rho K)^{-1}$, times the determinant, entry by entry.
    """
    K = [[*row, Fraction(0)] for row in (*A, b)]
    determinant, adjugate = resolvent(K)
    size = range(len(K))

    def entries() -> Iterator[fmpq_poly]:
        for i in size:
            row = [fmpq_poly([N[i, j] for N in adjugate]) for j in size]
            yield sum(row, start=fmpq_poly([]))
            for j in size:
                yield (determinant if i == j else 0) - row[j]

    return determinant, entries()


@cache
def trees(nodes: int) -> tuple[Tree, ...]:
    """Every rooted tree of that many nodes, once."""
    return tuple(_forests(nodes - 1, nodes - 1))


def _forests(nodes: int, largest: int) -> Iterator[Tree]:
    """Lists of trees with that many nodes together, none larger than `largest`."""
    if nodes == 0:
        yield ()
    for size in range(1, min(nodes, largest) + 1):
        for k, first in enumerate(trees(size)):
            for rest in _forests(nodes - size, size):
                # Of equal size only those that come no later: each list once.
                if not rest or _size(rest[0]) < size or trees(size).index(rest[0]) <= k:
                    yield (first, *rest)


@cache
def _size(tree: Tree) -> int:
    return 1 + sum(map(_size, tree))


@cache
def density(tree: Tree) -> int:
    r"""$\gamma(t)$, the product of the sizes of all its subtrees."""
    return _size(tree) * prod(map(density, tree))


class ElementaryWeights:
    r"""$\Phi(t) = \sum_i b_i\prod_k(A\,g(t_k))_i$, g the same product in a branch."""

    def __init__(
        self, A: Sequence[Sequence[Coefficient]], b: Sequence[Coefficient]
    ) -> None:
        # Of rationals FLINT's matrices are faster by far.
        self._fast = is_rational(A, b)
        self.A = [[flint(x) for x in row] for row in A] if self._fast else A
        self.b = [flint(x) for x in b] if self._fast else b
        self._matrix = fmpq_mat(self.A) if self._fast else None
        self._through: dict[Tree, Stages] = {}

    def of(self, tree: Tree) -> Entry:
        """The elementary weight of a tree."""
        return self._sum(self.b, self._stages(tree))

    def satisfy(self, nodes: int) -> bool:
        r"""Decide $\Phi(t)\gamma(t) = 1$ for every tree of that many nodes."""
        return all(self.of(tree) * density(tree) == 1 for tree in trees(nodes))

    def _sum(self, weights: Stages, values: Stages) -> Entry:
        products = (w * x for w, x in zip(weights, values, strict=True))
        return sum(products, start=fmpq(0) if self._fast else Fraction(0))

    def _carried(self, stages: Stages) -> Stages:
        if self._matrix is None:
            return [self._sum(row, stages) for row in self.A]
        column = fmpq_mat([[x] for x in stages])
        return [x for (x,) in (self._matrix * column).tolist()]

    def _stages(self, tree: Tree) -> Stages:
        found: Stages = [fmpq(1) if self._fast else Fraction(1)] * len(self.b)
        for branch in tree:
            if branch not in self._through:
                self._through[branch] = self._carried(self._stages(branch))
            found = [x * y for x, y in zip(found, self._through[branch], strict=True)]
        return found
