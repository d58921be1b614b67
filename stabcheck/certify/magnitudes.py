r"""Numbers that float64 proposes badly: products that overflow, squares that underflow.

Norms are searched through sums of squares.  A Jacobian of entries near $10^{-160}$
has squares that are subnormal or 0, one of entries near $10^{160}$ none that are
finite.
"""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np

from stabcheck.bounds import Attention, FeedForward
from stabcheck.bounds.normalisation import normalisation_rounding
from stabcheck.certify.records import field_arrays
from stabcheck.errors import Undecided
from stabcheck.layers import Branch

TINY = Fraction(1, 2**200)
"""Below this a proposal may have lost its digits: it is claimed with this much room."""
FEW_FEATURES = 2
LARGEST_EXPONENT = 140
"""Of ten, of the product of the largest entries of a field's arrays and its state."""


def check_magnitudes(branch: Branch, state: np.ndarray) -> None:
    """Refuse a branch whose products may overflow or underflow in float64.

    **Raises:** `Undecided` with the field and the exponent found.
    """
    for field in branch:
        arrays = [np.abs(a).max(initial=0) for a in field_arrays(field).values()]
        weights = [math.log10(size) for size in arrays if size > 0]
        # The state enters the logits twice and the values once.
        length = math.log10(max(float(np.abs(state).max()), 1.0))
        above = sum(max(w, 0.0) for w in weights) + 3 * length
        below = sum(min(w, 0.0) for w in weights)
        worst = above if above >= -below else below
        if abs(worst) > LARGEST_EXPONENT:
            raise Undecided(
                f"asked for bounds of {type(field).__name__}, found entries whose "
                f"products reach 1e{worst:.0f}, where float64 cannot search; rescale "
                "the weights or the state"
            )


def room_for_underflow(value: float, branch: Branch) -> Fraction:
    """How much weaker a proposed value has to be claimed: 0 for ordinary ones."""
    ordinary = abs(value) >= TINY or (value == 0 and _vanishes(branch))
    return Fraction(0) if ordinary else TINY


def room_for_cancellation(branch: Branch, state: np.ndarray) -> float:
    """What cancels in a Jacobian behind a normalisation, far below its other digits.

    Of tokens of two features, or of one, a normalisation leaves as little of a move as
    epsilon allows; slopes of a feed-forward field may vanish behind any.
    """
    if len(branch) < 2:
        return 0.0
    norm, inner = branch
    if isinstance(inner, FeedForward):
        size = np.linalg.norm(inner.W_1) * np.linalg.norm(inner.W_2)
    elif norm.features > FEW_FEATURES:
        return 0.0
    else:
        size = np.linalg.norm(inner.jacobian(norm(state)))
    return normalisation_rounding(norm, state) * float(size)


def _vanishes(branch: Branch) -> bool:
    """Whether some field's output does not depend on its state at all."""
    for field in branch:
        arrays = field_arrays(field)
        names = ("W_V", "W_O") if isinstance(field, Attention) else tuple(arrays)
        if any(
            name[0] != "b" and not arrays[name].any()
            for name in names
            if name in arrays
        ):
            return True
    return False
