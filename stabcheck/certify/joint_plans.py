"""The joint norms of attention over a tube: their bounds and their witnesses."""

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


def is_small(centre: Centre, quantity: str) -> bool:
    """Whether all tokens fit into one matrix, which is cheap to make and to check."""
    return bounds.joint_rows(centre.state, quantity) <= bounds.JOINT_ROWS


def joint_tube(
    centre: Centre, radius: Fraction, quantity: str
) -> tuple[bounds.Bound, Callable[[Draft, str], dict[str, Any]]]:
    """`attention-norm-joint-tube` or `attention-log-norm-tube` for one field.

    **Returns:** the bound, and what writes its witness into a draft.
    """
    (field,) = centre.branch
    state, local = centre.state, centre.local()
    steps = ITERATIONS if is_small(centre, quantity) else LARGE_ITERATIONS
    arguments = (field, state, float(radius))
    if quantity == "spectral-norm":
        bound = bounds.attention_norm_joint_tube(
            *arguments, local=local, iterations=steps
        )
    else:
        bound = bounds.attention_log_norm_tube(
            *arguments, quantity, local=local, iterations=steps
        )

    def witness(draft: Draft, hint: str) -> dict[str, Any]:
        found = bounds.psd_witnesses(
            bounds.joint_tube_matrices(*arguments, bound, local=local)
        )
        name, single = f"{hint}.{quantity}.tube-factor", bool(bound.parameters["joint"])
        return draft.witness(name, found, single=single)

    return bound, witness
