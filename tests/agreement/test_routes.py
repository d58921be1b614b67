"""Every field of the table against a hand-written one, differentiated by jax."""

import jax
import numpy as np
import pytest
from agreement.cases import SIZES, VARIANTS, derived, drawn, named, tolerance

from stabcheck.fields import FIELDS, attention
from stabcheck.symbolic.lowering import products

CASES = [(variant, *size) for variant in VARIANTS for size in SIZES]
IDS = [f"{variant.name}-{n}x{d}" for variant, n, d in CASES]


def reference_jacobian(reference, state, parameters):
    """Columns of the Jacobian by jax.jvp of the hand-written field."""

    def column(unit):
        return jax.jvp(lambda X: reference(X, **parameters), (state,), (unit,))[1]

    units = np.eye(state.size).reshape(-1, *state.shape)
    columns = jax.vmap(column)(units)
    n, d = state.shape
    return np.moveaxis(np.asarray(columns).reshape(n, d, n, d), (0, 1), (2, 3))


@pytest.mark.parametrize(("variant", "n", "d"), CASES, ids=IDS)
def test_numpy_agrees_with_a_hand_written_field_differentiated_by_jax(variant, n, d):
    field, dense, forward, backward = derived(variant)
    _, state, direction, parameters = drawn(variant, n, d)
    true = reference_jacobian(variant.reference, state, parameters)
    room = tolerance(true)
    value = field.lower("numpy")(state, **parameters)
    assert np.abs(value - variant.reference(state, **parameters)).max() <= room
    matrix = dense.lower("numpy")(state, **parameters)
    assert matrix.shape == (n, d, n, d)
    assert np.abs(matrix - true).max() <= room
    pushed = forward.lower("numpy")(state, direction, **parameters)
    applied = np.einsum("iajb,jb->ia", true, direction)
    assert np.abs(pushed - applied).max() <= n * d * room
    back = backward.lower("numpy")(state, direction, **parameters)
    pulled = np.einsum("iajb,ia->jb", true, direction)
    assert np.abs(back - pulled).max() <= n * d * room


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda variant: variant.name)
def test_jax_agrees_with_numpy(variant):
    # One size each: every size is compiled anew.
    _, dense, _, _ = derived(variant)
    _, state, _, parameters = drawn(variant, 3, 2)
    compiled = dense.lower("jax")(state, **parameters)
    plain = dense.lower("numpy")(state, **parameters)
    assert compiled.dtype == np.float64
    assert np.abs(np.asarray(compiled) - plain).max() <= tolerance(plain)


def test_every_kind_of_field_has_a_line_in_the_table():
    simple = {field.name for field in (f() for f in FIELDS.values()) if not field.parts}
    tabled = {variant.declare().name for variant in VARIANTS}
    assert simple <= tabled


def test_the_head_axis_may_be_left_out_for_one_head():
    variant = named("one-head")
    field, state, _, parameters = drawn(variant, 3, 2)
    flat = {k: v[0] if v.ndim == 3 else v for k, v in parameters.items()}
    kernel = field.jacobian().lower("numpy")
    assert np.array_equal(kernel(state, **parameters), kernel(state, **flat))


def test_many_heads_are_contracted_instead_of_unrolled_with_the_same_result():
    rng, heads = np.random.default_rng(0), products.UNROLLED + 1
    parameters = {
        "W_Q": rng.standard_normal((heads, 2, 1)),
        "W_K": rng.standard_normal((heads, 2, 1)),
        "W_V": rng.standard_normal((heads, 2, 1)),
        "W_O": rng.standard_normal((heads, 2)),
    }
    state = rng.standard_normal((3, 2))
    dense = attention(heads=heads).jacobian().lower("numpy")(state, **parameters)
    parts = sum(
        attention()
        .jacobian()
        .lower("numpy")(state, **{name: W[h : h + 1] for name, W in parameters.items()})
        for h in range(heads)
    )
    assert np.abs(dense - parts).max() <= heads * tolerance(parts)
