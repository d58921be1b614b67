"""Rules in the largest-token norm: one Euler step, and stacks of them."""

from fractions import Fraction

import numpy as np
from checker.rules.documents import Document
from checker.small import attention
from hypothesis import given
from hypothesis import strategies as st

from stabcheck.bounds import AttentionFamily

TOKENS, FEATURES = 4, 3
H = Fraction(1, 8)
FAMILY = AttentionFamily(TOKENS, FEATURES, 1, False, Fraction(1, 2), Fraction(2))
NORMS = (Fraction(3), Fraction(4), Fraction(5))


def one_step(method: str = "forward-euler", radius: Fraction = Fraction(1)):
    """A mixed growth of one step on a ball of radius 1, from a given mixed norm 3."""
    made = Document()
    index = made.field(FAMILY, TOKENS)
    norm = made.given(
        "mixed-norm", {"branch": [index]}, made.ball(radius, TOKENS, FEATURES), 3
    )
    made.claim(
        "family-euler-mixed",
        "mixed-growth",
        made.step([index], made.method(method), H),
        made.ball(Fraction(1), TOKENS, FEATURES),
        1 + H * 3,
        (norm,),
    )
    return made


def test_a_step_grows_by_one_plus_hK_and_not_by_less():
    made = one_step()
    assert made.verdict() == "accepted"
    less = made.changed(bound=1 + H * 3 - Fraction(1, 10**9))
    assert "the bound is below 1 + h K" in less.verdict()


def test_a_premise_on_a_larger_ball_serves_and_on_a_smaller_one_not():
    assert one_step(radius=Fraction(2)).verdict() == "accepted"
    refused = one_step(radius=Fraction(1, 2)).verdict()
    assert "holds on a smaller ball" in refused


def test_only_forward_euler_is_meant():
    assert "not for backward-euler" in one_step("backward-euler").verdict()


def test_a_premise_about_another_quantity_or_field_is_refused():
    made = one_step()
    assert "not mixed-norm" in made.with_premise(0, quantity="log-norm").verdict()
    other = made.field(FAMILY, TOKENS)
    refused = made.with_premise(0, subject={"branch": [other]}).verdict()
    assert "another field than the step's" in refused


def test_a_step_needs_one_premise_a_step_subject_and_its_quantity():
    made = one_step()
    assert "has one premise" in made.changed(premises=()).verdict()
    subject = {"branch": [0]}
    assert "speaks about a step" in made.changed(subject=subject).verdict()
    assert "bounds mixed-growth" in made.changed(quantity="growth").verdict()


def stack(quantity: str = "growth", start=Fraction(1), norms=NORMS) -> Document:
    """Steps of one family from the unit ball, with growths 1 + hK on exact balls."""
    made = Document()
    index, method = made.field(FAMILY, TOKENS), made.method("forward-euler")
    premises, radius = [], Fraction(1)
    for norm in norms:
        made.residual([index], method, H)
        premises.append(
            made.given(
                "mixed-growth",
                made.step([index], method, H),
                made.ball(radius, TOKENS, FEATURES),
                1 + H * norm,
            )
        )
        radius *= 1 + H * 2
    value = Fraction(2) if quantity == "growth" else Fraction(1, 2)  # sqrt(n) = 2
    for norm in norms:
        value *= 1 + H * norm if quantity == "growth" else 1 - H * norm
    made.claim(
        "depth-mixed-norm",
        quantity,
        {"maps": [0, len(norms)]},
        made.ball(start, TOKENS, FEATURES),
        value,
        premises,
    )
    return made


@given(st.lists(st.fractions(0, 7, max_denominator=9), min_size=1, max_size=4))
def test_a_stack_pays_the_root_of_n_once_and_not_less(norms):
    for quantity, sign in (("growth", -1), ("shrink", 1)):
        made = stack(quantity, norms=norms)
        assert made.verdict() == "accepted"
        bound = made.claims[-1].bound
        stronger = made.changed(bound=bound + sign * Fraction(1, 10**9) * bound)
        assert "stronger than sqrt(n)" in stronger.verdict()


def test_without_the_root_of_n_a_growth_is_refused():
    made = stack()
    refused = made.changed(bound=made.claims[-1].bound / 2).verdict()
    assert "stronger than sqrt(n)" in refused
    negative = made.changed(bound=-made.claims[-1].bound).verdict()
    assert "stronger than sqrt(n)" in negative


def test_a_step_of_growth_two_leaves_no_positive_shrink():
    made = stack("shrink", norms=(Fraction(8), Fraction(1)))
    assert made.changed(bound=Fraction(0)).verdict() == "accepted"
    refused = made.changed(bound=Fraction(1, 10**6)).verdict()
    assert "stronger than sqrt(n)" in refused


def test_two_steps_beyond_growth_two_do_not_make_a_shrink():
    made = stack("shrink", norms=(Fraction(16), Fraction(16)))
    refused = made.changed(bound=Fraction(1, 2)).verdict()
    assert "stronger than sqrt(n)" in refused


def test_states_that_leave_the_ball_of_a_step_are_noticed():
    assert "before map 0 leave the ball" in stack(start=Fraction(2)).verdict()
    made = stack()
    made.domains[1]["radius"] = [5, 4]
    assert made.verdict() == "accepted"
    made.domains[1]["radius"] = [124, 100]
    assert "before map 1 leave the ball" in made.verdict()


def test_a_premise_about_another_step_is_refused():
    made = stack()
    step = made.claims[1].subject["step"]
    other = {"step": step | {"size": [1, 16]}}
    refused = made.with_premise(1, subject=other).verdict()
    assert "the premise of map 1 is about another step" in refused
    refused = made.with_premise(1, quantity="growth").verdict()
    assert "no mixed-growth" in refused
    refused = made.with_premise(1, subject={"branch": [0]}).verdict()
    assert "no mixed-growth" in refused


def test_one_premise_a_map_is_needed():
    made = stack()
    assert "one step claim a map" in made.changed(premises=(0, 1)).verdict()
    assert "range of maps" in made.changed(subject={"branch": [0]}).verdict()


def test_the_values_of_weights_carry_the_ball_with_their_biases():
    field = attention(mask=None)
    made = Document()
    index, method = made.field(field, 3), made.method("forward-euler")
    premises = []
    for radius in (Fraction(1), Fraction(10)):
        made.residual([index], method, H)
        ball = made.ball(radius, 3, 4)
        step = made.step([index], method, H)
        premises.append(made.given("mixed-growth", step, ball, 2))
    subject = {"maps": [0, 2]}
    start = made.ball(Fraction(1), 3, 4)
    made.claim("depth-mixed-norm", "growth", subject, start, 100, premises)
    assert made.verdict() == "accepted"
    reach = 1 + H * Fraction(float(value_reach(field)))
    made.domains[1]["radius"] = [int(reach * 1000) - 1, 1000]
    assert "before map 1 leave the ball" in made.verdict()


def value_reach(field) -> float:
    """The largest value at one state of the unit ball: less than the true reach."""
    state = np.eye(3, 4)
    return float(np.linalg.norm(field(state), axis=1).max())
