"""A field behind a normalisation: containment of the inner tube, then products."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from checker.rules.documents import Document
from hypothesis import given
from strategies import SEEDS, norm_cases, radii

from stabcheck import bounds
from stabcheck.bounds import FeedForward, LayerNorm

RADIUS = Fraction(1, 32)
RNG = np.random.default_rng(2)
STATE = RNG.standard_normal((3, 4))
NORM = LayerNorm(np.array([1.0, 0.5, -1.0, 0.75]), np.ones(4), Fraction(1, 10**5))
NORM_NORM, NORM_MOVES, FIELD_NORM, FIELD_MOVES = 2, 3, 5, Fraction(7, 2)


def feed_forward(features, rng):
    return FeedForward(
        rng.standard_normal((features, 3)),
        rng.standard_normal(3),
        rng.standard_normal((3, features)),
        np.zeros(features),
    )


def parts(norm=NORM, state=STATE, radius=RADIUS):
    """Fields, the outer tube and an inner tube that just holds its image."""
    made = Document()
    first = made.field(norm, len(state))
    second = made.field(feed_forward(norm.features, RNG), len(state))
    outer = made.tube(state, radius)
    claimed = bounds.normalisation_tube(norm, state, 0, "spectral-norm")
    claimed = replace(claimed, value=float(NORM_NORM))
    centre = norm(state)
    reach = bounds.pre_norm_inner_radius(norm, state, centre, claimed, float(radius))
    return made, first, second, outer, made.tube(centre, Fraction(reach))


def block(quantity="spectral-norm", sign=1):
    made, first, second, outer, inner = parts()
    premises = [
        made.given("spectral-norm", {"branch": [first]}, outer, NORM_NORM),
        made.given("spectral-norm", {"branch": [second]}, inner, FIELD_NORM),
    ]
    bound = sign * NORM_NORM * FIELD_NORM
    made.claim(
        "pre-norm-block", quantity, {"branch": [first, second]}, outer, bound, premises
    )
    return made


@pytest.mark.parametrize(
    ("quantity", "sign"),
    [("spectral-norm", 1), ("log-norm", 1), ("log-norm-lower", -1)],
)
def test_the_product_is_accepted_and_anything_stronger_rejected(quantity, sign):
    made = block(quantity, sign)
    assert made.verdict() == "accepted"
    stronger = sign * (10 - Fraction(1, 10**30))
    assert "stronger than the product" in made.changed(bound=stronger).verdict()


def test_the_lower_quantity_is_not_bounded_by_the_product_itself():
    made = block("log-norm-lower", 1)
    assert "stronger than the product" in made.verdict()


def deviation():
    made, first, second, outer, inner = parts()
    premises = [
        made.given(quantity, {"branch": [field]}, domain, value)
        for quantity, field, domain, value in (
            ("spectral-norm", first, outer, NORM_NORM),
            ("jacobian-deviation", first, outer, NORM_MOVES),
            ("spectral-norm", second, inner, FIELD_NORM),
            ("jacobian-deviation", second, inner, FIELD_MOVES),
        )
    ]
    value = 2 * FIELD_MOVES * NORM_NORM + FIELD_NORM * NORM_MOVES
    made.claim(
        "pre-norm-deviation", "jacobian-deviation", {"branch": [first, second]},
        outer, value, premises,
    )  # fmt: skip
    return made


def test_the_deviation_is_accepted_and_anything_stronger_rejected():
    made = deviation()
    assert made.verdict() == "accepted"
    stronger = made.claims[-1].bound - Fraction(1, 10**30)
    assert "stronger than the norms" in made.changed(bound=stronger).verdict()


MAKERS = {"block": block, "deviation": deviation}


@pytest.mark.parametrize("maker", MAKERS.values(), ids=MAKERS)
def test_a_premise_on_a_smaller_or_another_outer_tube_is_refused(maker):
    made = maker()
    smaller = made.tube(STATE, RADIUS / 2)
    other = made.tube(STATE + 1, RADIUS)
    assert "smaller tube" in made.with_premise(0, domain=smaller).verdict()
    verdict = made.with_premise(0, domain=other).verdict()
    assert "a premise is about a tube round" in verdict


@pytest.mark.parametrize("maker", MAKERS.values(), ids=MAKERS)
def test_an_inner_tube_that_does_not_hold_the_image_is_refused(maker):
    made = maker()
    needed = Fraction(NORM_NORM) * RADIUS
    narrow = made.tube(NORM(STATE), needed - Fraction(1, 10**6))
    shifted = made.tube(NORM(STATE) + 1e-3, needed)
    last = len(made.claims[-1].premises) - 1
    for domain in (narrow, shifted):
        refused = made.with_premise(last, domain=domain).verdict()
        assert "what a normalised token moves from the inner centre" in refused


@pytest.mark.parametrize("maker", MAKERS.values(), ids=MAKERS)
def test_premises_of_other_quantities_subjects_or_number_are_refused(maker):
    made = maker()
    again = made.with_premise(0, quantity="log-norm")
    assert "this theorem has the premises" in again.verdict()
    again = made.with_premise(0, subject={"branch": [1]})
    assert "about another subject" in again.verdict()
    last = len(made.claims[-1].premises) - 1
    again = made.with_premise(last, subject={"branch": [0, 1]})
    assert "about another subject" in again.verdict()
    assert "this theorem has the premises" in made.changed(premises=(0,)).verdict()


@pytest.mark.parametrize("maker", MAKERS.values(), ids=MAKERS)
def test_only_a_norm_and_one_field_are_meant(maker):
    made = maker()
    for branch in ([1, 0], [0], [0, 1, 1]):
        verdict = made.changed(subject={"branch": branch}).verdict()
        assert "a norm and one field behind it" in verdict
    step = made.step([0, 1], made.method("forward-euler"), Fraction(1))
    assert "branch of fields" in made.changed(subject=step).verdict()
    assert "not growth" in made.changed(quantity="growth").verdict()


@given(norm_cases(), radii(8), SEEDS)
def test_the_provers_pre_norm_bounds_are_accepted_for_every_size(case, radius, seed):
    norm, state = case.field, case.state
    field = feed_forward(norm.features, np.random.default_rng(seed))
    norm_bound = bounds.normalisation_tube(norm, state, float(radius), "spectral-norm")
    if not np.isfinite(norm_bound.value):
        return
    centre = norm(state)
    reach = bounds.pre_norm_inner_radius(norm, state, centre, norm_bound, float(radius))
    inner_bound = bounds.feed_forward_tube(field, centre, reach, "spectral-norm")
    claimed = bounds.pre_norm_block(norm_bound, inner_bound, "spectral-norm")
    made = Document()
    first, second = made.field(norm, len(state)), made.field(field, len(state))
    outer = made.tube(state, radius)
    inner = made.tube(centre, Fraction(reach))
    premises = [
        made.given("spectral-norm", {"branch": [first]}, outer, norm_bound.value),
        made.given("spectral-norm", {"branch": [second]}, inner, inner_bound.value),
    ]
    made.claim(
        "pre-norm-block", "spectral-norm", {"branch": [first, second]}, outer,
        claimed.value, premises,
    )  # fmt: skip
    assert made.verdict() == "accepted"
