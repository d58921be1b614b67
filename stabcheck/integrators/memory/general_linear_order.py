r"""The order of a general linear method, exactly.

By trees, with $S_i$ the B-series of the $i$-th quantity handed on: after a step the
quantities have to be those of the exact solution a step later,
$$B\,D\eta(t) + VS(t) = (ES)(t), \qquad \eta(t) = A\,D\eta(t) + US(t),$$
where $E(t) = 1/\gamma(t)$ and $D\eta([t_1, \dots, t_m]) = \prod_k\eta(t_k)$ (HNW II.12,
Theorem 12.6; Butcher, Acta Numerica 15 (2006), section 4).

By stage order: if all stages are exact to the order itself, the conditions are those
of the linear problem, $e^{cz} = zAe^{cz} + Uw(z)$ and $e^zw(z) = zBe^{cz} + Vw(z)$
(Butcher, BIT 33 (1993) 462-472).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from math import factorial, prod

from flint import fmpq, fmpq_mat

from stabcheck.integrators.runge_kutta.order import Tree, density, trees

Matrix = Sequence[Sequence[Fraction]]
Vector = list[Fraction]
COLOUR = ("f",)
HIGHEST = 10
"""Rooted trees of more nodes are too many to be worth their time."""


def order_by_trees(
    A: Matrix, U: Matrix, B: Matrix, V: Matrix, shifts: Sequence[Fraction | None]
) -> int:
    r"""The largest order whose conditions hold.

    **Arguments:** `A`, `U`, `B`, `V`, of shapes `(s, s)`, `(s, r)`, `(r, s)`,
    `(r, r)`; `shifts`, for each quantity the $a$ with which it is $y(t + ah)$, `None`
    for one that the conditions determine.
    """
    series = _start(V, shifts)
    if series is None:
        return -1
    stages = {(): [_dot(row, series[()]) for row in U]}
    if any(x != 1 for x in stages[()]):
        return -1
    for nodes in range(1, HIGHEST + 1):
        for tree in trees(nodes, COLOUR):
            derivative = _products(tree, stages, len(A))
            right = [
                _dot(row, derivative) - after
                for row, after in zip(B, _after_a_step(tree, series), strict=True)
            ]
            known = [None if a is None else a**nodes / density(tree) for a in shifts]
            value = _solved(V, right, known)
            if value is None:
                return nodes - 1
            series[tree] = value
            stages[tree] = [
                _dot(a, derivative) + _dot(u, value) for a, u in zip(A, U, strict=True)
            ]
    return HIGHEST


def order_by_stage_order(
    A: Matrix, U: Matrix, B: Matrix, V: Matrix, c: Sequence[Fraction]
) -> int:
    r"""The largest $p$ with the linear conditions up to $z^p$, stages to $z^p$ too."""
    order = 0
    while order < HIGHEST and _has_moments(A, U, B, V, c, order + 1):
        order += 1
    return order


def _start(V: Matrix, shifts: Sequence[Fraction | None]) -> dict[tuple, Vector] | None:
    """The quantities at $h = 0$: known ones are the value itself."""
    known = [None if a is None else Fraction(1) for a in shifts]
    value = _solved(V, [Fraction(0)] * len(V), known)
    return None if value is None else {(): value}


def _solved(
    V: Matrix, right: Sequence[Fraction], known: Sequence[Fraction | None]
) -> Vector | None:
    r"""$x$ with $(I - V)x = r$ and the known entries; `None` if there is none.

    Entries that stay free are zero.
    """
    free = [j for j, value in enumerate(known) if value is None]
    fixed = [value or Fraction(0) for value in known]
    rows = []
    for i, row in enumerate(V):
        entries = [Fraction(int(i == j)) - v for j, v in enumerate(row)]
        rest = right[i] - _dot(entries, fixed)
        rows.append([*(entries[j] for j in free), rest])
    solution = _particular(rows, len(free))
    if solution is None:
        return None
    for j, value in zip(free, solution, strict=True):
        fixed[j] = value
    return fixed


def _particular(rows: list[list[Fraction]], unknowns: int) -> Vector | None:
    """A solution of a linear system given with its right side, free unknowns zero."""
    reduced, rank = fmpq_mat([[_flint(x) for x in row] for row in rows]).rref()
    found = [Fraction(0)] * unknowns
    for i in range(rank):
        row = [reduced[i, j] for j in range(unknowns + 1)]
        pivot = next(j for j, x in enumerate(row) if x != 0)
        if pivot == unknowns:
            return None
        found[pivot] = Fraction(int(row[-1].p), int(row[-1].q))
    return found


def _products(tree: Tree, stages: dict, count: int) -> Vector:
    columns = [stages[child] for child in tree[1]]
    ones = Fraction(1)
    return [prod((column[i] for column in columns), start=ones) for i in range(count)]


def _after_a_step(tree: Tree, series: dict) -> Vector:
    r"""$(ES)(t) - S(t)$: the sum over all proper prunings and the empty one."""
    quantities = len(series[()])
    total = [x / density(tree) for x in series[()]]
    for rest, weight in _prunings(tree):
        if rest != tree:
            total = [total[i] + weight * series[rest][i] for i in range(quantities)]
    return total


def _prunings(tree: Tree) -> Iterator[tuple[Tree, Fraction]]:
    r"""What may be left of a tree with its root, and $\prod1/\gamma$ of what is cut."""
    colour, children = tree
    partial: list[tuple[tuple[Tree, ...], Fraction]] = [((), Fraction(1))]
    for child in children:
        choices = [((), Fraction(1, density(child)))]
        choices += [((rest,), weight) for rest, weight in _prunings(child)]
        partial = [
            (kept + more, weight * factor)
            for kept, weight in partial
            for more, factor in choices
        ]
    for kept, weight in partial:
        yield (colour, tuple(sorted(kept))), weight


def _has_moments(
    A: Matrix, U: Matrix, B: Matrix, V: Matrix, c: Sequence[Fraction], order: int
) -> bool:
    r"""Whether $w_0, \dots, w_p$ satisfy the stage and the step conditions."""
    r = len(V)
    unknowns = r * (order + 1)
    rows = []
    for k in range(order + 1):
        power = [x**k / factorial(k) for x in c]
        slope = [x ** (k - 1) / factorial(k - 1) if k else Fraction(0) for x in c]
        for i, row in enumerate(U):
            entries = [Fraction(0)] * unknowns
            entries[r * k : r * (k + 1)] = row
            rows.append([*entries, power[i] - _dot(A[i], slope)])
        for i, row in enumerate(V):
            entries = [Fraction(0)] * unknowns
            for j in range(k + 1):
                entries[r * j + i] += Fraction(1, factorial(k - j))
            for j, v in enumerate(row):
                entries[r * k + j] -= v
            rows.append([*entries, _dot(B[i], slope)])
    return _particular(rows, unknowns) is not None


def _dot(a: Sequence[Fraction], b: Sequence[Fraction]) -> Fraction:
    return sum((x * y for x, y in zip(a, b, strict=True)), start=Fraction(0))


def _flint(value: Fraction) -> fmpq:
    value = Fraction(value)
    return fmpq(value.numerator, value.denominator)
