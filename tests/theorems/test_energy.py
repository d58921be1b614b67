"""explicit-runge-kutta-energy: the energy bound of an explicit step."""

import numpy as np
import pytest
from growth.step_fields import STEPS, bounded_fields, take_step
from hypothesis import given
from hypothesis import strategies as st
from strategies import SEEDS, generator

from stabcheck import growth, integrators

METHODS = st.sampled_from(["forward-euler", "heun", "ssprk3", "rk4"])


def energy(method, field, h, quantity):
    A = [[float(a) for a in row] for row in method.A]
    b = [float(weight) for weight in method.b]
    slope = field.mu if quantity == "growth" else field.m
    norms, slopes = [field.L] * len(b), [slope] * len(b)
    return growth.explicit_energy(A, b, h, norms, slopes, quantity)


@pytest.mark.theorem("explicit-runge-kutta-energy")
@given(METHODS, bounded_fields(), STEPS, SEEDS)
def test_two_steps_part_by_no_more_and_no_less(name, field, h, seed):
    method, rng = integrators.get(name), generator(seed)
    x, y = rng.standard_normal((2, field.size))
    before = np.linalg.norm(x - y)
    after = np.linalg.norm(
        take_step(method, field, h, x) - take_step(method, field, h, y)
    )
    room = 1e-12 * (1 + after)
    grown = energy(method, field, h, "growth")
    assert grown.value is None or after <= grown.value * before + room
    shrunk = energy(method, field, h, "shrink")
    assert shrunk.value is None or after >= shrunk.value * before - room


@given(METHODS, bounded_fields(dissipative=True))
def test_it_beats_the_crude_bound_for_dissipative_fields_and_small_steps(name, field):
    method, h = integrators.get(name), 0.05 / field.L
    A = [[float(a) for a in row] for row in method.A]
    b = [float(weight) for weight in method.b]
    crude = growth.explicit_growth(A, b, h, [field.L] * len(b))
    found = energy(method, field, h, "growth")
    assert found.value is None or found.value <= crude.value * (1 + 1e-9)


@pytest.mark.theorem(
    "explicit-runge-kutta-energy", refutes="the diagonal of the form dropped"
)
def test_the_diagonal_of_the_form_cannot_be_dropped():
    rotation = np.array([[0.0, -1.0], [1.0, 0.0]])
    exact = np.linalg.norm(np.eye(2) + rotation, 2)
    assert exact > 1.4
    bound = growth.explicit_energy([[0.0]], [1.0], 1.0, [1.0], [0.0], "growth")
    assert exact <= bound.value <= exact * (1 + 1e-8)


@pytest.mark.theorem("explicit-runge-kutta-energy", refutes="negative weights allowed")
def test_a_negative_weight_gives_no_bound():
    bound = growth.explicit_energy(
        [[0.0, 0.0], [1.0, 0.0]], [-1.0, 2.0], 0.1, [1.0, 1.0], [1.0, 1.0], "growth"
    )
    assert bound.value is None
    assert "negative weight" in bound.reason
