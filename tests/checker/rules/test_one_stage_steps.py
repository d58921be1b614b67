"""Steps of one stage: Euler, backward Euler, implicit midpoint, in exact rationals."""

from fractions import Fraction

import pytest
from checker.rules.documents import Document
from checker.rules.step_claims import (
    FEATURES,
    LOWER,
    NORM,
    RADIUS,
    STATE,
    STEP,
    TOKENS,
    UPPER,
    decides,
    field,
)


def one_stage(theorem, method, quantity, bound, premises, centre=STATE, radius=RADIUS):
    """A claim whose premises are all on one tube, given by (quantity, value)."""
    made = Document()
    branch = [made.field(field(), TOKENS)]
    tube = made.tube(centre, radius)
    indices = [made.given(q, {"branch": branch}, tube, v) for q, v in premises]
    subject = made.step(branch, made.method(method), STEP)
    domain = made.tube(STATE, RADIUS)
    made.claim(theorem, quantity, subject, domain, bound, indices)
    return made


EULER = [
    ("euler-growth", "growth", [(NORM, 2)], Fraction(3, 2)),
    # 1 + 2 h mu + h^2 L^2 = 1 - 1/2 + 1/16 = 9/16.
    ("euler-growth", "growth", [(NORM, 1), (UPPER, -1)], Fraction(3, 4)),
    ("euler-growth", "growth", [(NORM, 1), (UPPER, 5)], Fraction(5, 4)),
    ("euler-shrink", "shrink", [(NORM, 2)], Fraction(1, 2)),
    ("euler-shrink", "shrink", [(NORM, 9), (LOWER, -1)], Fraction(3, 4)),
    ("euler-shrink", "shrink", [(NORM, 9), (LOWER, 1)], Fraction(5, 4)),
    ("euler-shrink", "shrink", [(NORM, 9), (LOWER, -9)], Fraction(0)),
]


@pytest.mark.parametrize(("theorem", "quantity", "premises", "bound"), EULER)
def test_euler_is_decided_exactly(theorem, quantity, premises, bound):
    made = one_stage(theorem, "forward-euler", quantity, bound, premises)
    decides(made, quantity)


@pytest.mark.parametrize(
    ("theorem", "quantity"), [("euler-growth", "growth"), ("euler-shrink", "shrink")]
)
def test_euler_refuses_what_its_theorem_does_not_say(theorem, quantity):
    bound = 2 if quantity == "growth" else 0
    made = one_stage(theorem, "forward-euler", quantity, bound, [(NORM, 1)])
    assert made.verdict() == "accepted"
    other = "shrink" if quantity == "growth" else "growth"
    assert f"not {other}" in made.changed(quantity=other).verdict()
    step = made.step([0], made.method("implicit-midpoint"), STEP)
    assert "is another one" in made.changed(subject=step).verdict()
    step = made.step([0], made.method("heun"), STEP)
    assert "is another one" in made.changed(subject=step).verdict()
    assert "speaks about a step" in made.changed(subject={"branch": [0]}).verdict()
    smaller = made.tube(STATE, RADIUS / 2)
    assert "smaller tube" in made.with_premise(0, domain=smaller).verdict()
    moved = made.tube(STATE + 1e-9, RADIUS)
    assert "a tube round" in made.with_premise(0, domain=moved).verdict()
    assert "not on a ball" in (
        made.with_premise(0, domain=made.ball(RADIUS, TOKENS, FEATURES)).verdict()
    )
    assert "premises" in made.with_premise(0, quantity="mixed-norm").verdict()
    assert "another subject" in (
        made.with_premise(0, subject={"branch": [0, 0]}).verdict()
    )


def test_the_second_premise_has_to_hold_on_the_first_ones_tube():
    made = one_stage(
        "euler-growth", "forward-euler", "growth", 2, [(NORM, 1), (UPPER, 1)]
    )
    smaller = made.tube(STATE, RADIUS / 2)
    assert "smaller tube than" in made.with_premise(1, domain=smaller).verdict()


def solved(branch, a, h):
    """The stage of an implicit method from STATE, by fixed-point iteration."""
    stage = STATE
    for _ in range(300):
        stage = STATE + h * a * branch(stage)
    return stage


IMPLICIT = [
    ("backward-euler", 1, "growth", [(NORM, 2)], Fraction(2)),
    ("backward-euler", 1, "growth", [(NORM, 2), (UPPER, 1)], Fraction(4, 3)),
    ("backward-euler", 1, "growth", [(NORM, 2), (UPPER, -1)], Fraction(4, 5)),
    ("backward-euler", 1, "growth", [(NORM, 2), (UPPER, 7)], Fraction(2)),
    ("backward-euler", 1, "shrink", [(NORM, 2)], Fraction(2, 3)),
    ("implicit-midpoint", 0.5, "growth", [(NORM, 2)], Fraction(5, 3)),
    ("implicit-midpoint", 0.5, "growth", [(NORM, 2), (UPPER, 1)], Fraction(9, 7)),
    ("implicit-midpoint", 0.5, "growth", [(NORM, 2), (UPPER, -1)], Fraction(1)),
    ("implicit-midpoint", 0.5, "shrink", [(NORM, 2)], Fraction(3, 5)),
    ("implicit-midpoint", 0.5, "shrink", [(NORM, 2), (LOWER, -1)], Fraction(7, 9)),
    ("implicit-midpoint", 0.5, "shrink", [(NORM, 2), (LOWER, 1)], Fraction(1)),
]


@pytest.mark.parametrize(("method", "a", "quantity", "premises", "bound"), IMPLICIT)
def test_implicit_steps_are_decided_exactly(method, a, quantity, premises, bound):
    centre = solved(field(), a, float(STEP))
    made = one_stage(
        f"{method}-growth", method, quantity, bound, premises, centre, 4 * RADIUS
    )
    decides(made, quantity)


@pytest.mark.parametrize(
    ("method", "a"), [("backward-euler", 1), ("implicit-midpoint", 0.5)]
)
def test_an_implicit_stage_has_to_be_unique_and_inside_its_tube(method, a):
    centre = solved(field(), a, float(STEP))
    theorem = f"{method}-growth"
    made = one_stage(theorem, method, "growth", 99, [(NORM, 2)], centre, 4 * RADIUS)
    assert made.verdict() == "accepted"
    large = made.with_premise(0, bound=Fraction(4) / Fraction(a))
    assert "not known to have one solution" in large.verdict()
    c = STEP * 2 * Fraction(a)
    # The branch is token-wise: radius + c r <= r.
    needed = RADIUS / (1 - c)
    for radius, expected in (
        (needed * (1 + Fraction(1, 10**9)), "accepted"),
        (needed * (1 - Fraction(1, 10**9)), "rejected: the distance of stage 1"),
    ):
        tube = made.tube(centre, radius)
        assert made.with_premise(0, domain=tube).verdict().startswith(expected)
    far = made.tube(centre + 1, 4 * RADIUS)
    assert "the distance of stage 1" in made.with_premise(0, domain=far).verdict()
    other = made.step([0], made.method("forward-euler"), STEP)
    assert "is another one" in made.changed(subject=other).verdict()
