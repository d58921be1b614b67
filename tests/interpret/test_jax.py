"""The JAX interpretation: 64 bits, jit, vmap, and few temporaries."""

import jax
import numpy as np
import pytest

from stabcheck.fields import attention, rms_norm


def weights(rng, heads, d, width):
    shapes = {
        "W_Q": (heads, d, width),
        "W_K": (heads, d, width),
        "W_V": (heads, d, width),
        "W_O": (heads * width, d),
    }
    return {name: rng.standard_normal(shape) for name, shape in shapes.items()}


def test_kernels_work_under_jit_and_vmap():
    rng = np.random.default_rng(0)
    parameters = {"gamma": rng.standard_normal(3), "epsilon": 0.1}
    kernel = rms_norm().jacobian().lower("jax")
    states = rng.standard_normal((4, 2, 3))
    mapped = jax.jit(jax.vmap(lambda X: kernel(X, **parameters)))(states)
    each = np.stack([kernel(state, **parameters) for state in states])
    assert mapped.dtype == np.float64
    assert np.abs(mapped - each).max() <= 2**6 * np.finfo(float).eps


@pytest.mark.parametrize("causal", [False, True])
def test_the_dense_jacobian_needs_few_temporaries(causal):
    n, d, heads = 24, 24, 4
    rng = np.random.default_rng(0)
    kernel = attention(heads=heads, causal=causal).jacobian().lower("jax")
    state = rng.standard_normal((n, d))
    values = {"X": state, **weights(rng, heads, d, d // heads)}
    program = kernel.program(kernel.sizes(values))
    compiled = jax.jit(program).lower(values).compile()
    memory = compiled.memory_analysis()
    assert memory.output_size_in_bytes == 8 * (n * d) ** 2
    assert memory.temp_size_in_bytes < memory.output_size_in_bytes / 2
