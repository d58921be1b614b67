"""Explicit steps: stages held in their tubes, crude growth, circle contractivity."""

from fractions import Fraction

import numpy as np
import pytest
from checker.rules.documents import Document
from checker.rules.step_claims import (
    NORM,
    RADIUS,
    STATE,
    STEP,
    TINY,
    TOKENS,
    UPPER,
    decides,
    field,
)
from hypothesis import given
from hypothesis import strategies as st
from strategies import SEEDS, attention_cases, feed_forward_cases

from stabcheck import growth


def stages_of(branch, state, tableau, h):
    """The stages of an explicit step, in float64."""
    stages, slopes = [], []
    for row in tableau:
        stage = state
        for a, slope in zip(row, slopes, strict=False):
            stage = stage + h * float(a) * slope
        stages.append(stage)
        slopes.append(branch(stage))
    return stages


TABLEAUS = {
    "heun": ([[0, 0], [1, 0]], [0.5, 0.5]),
    "rk4": (
        [[0, 0, 0, 0], [0.5, 0, 0, 0], [0, 0.5, 0, 0], [0, 0, 1, 0]],
        [Fraction(1, 6), Fraction(1, 3), Fraction(1, 3), Fraction(1, 6)],
    ),
}
NORMS = [Fraction(2), Fraction(3), Fraction(1), Fraction(5, 2)]


def explicit(method, radii, theorem="explicit-runge-kutta-crude", norms=NORMS):
    """A growth claim with a norm on a tube round every stage."""
    A, _ = TABLEAUS[method]
    made, branch = Document(), field()
    index = [made.field(branch, TOKENS)]
    centres = stages_of(branch, STATE, A, float(STEP))
    tubes = [made.tube(c, r) for c, r in zip(centres, radii, strict=False)]
    premises = [
        made.given(NORM, {"branch": index}, tube, norm)
        for tube, norm in zip(tubes, norms, strict=False)
    ]
    subject = made.step(index, made.method(method), STEP)
    domain = made.tube(STATE, RADIUS)
    made.claim(theorem, "growth", subject, domain, 99, premises)
    return made


def crude(method):
    """1 + h sum |b| L d by hand, in rationals."""
    A, b = TABLEAUS[method]
    moved = []
    for row, norm in zip(A, NORMS, strict=False):
        distance = 1 + sum(
            abs(Fraction(a)) * m for a, m in zip(row, moved, strict=False)
        )
        moved.append(STEP * norm * distance)
    return 1 + sum(abs(Fraction(w)) * m for w, m in zip(b, moved, strict=True))


WIDE = [RADIUS, *(8 * RADIUS,) * 3]


@pytest.mark.parametrize("method", TABLEAUS)
def test_the_crude_growth_and_shrink_are_decided_exactly(method):
    made = explicit(method, WIDE)
    value = crude(method)
    decides(made.changed(bound=value), "growth")
    shrink = max(2 - value, Fraction(0))
    decides(made.changed(bound=shrink, quantity="shrink"), "shrink")


def test_the_first_stage_may_be_exactly_as_wide_as_the_claims_tube_but_not_less():
    made = explicit("heun", [Fraction(1, 3), Fraction(1)])
    index = made.tube(STATE, Fraction(1, 3))  # no dyadic number: balls would straddle
    assert made.changed(domain=index).verdict() == "accepted"
    narrow = explicit("heun", [RADIUS - TINY, 8 * RADIUS])
    assert "the distance of stage 1" in narrow.verdict()


def test_a_stage_tube_has_to_hold_the_stage():
    # Token-wise: stage 2 of Heun is within radius (1 + h L) of its centre.
    needed = RADIUS * (1 + STEP * NORMS[0])
    for factor, expected in (
        (1 + Fraction(1, 10**9), "accepted"),
        (1 - Fraction(1, 10**9), "rejected: the distance of stage 2"),
    ):
        made = explicit("heun", [RADIUS, needed * factor])
        assert made.verdict().startswith(expected)
    moved = made.tube(STATE, needed)
    assert "the distance of stage 2" in made.with_premise(1, domain=moved).verdict()


def test_the_rule_for_explicit_methods_refuses_others_and_missing_stages():
    made = explicit("rk4", WIDE)
    fewer = made.changed(premises=made.claims[-1].premises[:3])
    assert "premises" in fewer.verdict()
    made = explicit("heun", WIDE)
    implicit = made.step([0], made.method("implicit-midpoint"), STEP)
    one = made.changed(subject=implicit, premises=(0,))
    assert "is not explicit" in one.verdict()


CONTRACTIVE = [Fraction(1), Fraction(1)]


