"""Stage tubes: they hold the stages of every step that starts in the tube."""

import math
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from growth.step_fields import STEPS, bounded_fields
from hypothesis import given
from hypothesis import strategies as st
from strategies import SEEDS, attention_cases, tube_states

from stabcheck import bounds, growth
from stabcheck.errors import InvalidInput
from stabcheck.growth.monotone_stages import monotone_weights
from stabcheck.integrators import get
from stabcheck.layers import stage_states

EXPLICIT = st.sampled_from(["heun", "ssprk3", "rk4"]).map(get)
TOKEN_DEFECT = 1e-12


def floats(method):
    return [[float(a) for a in row] for row in method.A]


def largest_token(difference: np.ndarray) -> float:
    return float(np.linalg.norm(difference, axis=1).max())


@given(EXPLICIT, attention_cases(), st.sampled_from([0.0, 0.01, 0.05]), SEEDS)
def test_the_stages_of_an_explicit_step_lie_in_their_tubes(method, case, radius, seed):
    field, state = case.field, case.state
    h = 0.125
    starts = tube_states(state, radius, seed, count=5)
    centre = stage_states((field,), state, method, Fraction(1, 8))
    trajectories = [stage_states((field,), x, method, Fraction(1, 8)) for x in starts]
    tubes = growth.explicit_stage_tubes(
        floats(method),
        h,
        radius,
        len(state),
        lambda k, r: bounds.attention_norm_tube(field, centre[k], r).value,
        token_defects=[0.0] + [TOKEN_DEFECT] * (method.stages - 1),
        frobenius_defects=[0.0] + [TOKEN_DEFECT * 4] * (method.stages - 1),
        token_wise=False,
    )
    for stages in trajectories:
        for stage, middle, tube in zip(stages, centre, tubes, strict=True):
            assert largest_token(stage - middle) <= tube.radius + 1e-11


IMPLICIT = st.sampled_from(
    ["backward-euler", "implicit-midpoint", "trapezoid", "radau-iia:2"]
).map(get)


@given(IMPLICIT, attention_cases(), st.sampled_from([0.0, 0.01, 0.05]), SEEDS)
def test_the_stages_of_an_implicit_step_lie_in_their_tubes(method, case, radius, seed):
    field, state = case.field, case.state
    size = bounds.attention_norm_tube(field, state, 2 * radius).value
    h = Fraction(0.2 / (0.1 + size)).limit_denominator(1000) + Fraction(1, 1000)
    centre = stage_states((field,), state, method, h)
    tubes = growth.implicit_stage_tubes(
        floats(method),
        float(h),
        radius,
        len(state),
        lambda k, r: bounds.attention_norm_tube(field, centre[k], r).value,
        token_defects=[TOKEN_DEFECT] * method.stages,
        frobenius_defects=[TOKEN_DEFECT * 4] * method.stages,
        token_wise=False,
    )
    if isinstance(tubes, growth.NoStageTube):
        return
    for start in tube_states(state, radius, seed, count=5):
        stages = stage_states((field,), start, method, h)
        for stage, middle, tube in zip(stages, centre, tubes, strict=True):
            assert largest_token(stage - middle) <= tube.radius + 1e-11


def implicit(A, norm, h=1.0, radius=1.0):
    return growth.implicit_stage_tubes(
        A,
        h,
        radius,
        1,
        norm,
        token_defects=[0.0] * len(A),
        frobenius_defects=[0.0] * len(A),
        token_wise=False,
    )


@given(bounded_fields(), st.sampled_from([0.0, 0.01, 0.5]))
def test_one_implicit_stage_needs_the_radius_over_one_minus_the_contraction(
    field, radius
):
    h = 0.8 / max(field.L, 1e-3)
    for a in (1.0, 0.5):
        (tube,) = implicit([[a]], lambda *_: field.L, h, radius)
        least = radius / (1 - h * a * field.L)
        assert least <= tube.radius * (1 + 1e-12) <= 1.05 * least + 1e-12


def test_a_first_stage_that_is_the_state_needs_the_tube_of_the_step_and_no_more():
    first, second = implicit([[0.0, 0.0], [0.5, 0.5]], lambda *_: 1.0, radius=1 / 3)
    assert first.radius == 1 / 3
    assert second.radius >= 1.0


def test_without_a_norm_there_is_no_tube():
    found = growth.explicit_stage_tubes(
        [[0.0, 0.0], [1.0, 0.0]],
        1.0,
        0.1,
        2,
        lambda stage, _: math.inf if stage else 1.0,
        token_defects=[0.0, 0.0],
        frobenius_defects=[0.0, 0.0],
        token_wise=False,
    )
    assert isinstance(found, growth.NoStageTube)
    assert "round stage 2" in found.reason


