"""Growth over an input tube: exact at the first order, coupled beyond it."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from checker.float64.contexts import claim, context, residual, tensor
from hypothesis import given
from hypothesis import strategies as st
from strategies import SEEDS, generator

from stabcheck.bounds import Attention, FeedForward, LayerNorm, RMSNorm
from stabcheck.checker.failures import ClaimRejected
from stabcheck.checker.rules.deep import (
    depth_tube_coupled,
    depth_tube_first_order,
    depth_tube_inverse,
    depth_tube_inverse_coupled,
)
from stabcheck.growth.deep import along, curvature_of, deep_growth, deep_inverse
from stabcheck.integrators import get
from stabcheck.layers import Residual

RULES = {
    "depth-tube-first-order": depth_tube_first_order,
    "depth-tube-coupled": depth_tube_coupled,
}
SHRINKS = {
    "depth-tube-inverse": depth_tube_inverse,
    "depth-tube-inverse-coupled": depth_tube_inverse_coupled,
}
ROOM = 1e-7
"""The prover computes in floats what the checker encloses: relative room."""


@st.composite
def stacks(draw, most_maps: int = 3):
    """A stack of forward Euler maps, a state, radii of its tokens; sizes from 1."""
    rng = generator(draw(SEEDS))
    n, d, heads = (draw(st.integers(1, most)) for most in (3, 4, 2))
    causal, centred = draw(st.booleans()), draw(st.booleans())
    attention = Attention(
        W_Q=rng.standard_normal((heads, d, 2)),
        W_K=rng.standard_normal((heads, d, 2)),
        W_V=rng.standard_normal((heads, d, 1)),
        W_O=rng.standard_normal((heads, d)),
        b_Q=rng.standard_normal((heads, 2)),
        causal=causal,
    )
    hidden = FeedForward(
        rng.standard_normal((d, 3)),
        rng.standard_normal(3),
        rng.standard_normal((3, d)),
        rng.standard_normal(d),
    )
    gamma, epsilon = rng.standard_normal(d), Fraction(1, 10)
    if centred:
        norm = LayerNorm(gamma, rng.standard_normal(d), epsilon)
    else:
        norm = RMSNorm(gamma, epsilon)
    fields = [norm, attention, hidden]
    branches = draw(
        st.lists(
            st.sampled_from([(0, 1), (0, 2), (1,), (2,)]),
            min_size=1,
            max_size=most_maps,
        )
    )
    size = draw(st.fractions(Fraction(1, 50), 1, max_denominator=50))
    radii = rng.uniform(0.1, 1.0, n) * draw(st.sampled_from([1e-12, 1e-5, 1e-3, 1e-2]))
    return fields, branches, size, rng.standard_normal((n, d)), radii


def prover_maps(fields, branches, size):
    euler = get("forward-euler")
    return [
        Residual("map", tuple(fields[place] for place in branch), euler, size)
        for branch in branches
    ]


def checker_context(fields, branches, size, state, radii):
    ctx = context(fields, state, [residual(*branch, size=size) for branch in branches])
    ctx.tensors["radii"] = tensor("radii", radii)
    ctx.document["domains"] = [{"kind": "tubes", "centre": "state", "radii": "radii"}]
    return ctx


def proposed(theorem, fields, branches, size, state, radii):
    path = along(prover_maps(fields, branches, size), state)
    curved = curvature_of(path) if theorem == "depth-tube-first-order" else None
    return deep_growth(path, curved, radii)


def growth_at(maps, state) -> float:
    path = along(maps, state)
    return float(np.linalg.norm(path.products[path.depth, 0], 2))


def shrink_at(maps, state) -> float:
    path = along(maps, state)
    return float(np.linalg.norm(path.products[path.depth, 0], -2))


def decided(theorem, ctx, bound) -> None:
    subject = {"maps": [0, len(ctx.maps)]}
    if theorem in SHRINKS:
        SHRINKS[theorem](ctx, claim(theorem, "shrink", subject, bound), [])
    else:
        RULES[theorem](ctx, claim(theorem, "growth", subject, bound), [])


@pytest.mark.theorem("depth-tube-first-order")
@pytest.mark.theorem("depth-tube-coupled")
@pytest.mark.parametrize("theorem", sorted(RULES))
@given(stack=stacks(), seed=SEEDS)
def test_the_checker_proves_what_the_prover_proposes_and_no_state_exceeds_it(
    theorem, stack, seed
):
    found = proposed(theorem, *stack)
    ctx = checker_context(*stack)
    if found is None:
        with pytest.raises(ClaimRejected, match="diverge"):
            decided(theorem, ctx, 1e6)
        return
    decided(theorem, ctx, found.claimed)
    value = found.value
    with pytest.raises(ClaimRejected, match="is not proved"):
        decided(theorem, ctx, value * (1 - ROOM) - ROOM)
    fields, branches, size, state, radii = stack
    maps, rng = prover_maps(fields, branches, size), generator(seed)
    for _ in range(4):
        move = rng.standard_normal(state.shape)
        move *= (radii * (1 - 1e-12) / np.linalg.norm(move, axis=1))[:, None]
        found = growth_at(maps, state + move)
        assert found <= value * (1 + ROOM) + 1e-12


@pytest.mark.theorem("depth-tube-inverse")
@pytest.mark.theorem("depth-tube-inverse-coupled")
@pytest.mark.parametrize("theorem", sorted(SHRINKS))
@given(stack=stacks(), seed=SEEDS)
def test_the_shrink_is_proved_too_and_no_state_falls_below_it(theorem, stack, seed):
    fields, branches, size, state, radii = stack
    maps, rng = prover_maps(fields, branches, size), generator(seed)
    path = along(maps, state)
    curved = curvature_of(path) if theorem == "depth-tube-inverse" else None
    inverse = deep_inverse(path, curved, radii)
    ctx = checker_context(*stack)
    if inverse is None:
        with pytest.raises(ClaimRejected, match="nothing is proved"):
            decided(theorem, ctx, 1e-6)
        return
    decided(theorem, ctx, 1 / inverse.claimed)
    # The smallest singular value is known to rounding of the largest one.
    value = 1 / inverse.value
    room = 1e-6 * value + 1e-11 * (1 + growth_at(maps, state))
    with pytest.raises(ClaimRejected, match="is not proved"):
        decided(theorem, ctx, value + room)
    for _ in range(4):
        move = rng.standard_normal(state.shape)
        move *= (radii * (1 - 1e-12) / np.linalg.norm(move, axis=1))[:, None]
        assert shrink_at(maps, state + move) >= value - room


def uphill(maps, state, radii):
    """The growth at the best of some states of the tube, by ascent of its slope."""
    path = along(maps, state)
    tensor_ = curvature_of(path).last
    u, _, v = np.linalg.svd(path.products[path.depth, 0])
    slope = np.einsum("a,akb,b->k", u[:, 0], tensor_, v[0]).reshape(state.shape)
    move = slope / np.linalg.norm(slope, axis=1, keepdims=True) * radii[:, None]
    return growth_at(maps, state + move)


@pytest.fixture(scope="module")
def small_stack():
    rng = np.random.default_rng(3)
    n, d = 3, 4
    norm = LayerNorm(np.ones(d), np.zeros(d), Fraction(1, 10**6))
    weights = [rng.standard_normal((1, d, d)) / 2 for _ in range(6)]
    fields = [norm, Attention(*weights[:3]), Attention(*weights[3:])]
    state = rng.standard_normal((n, d))
    radii = 1e-4 * np.linalg.norm(state, axis=1)
    return fields, [(0, 1), (0, 2)], Fraction(1), state, radii


@pytest.mark.theorem("depth-tube-first-order", refutes="the growth at the centre")
def test_the_first_order_is_attained_to_a_hundredth(small_stack):
    fields, branches, size, state, radii = small_stack
    value = proposed("depth-tube-first-order", *small_stack).value
    maps = prover_maps(fields, branches, size)
    centre, top = growth_at(maps, state), uphill(maps, state, radii)
    assert centre < top <= value
    assert value - centre <= 1.2 * (top - centre)
    ctx = checker_context(*small_stack)
    with pytest.raises(ClaimRejected, match="is not proved"):
        decided("depth-tube-first-order", ctx, centre + 0.9 * (top - centre))


@pytest.mark.theorem("depth-tube-coupled", refutes="the growth that a state attains")
def test_less_than_what_is_attained_is_not_proved_by_couplings(small_stack):
    fields, branches, size, state, radii = small_stack
    attained = uphill(prover_maps(fields, branches, size), state, radii)
    ctx = checker_context(*small_stack)
    with pytest.raises(ClaimRejected, match="is not proved"):
        decided("depth-tube-coupled", ctx, attained * (1 - 1e-9))


@pytest.mark.theorem("depth-tube-inverse", refutes="the shrink that a state attains")
@pytest.mark.theorem(
    "depth-tube-inverse-coupled", refutes="the shrink that a state attains"
)
@pytest.mark.parametrize("theorem", sorted(SHRINKS))
def test_more_shrink_than_a_state_keeps_is_not_proved(theorem, small_stack):
    fields, branches, size, state, radii = small_stack
    maps, rng = prover_maps(fields, branches, size), np.random.default_rng(0)
    attained = shrink_at(maps, state)
    for _ in range(100):
        move = rng.standard_normal(state.shape)
        move *= (radii / np.linalg.norm(move, axis=1))[:, None]
        attained = min(attained, shrink_at(maps, state + move))
    ctx = checker_context(*small_stack)
    assert attained < shrink_at(maps, state)
    with pytest.raises(ClaimRejected, match="is not proved"):
        decided(theorem, ctx, attained * (1 + 1e-9))
    value = 1 / deep_inverse(along(maps, state), None, radii).value
    assert attained / 2 <= value <= attained


@pytest.mark.parametrize("theorem", sorted(RULES))
@pytest.mark.parametrize("radius", [0.0, 1e-300, 1e-160, 1e-17, 1e-9])
def test_tiny_radii_cost_nothing(theorem, radius, small_stack):
    fields, branches, size, state, radii = small_stack
    ctx = checker_context(*small_stack[:4], np.full_like(radii, radius))
    centre = growth_at(prover_maps(fields, branches, size), state)
    decided(theorem, ctx, centre * (1 + 2e-2 if theorem.endswith("led") else 1 + 1e-6))


@pytest.mark.parametrize("theorem", sorted(RULES))
def test_huge_radii_are_refused_in_one_sentence(theorem, small_stack):
    ctx = checker_context(*small_stack[:4], np.full(3, 1e300))
    with pytest.raises(ClaimRejected, match="nothing is proved on a tube of these"):
        decided(theorem, ctx, 1e9)


def test_another_domain_quantity_subject_or_method_is_refused(small_stack):
    theorem = "depth-tube-first-order"
    ctx = checker_context(*small_stack)
    ctx.document["domains"] = [{"kind": "ball", "radius": Fraction(1)}]
    with pytest.raises(ClaimRejected, match="the domain is a ball"):
        decided(theorem, ctx, 10)
    ctx = checker_context(*small_stack)
    rule, subject = RULES[theorem], {"maps": [0, 2]}
    with pytest.raises(ClaimRejected, match="bounds growth, not shrink"):
        rule(ctx, claim(theorem, "shrink", subject, 1), [])
    with pytest.raises(ClaimRejected, match="a range of maps"):
        rule(ctx, claim(theorem, "growth", {"branch": [1]}, 1), [])
    with pytest.raises(ClaimRejected, match="no premises"):
        rule(ctx, claim(theorem, "growth", subject, 1), [{}])
    ctx.document["integrators"][0] = {
        "name": "midpoint",
        "A": [[Fraction(0), Fraction(0)], [Fraction(1, 2), Fraction(0)]],
        "b": [Fraction(0), Fraction(1)],
    }
    with pytest.raises(ClaimRejected, match="a step of 'midpoint'"):
        decided(theorem, ctx, 10)


def test_a_normalisation_of_the_stream_is_refused(small_stack):
    fields, _, _, state, radii = small_stack
    ctx = checker_context(fields, [(1,)], Fraction(1), state, radii)
    ctx.document["maps"].append({"kind": "normalise", "field": 0})
    with pytest.raises(ClaimRejected, match="map 1 is normalise"):
        decided("depth-tube-coupled", ctx, 10)


def test_a_state_of_another_shape_is_refused(small_stack):
    ctx = checker_context(*small_stack)
    ctx.tensors["state"] = tensor("state", np.zeros((2, 4)))
    with pytest.raises(ClaimRejected, match=r"the shape \(2, 4\), not \(3, 4\)"):
        decided("depth-tube-first-order", ctx, 10)
