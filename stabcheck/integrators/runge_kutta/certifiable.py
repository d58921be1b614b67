"""Methods whose steps can stand in a certificate: Runge-Kutta, in rationals."""

from __future__ import annotations

from typing import Any

from stabcheck.errors import InvalidInput
from stabcheck.integrators.runge_kutta.tableau import ButcherTableau


def certifiable(method: Any) -> ButcherTableau:
    """The method itself.

    **Raises:** `InvalidInput` for another kind of method, and for irrational
    coefficients.
    """
    if not isinstance(method, ButcherTableau):
        raise InvalidInput(
            f"asked for steps with {method.name}; certify takes Runge-Kutta "
            "methods, and composes attention and feed-forward itself"
        )
    if method.number_field is not None:
        raise InvalidInput(
            f"asked for steps with {method.name}, found coefficients in "
            f"{method.number_field}; a certificate holds rational ones only, such as "
            "those of implicit-midpoint"
        )
    return method
