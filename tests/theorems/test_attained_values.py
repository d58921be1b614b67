"""Attained values: true of the state that is named, never above a certified bound."""

from fractions import Fraction

import numpy as np
import pytest
from checker.small import Builder, certificate_about
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from strategies import (
    SEEDS,
    Case,
    attention_cases,
    feed_forward_cases,
    generator,
    radii,
)
from theorems.search import QUANTITIES

from stabcheck.bounds import FeedForward
from stabcheck.certificate import Claim, round_down, round_up
from stabcheck.checker import check

CASES = st.one_of(attention_cases(3, 3, 2), feed_forward_cases())


def value_along(field, state, direction, quantity: str) -> float:
    """|Jv|/|v|, or the quotient of Rayleigh."""
    image, length = field.jvp(state, direction), np.linalg.norm(direction)
    if quantity == "spectral-norm":
        return float(np.linalg.norm(image) / length)
    return float((image * direction).sum() / length**2)


def attained(quantity: str, value: float) -> Claim:
    outward = round_up if quantity == "log-norm-lower" else round_down
    return Claim(
        theorem="attained",
        quantity=f"attained-{quantity}",
        subject={"branch": [0]},
        domain=0,
        bound=outward(value),
        parameters={"state": "at", "direction": "along"},
    )


def verdict_of(case, radius, claims, folder, at, along) -> str:
    build = Builder()
    build.claims += claims
    build.arrays = {"at": at, "along": along}
    path = certificate_about(case.field, case.state, radius, build).save(folder)
    return check(path, jobs=1).status


@st.composite
def evidence(draw):
    """A case, a radius, a state of the tube and a direction."""
    case, radius = draw(CASES), draw(radii(64))
    rng = generator(draw(SEEDS))
    move = rng.standard_normal(case.state.shape)
    move /= np.maximum(np.linalg.norm(move, axis=1, keepdims=True), 1e-300)
    at = case.state + float(radius) * 0.999 * move
    return case, radius, at, rng.standard_normal(case.state.shape)


@pytest.mark.theorem("attained")
@settings(max_examples=40)
@given(evidence())
def test_what_a_direction_shows_is_accepted_and_below_the_supremum(
    tmp_path_factory, found
):
    case, radius, at, along = found
    jacobian, claims = case.field.jacobian(at), []
    norm = QUANTITIES["spectral-norm"](jacobian)
    for quantity, value_of in QUANTITIES.items():
        sign = -1 if quantity == "log-norm-lower" else 1
        room = 1e-9 * (norm + 1e-12)  # float64 proposes, outward rounding absorbs it
        value = value_along(case.field, at, along, quantity) - sign * room
        assert sign * value <= sign * value_of(jacobian)
        claims.append(attained(quantity, value))
    folder = tmp_path_factory.mktemp("attained")
    assert verdict_of(case, radius, claims, folder, at, along) == "accepted"


@pytest.mark.theorem("attained", refutes="a millionth more than the direction shows")
@settings(max_examples=40)
@given(evidence(), st.sampled_from(list(QUANTITIES)))
def test_a_little_more_than_the_direction_shows_is_refused(
    tmp_path_factory, found, quantity
):
    case, radius, at, along = found
    norm = QUANTITIES["spectral-norm"](case.field.jacobian(at))
    assume(norm > 1e-6)
    sign = -1 if quantity == "log-norm-lower" else 1
    value = value_along(case.field, at, along, quantity) + sign * 1e-6 * norm
    folder = tmp_path_factory.mktemp("attained")
    claims = [attained(quantity, value)]
    assert verdict_of(case, radius, claims, folder, at, along) == "rejected"


@pytest.mark.theorem("attained", refutes="the direction may be zero")
def test_a_zero_direction_shows_nothing(tmp_path):
    weights = generator(0).standard_normal((2, 2))
    field = FeedForward(weights, np.zeros(2), weights, np.zeros(2))
    case, zero = Case(field, np.ones((1, 2))), np.zeros((1, 2))
    claims = [attained("spectral-norm", 5.0)]
    status = verdict_of(case, Fraction(1), claims, tmp_path, case.state, zero)
    assert status == "rejected"


@settings(max_examples=30)
@given(evidence())
def test_a_state_outside_the_tube_shows_nothing(tmp_path_factory, found):
    case, radius, at, along = found
    outside = case.state.copy()
    outside[-1, 0] += float(radius) + 0.25
    value = value_along(case.field, outside, along, "spectral-norm") / 2
    folder = tmp_path_factory.mktemp("outside")
    claims = [attained("spectral-norm", value)]
    assert verdict_of(case, radius, claims, folder, outside, along) == "rejected"
    assert verdict_of(case, radius, claims, folder, at, 0 * along) == "rejected"
