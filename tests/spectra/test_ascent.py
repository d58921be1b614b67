"""Ascent: what it reports is attained in the domain; no random state does better."""

from fractions import Fraction
from itertools import islice

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import (
    attention_cases,
    feed_forward_cases,
    norm_cases,
    tube_states,
)

from stabcheck import domains, spectra
from stabcheck.bounds import Attention, FeedForward
from stabcheck.errors import InvalidInput
from stabcheck.spectra.feasible import inside
from stabcheck.spectra.starts import few_token_states

QUANTITIES = ("spectral-norm", "log-norm", "log-norm-lower")
EPS = np.finfo(float).eps
CASES = st.one_of(attention_cases(), feed_forward_cases(), norm_cases())


def exact(field, state, quantity: str) -> float:
    J = field.jacobian(state)
    if quantity == "spectral-norm":
        return float(np.linalg.norm(J, 2))
    values = np.linalg.eigvalsh((J + J.T) / 2)
    return float(values[0] if quantity == "log-norm-lower" else values[-1])


def quotient(field, found, quantity: str) -> float:
    v = found.direction.ravel()
    image = field.jacobian(found.state) @ v
    if quantity == "spectral-norm":
        return np.linalg.norm(image) / np.linalg.norm(v)
    return v @ image / (v @ v)


@given(CASES, st.sampled_from(QUANTITIES), st.integers(0, 64))
def test_the_value_is_the_quotient_at_a_state_of_the_tube(case, quantity, numerator):
    tube = domains.Tube(case.state, Fraction(numerator, 256))
    found = spectra.ascend((case.field,), tube, quantity, starts=1, iterations=3)
    assert tube.contains(found.state)
    assert found.direction.shape == case.shape
    rounding = 1e4 * case.state.size * EPS * (1 + found.scale)
    assert abs(found.value - quotient(case.field, found, quantity)) <= rounding
    norm = exact(case.field, found.state, "spectral-norm")
    assert found.scale <= norm * (1 + 1e-9) + rounding
    assert found.scale >= 0.99 * norm - rounding


@given(CASES, st.sampled_from(QUANTITIES))
def test_at_a_point_the_ascent_is_the_exact_quantity(case, quantity):
    found = spectra.ascend((case.field,), domains.Point(case.state), quantity)
    assert np.array_equal(found.state, case.state)
    room = 1e-6 * (1 + found.scale)
    assert abs(found.value - exact(case.field, case.state, quantity)) <= room


@given(CASES, st.sampled_from(QUANTITIES), st.integers(0, 2**32 - 1))
def test_random_states_of_a_small_tube_do_no_better(case, quantity, seed):
    # In a small tube the quantity is nearly linear: the first step goes to its rim.
    tube = domains.Tube(case.state, Fraction(1, 10**4))
    found = spectra.ascend((case.field,), tube, quantity)
    sign = -1 if quantity == "log-norm-lower" else 1
    for state in tube_states(case.state, 1e-4, seed, count=5):
        other = sign * exact(case.field, state, quantity)
        assert other <= sign * found.value + 1e-5 * (1 + found.scale)


@pytest.mark.parametrize("quantity", QUANTITIES)
@pytest.mark.parametrize(
    "domain",
    [
        domains.Ball(2, 3, 2), domains.Sphere(2, 3, 2),
        domains.Frobenius(np.ones((3, 2)), 1), domains.Box(np.ones((3, 2)), "1/2"),
        domains.Tube(np.ones((3, 2)), 1),
    ],
)  # fmt: skip
def test_every_domain_is_climbed_from_inside(domain, quantity):
    rng = np.random.default_rng(4)
    field = Attention(*(rng.standard_normal((1, 2, 2)) for _ in range(3)))
    found = spectra.ascend((field,), domain, quantity)
    assert domain.contains(found.state)
    sign = -1 if quantity == "log-norm-lower" else 1
    start = domain.X0 if hasattr(domain, "X0") else np.eye(3, 2) * 2
    here = exact(field, start, quantity)
    assert sign * found.value >= sign * here - 1e-9 * (1 + abs(here))