def circle(method="heun", uppers=(-1, -1), radius=Fraction(1), norms=CONTRACTIVE):
    made = explicit(method, WIDE, "circle-contractivity", norms)
    premises = list(made.claims[-1].premises)
    last = made.claims.pop()
    for index, upper in zip(premises[:], uppers, strict=False):
        domain = made.claims[index].domain
        premises.append(made.given(UPPER, {"branch": [0]}, domain, upper))
    made.claim(
        "circle-contractivity", "growth", last.subject, last.domain, 1, premises,
        radius=radius,
    )  # fmt: skip
    return made


def test_heun_is_contractive_on_circles_of_radius_one_and_no_larger():
    decides(circle(), "growth")
    larger = circle(radius=1 + Fraction(1, 10**9))
    assert "not contractive on circles" in larger.verdict()


def test_the_circle_condition_is_decided_exactly():
    # h mu + h^2 L^2/2 = 0 for mu = -h L^2/2 = -1/8.
    assert circle(uppers=(Fraction(-1, 8),) * 2).verdict() == "accepted"
    broken = circle(uppers=(Fraction(-1, 8), Fraction(-1, 8) + TINY))
    assert "positive at stage 2" in broken.verdict()


def test_the_circle_rule_looks_at_its_other_hypotheses():
    made = circle()
    assert "has to be positive" in made.changed(parameters={}).verdict()
    zero = made.changed(parameters={"radius": Fraction(0)})
    assert "has to be positive" in zero.verdict()
    smaller = made.tube(STATE, RADIUS / 2)
    assert "smaller tube than" in made.with_premise(2, domain=smaller).verdict()
    assert "not shrink" in made.changed(quantity="shrink").verdict()
    negative = dict(made.integrators[0]) | {"b": [[3, 2], [-1, 2]]}
    made.integrators[0] = negative
    assert "negative weight" in made.verdict()


@given(st.one_of(attention_cases(), feed_forward_cases()), SEEDS)
def test_the_provers_stage_tubes_are_accepted_for_every_size(case, seed):
    rng = np.random.default_rng(seed)
    branch, state = case.field, case.state
    method = rng.choice(list(TABLEAUS))
    A, b = TABLEAUS[method]
    h, radius = Fraction(int(rng.integers(1, 9)), 16), Fraction(1, 64)
    norms = [float(rng.integers(0, 40)) / 8 for _ in b]
    stages = stages_of(branch, state, A, float(h))
    allowance = 1e-12 * (1 + max(float(np.abs(stage).max()) for stage in stages))
    defects = [0.0, *(allowance,) * (len(b) - 1)]
    tubes = growth.explicit_stage_tubes(
        [[float(a) for a in row] for row in A], float(h), float(radius), len(state),
        lambda stage, _: norms[stage], token_defects=defects,
        frobenius_defects=list(np.sqrt(len(state)) * np.array(defects)),
        token_wise=branch.is_token_wise,
    )  # fmt: skip
    made = Document()
    index = [made.field(branch, len(state))]
    premises = [
        made.given(NORM, {"branch": index}, made.tube(s, Fraction(t.radius)), norm)
        for s, t, norm in zip(stages, tubes, norms, strict=True)
    ]
    value = growth.explicit_growth(
        [[float(a) for a in row] for row in A], [float(w) for w in b], float(h), norms
    ).value
    subject = made.step(index, made.method(method), h)
    made.claim(
        "explicit-runge-kutta-crude", "growth", subject, made.tube(state, radius),
        value, premises,
    )  # fmt: skip
    assert made.verdict() == "accepted"


@given(st.one_of(attention_cases(), feed_forward_cases()), SEEDS)
def test_a_step_of_a_true_field_grows_no_more_than_what_is_accepted(case, seed):
    rng = np.random.default_rng(seed)
    branch, state = case.field, case.state
    jacobian = branch.jacobian(state)
    h = Fraction(int(rng.integers(1, 9)), 8)
    symmetric = np.linalg.eigvalsh((jacobian + jacobian.T) / 2)
    made = Document()
    index = [made.field(branch, len(state))]
    point = made.tube(state)
    size = float(np.linalg.norm(jacobian, 2)) * (1 + 1e-12) + 1e-12
    premises = [
        made.given(NORM, {"branch": index}, point, size),
        made.given(UPPER, {"branch": index}, point, symmetric[-1] + 1e-12 * size),
    ]
    step = np.eye(state.size) + float(h) * jacobian
    attained = float(np.linalg.norm(step, 2))
    subject = made.step(index, made.method("forward-euler"), h)
    # No bound below the attained growth may be accepted from true premises.
    made.claim(
        "euler-growth", "growth", subject, point, attained * (1 - 1e-9), premises
    )
    assert made.verdict().startswith("rejected")