@pytest.mark.parametrize(
    ("norm", "reason"),
    [
        (lambda *_: 2.0, "is not below 1"),
        (lambda _, r: 1 - 0.5 / r, "within 12 attempts"),
    ],
)
def test_an_implicit_stage_that_is_not_enclosed_says_why(norm, reason):
    found = implicit([[1.0]], norm)
    assert isinstance(found, growth.NoStageTube)
    assert reason in found.reason


@pytest.mark.parametrize(
    ("name", "limit"),
    [
        ("backward-euler", 1.0),
        ("implicit-midpoint", 2.0),
        ("gauss:2", 3.0),
        ("radau-iia:2", 3 / 2),
        ("radau-iia:3", 5 / (4 + math.sqrt(6))),
        ("lobatto-iiic:2", 1.0),
        ("lobatto-iiic:3", 0.0),
    ],
)
def test_stage_equations_are_monotone_up_to_the_known_limits(name, limit):
    # Hairer, Wanner, Solving ODEs II, theorem IV.14.5.
    inverse = np.linalg.inv(np.array([[float(a) for a in row] for row in get(name).A]))
    for h, expected in ((limit - 1e-3, True), (limit + 1e-3, False)):
        if h > 0:
            found = monotone_weights(inverse, h, [1.0] * len(inverse))
            assert (found is not None) == expected


@given(bounded_fields(dissipative=True), st.sampled_from([0.1, 2.0, 30.0]), SEEDS)
def test_monotone_stages_lie_in_their_tubes_at_large_steps(field, h, seed):
    found = growth.monotone_stages(
        [[0.5]], h, 0.5, 1, lambda *_: field.mu, frobenius_defects=[1e-9]
    )
    move = np.random.default_rng(seed).standard_normal(field.size)
    if not field.is_linear:
        return
    system = np.linalg.inv(np.eye(field.size) - h * field.J / 2)
    distance = np.linalg.norm(system @ (0.5 * move / np.linalg.norm(move)))
    assert distance <= found.radius


def test_stages_that_are_not_monotone_say_why():
    def reason(A, upper):
        found = growth.monotone_stages(
            A, 1.0, 0.1, 4, upper, frobenius_defects=[1e-9] * len(A)
        )
        assert isinstance(found, growth.NoStageTube)
        return found.reason

    assert "several solutions" in reason([[1.0]], lambda *_: 2.0)
    assert "is singular" in reason([[0.0, 0.0], [0.5, 0.5]], lambda *_: -1.0)
    assert "within 12 attempts" in reason([[1.0]], lambda _, r: 1 - 0.1 / r)


def test_token_wise_stages_do_not_pay_the_root_of_the_tokens():
    def tubes(token_wise: bool):
        return growth.explicit_stage_tubes(
            [[0.0, 0.0], [1.0, 0.0]],
            1.0,
            0.1,
            16,
            lambda *_: 1.0,
            token_defects=[0.0, 0.0],
            frobenius_defects=[0.0, 0.0],
            token_wise=token_wise,
        )

    alone, mixed = tubes(True)[1].radius, tubes(False)[1].radius
    assert alone < 0.2001
    assert mixed > 0.4


@given(st.lists(st.floats(0, 3), max_size=5), STEPS)
def test_radii_grow_by_their_recursion(growths, radius):
    radii = growth.propagate_radii(radius, 4, growths, [0.01] * len(growths))
    reach = 2 * radius
    assert radii[0] >= reach
    for found, factor in zip(radii[1:], growths, strict=True):
        reach *= factor
        assert reach + 0.01 <= found <= (reach + 0.01) * (1 + 1e-6)


def test_family_radii_are_dyadic_and_grow():
    radii = growth.family_radii(1.0, 0.125, 0.5, 3)
    assert radii[0] == 1.0
    for before, after in pairwise(radii):
        assert before * (1 + 0.0625) <= after <= before * (1 + 0.0625) * (1 + 1e-6)


@pytest.mark.parametrize("tokens", [0, -1, True, 1.5])
def test_a_number_of_tokens_that_is_none_is_refused(tokens):
    with pytest.raises(InvalidInput, match="tokens must be"):
        growth.depth_mixed_norm(tokens, [1.0])


def test_a_depth_without_a_positive_shrink_says_so():
    assert growth.depth_shrink([0.5, 0.0]).value is None
    assert growth.depth_mixed_norm_shrink(2, [1.5, 2.5]).value is None
    assert "take smaller steps" in growth.depth_mixed_norm_shrink(2, [2.5]).reason
