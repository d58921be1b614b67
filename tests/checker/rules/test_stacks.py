"""Whole stacks: pieces that tile the maps, tubes carried through, products."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from checker.rules.documents import Document
from hypothesis import given
from hypothesis import strategies as st
from strategies import SEEDS, attention_cases, generator

from stabcheck import growth
from stabcheck.bounds import FeedForward, LayerNorm, RMSNorm

TOKENS, FEATURES = 3, 4
RHO = Fraction(1, 64)
TINY = Fraction(1, 10**30)
STEP = Fraction(1, 4)
RNG = np.random.default_rng(8)
STATE = RNG.standard_normal((TOKENS, FEATURES))
BRANCH = FeedForward(
    RNG.standard_normal((FEATURES, 3)),
    RNG.standard_normal(3),
    RNG.standard_normal((3, FEATURES)),
    np.zeros(FEATURES),
)
NORM = LayerNorm(np.ones(FEATURES), np.zeros(FEATURES), Fraction(1, 10**5))
GROWTHS = (Fraction(2), Fraction(3), Fraction(3, 2))
SHRINKS = (Fraction(1, 2), Fraction(1, 3))


def euler(state):
    return state + float(STEP) * BRANCH(state)


def radii(rho, room=Fraction(1, 10**6)):
    """The Frobenius radii in front of the maps, and a little room."""
    root = Fraction(np.sqrt(TOKENS))
    found, radius = [rho], root * rho
    for growth_of_map in GROWTHS[:-1]:
        radius *= growth_of_map
        found.append(radius + room)
    return found


def stack(theorem="depth-product", norm=NORM, room=Fraction(1, 10**6)):
    """Two Euler steps and a normalisation, a growth for each, and their product."""
    made = Document()
    branch, after = made.field(BRANCH, TOKENS), made.field(norm, TOKENS)
    method = made.method("forward-euler")
    for _ in range(2):
        made.residual([branch], method, STEP)
    made.normalise(after)
    states = [STATE, euler(STATE), euler(euler(STATE))]
    step = made.step([branch], method, STEP)
    premises = []
    for state, radius, value, quantity, subject in zip(
        states, radii(RHO, room), GROWTHS, ("growth", "growth", "spectral-norm"),
        (step, step, {"branch": [after]}), strict=True,
    ):  # fmt: skip
        tube = made.tube(state, radius)
        premises.append(made.given(quantity, subject, tube, value))
    domain = made.tube(STATE, RHO)
    bound = Fraction(9)
    made.claim(theorem, "growth", {"maps": [0, 3]}, domain, bound, premises)
    return made


def with_shrinks(made):
    """The product of shrinks of the two steps, behind their growths."""
    last = made.claims.pop()
    premises = list(last.premises[:2])
    for index, value in zip(last.premises[:2], SHRINKS, strict=True):
        grown = made.claims[index]
        premises.append(made.given("shrink", grown.subject, grown.domain, value))
    made.claim(
        "depth-product", "shrink", {"maps": [0, 2]}, last.domain, Fraction(1, 6),
        premises,
    )  # fmt: skip
    return made


def test_the_product_of_growths_is_decided_exactly():
    made = stack()
    assert made.verdict() == "accepted"
    verdict = made.changed(bound=9 - TINY).verdict()
    assert "stronger than the product" in verdict


def test_the_product_of_shrinks_is_decided_exactly():
    made = with_shrinks(stack())
    assert made.verdict() == "accepted"
    verdict = made.changed(bound=Fraction(1, 6) + TINY).verdict()
    assert "stronger than the product" in verdict


def test_two_negative_shrinks_do_not_multiply_to_a_positive_one():
    made = with_shrinks(stack())
    for place in (2, 3):
        made = made.with_premise(place, bound=Fraction(-1))
    assert "stronger than the product" in made.verdict()
    assert made.changed(bound=Fraction(0)).verdict() == "accepted"


def test_the_tube_is_carried_through_and_has_to_stay_inside_the_next():
    for room, expected in ((1e-9, "accepted"), (-1e-9, "rejected: the radius in fro")):
        assert stack(room=Fraction(room)).verdict().startswith(expected)


def test_the_defect_of_a_stored_centre_counts():
    made = stack(room=Fraction(1, 1000))
    moved = euler(STATE).copy()
    moved[0, 0] += 0.002
    tube = made.tube(moved, radii(RHO, Fraction(1, 1000))[1])
    assert "in front of map 1" in made.with_premise(1, domain=tube).verdict()


def test_a_claim_at_the_point_needs_room_for_rounding_only():
    made = stack()
    point = made.changed(domain=made.tube(STATE))
    assert point.verdict() == "accepted"
    exact = point.with_premise(1, domain=made.tube(euler(STATE)))
    assert not exact.verdict().startswith("accepted")


def test_the_first_tube_has_to_cover_the_claims():
    made = stack()
    wider = made.tube(STATE, RHO + TINY)
    assert "smaller tube than" in made.changed(domain=wider).verdict()
    other = made.tube(STATE + 1, RHO)
    assert "a tube round" in made.changed(domain=other).verdict()
    ball = made.ball(RHO, TOKENS, FEATURES)
    assert "not on a ball" in made.changed(domain=ball).verdict()


def test_premises_have_to_bound_the_maps_that_stand_there():
    made = stack()
    size = made.step([0], 0, STEP / 2)
    assert "at map 1" in made.with_premise(1, subject=size).verdict()
    branch = made.step([0, 0], 0, STEP)
    assert "at map 1" in made.with_premise(1, subject=branch).verdict()
    method = made.step([0], made.method("heun"), STEP)
    assert "at map 1" in made.with_premise(1, subject=method).verdict()
    assert "at map 2" in made.with_premise(2, subject={"branch": [0]}).verdict()
    assert "at map 2" in made.with_premise(2, quantity="log-norm").verdict()
    assert "at map 0" in made.with_premise(0, quantity="spectral-norm").verdict()
    assert "at map 0" in made.with_premise(0, quantity="mixed-growth").verdict()


def test_premises_have_to_tile_the_range():
    made = stack()
    short = made.changed(premises=made.claims[-1].premises[:2])
    assert "lead to map 2, the claim ends at 3" in short.verdict()
    long = made.changed(premises=(*made.claims[-1].premises, 0))
    assert "no premises" in long.verdict()
    wide = made.with_premise(0, subject={"maps": [0, 2]})
    assert "at map 2" in wide.verdict()
    beyond = made.changed(subject={"maps": [0, 1]}).with_premise(
        0, subject={"maps": [0, 2]}
    )
    assert "lead to map 2, the claim ends at 1" in beyond.verdict()


def test_a_range_of_maps_may_be_one_piece():
    made = stack()
    last = made.claims[-1]
    first = made.claims[last.premises[0]]
    piece = made.given("growth", {"maps": [0, 2]}, first.domain, 6)
    made.claims.append(replace(last, premises=(piece, last.premises[2])))
    assert made.verdict() == "accepted"
    late = made.with_premise(0, subject={"maps": [1, 2]})
    assert "at map 0" in late.verdict()


def test_a_shrink_needs_its_own_premises_on_tubes_that_hold_the_images():
    made = with_shrinks(stack())
    growths = made.claims[-1].premises[:2]
    assert "shrink lead to map 0" in made.changed(premises=growths).verdict()
    more = made.changed(premises=(*made.claims[-1].premises, growths[0]))
    assert "one premise on shrink for every growth" in more.verdict()
    smaller = made.tube(euler(STATE), RHO / 100)
    assert "in front of map 1" in made.with_premise(3, domain=smaller).verdict()
    other = made.tube(euler(STATE) + 1e-12, Fraction(1))
    assert "different maps or centres" in made.with_premise(3, domain=other).verdict()
    narrow = made.tube(STATE, RHO / 2)
    assert "smaller tube than" in made.with_premise(2, domain=narrow).verdict()
    normalised = made.changed(subject={"maps": [0, 3]})
    assert "at map 2" in normalised.verdict()


def test_a_normalisation_has_no_shrink():
    made = stack()
    last = made.claims[-1]
    premises = [*last.premises]
    for index in last.premises:
        grown = made.claims[index]
        premises.append(made.given("shrink", grown.subject, grown.domain, 1))
    made.claim("depth-product", "shrink", last.subject, last.domain, 0, premises)
    assert "map 2 is a normalisation: it has no shrink" in made.verdict()


def test_a_piece_behind_an_implicit_step_is_refused_with_its_reason():
    made = stack()
    made.integrators[0] = made.integrators[made.method("backward-euler")]
    assert "the method is implicit" in made.verdict()


def test_other_subjects_and_quantities_are_refused():
    made = stack()
    assert "a range of maps" in made.changed(subject={"branch": [0]}).verdict()
    assert "not spectral-norm" in made.changed(quantity="spectral-norm").verdict()


def test_a_splitting_is_a_product_of_exactly_two():
    made = stack("splitting-growth")
    assert "composes 2 steps, the premises are 3" in made.verdict()
    two = made.changed(
        subject={"maps": [0, 2]}, premises=made.claims[-1].premises[:2],
        bound=Fraction(6),
    )  # fmt: skip
    assert two.verdict() == "accepted"
    assert "stronger" in two.changed(bound=6 - TINY).verdict()


@pytest.mark.theorem("layer-norm-kernel")
def test_the_shrink_behind_a_layer_norm_is_exactly_zero():
    made = stack()
    made.claim("layer-norm-kernel", "shrink", {"maps": [0, 3]}, 0, 0)
    assert made.verdict() == "accepted"
    for bound in (Fraction(1, 10**9), Fraction(-1)):
        assert "is exactly 0" in made.changed(bound=bound).verdict()
    short = made.changed(subject={"maps": [0, 2]})
    assert "not a LayerNorm" in short.verdict()
    assert "not growth" in made.changed(quantity="growth").verdict()
    assert "no premises" in made.changed(premises=(0,)).verdict()
    assert "a range of maps" in made.changed(subject={"branch": [1]}).verdict()


@pytest.mark.theorem("layer-norm-kernel", refutes="the same of RMSNorm")
def test_an_rms_norm_has_no_kernel():
    made = stack(norm=RMSNorm(np.ones(FEATURES), Fraction(1, 10**5)))
    made.claim("layer-norm-kernel", "shrink", {"maps": [0, 3]}, 0, 0)
    assert "not a LayerNorm" in made.verdict()


@given(attention_cases(), SEEDS, st.integers(1, 4))
def test_radii_propagated_by_the_prover_are_accepted_for_every_size(case, seed, depth):
    rng, field, state = generator(seed), case.field, case.state
    made = Document()
    branch, method = made.field(field, len(state)), made.method("forward-euler")
    size = Fraction(1, int(rng.integers(2, 9)))
    growths = [1 + float(rng.integers(0, 16)) / 8 for _ in range(depth)]
    states = [state]
    for _ in range(depth):
        states.append(states[-1] + float(size) * field(states[-1]))
    allowance = 1e-12 * (1 + max(float(np.abs(s).max()) for s in states))
    found = growth.propagate_radii(
        float(RHO), len(state), growths, [allowance * state.size] * depth
    )
    step = made.step([branch], method, size)
    premises = []
    for place in range(depth):
        made.residual([branch], method, size)
        tube = made.tube(states[place], Fraction(found[place]))
        premises.append(made.given("growth", step, tube, growths[place]))
    made.claim(
        "depth-product", "growth", {"maps": [0, depth]}, made.tube(state, RHO),
        growth.depth_product(growths).value, premises,
    )  # fmt: skip
    assert made.verdict() == "accepted"
