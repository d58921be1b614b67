"""Rooted trees: their number, and the orders that their conditions give."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stabcheck.integrators import ButcherTableau, get
from stabcheck.integrators.runge_kutta.order import (
    density,
    elementary_weight,
    size,
    symmetry,
    trees,
)

FACTORIALS = (1, 1, 2, 6, 24, 120, 720, 5040)


def test_the_number_of_rooted_trees():
    assert [len(trees(n, ("f",))) for n in range(1, 8)] == [1, 1, 2, 4, 9, 20, 48]


def test_the_number_of_trees_in_two_colours():
    assert [len(trees(n, ("a", "b"))) for n in range(1, 5)] == [2, 4, 14, 52]


@pytest.mark.parametrize("nodes", range(1, 7))
def test_trees_count_the_labelled_ones(nodes):
    # n!/(gamma sigma) ways to label a tree increasingly; (n - 1)! in all (HNW II.2).
    ways = sum(
        Fraction(FACTORIALS[nodes], density(t) * symmetry(t))
        for t in trees(nodes, ("f",))
    )
    assert ways == FACTORIALS[nodes - 1]
    assert all(size(t) == nodes for t in trees(nodes, ("f",)))


@pytest.mark.parametrize("name", ["rk4", "heun3", "ssprk3", "forward-euler"])
def test_the_tall_tree_is_the_stability_function(name):
    # Phi of the tree without branches is the coefficient of z^n in R.
    method = get(name)
    tree = ("f", ())
    for n in range(1, method.stages + 1):
        found = elementary_weight(tree, {"f": (method.A, method.b)})
        assert found == method.stability_function.P[n]
        tree = ("f", (tree,))


@given(st.fractions(0, 1, max_denominator=8))
def test_two_stages_have_order_two_exactly_on_their_family(theta):
    c = Fraction(2, 3)
    method = ButcherTableau("drawn", [[0, 0], [c, 0]], [1 - theta, theta])
    assert method.order == (2 if theta == Fraction(3, 4) else 1)


def test_gauss_with_two_rational_stages_cannot_reach_order_four():
    # Collocation at 1/4 and 3/4.
    method = ButcherTableau(
        "collocation",
        [["5/16", "-1/16"], ["9/16", "3/16"]],
        ["1/2", "1/2"],
    )
    assert method.order == 2
