"""one-leg-g-norm: the last values of two solutions in the norm of G."""

from fractions import Fraction

import numpy as np
import pytest
from growth.step_fields import bounded_fields
from hypothesis import given
from hypothesis import strategies as st
from strategies import SEEDS, generator

from stabcheck.growth import StageBounds, one_leg_growth
from stabcheck.integrators import get
from stabcheck.integrators.memory.multistep import LinearMultistep

TRAPEZOID = LinearMultistep("trapezoid-twin", (-1, 1), ("1/2", "1/2"))
METHODS = [get("bdf:1"), get("bdf:2"), TRAPEZOID]


def advanced(method, field, h, values):
    """The next value, by fixed-point iteration: for contractions only."""
    scale = float(sum(method.beta))
    alpha = np.array([float(a) for a in method.alpha]) / scale
    beta = np.array([float(b) for b in method.beta]) / scale
    new = values[-1]
    for _ in range(400):
        slope = field(beta[:-1] @ values + beta[-1] * new)
        new = (h * slope - alpha[:-1] @ values) / alpha[-1]
    return new


def size(G, values):
    return float(np.sqrt(np.einsum("ij,ia,ja->", G, values, values)))


@pytest.mark.theorem("one-leg-g-norm")
@given(st.sampled_from(METHODS), bounded_fields(), st.sampled_from([0.05, 0.6]), SEEDS)
def test_the_last_values_part_by_no_more_than_the_growth(method, field, hL, seed):
    rng, steps = generator(seed), method.steps
    h = hL / max(field.L, 1e-6)
    room = Fraction(1, 10**12)
    bounds = StageBounds(
        (Fraction(field.L) + room,),
        (Fraction(field.mu) + room,),
        (Fraction(field.m) - room,),
    )
    found = one_leg_growth(method, Fraction(h), bounds)
    G = np.array(found.G, dtype=float)
    x, y = rng.standard_normal((2, steps, field.size))
    after = [np.vstack([v, advanced(method, field, h, v)])[1:] for v in (x, y)]
    grown = size(G, after[0] - after[1])
    assert grown <= found.bound.value * size(G, x - y) + 1e-10


@given(st.sampled_from(METHODS), st.sampled_from([0, Fraction(-1, 3)]))
def test_g_stable_methods_are_contractive_for_dissipative_fields(method, upper):
    bounds = StageBounds((Fraction(5),), (Fraction(upper),), (Fraction(-5),))
    assert one_leg_growth(method, Fraction(7, 2), bounds).bound.value <= 1.0


@pytest.mark.theorem("one-leg-g-norm", refutes="the Euclidean norm for G")
def test_bdf2_expands_in_the_euclidean_norm():
    values = np.array([[1.0], [-1.0]])
    new = (4 * values[1] - values[0]) / 3
    after = np.vstack([values[1:], new])
    assert np.linalg.norm(after) > np.linalg.norm(values)
    bounds = StageBounds((Fraction(0),), (Fraction(0),))
    found = one_leg_growth(get("bdf:2"), Fraction(1), bounds)
    G = np.array(found.G, dtype=float)
    assert size(G, after) <= found.bound.value * size(G, values)


def test_backward_euler_has_its_closed_form():
    bounds = StageBounds((Fraction(1, 2),), (Fraction(1, 4),))
    value = one_leg_growth(get("bdf:1"), Fraction(1), bounds).bound.value
    assert 4 / 3 <= value < 4 / 3 + 1e-8


def test_a_method_that_is_not_g_stable_says_so():
    bounds = StageBounds((Fraction(1),))
    found = one_leg_growth(get("bdf:3"), Fraction(1), bounds)
    assert found.bound.value is None
    assert "not G-stable" in found.bound.reason


def test_a_step_that_may_not_exist_has_no_growth():
    bounds = StageBounds((Fraction(9),), (Fraction(9),))
    found = one_leg_growth(get("bdf:2"), Fraction(1), bounds)
    assert found.bound.value is None
    assert "take a smaller step" in found.bound.reason
