"""The theorems that expand nothing or keep the first order whole, for one attention.

They take seconds where those of tubes take milliseconds, and win on all but the
smallest tubes of small states.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import numpy as np

from stabcheck import bounds
from stabcheck.bounds import Bound
from stabcheck.certify.centres import Centre
from stabcheck.certify.plan_writer import Plan

LARGEST_STATE = 128
"""Entries of a state: a pencil of 128 takes 1 to 3 s, one of 256 half a minute."""
LEAST_EXCESS = 2e-3
"""A bound that is nearer to the value at the centre, relatively, is good enough."""
ROUNDS = 1
"""Of the pencil's search: a second one takes twice as long for about 1 % less."""


def sharp_plans(
    centre: Centre, radius: Fraction, quantity: str, found: float
) -> list[Plan]:
    """The bounds of the budget and of the pencil, where the state is small enough.

    **Arguments:** `found`, the bound of the other theorems.
    """
    least = centre.value(quantity)
    if centre.state.size > LARGEST_STATE or (
        abs(found - least) <= LEAST_EXCESS * abs(least)
    ):
        return []
    # What overflows is no candidate.
    with np.errstate(all="ignore"):
        offered = list(_sharp_bounds(centre, radius, quantity))
    return [
        Plan(bound, centre.branch, centre.state, radius)
        for bound in offered
        if np.isfinite(bound.value)
    ]


def _sharp_bounds(centre: Centre, radius: Fraction, quantity: str) -> Iterator[Bound]:
    (only,) = centre.branch
    state, reach = centre.state, float(radius)
    if quantity == "spectral-norm":
        yield bounds.attention_norm_budget(only, state, "tube", reach)
    else:
        yield bounds.attention_log_norm_budget(only, state, "tube", reach, quantity)
    yield bounds.attention_pencil(
        only, state, reach, quantity, kind="tube", rounds=ROUNDS
    )
