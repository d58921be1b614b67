r"""Stages that a method does not need, and methods that are the same.

A stage that no weight reaches can be left out (Dahlquist, Jeltsch); stages whose values
agree for every field can be merged (Hundsdorfer, Spijker); see Hairer, Wanner, *Solving
ODEs II*, IV.12, Definitions 12.15 and 12.17.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from stabcheck.integrators.algebra.coefficient import Coefficient
from stabcheck.integrators.algebra.resolvent import Matrix, matrix_product

Tableau = tuple[Matrix, Sequence[Coefficient]]


def reduced(A: Matrix, b: Sequence[Coefficient]) -> Tableau:
    """The irreducible tableau of the same method."""
    size = len(b) + 1
    while len(b) < size:
        size = len(b)
        A, b = _merged(*_reached(A, b))
    return A, b


def are_equivalent(first: Tableau, second: Tableau) -> bool:
    """Whether two tableaux give the same method: up to order of the stages, reduced."""
    (A, b), (C, d) = reduced(*first), reduced(*second)
    if len(b) != len(d):
        return False
    mine, theirs = _signatures(A), _signatures(C)
    if any(theirs.count(signature) != 1 for signature in mine):
        return False
    match = [theirs.index(signature) for signature in mine]
    stages = range(len(b))
    return all(
        b[i] == d[match[i]] and all(A[i][j] == C[match[i]][match[j]] for j in stages)
        for i in stages
    )


def _reached(A: Matrix, b: Sequence[Coefficient]) -> Tableau:
    """Only the stages that enter the result, directly or through others."""
    kept = [j for j, weight in enumerate(b) if weight != 0]
    for i in kept:  # grows while it is walked through
        kept += [j for j, a in enumerate(A[i]) if a != 0 and j not in kept]
    kept.sort()
    return [[A[i][j] for j in kept] for i in kept], [b[j] for j in kept]


def _merged(A: Matrix, b: Sequence[Coefficient]) -> Tableau:
    """One stage for each class of the coarsest partition with equal block sums."""
    classes = [0] * len(b)
    count = 1 if b else 0
    while True:
        sums = [_block_sums(row, classes, count) for row in A]
        keys = list(zip(classes, sums, strict=True))
        distinct = [key for i, key in enumerate(keys) if keys.index(key) == i]
        classes = [distinct.index(key) for key in keys]
        if len(distinct) == count:
            break
        count = len(distinct)
    first = [classes.index(k) for k in range(count)]
    return [sums[i] for i in first], _block_sums(b, classes, count)


def _block_sums(
    row: Sequence[Coefficient], classes: Sequence[int], count: int
) -> list[Coefficient]:
    sums: list[Coefficient] = [Fraction(0)] * count
    for value, k in zip(row, classes, strict=True):
        sums[k] = sums[k] + value
    return sums


def _signatures(A: Matrix) -> list[tuple]:
    r"""What tells the stages of an irreducible tableau apart.

    The values $\Phi_i$ of trees: vectors made from $\mathbb 1$ by $v \mapsto Av$ and
    products, until no two stages agree in all of them.
    """
    ones = [Fraction(1)] * len(A)
    vectors = [ones]
    for k in range(2 * len(A) + 2):
        signatures = list(zip(*vectors, strict=True))
        # Not by a set: to hash an irrational number costs more than to compare it.
        if all(signatures.count(x) == 1 for x in signatures) or k >= len(vectors):
            break
        image = [row[0] for row in matrix_product(A, [[x] for x in vectors[k]])]
        products = [[x * y for x, y in zip(image, v, strict=True)] for v in vectors]
        vectors += [v for v in products if v not in vectors]
    return list(zip(*vectors, strict=True))
