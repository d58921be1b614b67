"""Rules on balls: true claims pass, stronger ones and wrong hypotheses do not."""

import dataclasses
from fractions import Fraction

import numpy as np
import pytest
from checker.rules.documents import Document
from checker.small import attention
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import attention_cases

from stabcheck import bounds
from stabcheck.bounds import Attention, AttentionFamily, Bound
from stabcheck.bounds.ball_heads import largest_share
from stabcheck.certificate import round_down, round_up
from stabcheck.checker.arithmetic.balls import ball as exact_ball
from stabcheck.checker.arithmetic.balls import lower_end, upper_end
from stabcheck.checker.heads.ball import largest_share as enclosed_share

TOKENS, FEATURES = 3, 4
FAMILY = AttentionFamily(TOKENS, FEATURES, 2, False, Fraction(1, 2), Fraction(2))


def bounds_of(field, radius: Fraction, tokens: int) -> list[Bound]:
    """All four bounds on the ball."""
    r = float(radius)
    return [
        bounds.attention_mixed_norm_ball(field, r, tokens),
        bounds.attention_norm_ball(field, r, tokens),
        bounds.attention_log_norm_ball(field, r, tokens),
        bounds.attention_log_norm_ball(field, r, tokens, "log-norm-lower"),
    ]


def document(field, radius: Fraction, bound: Bound, tokens: int, features: int):
    """A certificate whose one claim is the bound."""
    made = Document()
    index = made.field(field, tokens)
    outward = round_down if bound.quantity == "log-norm-lower" else round_up
    made.claim(
        bound.theorem,
        bound.quantity,
        {"branch": [index]},
        made.ball(radius, tokens, features),
        outward(bound.value),
        **{k: [Fraction(w) for w in v] for k, v in bound.parameters.items()},
    )
    return made


@settings(max_examples=30)
@given(attention_cases(), st.sampled_from([Fraction(1, 2), Fraction(2)]))
def test_the_checker_accepts_the_bounds_of_weights_and_hardly_less(case, radius):
    tokens, features = case.shape
    for bound in bounds_of(case.field, radius, tokens):
        made = document(case.field, radius, bound, tokens, features)
        assert made.verdict() == "accepted"
        stronger = Fraction(bound.value) * (1 - Fraction(1, 10**4))
        assert made.changed(bound=stronger).verdict().startswith("rejected")


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("form", [Fraction(0), Fraction(1, 3), Fraction(5)])
@pytest.mark.parametrize("tokens", [1, 2, 9])
def test_the_checker_accepts_the_bounds_of_a_family_and_hardly_less(
    causal, form, tokens
):
    family = AttentionFamily(tokens, 4, 2, causal, form, Fraction(2))
    for bound in bounds_of(family, Fraction(1), tokens):
        made = document(family, Fraction(1), bound, tokens, 4)
        assert made.verdict() == "accepted"
        less = made.changed(bound=Fraction(bound.value) * (1 - Fraction(1, 10**6)))
        assert less.verdict().startswith("rejected")


@given(st.floats(0, 50), st.floats(0, 100), st.integers(1, 200))
def test_the_largest_share_is_enclosed_and_is_the_maximum(alpha, spread, keys):
    found = enclosed_share(
        exact_ball(Fraction(alpha)), exact_ball(Fraction(spread)), keys
    )
    value = largest_share(alpha, spread, keys)
    assert lower_end(found) <= Fraction(value) * (1 + Fraction(1, 10**12))
    assert upper_end(found) >= Fraction(value) * (1 - Fraction(1, 10**12))
    if keys > 1:
        p_bar = 1 / (1 + (keys - 1) * np.exp(-spread))
        p = np.linspace(0, p_bar, 501)
        factor = np.where(p <= 0.5, 1, 4 * p * (1 - p))
        assert (p * (1 + alpha**2 * factor)).max() <= float(upper_end(found)) * (
            1 + 1e-12
        )


def norm_claim(**changes) -> Document:
    """A norm claim about weights with a mask, on a ball."""
    field = dataclasses.replace(attention(), **changes)
    bound = bounds.attention_norm_ball(field, 1.0, TOKENS)
    return document(field, Fraction(1), bound, TOKENS, FEATURES)


def plain_norm_claim(tokens: int = 8, features: int = 2) -> Document:
    """A claim whose share of a key is better than that of the plain theorem."""
    rng = np.random.default_rng(1)
    A, V = rng.standard_normal((2, 1, features, features)) / 2
    field = Attention(A, np.eye(features)[None], V, scale=1.0)
    bound = bounds.attention_norm_ball(field, 1.0, tokens)
    return document(field, Fraction(1), bound, tokens, features)


def parameters_of(made: Document) -> dict:
    return made.claims[0].parameters


def test_a_claim_without_shares_is_weaker():
    made = plain_norm_claim()
    assert made.verdict() == "accepted"
    without = {k: v for k, v in parameters_of(made).items() if k != "share"}
    refused = made.changed(parameters=without)
    assert "the norm on the ball is" in refused.verdict()
    bound = 2 * made.claims[0].bound
    assert made.changed(parameters=without, bound=bound).verdict() == "accepted"


