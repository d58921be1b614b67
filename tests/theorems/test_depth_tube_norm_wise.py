"""Growth of any stack over an input tube, from one deviation a map."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import SEEDS, generator

from stabcheck.bounds import Attention, FeedForward, LayerNorm, RMSNorm
from stabcheck.certify.draft import Draft
from stabcheck.certify.map_jacobians import MapJacobians
from stabcheck.certify.norm_wise import certify_norm_wise
from stabcheck.checker.failures import ClaimRejected, ClaimUndecided
from stabcheck.checker.main import check
from stabcheck.checker.reading.document import read_certificate
from stabcheck.checker.rules.norm_wise import depth_tube_norm_wise
from stabcheck.integrators import get
from stabcheck.layers import Normalise, Residual, Stack


def fields(rng, d: int, heads: int, causal: bool):
    """One field of every kind on d features."""
    attention = Attention(
        W_Q=rng.standard_normal((heads, d, 2)),
        W_K=rng.standard_normal((heads, d, 2)),
        W_V=rng.standard_normal((heads, d, 2)),
        W_O=rng.standard_normal((heads * 2, d)),
        b_Q=rng.standard_normal((heads, 2)),
        causal=causal,
    )
    hidden = FeedForward(
        rng.standard_normal((d, 3)),
        rng.standard_normal(3),
        rng.standard_normal((3, d)),
        rng.standard_normal(d),
    )
    layer_norm = LayerNorm(
        rng.standard_normal(d), rng.standard_normal(d), Fraction(1, 10)
    )
    return {
        "attention": attention,
        "hidden": hidden,
        "layer": layer_norm,
        "rms": RMSNorm(rng.standard_normal(d), Fraction(1, 10)),
    }


BRANCHES = ("attention", "hidden", "layer attention", "rms hidden")


def stack_of(made, names, size: Fraction) -> Stack:
    """Maps by their names: `=` before that of a normalisation of the stream."""
    euler = get("forward-euler")
    maps = tuple(
        Normalise(f"map.{place}", made[name[1:]])
        if name[0] == "="
        else Residual(
            f"map.{place}", tuple(made[part] for part in name.split()), euler, size
        )
        for place, name in enumerate(names)
    )
    return Stack("stack", maps, (("all", 0, len(maps)),))


@st.composite
def stacks(draw):
    """A stack of pre-norm, post-norm and plain maps, a state, a radius."""
    rng = generator(draw(SEEDS))
    n, d, heads = (draw(st.integers(1, most)) for most in (3, 4, 2))
    made = fields(rng, d, heads, draw(st.booleans()))
    names = draw(
        st.lists(st.sampled_from([*BRANCHES, "=layer", "=rms"]), min_size=1, max_size=5)
    )
    size = draw(st.fractions(Fraction(1, 50), 1, max_denominator=50))
    radius = draw(st.sampled_from([Fraction(1, 10**k) for k in (2, 5)]))
    return stack_of(made, names, size), rng.standard_normal((n, d)), radius


def growth_at(stack: Stack, state) -> float:
    states = stack.trajectory(state)
    product = MapJacobians(stack, states).product(0, len(stack.maps))
    return float(np.linalg.norm(product, 2))


def certified(stack: Stack, state, radius, folder):
    """The certificate about a stack, its claim and premises; None if there is none."""
    draft = Draft()
    for map_ in stack.maps:
        draft.map(map_, len(state))
    jacobians = MapJacobians(stack, stack.trajectory(state))
    growth = growth_at(stack, state)
    found = certify_norm_wise(draft, "input", jacobians, radius, growth)
    if found.growth is None:
        return None
    path = draft.certificate("a stack", "x", {"source": "test"}).save(folder)
    ctx = read_certificate(path)
    claim = ctx.claim(found.growth.claim)
    return path, ctx, claim, [ctx.claim(k) for k in claim["premises"]]


def moved(state, radius, rng):
    """A state on the boundary of the tube."""
    move = rng.standard_normal(state.shape)
    lengths = np.linalg.norm(move, axis=1, keepdims=True)
    return state + float(radius) * (1 - 1e-9) * move / lengths


@pytest.mark.theorem("depth-tube-norm-wise")
@given(drawn=stacks(), seed=SEEDS)
def test_what_is_claimed_is_accepted_and_no_state_of_the_tube_exceeds_it(
    drawn, seed, tmp_path_factory
):
    stack, state, radius = drawn
    folder = tmp_path_factory.mktemp("norm-wise")
    found = certified(stack, state, radius, folder)
    if found is None:
        return
    path, ctx, claim, _ = found
    verdict = check(path, jobs=1)
    assert verdict.status == "accepted", verdict.text()
    reached = ctx.domain(claim["domain"])["radius"]
    assert reached <= radius
    rng = generator(seed)
    for _ in range(4):
        assert growth_at(stack, moved(state, reached, rng)) <= claim["bound"]


@pytest.fixture(scope="module")
def post_norm(tmp_path_factory):
    """Two post-norm layers of two heads, certified on a tube."""
    made = fields(np.random.default_rng(5), 4, 2, False)
    names = ["attention", "=layer", "hidden", "=rms"] * 2
    stack = stack_of(made, names, Fraction(1, 2))
    state = np.random.default_rng(6).standard_normal((3, 4))
    folder = tmp_path_factory.mktemp("post-norm")
    return stack, state, *certified(stack, state, Fraction(1, 100), folder)


def decided(post_norm, *, premises=None, **changes) -> None:
    *_, ctx, claim, given_ = post_norm
    chosen = given_ if premises is None else premises
    depth_tube_norm_wise(ctx, claim | changes, chosen)


@pytest.mark.theorem("depth-tube-norm-wise", refutes="the growth that a state attains")
def test_less_than_what_a_state_attains_is_not_proved(post_norm):
    stack, state, _, ctx, claim, _ = post_norm
    radius = ctx.domain(claim["domain"])["radius"]
    rng = np.random.default_rng(0)
    centre = growth_at(stack, state)
    attained = max(growth_at(stack, moved(state, radius, rng)) for _ in range(200))
    assert centre < attained < claim["bound"] <= 2.001 * centre
    with pytest.raises(ClaimRejected, match="is not proved"):
        decided(post_norm, bound=Fraction(attained * (1 - 1e-9)))


def test_the_claim_is_as_strong_as_the_rule_allows_to_a_millionth(post_norm):
    decided(post_norm)
    bound = post_norm[4]["bound"]
    with pytest.raises(ClaimRejected, match="is not proved"):
        decided(post_norm, bound=bound * (1 - Fraction(1, 10**5)))


def test_smaller_tubes_of_the_maps_do_not_hold_the_image(post_norm):
    *_, ctx, _, premises = post_norm
    for place, reason in (
        (0, "smaller tube than the claim's tube"),
        (3, "the radius in front of map 3"),
    ):
        tube = ctx.domain(premises[place]["domain"])
        smaller = tube | {"radius": tube["radius"] * Fraction(9, 10)}
        ctx.document["domains"].append(smaller)
        chosen = list(premises)
        last = len(ctx.document["domains"]) - 1
        chosen[place] = chosen[place] | {"domain": last}
        with pytest.raises(ClaimRejected, match=reason):
            decided(post_norm, premises=chosen, bound=Fraction(10**6))


def test_a_smaller_deviation_than_claimed_proves_more_and_a_larger_one_less(post_norm):
    premises = [p | {"bound": p["bound"] * 2} for p in post_norm[-1]]
    with pytest.raises((ClaimRejected, ClaimUndecided)):
        decided(post_norm, premises=premises)


def test_anchors_are_free_though_few_of_them_prove_less(post_norm):
    every = [Fraction(place) for place in range(9)]
    decided(post_norm, parameters={"anchors": every})
    with pytest.raises(ClaimRejected, match="not"):
        decided(post_norm, parameters={"anchors": [every[0], every[8]]})


@pytest.mark.parametrize(
    "anchors",
    [
        [],
        [0],
        [0, 4],
        [1, 8],
        [0, 3, 2, 8],
        [0, 8, 9],
        [0, Fraction(1, 2), 8],
        Fraction(8),
        None,
    ],
)
def test_anchors_have_to_be_places_from_the_first_map_to_the_last(post_norm, anchors):
    found = [Fraction(a) for a in anchors] if isinstance(anchors, list) else anchors
    parameters = {} if anchors is None else {"anchors": found}
    with pytest.raises(ClaimRejected, match="increasing whole numbers from 0 to"):
        decided(post_norm, parameters=parameters)


def test_another_tier_quantity_subject_or_number_of_premises_is_refused(post_norm):
    *_, premises = post_norm
    with pytest.raises(ClaimRejected, match="float64 tier only"):
        decided(post_norm, tier="exact")
    with pytest.raises(ClaimRejected, match="bounds growth, not shrink"):
        decided(post_norm, quantity="shrink")
    with pytest.raises(ClaimRejected, match="a range of maps"):
        decided(post_norm, subject={"branch": [0]})
    with pytest.raises(ClaimRejected, match="8 maps, 7 premises"):
        decided(post_norm, premises=premises[1:])


def test_premises_about_something_else_are_refused(post_norm):
    *_, premises = post_norm
    first, second, *rest = premises
    norm = first | {"quantity": "spectral-norm"}
    with pytest.raises(ClaimRejected, match="bounds spectral-norm, not"):
        decided(post_norm, premises=[norm, second, *rest])
    with pytest.raises(ClaimRejected, match="map 0 is about another branch"):
        decided(post_norm, premises=[second, first, *rest])
    # The two layers share their fields: another centre is found by its distance.
    other = [*premises[4:], *premises[:4]]
    with pytest.raises(ClaimRejected, match="a premise is about a tube round"):
        decided(post_norm, premises=other)
    swapped = [*premises[:4], *premises[:4]]
    with pytest.raises(ClaimRejected, match="the radius in front of map"):
        decided(post_norm, premises=swapped, bound=Fraction(10**9))


def test_a_step_of_another_method_is_refused(post_norm):
    *_, ctx, _, _ = post_norm
    method = ctx.document["integrators"][0]
    ctx.document["integrators"][0] = {
        "name": "midpoint",
        "A": [[Fraction(0), Fraction(0)], [Fraction(1, 2), Fraction(0)]],
        "b": [Fraction(0), Fraction(1)],
    }
    try:
        with pytest.raises(ClaimRejected, match="a step of 'midpoint'"):
            decided(post_norm)
    finally:
        ctx.document["integrators"][0] = method
