"""Balls of Arb as midpoints and radii of float64, and back, none narrower."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from flint import arb

from stabcheck.interpret.midpoint_radius import MidpointRadius


def from_balls(array: np.ndarray) -> MidpointRadius:
    """Balls of Arb as midpoints and radii of float64, none narrower."""
    middles = np.asarray(_FLOAT(_MIDDLE(array)), dtype=np.float64)
    # One rounding of the midpoint, and one of the distance to the far end of the ball.
    reach = np.asarray(_FLOAT(_REACH(array, middles)), dtype=np.float64)
    radii = np.where(reach > 0, np.nextafter(reach, np.inf), 0.0)
    bad = ~np.isfinite(middles + radii)
    return MidpointRadius(np.where(bad, 0.0, middles), np.where(bad, np.inf, radii))


def rounded(array: np.ndarray) -> MidpointRadius:
    """The midpoints of balls, rounded to float64, and their radii, rounded up."""
    middles = np.asarray(_FLOAT(_MIDDLE(array)), dtype=np.float64)
    radii = np.asarray(_FLOAT(_RADIUS(array)), dtype=np.float64)
    return MidpointRadius(middles, np.where(radii > 0, np.nextafter(radii, np.inf), 0))


def to_balls(array: MidpointRadius) -> np.ndarray:
    """Balls of Arb around midpoints and radii."""
    return np.asarray(_BALL(array.midpoint, array.radius), dtype=object)


def _reach(ball: arb, middle: float) -> arb:
    return abs(ball - arb(middle)).upper()


def _ball(middle: float, radius: float) -> arb:
    known = math.isfinite(middle) and math.isfinite(radius)
    return arb(middle, radius) if known else arb(0, math.inf)


_FLOAT = np.frompyfunc(float, 1, 1)
_MIDDLE = np.frompyfunc(arb.mid, 1, 1)
_RADIUS = np.frompyfunc(arb.rad, 1, 1)
_REACH = np.frompyfunc(_reach, 2, 1)
_BALL = np.frompyfunc(_ball, 2, 1)


def entrywise(
    function: Callable[[arb], arb],
) -> Callable[[MidpointRadius], MidpointRadius]:
    """A function of balls, of arrays of intervals."""
    apply = np.frompyfunc(function, 1, 1)
    return lambda array: from_balls(np.asarray(apply(to_balls(array)), dtype=object))
