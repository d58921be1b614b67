"""How far a feed-forward's Jacobian moves over a tube, in floating point."""

from __future__ import annotations

from fractions import Fraction

import pytest
from checker.float64.contexts import claim, context
from hypothesis import given
from strategies import feed_forward_cases, radii

from stabcheck import bounds
from stabcheck.checker.failures import ClaimRejected
from stabcheck.checker.rules.feed_forward import feed_forward_deviation_tube


def decided(case, radius, bound, *, tier="float64", **changes):
    ctx = context([case.field], case.state, radius=Fraction(radius))
    made = claim(
        "feed-forward-deviation-tube",
        "jacobian-deviation",
        {"branch": [0]},
        bound,
        tier=tier,
        **changes,
    )
    feed_forward_deviation_tube(ctx, made, [])


@given(feed_forward_cases(), radii(256))
def test_both_tiers_accept_the_deviation_and_refuse_much_less(case, radius):
    sharp = bounds.feed_forward_deviation_tube(
        case.field, case.state, float(radius), sharp=True
    ).value
    plain = bounds.feed_forward_deviation_tube(
        case.field, case.state, float(radius)
    ).value
    room = 1e-12 * (1 + plain)
    decided(case, radius, sharp * (1 + 1e-6) + room)
    decided(case, radius, plain * (1 + 1e-6) + room, tier="exact")
    if sharp > 1e-9:
        with pytest.raises(ClaimRejected, match="does not prove the claimed"):
            decided(case, radius, sharp * 0.9)
