"""Laws of multistep methods: barriers, locations of roots, refusals."""

from fractions import Fraction
from math import inf, radians

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from integrators.multistep_pairs import (
    INNER,
    damped_pairs,
    largest_root,
    locus,
    pairs,
)

from stabcheck.errors import InvalidInput
from stabcheck.integrators import get
from stabcheck.integrators.algebra.number_field import square_root
from stabcheck.integrators.memory.axis_crossings import Axis
from stabcheck.integrators.memory.multistep import LinearMultistep

MARGIN = 1e-6
"""Roots within this of the circle are not judged in float64."""


@given(pairs())
def test_zero_stability_is_that_of_the_roots_of_rho(method):
    roots = np.roots([float(a) for a in method.alpha[::-1]])
    if method.is_zero_stable:
        assert max(abs(roots)) <= 1 + MARGIN
        assert np.sum(abs(roots - 1) < 1e-3) == 1


@given(pairs(), st.sampled_from(list(Axis)), st.fractions(0, 1, max_denominator=9))
def test_inside_an_interval_all_roots_are_inside_the_circle(method, axis, place):
    name = f"{axis.value}_stability_interval"
    end = getattr(method, "imaginary_stability_interval" if "im" in name else name)
    assume(end > 0 and 0 < place < 1)
    size = 3.0 if end == inf else float(end)
    z = -size * float(place) if axis is Axis.REAL else 1j * size * float(place)
    assert largest_root(method, z) <= 1 + MARGIN


@given(pairs(), st.sampled_from(list(Axis)))
def test_at_the_end_of_an_interval_a_root_is_on_the_circle(method, axis):
    ends = {
        Axis.REAL: method.real_stability_interval,
        Axis.IMAGINARY: method.imaginary_stability_interval,
    }
    end = ends[axis]
    assume(0 < end < 100)
    beyond = end.enclosure(Fraction(1, 2**60))[1]
    inside = end.enclosure(Fraction(1, 2**60))[0] - Fraction(1, 2**40)
    at = largest_root(method, -float(beyond) if axis is Axis.REAL else 1j * float(end))
    assert abs(at - 1) < 1e-4
    assert method.characteristic.is_stable_at(axis, inside)


@given(pairs())
def test_the_closed_interval_holds_the_strict_one(method):
    strict, closed = method.real_stability_interval, method.imaginary_stability_interval
    assert method.closed_real_stability_interval >= strict
    assert method.closed_imaginary_stability_interval >= closed


@given(damped_pairs())
def test_the_wedge_is_the_least_angle_of_the_locus(method):
    degrees = float(method.A_alpha_degrees)
    if method.real_stability_interval != inf:
        assert degrees == 0
        return
    z = locus(method)
    left = z[(z.real < -MARGIN * abs(z)) & (abs(z) > 1e-6)]
    seen = np.degrees(min(abs(np.angle(-left)), default=np.pi / 2))
    assert degrees <= seen + 1e-6
    for size in (0.1, 1.0, 10.0):
        z = -size * np.exp(1j * radians(degrees * 0.99))
        assert largest_root(method, z) <= 1 + MARGIN


@given(pairs())
def test_the_disc_touches_the_locus(method):
    radius = method.largest_disc_radius
    z = locus(method)
    left = z[z.real < -MARGIN * abs(z)]
    reach = min(abs(left) ** 2 / (-2 * left.real), default=inf)
    if radius > 0:
        assert float(radius) <= reach * (1 + 1e-9)
    if 0 < radius < 100:
        r = float(radius) * (1 - 1e-6)
        circle = r * (np.exp(1j * np.linspace(0.1, 6.18, 40)) - 1)
        assert max(largest_root(method, w) for w in circle) <= 1 + MARGIN
        assert method.real_stability_interval >= radius


@st.composite
def of_highest_order(draw, *, explicit: bool):
    """Rho with roots in the disc, and the sigma of highest order that fits."""
    steps = draw(st.integers(1, 4))
    rho = np.array([-1, 1], dtype=object) * Fraction(1)
    for _ in range(steps - 1):
        rho = np.convolve(rho, np.array([-draw(INNER), Fraction(1)], dtype=object))
    assume(sum(j * a for j, a in enumerate(rho)) != 0)
    unknown = steps if explicit else steps + 1
    rows = [[Fraction(j) ** q for j in range(unknown)] for q in range(unknown)]
    right = [
        sum(a * Fraction(j) ** (q + 1) for j, a in enumerate(rho)) / (q + 1)
        for q in range(unknown)
    ]
    sigma = [*solved(rows, right), *([Fraction(0)] if explicit else [])]
    return LinearMultistep("drawn", list(rho), sigma)


