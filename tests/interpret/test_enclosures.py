"""Enclosures over a box: rigorous, isotonic, and about as narrow as first order."""

from dataclasses import replace

import numpy as np
import pytest
from agreement.cases import VARIANTS, drawn
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import SEEDS, generator

from stabcheck.errors import InvalidInput
from stabcheck.fields import (
    attention,
    feed_forward,
    l2_norm,
    layer_norm,
    pre_norm,
    rms_norm,
)
from stabcheck.interpret.ball_arrays import from_balls
from stabcheck.interpret.enclosures import FORMS, enclose
from stabcheck.interpret.midpoint_radius import MidpointRadius
from stabcheck.symbolic import Field

FIELDS: dict[str, Field] = {
    "attention": attention(heads=2),
    "causal": attention(heads=2, causal=True, biases=True),
    "one head": attention(bias=True),
    "layer-norm": layer_norm(),
    "feed-forward": feed_forward(),
    "pre-norm": pre_norm(rms_norm(), attention(heads=2)),
}
DERIVED = {name: (field, field.jacobian()) for name, field in FIELDS.items()}
SIZES = ((1, 1), (2, 3), (3, 2))


def parameters(field: Field, rng, features: int) -> dict[str, np.ndarray]:
    sizes = {"d": features, "H": 2, "d_k": 2, "d_v": 3, "m": 3}
    sizes |= {size.name: value for size, value in field.sizes.items()}
    shapes = {
        "W_Q": ("H", "d", "d_k"),
        "W_K": ("H", "d", "d_k"),
        "W_V": ("H", "d", "d_v"),
        "b_Q": ("H", "d_k"),
        "b_K": ("H", "d_k"),
        "b_V": ("H", "d_v"),
        "W_1": ("d", "m"),
        "b_1": ("m",),
        "W_2": ("m", "d"),
    }
    found = {}
    for parameter in field.parameters:
        name = parameter.name
        if name == "W_O":
            shape = (sizes["H"] * sizes["d_v"], features)
        else:
            shape = tuple(sizes[axis] for axis in shapes.get(name, ("d",)))
        found[name] = rng.standard_normal(shape)
    found |= {"epsilon": 0.1} if "epsilon" in found else {}
    found.pop("scale", None)
    return found


def drawn_case(name: str, size, seed: int):
    rng = generator(seed)
    tokens, features = size
    field, jacobian = DERIVED[name]
    given = parameters(field, rng, features)
    if "bias" in given:
        given["bias"] = rng.standard_normal((tokens, tokens))
    return field, jacobian, rng.standard_normal(size), given, rng


def inside(enclosure: MidpointRadius, points: MidpointRadius) -> bool:
    """Whether the enclosure holds a value whose own enclosure is far narrower."""
    room = points.radius + 2**-40 * (1 + np.abs(points.midpoint))
    return bool(
        (enclosure.lower <= points.midpoint + room).all()
        and (points.midpoint - room <= enclosure.upper).all()
    )


def assert_enclosed(kernel, state, radius, form, parameters, rng):
    """Both ends of the box, and states in it, give values in the enclosure."""
    box = enclose(kernel, state, radius, form=form, **parameters)
    exact = kernel.lower("balls")
    for _ in range(3):
        move = rng.choice([-1.0, 1.0, rng.uniform(-1, 1)], state.shape)
        at = exact(state + radius * (1 - 1e-12) * move, **parameters)
        assert inside(box, from_balls(at))


@settings(max_examples=8)
@given(
    st.sampled_from(sorted(FIELDS)),
    st.sampled_from(SIZES),
    SEEDS,
    st.sampled_from([1e-4, 1e-2, 0.3]),
)
def test_a_natural_enclosure_holds_the_values_at_all_states_of_the_box(
    name, size, seed, radius
):
    field, jacobian, state, given_, rng = drawn_case(name, size, seed)
    for kernel in (field, jacobian):
        assert_enclosed(kernel, state, radius, "natural", given_, rng)


@pytest.mark.parametrize("form", ["mean-value", "best"])
@pytest.mark.parametrize("name", sorted(FIELDS))
def test_a_mean_value_enclosure_holds_the_values_at_all_states_of_the_box(name, form):
    size, radius = (SIZES[1], 0.02) if form == "best" else (SIZES[2], 0.3)
    field, jacobian, state, given_, rng = drawn_case(name, size, 1)
    assert_enclosed(field, state, radius, form, given_, rng)
    if name not in ("pre-norm", "causal"):  # their second derivatives take seconds
        assert_enclosed(jacobian, state, radius, form, given_, rng)


