"""Every field of the table in balls: points are sharp, boxes hold what is in them."""

import numpy as np
import pytest
from agreement.cases import EXPLICIT, derived, drawn, named, tolerance
from flint import arb

from stabcheck.errors import InvalidInput

RADIUS = 2.0**-10


def contains(whole, part):
    pairs = zip(whole.ravel(), part.ravel(), strict=True)
    return all(one.contains(other) for one, other in pairs)


@pytest.mark.parametrize("variant", EXPLICIT, ids=lambda variant: variant.name)
def test_the_ball_jacobian_is_sharp_at_points_and_holds_those_of_a_box(variant):
    _, dense, _, _ = derived(variant)
    _, state, _, parameters = drawn(variant, 2, 2)
    kernel = dense.lower("balls")
    balls = kernel(state, **parameters)
    floats = dense.lower("numpy")(state, **parameters)
    middles = np.array([float(ball.mid()) for ball in balls.ravel()])
    radii = np.array([float(ball.rad()) for ball in balls.ravel()])
    assert (radii <= 1e-25 * (1 + np.abs(middles))).all()
    assert np.abs(middles - floats.ravel()).max() <= tolerance(floats)
    wide = np.array([[arb(x, RADIUS) for x in row] for row in state])
    enclosure = kernel(wide, **parameters)
    assert contains(enclosure, balls)
    inside = state + RADIUS * np.random.default_rng(1).uniform(-1, 1, state.shape)
    assert contains(enclosure, kernel(inside, **parameters))
    assert all(ball.is_finite() for ball in enclosure.ravel())


def test_the_limit_of_sinkhorn_has_no_enclosure_and_says_so():
    variant = named("sinkhorn")
    field, state, _, parameters = drawn(variant, 2, 2)
    for kernel in (field.lower("balls"), derived(variant)[1].lower("balls")):
        with pytest.raises(InvalidInput, match="defined by equations; unroll"):
            kernel(state, **parameters)
