"""Derived fields are fields again: second derivatives of some of the table."""

import jax
import numpy as np
import pytest
from agreement.cases import derived, drawn, named, tolerance

NAMES = ("causal-biased", "linear", "sinkhorn")


@pytest.mark.parametrize("name", NAMES)
def test_second_derivatives_agree_with_jax(name):
    variant = named(name)
    _, dense, forward, backward = derived(variant)
    _, state, first, parameters = drawn(variant, 3, 2)
    second = np.random.default_rng(5).standard_normal(state.shape)

    def along(X):
        function = lambda Y: variant.reference(Y, **parameters)  # noqa: E731
        return jax.jvp(function, (X,), (first,))[1]

    true, pull = jax.vjp(along, state)
    true = np.asarray(jax.jvp(along, (state,), (second,))[1])
    pulled = np.asarray(pull(second)[0])
    room = state.size * tolerance(true, pulled)
    given = (state, first, second)
    twice = forward.jvp().lower("numpy")(*given, **parameters)
    assert np.abs(twice - true).max() <= room
    mixed = forward.vjp().lower("numpy")(*given, **parameters)
    assert np.abs(mixed - pulled).max() <= room
    swapped = backward.jvp().lower("numpy")(state, second, first, **parameters)
    assert np.abs(swapped - pulled).max() <= room
    hessian = dense.jacobian().lower("numpy")(state, **parameters)
    applied = np.einsum("iajbkc,jb,kc->ia", hessian, first, second)
    assert np.abs(applied - true).max() <= room
