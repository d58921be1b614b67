"""Which bound of a feed-forward over a tube is planned, and how it is checked."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np

from stabcheck import bounds
from stabcheck.bounds import Bound
from stabcheck.bounds.feed_forward import VANISHED
from stabcheck.bounds.witness import WITNESS_MARGIN
from stabcheck.certify.centres import Centre
from stabcheck.certify.draft import Draft
from stabcheck.certify.plan_writer import Effort, Plan

TOKEN_WITNESS_SIZE = 128
"""Up to this many features token Jacobians are checked in integers: of 384 features
the witnesses of one map take 30 MB and half a minute, where float64 takes 2 s."""
STAGE_WITNESS_SIZE = 64
"""The same for the stages of steps, which are many."""


def feed_forward_plan(
    centre: Centre,
    radius: Fraction,
    quantity: str,
    effort: Effort,
    deviation: Callable[[], Bound],
) -> Plan:
    """The value at the centre and the deviation over the tube.

    **Arguments:** `deviation`, how far the Jacobian moves as the exact tier bounds it.
    """
    only, state = centre.branch[0], centre.state
    most = TOKEN_WITNESS_SIZE if effort >= Effort.FULL else STAGE_WITNESS_SIZE
    is_large = state.shape[1] > most
    if is_large:
        value = _estimated_value(centre, quantity)
        moved = _sharp_deviation(centre, radius, effort)
    else:
        value = centre.remember(
            "feed-forward", lambda: bounds.feed_forward_centre(only, state)
        )[quantity]
        moved = deviation()
    bound = bounds.feed_forward_tube(
        only, state, float(radius), quantity, centre=value, deviation=moved
    )
    if is_large:
        parameters = bound.parameters
        bound = Bound(bound.theorem, quantity, bound.value, parameters, "float64")
        return Plan(bound, centre.branch, state, radius)

    def witness(draft: Draft, hint: str) -> dict[str, Any]:
        matrices = bounds.feed_forward_centre_matrices(
            only, state, quantity, bound.parameters["centre"]
        )
        found = bounds.psd_witnesses(matrices)
        return draft.witness(f"{hint}.{quantity}.factor", found, single=False)

    return Plan(bound, centre.branch, state, radius, (), witness)


def _estimated_value(centre: Centre, quantity: str) -> float:
    """A value of a feed-forward at the centre that floating point proves."""
    only = centre.branch[0]
    size = np.linalg.norm(only.W_1) * np.linalg.norm(only.W_2)
    room = WITNESS_MARGIN * centre.value("spectral-norm")
    room += VANISHED * float(size)
    sign = -1 if quantity == "log-norm-lower" else 1
    return centre.value(quantity) + sign * room


def _sharp_deviation(centre: Centre, radius: Fraction, effort: Effort) -> Bound:
    """How far the Jacobian of a feed-forward moves, as floating point verifies it."""
    return centre.remember(
        ("sharp-deviation", radius, effort),
        lambda: bounds.feed_forward_deviation_tube(
            centre.branch[0],
            centre.state,
            float(radius),
            pooled=effort < Effort.STAGE,
            sharp=True,
        ),
    )
