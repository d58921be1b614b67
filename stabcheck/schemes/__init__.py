"""Schemes over fields: blocks one can evaluate and linearise, in numpy and in jax.

A scheme is a map of states made of slopes, pure functions of a state such as a declared
field with its parameters.  It is frozen, takes arrays and returns arrays, so that jax
may trace, compile and differentiate it.
"""

from stabcheck.schemes.gains import Gains, gains
from stabcheck.schemes.one_step import OnSphere, RungeKuttaStep, Splitting
from stabcheck.schemes.slopes import Slope, slope_of
from stabcheck.schemes.two_streams import Leapfrog, Momentum, TwoStreams

__all__ = [
    "Gains",
    "Leapfrog",
    "Momentum",
    "OnSphere",
    "RungeKuttaStep",
    "Slope",
    "Splitting",
    "TwoStreams",
    "gains",
    "slope_of",
]
