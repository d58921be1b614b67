"""The theorems that keep the first order compete for the tubes of a stack."""

from fractions import Fraction

import numpy as np
import pytest

import stabcheck as sc
from stabcheck.bounds import Attention
from stabcheck.certify.centres import QUANTITIES, Centre
from stabcheck.certify.draft import Draft
from stabcheck.certify.plan_writer import Effort, Writer
from stabcheck.certify.plans import plan_tube
from stabcheck.certify.sharp_plans import LARGEST_STATE, sharp_plans

RADIUS = Fraction(1, 50)


def centre(tokens=4, features=6):
    generator = np.random.default_rng(2)
    weights = generator.standard_normal((3, 2, features, 3)) / features**0.5
    output = generator.standard_normal((6, features)) / features**0.5
    field = Attention(*weights, W_O=output, causal=True)
    return Centre((field,), generator.standard_normal((tokens, features)))


def test_they_win_on_a_wide_tube_and_the_checker_accepts_them():
    at, draft = centre(), Draft()
    writer = Writer(draft, "attention")
    for quantity in QUANTITIES:
        plain = plan_tube(at, RADIUS, quantity)
        sharp = plan_tube(at, RADIUS, quantity, Effort.SHARP)
        value = at.value(quantity)
        assert abs(sharp.value - value) < 0.6 * abs(plain.value - value)
        assert sharp.bound.theorem == "attention-pencil"
        writer.emit(sharp)
    verdict = sc.check(draft.certificate("tubes of an attention", "", {}))
    assert (verdict.status, verdict.claims) == ("accepted", len(QUANTITIES))


@pytest.mark.parametrize("quantity", QUANTITIES)
def test_they_are_not_tried_where_the_others_are_good_enough(quantity):
    at = centre()
    assert sharp_plans(at, RADIUS, quantity, at.value(quantity) * 1.001) == []


def test_they_are_not_tried_on_states_that_are_too_large():
    at = centre(tokens=LARGEST_STATE // 6 + 1)
    assert sharp_plans(at, RADIUS, "spectral-norm", np.inf) == []
