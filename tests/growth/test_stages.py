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


@given(bounded_fields(), st.sampled_from([0.0, 0.01, 0.5]), SEEDS)
def test_the_stage_of_an_implicit_step_lies_in_its_tube(field, radius, seed):
    # One token: the two norms agree.
    h = 0.8 / max(field.L, 1e-3)
    for name, a in (("backward-euler", 1.0), ("implicit-midpoint", 0.5)):
        tube = growth.implicit_stage_tube(
            a,
            h,
            radius,
            1,
            lambda _: field.L,
            token_defect=1e-9,
            frobenius_defect=1e-9,
            token_wise=False,
        )
        rng = np.random.default_rng(seed)
        x = rng.standard_normal(field.size)
        move = rng.standard_normal(field.size)
        y = x + radius * (1 - 1e-12) * move / np.linalg.norm(move)
        first, second = stage_of(field, h * a, x), stage_of(field, h * a, y)
        assert np.linalg.norm(first - second) <= tube.radius, name


def stage_of(field, ha, x):
    stage = x
    for _ in range(400):
        stage = x + ha * field(stage)
    return stage


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
        (lambda _: 2.0, "is not below 1"),
        (lambda r: 1 - 0.5 / r, "within 12 attempts"),
    ],
)
def test_an_implicit_stage_that_is_not_enclosed_says_why(norm, reason):
    found = growth.implicit_stage_tube(
        1.0,
        1.0,
        1.0,
        1,
        norm,
        token_defect=0.0,
        frobenius_defect=0.0,
        token_wise=False,
    )
    assert isinstance(found, growth.NoStageTube)
    assert reason in found.reason


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
