"""Three interpretations and a hand-written field: one Jacobian."""

import jax
import numpy as np
import pytest
from agreement.cases import SIZES, VARIANTS, drawn, tolerance
from flint import arb

from stabcheck.fields import attention
from stabcheck.symbolic import products

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
    field, state, direction, parameters = drawn(variant, n, d)
    true = reference_jacobian(variant.reference, state, parameters)
    room = tolerance(true)
    value = field.lower("numpy")(state, **parameters)
    assert np.abs(value - variant.reference(state, **parameters)).max() <= room
    dense = field.jacobian().lower("numpy")(state, **parameters)
    assert dense.shape == (n, d, n, d)
    assert np.abs(dense - true).max() <= room
    forward = field.jvp().lower("numpy")(state, direction, **parameters)
    applied = np.einsum("iajb,jb->ia", true, direction)
    assert np.abs(forward - applied).max() <= n * d * room
    backward = field.vjp().lower("numpy")(state, direction, **parameters)
    pulled = np.einsum("iajb,ia->jb", true, direction)
    assert np.abs(backward - pulled).max() <= n * d * room


@pytest.mark.parametrize(("variant", "n", "d"), CASES, ids=IDS)
def test_the_ball_jacobian_encloses_what_numpy_rounds(variant, n, d):
    field, state, _, parameters = drawn(variant, n, d)
    dense = field.jacobian()
    balls = dense.lower("balls")(state, **parameters)
    floats = dense.lower("numpy")(state, **parameters)
    middles = np.array([float(ball.mid()) for ball in balls.ravel()])
    radii = np.array([float(ball.rad()) for ball in balls.ravel()])
    assert (radii <= 1e-25 * (1 + np.abs(middles))).all()
    assert np.abs(middles - floats.ravel()).max() <= tolerance(floats)


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda variant: variant.name)
def test_jax_agrees_with_numpy(variant):
    # One size each: every size is compiled anew.
    field, state, direction, parameters = drawn(variant, 3, 2)
    for derived, arguments in (
        (field.jacobian(), (state,)),
        (field.jvp(), (state, direction)),
    ):
        compiled = derived.lower("jax")(*arguments, **parameters)
        plain = derived.lower("numpy")(*arguments, **parameters)
        assert compiled.dtype == np.float64
        assert np.abs(np.asarray(compiled) - plain).max() <= tolerance(plain)


def test_a_ball_state_gives_a_jacobian_that_holds_every_state_in_it():
    variant = next(v for v in VARIANTS if v.name == "causal-biased")
    field, state, _, parameters = drawn(variant, 3, 2)
    radius = 2.0**-10
    wide = np.array([[arb(x, radius) for x in row] for row in state])
    dense = field.jacobian()
    enclosure = dense.lower("balls")(wide, **parameters)
    kernel, rng = dense.lower("balls"), np.random.default_rng(1)
    for _ in range(5):
        inside = state + radius * rng.uniform(-0.99, 0.99, state.shape)
        point = kernel(inside, **parameters)
        assert all(
            whole.contains(part)
            for whole, part in zip(enclosure.ravel(), point.ravel(), strict=True)
        )


def test_the_head_axis_may_be_left_out_for_one_head():
    variant = next(v for v in VARIANTS if v.name == "one-head")
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
        attention().jacobian().lower("numpy")(
            state, **{name: W[h : h + 1] for name, W in parameters.items()}
        )
        for h in range(heads)
    )
    assert np.abs(dense - parts).max() <= heads * tolerance(parts)


def test_second_derivatives_agree_with_jax():
    variant = next(v for v in VARIANTS if v.name == "causal-biased")
    field, state, first, parameters = drawn(variant, 3, 2)
    second = np.random.default_rng(5).standard_normal(state.shape)

    def along(X):
        function = lambda Y: variant.reference(Y, **parameters)  # noqa: E731
        return jax.jvp(function, (X,), (first,))[1]

    true = np.asarray(jax.jvp(along, (state,), (second,))[1])
    twice = field.jvp().jvp().lower("numpy")
    found = twice(state, first, second, **parameters)
    assert np.abs(found - true).max() <= tolerance(true)
    hessian = field.jacobian().jacobian().lower("numpy")(state, **parameters)
    applied = np.einsum("iajbkc,jb,kc->ia", hessian, first, second)
    assert np.abs(applied - true).max() <= state.size * tolerance(true)
