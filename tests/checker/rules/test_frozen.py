"""Momentum on a frozen Jacobian: the eigenvalues that premises allow, and no others."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from checker.rules.documents import Document
from checker.rules.step_claims import LOWER, NORM, STATE, STEP, TOKENS, UPPER, field
from hypothesis import given
from hypothesis import strategies as st

from stabcheck.certificate import rational
from stabcheck.growth.frozen_blocks import momentum_radius, momentum_stays_below

VALUES = {NORM: Fraction(3), UPPER: Fraction(1, 2), LOWER: Fraction(-2)}
SMALL = st.fractions(-4, 4, max_denominator=30)


def claimed(gamma="1/2", values=VALUES, *, radius=None, alpha=None):
    made, g = Document(), Fraction(gamma)
    index = [made.field(field(), TOKENS)]
    point = made.tube(STATE)
    premises = [made.given(q, {"branch": index}, point, v) for q, v in values.items()]
    rows = {"alpha": alpha or [g, -1 - g, 1], "beta": [0, 1 - g, 0]}
    record = {k: [rational(Fraction(x)) for x in row] for k, row in rows.items()}
    made.integrators.append({"name": "momentum"} | record)
    subject = made.step(index, 0, STEP)["step"]
    h = [STEP * values.get(q, 0) for q in (NORM, UPPER, LOWER)]
    made.claim(
        "momentum-schur-cohn",
        "frozen-radius",
        {"frozen": subject},
        point if radius is None else made.tube(STATE, radius),
        momentum_radius(g, *h),
        premises,
    )
    return made


@pytest.mark.parametrize("gamma", ["0", "1/2", "9/10", "-1/3"])
def test_the_radius_found_is_accepted_and_a_smaller_one_refused(gamma):
    made = claimed(gamma)
    assert made.verdict() == "accepted"
    smaller = made.changed(bound=made.claims[-1].bound * (1 - Fraction(1, 1 << 29)))
    assert "stronger than the premises give" in smaller.verdict()


@given(st.fractions("-9/10", "9/10", max_denominator=20), SMALL, SMALL, SMALL)
def test_every_allowed_eigenvalue_has_its_roots_below_the_radius(g, norm, upper, lower):
    norm, lower, upper = abs(norm), *sorted((lower, upper))
    lower, upper = max(lower, -norm), min(upper, norm)
    if lower > upper:
        return
    radius = float(momentum_radius(g, norm, upper, lower))
    for x in np.linspace(float(lower), float(upper), 9):
        y = np.sqrt(max(0.0, float(norm) ** 2 - x * x))
        a = 1 + float(g) + (1 - float(g)) * complex(x, y)
        # Near a double root the modulus moves with the root of the rounding.
        assert max(abs(np.roots([1, -a, float(g)]))) < radius + 1e-6


def test_the_radius_is_close_to_what_some_eigenvalue_attains():
    radius = float(momentum_radius(Fraction(1, 2), Fraction(2), Fraction(1), -2))
    attained = []
    for x in np.linspace(-2, 1, 3001):
        a = 1.5 + 0.5 * complex(x, np.sqrt(max(0.0, 4 - x * x)))
        attained.append(max(abs(np.roots([1, -a, 0.5]))))
    assert max(attained) <= radius < max(attained) * (1 + 1e-6)


@given(st.fractions(0, 2, max_denominator=50), SMALL, SMALL)
def test_checker_and_prover_decide_alike(radius, upper, lower):
    from stabcheck.checker.rules.frozen import _stays_below

    arguments = (radius, Fraction(1, 2), Fraction(3), upper, lower)
    assert _stays_below(*arguments) == (radius > 0 and momentum_stays_below(*arguments))


def test_the_end_of_the_real_interval_is_refused_and_what_lies_inside_accepted():
    # gamma = 1/2: -6 < z < 0, with h = 1/4 an eigenvalue of -24 + 1e-9 still decays.
    tiny = Fraction(1, 10**9)
    inside = {NORM: 24 - tiny, UPPER: -24 + tiny, LOWER: -24 + tiny}
    assert claimed(values=inside).changed(bound=Fraction(1)).verdict() == "accepted"
    end = {NORM: Fraction(24), UPPER: Fraction(-24), LOWER: Fraction(-24)}
    refused = claimed(values=end).changed(bound=Fraction(1))
    assert "stronger than the premises give" in refused.verdict()


def test_a_tube_and_another_method_are_refused():
    assert "frozen at a point" in claimed(radius=Fraction(1, 100)).verdict()
    other = claimed(alpha=[1, -2, 1]).verdict()
    assert "another one" in other


def test_other_subjects_quantities_and_premises_are_refused():
    made = claimed()
    assert "bounds frozen-radius" in made.changed(quantity="growth").verdict()
    assert "frozen recursion" in made.changed(subject={"branch": [0]}).verdict()
    assert (
        "the premises" in made.changed(premises=made.claims[-1].premises[:2]).verdict()
    )
    assert "stronger" in made.changed(bound=Fraction(0)).verdict()
    assert "stronger" in made.changed(bound=Fraction(-5)).verdict()


def test_a_premise_at_another_state_is_refused():
    made = claimed()
    made.claims[0] = replace(made.claims[0], domain=made.tube(STATE + 1))
    assert "round" in made.verdict()


def test_a_large_norm_has_no_radius():
    assert momentum_radius(Fraction(1, 2), Fraction(10**30), 0, -1) is None
