"""Energy attention descends its energy."""

import jax
import numpy as np
from agreement import plain_attention as plain
from agreement.cases import drawn, named, tolerance


def test_energy_attention_is_the_negative_gradient_of_its_energy():
    field, state, _, parameters = drawn(named("energy"), 4, 3)
    slope = jax.grad(lambda X: plain.energy(X, causal=True, **parameters))(state)
    value = field.lower("numpy")(state, **parameters)
    assert np.abs(value + slope).max() <= tolerance(value)
