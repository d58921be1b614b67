"""The JAX interpretation: number types, jit, vmap, grad, and few temporaries."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from stabcheck.errors import InvalidInput
from stabcheck.fields import attention, feed_forward, layer_norm, pre_norm, rms_norm
from stabcheck.symbolic import Tensor

ATTENTIONS = {
    "dot": lambda heads: attention(heads=heads),
    "causal": lambda heads: attention(heads=heads, causal=True),
    "grouped-query": lambda heads: attention(heads=heads, groups=2),
    "rope": lambda heads: attention(heads=heads, rotary="half"),
    "qk-norm": lambda heads: attention(heads=heads, qk_norm="rms"),
    "l2": lambda heads: attention(heads=heads, score="l2"),
    "pre-norm": lambda heads: pre_norm(rms_norm(), attention(heads=heads)),
}
EPS = {"float64": 2.0**-52, "float32": 2.0**-23, "bfloat16": 2.0**-7}


def drawn(field, n, d, heads=1, seed=0):
    """A state and parameters of a declaration, by its own shapes."""
    rng = np.random.default_rng(seed)
    width = d // heads
    named = {"n": n, "d": d, "H": heads, "d_k": width, "d_v": width, "m": 5}
    named["d_r"] = width // 2
    sizes = {s: named.get(s.name) for p in _tensors(field) for s in _symbols(p)}
    sizes.update(field.sizes)
    values = {field.state.name: rng.standard_normal((n, d))}
    for parameter in _tensors(field)[1:]:
        axes = (a if isinstance(a, tuple) else (a,) for a in parameter.axes)
        shape = [int(np.prod([int(i.size.xreplace(sizes)) for i in a])) for a in axes]
        values[parameter.name] = rng.standard_normal(shape) / d**0.5
    for parameter in field.parameters:
        if not isinstance(parameter, Tensor) and parameter.default is None:
            values[parameter.name] = 0.1
    return values


def _tensors(field):
    return [field.state, *(p for p in field.parameters if isinstance(p, Tensor))]


def _symbols(tensor):
    return {symbol for index in tensor.indices for symbol in index.size.free_symbols}


def split(values):
    """The state, and the rest by name."""
    return values["X"], {name: v for name, v in values.items() if name != "X"}


def test_kernels_work_under_jit_and_vmap():
    values = drawn(rms_norm(), 2, 3)
    kernel = rms_norm().jacobian().lower("jax")
    states = np.random.default_rng(0).standard_normal((4, 2, 3))
    _, parameters = split(values)
    mapped = jax.jit(jax.vmap(lambda X: kernel(X, **parameters)))(states)
    each = np.stack([kernel(state, **parameters) for state in states])
    assert mapped.dtype == np.float64
    assert np.abs(mapped - each).max() <= 2**6 * EPS["float64"]


def test_products_are_batched_over_states_and_directions():
    field = rms_norm()
    _, parameters = split(drawn(field, 3, 4))
    states, along = np.random.default_rng(1).standard_normal((2, 5, 3, 4))
    kernel = field.vjp().lower("jax")
    mapped = jax.vmap(lambda X, V: kernel(X, V, **parameters))(states, along)
    each = np.stack([kernel(states[at], along[at], **parameters) for at in range(5)])
    assert np.abs(mapped - each).max() <= 2**8 * EPS["float64"]


@pytest.mark.parametrize("how", ["value", "jacobian", "jvp", "vjp"])
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_the_number_type_of_a_result_is_that_of_the_state(dtype, how):
    field = pre_norm(rms_norm(), attention(causal=True))
    derived = field if how == "value" else getattr(field, how)()
    state, parameters = split(drawn(field, 3, 2))
    given = jnp.asarray(state, dtype=dtype)
    exact = np.asarray(given, dtype=float)
    along = (exact,) if derived.directions else ()
    found = derived.lower("jax")(given, *along, **parameters)
    true = derived.lower("numpy")(exact, *along, **parameters)
    assert found.dtype == dtype
    room = 2**4 * EPS[dtype] * (1 + np.abs(true).max())
    assert np.abs(np.asarray(found, dtype=float) - true).max() <= room


def test_half_precision_is_computed_in_single_and_rounded_once():
    values = drawn(feed_forward(), 3, 4)
    kernel = feed_forward().lower("jax")
    state, parameters = split(values)
    given = jnp.asarray(state, dtype=jnp.bfloat16)
    single = kernel(given.astype(np.float32), **parameters)
    assert np.array_equal(kernel(given, **parameters), single.astype(jnp.bfloat16))


def test_numpy_follows_single_precision_too():
    state = np.ones((2, 3), dtype=np.float32)
    parameters = {"gamma": np.arange(3.0), "epsilon": 0.1}
    for derived in (rms_norm(), rms_norm().jacobian()):
        assert derived.lower("numpy")(state, **parameters).dtype == np.float32


def test_states_without_a_floating_type_are_taken_as_float64():
    kernel = rms_norm().lower("jax")
    for state in ([[1.0, 2.0]], [[1, 2]], np.array([[1, 2]])):
        assert kernel(state, gamma=[1, 1], epsilon=0.5).dtype == np.float64
    with pytest.raises(InvalidInput, match="found values of type complex128"):
        kernel([[1.0, 2.0]], gamma=[1j, 1], epsilon=0.5)
    with pytest.raises(InvalidInput, match="found values of type object"):
        kernel([[1.0, 2.0]], gamma=[None, 1], epsilon=0.5)


@pytest.mark.parametrize("name", [*ATTENTIONS, "feed-forward"])
def test_no_constant_promotes_single_precision_and_nothing_leaves_the_device(name):
    field = ATTENTIONS[name](4) if name in ATTENTIONS else feed_forward()
    values = {
        key: np.asarray(value, dtype=np.float32)
        for key, value in drawn(field, 3, 8, 4).items()
    }
    for derived in (field, field.jacobian()):
        kernel = derived.lower("jax")
        program = kernel.program(kernel.sizes(values))
        lowered = jax.jit(program).lower(values).as_text()
        assert "xf32" in lowered
        assert "xf64" not in lowered
        assert "callback" not in lowered


def test_the_meta_test_a_promotion_would_be_seen():
    promoting = jax.jit(lambda x: x * np.float64(2)).lower(np.ones(3, np.float32))
    assert "xf64" in promoting.as_text()


@pytest.mark.parametrize(
    ("name", "product"),
    [("dot", "jvp"), ("causal", "vjp"), ("grouped-query", "vjp"), ("l2", "vjp")],
)
def test_automatic_products_agree_with_the_symbolic_ones(name, product):
    field = ATTENTIONS[name](4)
    derived = getattr(field, product)()
    assert derived.origin == (product, field)
    state, parameters = split(drawn(field, 3, 8, 4))
    along = np.random.default_rng(1).standard_normal(state.shape)
    automatic = derived.lower("jax")(state, along, **parameters)
    symbolic = replace(derived, origin=None).lower("numpy")(state, along, **parameters)
    room = 2**8 * EPS["float64"] * (1 + np.abs(symbolic).max())
    assert np.abs(automatic - symbolic).max() <= room


def test_a_jacobian_is_differentiable_in_state_and_parameters():
    field = rms_norm()
    kernel = field.jacobian().lower("jax")

    @jax.jit
    def energy(values):
        state, parameters = split(values)
        return (kernel(state, **parameters) ** 2).sum()

    values = drawn(field, 2, 3)
    gradient = jax.grad(energy)(values)
    for name in ("X", "gamma"):
        step = 2.0**-20
        along = np.random.default_rng(2).standard_normal(values[name].shape)
        ends = [
            energy({**values, name: values[name] + sign * step * along})
            for sign in (1, -1)
        ]
        slope = (ends[0] - ends[1]) / (2 * step)
        assert abs(slope - (gradient[name] * along).sum()) <= 2.0**-26 * abs(slope)


@pytest.mark.parametrize("name", ["causal", "grouped-query", "rope", "pre-norm"])
def test_the_dense_jacobian_needs_few_temporaries(name):
    # Beside the result there are arrays of (H, n, n, d) and (H, n, d, d) at most.
    n, d, heads = 32, 32, 4
    field = ATTENTIONS[name](heads)
    kernel = field.jacobian().lower("jax")
    values = drawn(field, n, d, heads)
    compiled = jax.jit(kernel.program(kernel.sizes(values))).lower(values).compile()
    memory = compiled.memory_analysis()
    assert memory.output_size_in_bytes == 8 * (n * d) ** 2
    assert memory.temp_size_in_bytes < memory.output_size_in_bytes / 2


def test_blocks_of_a_token_wise_field_need_no_dense_jacobian():
    n, d = 64, 8
    field = pre_norm(layer_norm(), feed_forward())
    kernel = field.jacobian().blocks().lower("jax")
    values = drawn(field, n, d)
    compiled = jax.jit(kernel.program(kernel.sizes(values))).lower(values).compile()
    memory = compiled.memory_analysis()
    assert memory.output_size_in_bytes == 8 * n * d**2
    assert memory.temp_size_in_bytes < 8 * (n * d) ** 2 / 4
