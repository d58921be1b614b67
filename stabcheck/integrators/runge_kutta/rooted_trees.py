r"""Rooted trees whose nodes are coloured by the fields of a method.

A tree is its root's colour and the tuple of the trees above it (Hairer, Norsett,
Wanner, *Solving ODEs I*, II.2 for one colour, II.15 for two).  All trees grow one by
one: a tree with $n$ nodes is a smaller one with one more branch at its root, no earlier
in the list than the branches it has.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cache
from math import factorial, prod

Tree = tuple[str, tuple["Tree", ...]]


@dataclass(frozen=True, slots=True)
class Growth:
    r"""How a tree arises from two smaller ones.

    **Arguments:** `colour` of the root; `rest`, `branch`, the numbers of the tree
    without its last branch and of that branch in `growths`, `None` for a single node;
    `copies`, how often the branch occurs; `density`, $\gamma$; `symmetry`, $\sigma$.
    """

    colour: str
    rest: int | None
    branch: int | None
    copies: int
    density: int
    symmetry: int


@cache
def growths(nodes: int, colours: tuple[str, ...]) -> tuple[Growth, ...]:
    """All trees of at most that many nodes, by their number of nodes."""
    if nodes < 1:
        return ()
    if nodes == 1:
        return tuple(Growth(colour, None, None, 0, 1, 1) for colour in colours)
    found = list(growths(nodes - 1, colours))
    known = tuple(found)
    starts = first_of_size(nodes, colours)
    for branch_size in range(1, nodes):
        rest_size = nodes - branch_size
        branches = range(starts[branch_size - 1], starts[branch_size])
        rests = range(starts[rest_size - 1], starts[rest_size])
        for branch in branches:
            for rest in rests:
                last = known[rest].branch
                if last is None or last <= branch:
                    found.append(_grown(known, rest, branch, nodes, rest_size))
    return tuple(found)


@cache
def first_of_size(nodes: int, colours: tuple[str, ...]) -> tuple[int, ...]:
    """The numbers of the first trees with $1, 2, \\dots$ nodes."""
    return (0, *(len(growths(size, colours)) for size in range(1, nodes)))


def _grown(
    known: tuple[Growth, ...], rest: int, branch: int, nodes: int, rest_size: int
) -> Growth:
    below, above = known[rest], known[branch]
    copies = below.copies + 1 if below.branch == branch else 1
    return Growth(
        below.colour,
        rest,
        branch,
        copies,
        below.density // rest_size * above.density * nodes,
        below.symmetry * above.symmetry * copies,
    )


@cache
def trees(nodes: int, colours: tuple[str, ...]) -> tuple[Tree, ...]:
    """All rooted trees of that many nodes, coloured in all ways."""
    return _written(nodes, colours)[first_of_size(nodes, colours)[-1] :]


@cache
def _written(nodes: int, colours: tuple[str, ...]) -> tuple[Tree, ...]:
    written: list[Tree] = []
    for growth in growths(nodes, colours):
        if growth.rest is None or growth.branch is None:
            written.append((growth.colour, ()))
        else:
            branches = (*written[growth.rest][1], written[growth.branch])
            written.append((growth.colour, branches))
    return tuple(written)


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
