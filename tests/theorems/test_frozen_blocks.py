"""momentum-schur-cohn and leapfrog-symplectic: blocks with memory, J frozen."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from strategies import SEEDS, generator

from stabcheck import growth
from stabcheck.errors import InvalidInput

NUMBERS = st.fractions(-6, 6, max_denominator=50)


def largest_root(gamma, rate):
    a = 1 + gamma + (1 - gamma) * rate
    return max(abs(np.roots([1, -a, gamma])))


@pytest.mark.theorem("momentum-schur-cohn")
@given(st.fractions(-1, 1, max_denominator=20), NUMBERS, NUMBERS)
def test_momentum_decays_exactly_where_its_roots_are_inside(gamma, real, imaginary):
    size = largest_root(float(gamma), complex(real, imaginary))
    assume(abs(size - 1) > 1e-6)
    assert growth.momentum_decays(gamma, real, imaginary) == (size < 1)


@pytest.mark.parametrize("gamma", ["0", "1/2", "9/10"])
def test_the_real_interval_of_momentum_is_exact(gamma):
    gamma = Fraction(gamma)
    end = -2 * (1 + gamma) / (1 - gamma)
    tiny = Fraction(1, 10**30)
    assert growth.momentum_decays(gamma, end + tiny)
    assert not growth.momentum_decays(gamma, end)
    assert growth.momentum_decays(gamma, -tiny)
    assert not growth.momentum_decays(gamma, 0)


@pytest.mark.theorem("momentum-schur-cohn", refutes="no condition on imaginary parts")
def test_momentum_may_explode_on_a_turn_that_does_not_grow():
    assert not growth.momentum_decays(Fraction(9, 10), Fraction(-1), Fraction(4))
    assert largest_root(0.9, -1 + 4j) > 1


def leapfrog(H):
    size = len(H)
    zero, one = np.zeros((size, size)), np.eye(size)
    return np.block([[zero, one], [-one, 2 * one + H]])


@pytest.mark.theorem("leapfrog-symplectic")
@given(st.integers(1, 4), st.integers(1, 5), SEEDS)
def test_the_shrink_of_a_leapfrog_stack_is_one_over_its_growth(size, depth, seed):
    rng = generator(seed)
    product = np.eye(2 * size)
    for _ in range(depth):
        H = rng.standard_normal((size, size))
        product = leapfrog(-(H + H.T) / 2) @ product
    values = np.linalg.svd(product, compute_uv=False)
    shrink = float(growth.leapfrog_shrink(Fraction(values[0])))
    assert abs(values[-1] - shrink) <= 1e-12 * values[0] * (1 + values[0])


@given(st.fractions(-5, "1/2", max_denominator=100))
def test_powers_of_leapfrog_are_bounded_exactly_between_its_ends(z):
    step = leapfrog(np.array([[float(z)]]))
    last = np.linalg.norm(np.linalg.matrix_power(step, 300))
    assert growth.leapfrog_is_bounded(z) == (last < 100)


@pytest.mark.theorem("leapfrog-symplectic", refutes="stable at z = -4")
def test_at_its_end_leapfrog_grows_linearly():
    step = leapfrog(np.array([[-4.0]]))
    assert not growth.leapfrog_is_bounded(-4)
    assert np.linalg.norm(np.linalg.matrix_power(step, 1000)) > 1000


def test_a_growth_below_one_is_no_leapfrog():
    with pytest.raises(InvalidInput, match="below 1"):
        growth.leapfrog_shrink(Fraction(1, 2))
