"""Rules about multistep methods: root condition, order, wedge."""

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from checker.methods import (
    accepts,
    accepts_fact,
    claim_of,
    ends,
    no_longer_interval_is_accepted,
)
from flint import fmpq_poly
from hypothesis import given
from hypothesis import strategies as st
from integrators.multistep_pairs import damped_pairs, pairs

from stabcheck.checker.arithmetic.polynomials import places_between_roots
from stabcheck.checker.steps.multistep import (
    has_roots_inside_only,
    satisfies_root_condition,
)
from stabcheck.integrators import get
from stabcheck.integrators.certificates import certificate

ROOTS = st.fractions(-2, 2, max_denominator=4)
ON_THE_CIRCLE = st.sampled_from([(3, 4, 5), (5, -12, 13), (0, 1, 1), (-8, 15, 17)])


def coefficients_of(real, circle):
    """Rationals with these roots: real ones, and pairs (a +- ib)/c on the circle."""
    p = [Fraction(1)]
    for root in real:
        p = [low - root * high for low, high in zip([0, *p], [*p, 0], strict=True)]
    for a, _, c in circle:
        middle = -2 * Fraction(a, c)
        p = [
            x + middle * y + z
            for x, y, z in zip([0, 0, *p], [0, *p, 0], [*p, 0, 0], strict=True)
        ]
    return p


@pytest.mark.theorem("root-condition-in-half-plane")
@given(st.lists(ROOTS, min_size=1, max_size=4), st.lists(ON_THE_CIRCLE, max_size=2))
def test_the_root_condition_is_that_of_the_roots(real, circle):
    p = coefficients_of(real, circle)
    inside = all(abs(root) <= 1 for root in real)
    simple = all(real.count(s) < 2 for s in (-1, 1)) and len(set(circle)) == len(circle)
    assert satisfies_root_condition(p) == (inside and simple)
    strictly = not circle and all(abs(root) < 1 for root in real)
    assert has_roots_inside_only(p) == strictly


@pytest.mark.theorem("root-condition-in-half-plane", refutes="the other answer")
@given(pairs())
def test_the_answer_about_a_random_pair_is_accepted_and_the_other_refused(method):
    assert accepts_fact(method, "zero-stable")
    assert not accepts_fact(method, "zero-stable", holds=not method.is_zero_stable)


@pytest.mark.theorem("multistep-order-conditions")
@given(pairs())
def test_the_order_of_a_random_pair_is_accepted(method):
    assert accepts_fact(method, "multistep-order")


@pytest.mark.theorem("multistep-order-conditions", refutes="an order more or less")
@given(pairs())
def test_an_order_more_or_less_is_refused(method):
    assert not accepts_fact(method, "multistep-order", order=method.order + 1)
    if method.order > 1:
        assert not accepts_fact(method, "multistep-order", order=method.order - 1)


def largest_root(method, z: complex) -> float:
    polynomial = [float(a) - z * float(b) for a, b in zip(
        reversed(method.alpha), reversed(method.beta), strict=True
    )]  # fmt: skip
    return max(map(abs, np.roots(polynomial)), default=0.0)


@pytest.mark.theorem("multistep-wedge")
@given(damped_pairs(), st.floats(0, 0.999), st.floats(-4, 4))
def test_in_the_accepted_wedge_the_roots_are_inside(method, share, logarithm):
    document = certificate(method)
    assert accepts(document)
    if not any(c["quantity"] == "squared-wedge-tangent" for c in document["claims"]):
        return
    lower, _ = ends(method, "squared-wedge-tangent")
    tangent = 1e3 if lower is None else float(lower) ** 0.5
    z = -(10.0**logarithm) * (1 + 1j * share * tangent)
    # A root that is simple moves by about rounding, a k-fold one by its k-th root.
    assert largest_root(method, z) <= 1 + 1e-3


@pytest.mark.theorem("multistep-wedge", refutes="a wider wedge")
@pytest.mark.parametrize("name", ["bdf:3", "bdf:4", "bdf:5", "bdf:6"])
def test_no_wider_and_no_narrower_wedge_is_accepted(name):
    method = get(name)
    assert accepts(certificate(method))
    assert no_longer_interval_is_accepted(method, "squared-wedge-tangent")
    assert not accepts_fact(
        method, "squared-wedge-tangent", lower="infinity", upper="infinity"
    )


@given(damped_pairs())
def test_no_other_wedge_of_a_random_pair_is_accepted(method):
    claims = certificate(method)["claims"]
    if any(c["quantity"] == "squared-wedge-tangent" for c in claims):
        assert no_longer_interval_is_accepted(method, "squared-wedge-tangent")


def test_bdf2_is_a_stable_and_bdf7_is_not_zero_stable():
    claim = claim_of(certificate(get("bdf:2")), "squared-wedge-tangent")
    assert claim["lower"] == claim["upper"] == "infinity"
    assert accepts_fact(get("bdf:7"), "zero-stable", holds=False)


def test_a_method_that_is_unstable_at_minus_one_has_no_wedge():
    document = certificate(get("ab:3"))
    claim = {"theorem": "multistep-wedge", "quantity": "squared-wedge-tangent"}
    claim |= {"lower": [0, 1], "upper": "infinity"}
    assert not accepts(document | {"claims": [claim]})


@given(st.sets(st.fractions(-2, 3, max_denominator=5), min_size=1, max_size=6))
def test_there_is_a_place_in_every_gap_between_positive_roots(roots):
    p = fmpq_poly([1])
    for root in roots:
        p *= fmpq_poly([-root.numerator, root.denominator]) ** 2
    places = [Fraction(int(x.p), int(x.q)) for x in places_between_roots(p)]
    assert min(places) > 0
    ordered = [Fraction(0), *sorted(root for root in roots if root > 0)]
    assert max(places) > ordered[-1]
    for low, high in pairwise(ordered):
        assert any(low < x < high for x in places)
    assert not roots & set(places)
