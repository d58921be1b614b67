r"""Theorem domain-split.

A number $q(X)$ of every state of a box is at most $c$ when it is at most $c$ on
rectangles that cover the box; at least, likewise.  A binary tree proves the cover: a
node cuts the region of its states in two at a number $t$ of one entry, $x \le t$ and $x
\ge t$, and the region of a leaf, $\ell \le x \le u$ entry by entry, lies in a rectangle
$|x - m| \le r$ with $m - r \le \ell$ and $u \le m + r$.

This is false of numbers of pairs of states from below, such as the shrink.
"""

from sympy import Interval, Rational, Union, expand, symbols

THEOREM = "domain-split"

WHOLE = Interval(Rational(-1, 10), Rational(1, 10))
"""The values of one entry."""
CUTS = [Rational(k, 20) for k in range(-2, 3)]


def are_a_cover(parts, whole) -> bool:
    """Whether intervals cover an interval, decided exactly."""
    return bool(whole.is_subset(Union(*parts)))


def halves(whole, cut, width=1):
    """The two parts of an interval at a cut, of `width` times their lengths."""
    left, right = cut - whole.start, whole.end - cut
    return (
        Interval(whole.start, whole.start + width * left),
        Interval(whole.end - width * right, whole.end),
    )


def shrink(function, points):
    """The smallest |f(x) - f(y)|/|x - y| of points."""
    pairs = [(x, y) for x in points for y in points if x < y]
    return min(abs(function(x) - function(y)) / (y - x) for x, y in pairs)


def is_a_bound_on_the_union(quantity, parts, bound) -> bool:
    """Whether a lower bound on each part is one on the union of the parts."""
    assert all(quantity(part) >= bound for part in parts)
    return quantity(sorted({x for part in parts for x in part})) >= bound


def step_1_a_cut_loses_no_state():
    # Every real number is at most t or at least t: the two regions cover their node's,
    # and by induction over the tree the regions of the leaves cover the box.
    for cut in CUTS:
        assert are_a_cover(halves(WHOLE, cut), WHOLE)


def step_2_cuts_of_parts_still_cover():
    parts = halves(WHOLE, CUTS[1])
    thirds = [(half, half.start + half.measure / 3) for half in parts]
    finer = [part for half, cut in thirds for part in halves(half, cut)]
    assert are_a_cover(finer, WHOLE)


def step_3_a_leaf_between_its_ends_lies_in_its_rectangle():
    # m - r = l - a, u = m + r - b, x = l + s = u - t with all of a, b, s, t >= 0.
    m, r, a, b, s, t = symbols("m r a b s t", nonnegative=True)
    lower, upper = m - r + a, m + r - b
    # r - (x - m) = b + t and r + (x - m) = a + s: both are nonnegative.
    assert expand(r - ((upper - t) - m) - (b + t)) == 0
    assert expand(r + ((lower + s) - m) - (a + s)) == 0


def step_4_a_number_of_single_states_is_bounded_on_the_union():
    # The infimum over a union is the smallest of the infima; the supremum likewise.
    parts = ([-2, -1, 0], [0, 1, 3])
    assert is_a_bound_on_the_union(lambda part: min(x * x - x for x in part), parts, 0)


def witness_two_halves_that_touch_are_a_cover():
    left, right = halves(WHOLE, CUTS[2])
    assert left.end == right.start
    assert left.measure + right.measure == WHOLE.measure


def mutant_halves_one_hundredth_shorter():
    return are_a_cover(halves(WHOLE, CUTS[2], Rational(99, 100)), WHOLE)


def mutant_the_shrink_on_parts():
    # |x| keeps all distances on both sides of 0 and none across.
    parts = ([-2, -1, 0], [0, 1, 2])
    return is_a_bound_on_the_union(lambda part: shrink(abs, part), parts, 1)
