"""Methods whose steps can stand in a certificate, with exact coefficients."""

from __future__ import annotations

from typing import Any

from stabcheck.errors import InvalidInput
from stabcheck.integrators.memory.multistep import LinearMultistep
from stabcheck.integrators.runge_kutta.collocation import NodalMethod
from stabcheck.integrators.runge_kutta.tableau import ButcherTableau

MOST_DEGREE = 12
"""Of the field of the coefficients: the checker reads no higher one."""


StepMethod = ButcherTableau | LinearMultistep
"""A Runge-Kutta method, or a multistep method in place of its one-leg twin."""


def certifiable(method: Any) -> StepMethod:
    """The method itself.

    **Raises:** `InvalidInput` for another kind of method, for coefficients of no
    number field of a small degree, and for a multistep method that is neither
    G-stable nor a momentum block.
    """
    if isinstance(method, NodalMethod):
        raise InvalidInput(
            f"asked for steps with {method.name}, found coefficients that are not "
            "written in one number field; take one of fewer stages, such as gauss:3"
        )
    if isinstance(method, LinearMultistep):
        return method if is_momentum(method) else _g_stable(method)
    if not isinstance(method, ButcherTableau):
        raise InvalidInput(
            f"asked for steps with {method.name}; certify takes Runge-Kutta and "
            "G-stable multistep methods and momentum blocks, and composes attention "
            "and feed-forward itself"
        )
    number_field = method.number_field
    if number_field is not None and number_field.degree > MOST_DEGREE:
        raise InvalidInput(
            f"asked for steps with {method.name}, found coefficients in a field of "
            f"degree {number_field.degree}; a certificate holds degrees up to "
            f"{MOST_DEGREE}"
        )
    return method


def is_momentum(method: LinearMultistep) -> bool:
    r"""Whether it is $v = \gamma v + (1 - \gamma)f(x)$, $x = x + hv$."""
    gamma = method.alpha[0]
    rows = ((gamma, -1 - gamma, 1), (0, 1 - gamma, 0))
    return (method.alpha, method.beta) == rows


def _g_stable(method: LinearMultistep) -> LinearMultistep:
    if method.advance != 1 or not method.is_G_stable:
        raise InvalidInput(
            f"asked for steps with {method.name}, found a multistep method that is not "
            "G-stable: no norm of its values is known; take one that is, such as bdf:2"
        )
    return method


def certifiable_in_rationals(method: Any) -> ButcherTableau:
    """The method itself.

    **Raises:** `InvalidInput` as `certifiable`, for irrational coefficients, and for
    a multistep method.
    """
    found = certifiable(method)
    if not isinstance(found, ButcherTableau):
        raise InvalidInput(
            f"asked for steps with {method.name}, found a multistep method; a "
            "certificate of a design holds Runge-Kutta methods only"
        )
    if found.number_field is not None:
        raise InvalidInput(
            f"asked for steps with {method.name}, found coefficients in "
            f"{found.number_field}; a certificate of a design holds rational ones "
            "only, such as those of implicit-midpoint"
        )
    return found