def test_the_slope_of_one_feature_attains_a_known_maximum():
    # One token, one feature: attention is linear, gelu' has its maximum at sqrt 2.
    one = np.ones((1, 1))
    zero = np.zeros(1)
    ball = domains.Ball(2, 1, 1)
    gelu = spectra.ascend((FeedForward(one, zero, one, zero),), ball, "log-norm")
    assert abs(gelu.value - 1.1289041346) <= 1e-7
    linear = Attention(*(2 * np.ones((1, 1, 1)) for _ in range(3)))
    found = spectra.ascend((linear,), ball, "spectral-norm")
    assert abs(found.value - 2) <= 8 * EPS


def test_two_tokens_reach_the_best_state_of_a_fine_grid():
    field = Attention(*(np.ones((1, 1, 1)) for _ in range(3)))
    found = spectra.ascend((field,), domains.Ball(2, 2, 1), "spectral-norm", starts=8)
    side = np.linspace(-2, 2, 41)
    grid = max(
        exact(field, np.array([[a], [b]]), "spectral-norm") for a in side for b in side
    )
    assert found.value >= grid - 1e-6


def ledger_case():
    """Weights of the ledger's tightness table, drawn as its scripts drew them."""
    rng = np.random.default_rng(0)
    return Attention(*(rng.standard_normal((1, 16, 16)) / 4 for _ in range(3)))


@pytest.mark.parametrize(
    ("quantity", "known"), [("spectral-norm", 6.51), ("log-norm", 3.12)]
)
def test_on_a_ball_senders_and_receivers_are_found(quantity, known):
    # From random states alone the ascent ended at 3.96 and 2.27.
    ball = domains.Ball(2, 16, 16)
    found = spectra.ascend((ledger_case(),), ball, quantity, starts=24)
    assert found.value >= known
    assert ball.contains(found.state)


def test_another_direction_than_the_first_may_lead_in_the_end():
    rng = np.random.default_rng(1)
    form, value = (rng.standard_normal((1, 8, 8)) / np.sqrt(8) for _ in range(2))
    field = Attention(form, np.eye(8)[None], value, scale=8**-0.5)
    ball = domains.Frobenius(rng.standard_normal((8, 8)), 1)
    alone = spectra.ascend((field,), ball, "log-norm", starts=1)
    several = spectra.ascend((field,), ball, "log-norm")
    assert several.value > 1.09 * alone.value


@pytest.mark.parametrize(("tokens", "features"), [(1, 1), (1, 3), (2, 1), (5, 2)])
@pytest.mark.parametrize("weight", [0.0, 1e-200, 1.0, 1e200])
def test_few_token_states_are_states_of_any_weights(tokens, features, weight):
    shape = (2, features, features)
    field = Attention(
        *(weight * np.ones(shape) for _ in range(3)), np.ones((2 * features, features))
    )
    ball = domains.Ball(3, tokens, features)
    for branch in ((field,), ()):
        states = few_token_states(branch, ball, np.random.default_rng(0))
        for state in islice(states, 12):
            assert ball.contains(inside(ball, state))


def test_each_token_of_a_token_wise_branch_climbs_for_itself():
    rng = np.random.default_rng(2)
    field = FeedForward(
        rng.standard_normal((3, 8)), rng.standard_normal(8),
        rng.standard_normal((8, 3)), rng.standard_normal(3),
    )  # fmt: skip
    state = rng.standard_normal((4, 3))
    together = spectra.ascend((field,), domains.Tube(state, "1/10"), "spectral-norm")
    alone = max(
        spectra.ascend(
            (field,), domains.Tube(token[None], "1/10"), "spectral-norm"
        ).value
        for token in state
    )
    assert together.value >= alone * (1 - 1e-5)
    assert np.count_nonzero(np.abs(together.direction).sum(axis=1)) == 1


def test_an_unknown_quantity_names_the_known_ones():
    field = Attention(*(np.ones((1, 1, 1)) for _ in range(3)))
    with pytest.raises(InvalidInput, match="use one of spectral-norm, log-norm"):
        spectra.ascend((field,), domains.Ball(1, 1, 1), "mixed-norm")