def solved(rows, right):
    """The solution of a square rational system, by elimination."""
    table = [[*row, value] for row, value in zip(rows, right, strict=True)]
    size = len(table)
    for k in range(size):
        pivot = next(i for i in range(k, size) if table[i][k])
        table[k], table[pivot] = table[pivot], table[k]
        table[k] = [x / table[k][k] for x in table[k]]
        for i in range(size):
            if i != k:
                table[i] = [
                    x - table[i][k] * y for x, y in zip(table[i], table[k], strict=True)
                ]
    return [row[-1] for row in table]


@given(of_highest_order(explicit=False))
def test_the_first_dahlquist_barrier_bounds_implicit_methods(method):
    assert method.order >= method.steps + 1
    if method.is_zero_stable:
        assert method.order <= method.steps + (2 if method.steps % 2 == 0 else 1)


@given(of_highest_order(explicit=True))
def test_the_first_dahlquist_barrier_bounds_explicit_methods(method):
    assert method.order >= method.steps
    if method.is_zero_stable:
        assert method.order == method.steps


@given(pairs(explicit=None))
def test_the_second_dahlquist_barrier_bounds_a_stable_methods(method):
    if method.is_A_stable:
        assert method.order <= 2
        assert not method.is_explicit
        assert method.A_alpha_degrees == 90 or method.real_stability_interval != inf


@pytest.mark.parametrize("name", ["bdf:3", "am:2", "enright:3", "ab:4", "nystrom:3"])
def test_methods_of_higher_order_that_are_not_a_stable_say_so(name):
    assert not get(name).is_A_stable


@given(pairs(), st.fractions(1, 3, max_denominator=4))
def test_scaling_both_lists_changes_no_fact(method, factor):
    scaled = LinearMultistep(
        "scaled", [a * factor for a in method.alpha], [b * factor for b in method.beta]
    )
    for key in ("real_stability_interval", "error_constant", "ssp_coefficient"):
        assert getattr(scaled, key) == getattr(method, key)
    assert scaled.order == method.order


ADAMS = [
    "ab:3",
    "am:4",
    "bdf:5",
    "ndf:2",
    "ebdf:3",
    "nystrom:4",
    "esspms3:4",
    "dln:1/2",
]


@pytest.mark.parametrize("name", ADAMS)
@given(place=st.integers(0, 20), sign=st.sampled_from([-1, 1]))
def test_a_wrong_coefficient_is_caught_by_the_order(name, place, sign):
    method = get(name)
    rows = [list(method.alpha), list(method.beta)]
    row = rows[place % 2]
    row[(place // 2) % len(row)] += Fraction(sign, 1000)
    with pytest.raises(InvalidInput, match="consistent pair"):
        LinearMultistep("changed", *rows)


@pytest.mark.parametrize("name", ADAMS)
def test_two_wrong_coefficients_that_stay_consistent_lose_order(name):
    method = get(name)
    beta = list(method.beta)
    beta[0] += Fraction(1, 1000)
    beta[1] -= Fraction(1, 1000)
    assert LinearMultistep("changed", method.alpha, beta).order == 1


@pytest.mark.parametrize(
    ("alpha", "beta", "message"),
    [
        ([-1, 1], [1], "2 alphas and 1 betas"),
        ([1], [1], "at least 2 of each"),
        ([-1, 1, 0], [1, 0, 0], "a last alpha that is not zero"),
        ([-1, 2], [1, 0], r"found rho\(1\) = 1"),
        ([-1, 1], [2, 0], r"rho'\(1\) = 1 and sigma\(1\) = 2"),
        ([1, -2, 1], [1, -1, 0], "consistent pair"),
        ([-1, 1], [0.5, 0.5], "0.5"),
    ],
)
def test_a_pair_that_is_no_method_is_refused(alpha, beta, message):
    with pytest.raises(InvalidInput, match=message):
        LinearMultistep("refused", alpha, beta)


@pytest.mark.parametrize("name", ["bdf:0", "bdf:13", "ndf:6", "esspms2:2", "am:1/2"])
def test_a_member_outside_the_family_is_refused(name):
    with pytest.raises(InvalidInput, match="give a whole number of steps from"):
        get(name)


def test_irrational_coefficients_are_refused_in_words():
    root = square_root(2)
    with pytest.raises(InvalidInput, match="has to have rational ones"):
        LinearMultistep("refused", [-1, 1], [root / 2, 1 - root / 2])


def test_a_block_that_takes_no_step_is_refused():
    with pytest.raises(InvalidInput, match="give another k"):
        get("lm-resnet:-1")