@settings(max_examples=6)
@given(st.sampled_from(sorted(FIELDS)), st.sampled_from(SIZES), SEEDS)
def test_a_smaller_box_has_a_smaller_enclosure(name, size, seed):
    field, jacobian, state, given_, rng = drawn_case(name, size, seed)
    centre = state + 0.04 * rng.uniform(-1, 1, size)
    for kernel in (field, jacobian):
        outer = enclose(kernel, state, 0.05, form="natural", **given_)
        inner = enclose(kernel, centre, 0.01, form="natural", **given_)
        room = 2**-40 * (1 + np.abs(inner.midpoint))
        assert (outer.lower <= inner.lower + room).all()
        assert (inner.upper <= outer.upper + room).all()


def test_the_best_form_is_at_least_as_narrow_as_both():
    _, jacobian, state, given_, _ = drawn_case("attention", (3, 2), 0)
    for radius in (1e-3, 0.2):
        found = {f: enclose(jacobian, state, radius, form=f, **given_) for f in FORMS}
        best = found.pop("best")
        for other in found.values():
            assert (best.radius <= other.radius * (1 + 2**-40) + 2**-1000).all()


def test_small_boxes_are_enclosed_to_first_order():
    _, jacobian, state, given_, _ = drawn_case("attention", (3, 2), 0)
    second = jacobian.jacobian().lower("numpy")(state, **given_)
    reach = np.abs(second).sum(axis=(-2, -1))
    found = enclose(jacobian, state, 2.0**-20, **given_)
    assert found.radius.mean() <= 1.001 * 2.0**-20 * reach.mean()


def test_centred_averages_are_narrower_than_the_formula_as_it_stands():
    # Without its origin a Jacobian cannot be derived anew from averages.
    _, jacobian, state, given_, _ = drawn_case("attention", (3, 2), 0)
    plain = replace(jacobian, origin=None)
    narrow, wide = (
        enclose(one, state, 0.01, form="natural", **given_).radius.mean()
        for one in (jacobian, plain)
    )
    assert narrow < 0.8 * wide


def test_a_shift_of_the_values_does_not_widen_the_jacobian():
    _, jacobian, state, given_, _ = drawn_case("causal", (3, 2), 0)
    far = given_ | {"b_V": given_["b_V"] + 1000.0}
    near, shifted = (
        enclose(jacobian, state, 0.01, form="natural", **one).radius
        for one in (given_, far)
    )
    assert np.abs(near - shifted).max() <= 2**-20 * near.max()


def test_states_behind_a_causal_mask_have_exactly_no_influence():
    _, jacobian, state, given_, _ = drawn_case("causal", (3, 2), 0)
    found = enclose(jacobian, state, 0.1, form="natural", **given_)
    assert not found.midpoint[0, :, 1:].any()
    assert not found.radius[0, :, 1:].any()


@pytest.mark.parametrize("form", FORMS)
def test_a_norm_over_a_box_about_zero_has_a_finite_enclosure(form):
    derived = l2_norm().jacobian()
    found = enclose(derived, np.zeros((2, 3)), 0.1, epsilon=0.01, form=form)
    assert np.isfinite(found.radius).all()


def test_a_box_beyond_the_domain_of_a_root_is_all_that_is_known():
    field, _, state, _, _ = drawn_case("layer-norm", (2, 3), 0)
    given_ = {"gamma": np.ones(3), "beta": np.zeros(3), "epsilon": 1e-9}
    found = enclose(field, state, 1e6, **given_)
    assert (found.lower <= -1).all()
    assert (found.upper >= 1).all()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"radius": -1.0}, "radius below zero"),
        ({"radius": np.nan}, "not finite"),
        ({"radius": 0.1, "form": "taylor"}, "asked for the form 'taylor'"),
    ],
)
def test_bad_boxes_and_forms_are_refused(options, words):
    field, _, state, given_, _ = drawn_case("attention", (2, 3), 0)
    with pytest.raises(InvalidInput, match=words):
        enclose(field, state, **options, **given_)


@pytest.mark.parametrize("backend", ["balls", "intervals"])
def test_sinkhorn_at_convergence_has_no_enclosure(backend):
    found = [v for v in VARIANTS if "sinkhorn" in v.name and "unrolled" not in v.name]
    assert found
    field, state, _, given_ = drawn(found[0], 2, 2)
    with pytest.raises(InvalidInput, match="unroll the iterations"):
        field.lower(backend)(state, **given_)