def test_a_share_that_is_two_percent_too_small_is_not_confirmed():
    made = plain_norm_claim()
    (share,) = parameters_of(made)["share"]
    less = parameters_of(made) | {"share": [share * Fraction(49, 50)]}
    refused = made.changed(parameters=less, bound=Fraction(10**6))
    assert "do not confirm that no key of head 0 has a share" in refused.verdict()


def test_a_larger_share_than_the_plain_one_is_not_used():
    made = plain_norm_claim()
    more = parameters_of(made) | {"share": [Fraction(10)]}
    bound = made.claims[0].bound
    assert "the norm on the ball is" in made.changed(parameters=more).verdict()
    assert made.changed(parameters=more, bound=2 * bound).verdict() == "accepted"


@pytest.mark.parametrize("name", ["share", "tie", "receiver"])
@pytest.mark.parametrize("value", [[Fraction(0)], [Fraction(1)] * 2, Fraction(1)])
def test_the_weights_of_a_ball_are_positive_one_a_head(name, value):
    made = plain_norm_claim()
    wrong = made.changed(parameters=parameters_of(made) | {name: value})
    assert f"parameter {name}" in wrong.verdict()


def test_a_query_bias_unties_logits_and_values():
    made = plain_norm_claim()
    made.fields[0]["b_Q"] = made.array(np.array([[1e-9, 0.0]]))
    refused = made.changed(bound=Fraction(10**6))
    assert "do not confirm that no key of head 0 has a share" in refused.verdict()


def test_the_levels_of_the_mixed_norm_are_positive_one_a_head():
    field = dataclasses.replace(attention(), mask=None, causal=False)
    bound = bounds.attention_mixed_norm_ball(field, 1.0, TOKENS)
    made = document(field, Fraction(1), bound, TOKENS, FEATURES)
    assert made.verdict() == "accepted"
    for name in ("level", "tie"):
        parameters = parameters_of(made) | {name: [Fraction(-1)] * field.heads}
        assert f"parameter {name}" in made.changed(parameters=parameters).verdict()


def test_under_a_mask_the_theorem_without_masks_is_refused():
    made = norm_claim()
    assert made.verdict() == "accepted"
    refused = made.changed(theorem="attention-norm-ball", bound=Fraction(10**6))
    assert "a mask hides keys" in refused.verdict()


def test_under_causality_the_theorem_without_masks_is_refused():
    refused = norm_claim(mask=None, causal=True).changed(
        theorem="attention-norm-ball", bound=Fraction(10**6)
    )
    assert "a mask hides keys" in refused.verdict()


def test_dropping_the_query_bias_is_noticed():
    field = attention()
    dropped = dataclasses.replace(field, b_Q=None)
    bound = bounds.attention_mixed_norm_ball(dropped, 1.0, TOKENS)
    made = document(field, Fraction(1), bound, TOKENS, FEATURES)
    assert "the mixed norm on the ball is" in made.verdict()


def test_a_larger_ball_is_noticed():
    made = norm_claim()
    parameters_of(made).pop("share")
    made.domains[0]["radius"] = [2, 1]
    assert "the norm on the ball is" in made.verdict()


def test_a_tube_is_no_ball():
    made = norm_claim()
    made.claims[0] = dataclasses.replace(
        made.claims[0], domain=made.tube(np.zeros((TOKENS, FEATURES)), Fraction(1))
    )
    assert "holds on a ball, not on a tube" in made.verdict()


def test_a_ball_of_other_states_is_refused():
    made = norm_claim()
    other = made.ball(Fraction(1), TOKENS + 1, FEATURES)
    assert "the ball has the shape (4, 4)" in made.changed(domain=other).verdict()


@pytest.mark.parametrize("weights", [[1], [0, 1], [-1, 1], None])
def test_weights_have_to_be_positive_one_a_head(weights):
    made = norm_claim()
    parameters = {"receiver": [Fraction(w) for w in weights]} if weights else {}
    assert "parameter receiver" in made.changed(parameters=parameters).verdict()


def test_levels_mean_nothing_to_a_family():
    bound = bounds.attention_mixed_norm_ball(FAMILY, 1.0, TOKENS)
    made = document(FAMILY, Fraction(1), bound, TOKENS, FEATURES)
    levels = {"level": [Fraction(1)], "tie": [Fraction(1)]}
    assert made.changed(parameters=levels).verdict() == "accepted"
    less = made.changed(parameters=levels, bound=Fraction(bound.value) * 99 / 100)
    assert "the mixed norm on the ball is" in less.verdict()


@pytest.mark.parametrize("quantity", ["spectral-norm", "growth", "log-norm"])
def test_each_theorem_speaks_about_its_own_quantity(quantity):
    made = document(
        FAMILY,
        Fraction(1),
        bounds.attention_mixed_norm_ball(FAMILY, 1.0, TOKENS),
        TOKENS,
        FEATURES,
    )
    assert made.verdict() == "accepted"
    refused = made.changed(quantity=quantity).verdict()
    assert "this theorem bounds mixed-norm" in refused


def test_a_premise_is_refused():
    made = norm_claim()
    made.given("mixed-norm", {"branch": [0]}, 0, 1)
    first, second = made.claims
    made.claims = [second, dataclasses.replace(first, premises=(0,))]
    assert "has no premises" in made.verdict()
