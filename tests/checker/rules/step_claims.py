"""What the tests of the step rules share: one small branch, one state, one step."""

from fractions import Fraction

import numpy as np

from stabcheck.bounds import FeedForward

TOKENS, FEATURES = 3, 4
RADIUS = Fraction(1, 16)
STEP = Fraction(1, 4)
TINY = Fraction(1, 10**30)
STATE = np.random.default_rng(4).standard_normal((TOKENS, FEATURES))
NORM, UPPER, LOWER = "spectral-norm", "log-norm", "log-norm-lower"


def field(seed=1, scale=0.3):
    rng = np.random.default_rng(seed)
    return FeedForward(
        scale * rng.standard_normal((FEATURES, 3)),
        rng.standard_normal(3),
        scale * rng.standard_normal((3, FEATURES)),
        rng.standard_normal(FEATURES),
    )


def decides(made, quantity):
    """The claim is accepted, and refused when it is stronger by 1e-30."""
    assert made.verdict() == "accepted"
    sign = 1 if quantity == "growth" else -1
    stronger = made.changed(bound=made.claims[-1].bound - sign * TINY)
    assert "stronger than the premises give" in stronger.verdict()
