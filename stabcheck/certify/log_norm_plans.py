"""The joint logarithmic norm of attention over a tube: its bound and its witness."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from stabcheck import bounds
from stabcheck.certify.centres import Centre
from stabcheck.certify.draft import Draft

ITERATIONS = 25
LARGE_ITERATIONS = 6
"""Quasi-Newton steps: each costs an eigendecomposition a token of a large state."""


def log_norm_tube(
    centre: Centre, radius: Fraction, quantity: str
) -> tuple[bounds.Bound, Callable[[Draft, str], dict[str, Any]]]:
    """`attention-log-norm-tube` for one attention field.

    **Returns:** the bound, and what writes its witness into a draft.
    """
    (field,) = centre.branch
    state, local = centre.state, centre.local()
    large = state.size > bounds.JOINT_SIZE
    bound = bounds.attention_log_norm_tube(
        field,
        state,
        float(radius),
        quantity,
        local=local,
        iterations=LARGE_ITERATIONS if large else ITERATIONS,
    )

    def witness(draft: Draft, hint: str) -> dict[str, Any]:
        matrices = bounds.attention_log_norm_tube_matrices(
            field, state, float(radius), bound, local=local
        )
        found = bounds.psd_witnesses(matrices)
        names = [
            draft.array(f"{hint}.{quantity}.tube-factor.{number}", factor)
            for number, factor in enumerate(found.factors)
        ]
        factors = {"factor": names[0]} if bound.parameters["joint"] else {}
        return (factors or {"factors": names}) | {
            "grid": found.grid,
            "shift": found.shift,
        }

    return bound, witness
