"""All maps of a tube coupled at once, second derivatives between pairs of tokens."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from checker.float64.contexts import context, residual
from hypothesis import given
from hypothesis import strategies as st
from strategies import SEEDS, generator

from stabcheck.bounds import Attention, LayerNorm
from stabcheck.checker.float64.deep import propagators
from stabcheck.checker.float64.deep.arrays import exactly
from stabcheck.checker.float64.deep.coupling import Coupling, beside, frame, reach
from stabcheck.checker.float64.deep.curvature import pair_grams
from stabcheck.checker.float64.deep.inverses import inverse
from stabcheck.checker.float64.deep.joint import Joint
from stabcheck.checker.float64.guard import verified_arithmetic
from stabcheck.growth.deep import along, curvature_of, deep_growth, deep_inverse
from stabcheck.integrators import get
from stabcheck.layers import Residual

SIZES = st.integers(1, 3)
SCALES = st.sampled_from([1e-200, 1e-8, 1.0, 1e8])


def moves(rng, radii, features):
    """A move of each token to the boundary of its ball."""
    found = rng.standard_normal((len(radii), features))
    return (found * (radii / np.linalg.norm(found, axis=1))[:, None]).ravel()


@pytest.mark.theorem("product-ball-support")
@given(SEEDS, SIZES, SIZES, SCALES)
def test_no_pair_of_moves_exceeds_the_supremum_of_a_second_derivative(
    seed, tokens, features, scale
):
    rng = generator(seed)
    size = tokens * features
    tensor = rng.standard_normal((size, size, size))
    first, second = rng.uniform(0.1, 1.0, (2, tokens))
    bound = pair_grams(exactly(tensor), tokens).support(scale * first, second)
    for _ in range(5):
        one, two = moves(rng, first, features), moves(rng, second, features)
        found = np.einsum("akm,k,m->a", tensor, one, two).reshape(tokens, -1)
        lengths = np.linalg.norm(found, axis=1)
        assert (lengths <= bound / scale * (1 + 1e-12)).all()


@pytest.mark.theorem("product-ball-support", refutes="a hundredth less for a pair")
def test_one_pair_of_moves_attains_the_supremum():
    tensor = exactly(np.array([[[3.0]]]))
    bound = pair_grams(tensor, 1).support(np.array([2.0]), np.array([5.0]))
    assert 30.0 <= bound[0] <= 30.0 * 1.01


@given(SEEDS, SIZES, SIZES, SIZES)
def test_frames_beside_each_other_hold_all_their_groups(seed, groups, size, others):
    rng = generator(seed)
    parts = [
        frame([exactly(rng.standard_normal((groups, size, 4)))]),
        frame([exactly(rng.standard_normal((others, 1, 4)))]),
    ]
    both = beside(parts)
    assert both.groups == groups + others
    assert (both.sizes()[:groups] == parts[0].sizes()).all()
    weights = rng.uniform(0, 1, both.groups)
    split = np.split(weights, [groups])
    apart = sum(part.gram(own).middle for part, own in zip(parts, split, strict=True))
    whole = both.gram(weights)
    room = sum(part.gram(own).radius for part, own in zip(parts, split, strict=True))
    assert np.linalg.norm(whole.middle - apart) <= whole.radius + room
    separate = [reach(part, own, 2) for part, own in zip(parts, split, strict=True)]
    assert (reach(both, weights, 2) <= sum(separate) * 1.1).all()


def pre_norm(seed: int, tokens: int, layers: int, step: Fraction):
    """A stack of pre-norm attention and a state, width 4."""
    rng = np.random.default_rng(seed)
    norm = LayerNorm(np.ones(4), np.zeros(4), Fraction(1, 10**6))
    weights = rng.standard_normal((layers, 3, 1, 4, 4)) / 2
    fields = [norm, *(Attention(*each) for each in weights)]
    state = rng.standard_normal((tokens, 4))
    maps = [
        Residual("map", (norm, each), get("forward-euler"), step) for each in fields[1:]
    ]
    return fields, maps, state


@pytest.mark.theorem("depth-tube-first-order")
@pytest.mark.parametrize("seed", range(3))
def test_the_couplings_of_all_maps_give_less_than_their_norms_add_up_to(seed):
    fields, maps, state = pre_norm(seed, 2, 3, Fraction(1, 3))
    steps = [residual(0, k + 1, size=Fraction(1, 3)) for k in range(len(maps))]
    ctx = context(fields, state, steps)
    rng = np.random.default_rng(seed)
    with verified_arithmetic():
        path = propagators.along(ctx, 0, 3, "state")
        joint, total = Joint(path), 0.0
        for number, part in enumerate(path.parts):
            shape = part.field.left.groups, part.field.right.groups
            places = np.indices(shape).reshape(2, -1)
            coupling = Coupling(*places, rng.uniform(0, 1, places.shape[1]), shape)
            joint.advance(number, coupling)
            after = path.products[3, number + 1].transpose(1, 0)
            end = part.field.left.pushed(after)
            total += coupling.norm_between(end, path.start(number))
        found = joint.norm(np.zeros(3))
    assert found <= total * (1 + 1e-6)
    assert found < 0.98 * total


def test_an_enclosed_inverse_holds_the_exact_one_and_is_kept():
    fields, _, state = pre_norm(1, 2, 1, Fraction(1))
    ctx = context(fields, state, [residual(0, 1, size=Fraction(1))])
    with verified_arithmetic():
        path = propagators.along(ctx, 0, 1, "state")
        found = inverse(path, 1, 0)
        assert inverse(path, 1, 0) is found
    defect = found.middle @ path.products[1, 0].middle - np.eye(8)
    assert np.linalg.norm(defect, 2) < 1e-12
    assert found.radius < 1e-10 * found.norm


@pytest.mark.parametrize("seed", range(3))
def test_a_small_share_of_the_token_norms_costs_at_most_half(seed):
    _, maps, state = pre_norm(seed, 4, 8, Fraction(1, 12))
    path = along(maps, state)
    curved = curvature_of(path)
    radii = 3e-3 * np.linalg.norm(state, axis=1)
    centre = np.linalg.svd(path.products[8, 0], compute_uv=False)
    assert deep_growth(path, curved, radii).value <= 1.5 * centre[0]
    assert 1 / deep_inverse(path, curved, radii).value >= centre[-1] / 1.5
