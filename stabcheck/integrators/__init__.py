"""Integrators in exact rationals, and the exact stability facts that follow.

A method is its coefficients and their source; everything else is computed.
"""

from stabcheck.integrators.algebraic import INFINITY, Algebraic, Infinity, exact
from stabcheck.integrators.catalogue import get, names
from stabcheck.integrators.facts import facts
from stabcheck.integrators.splitting import LieTrotter, Substep
from stabcheck.integrators.stability_function import StabilityFunction
from stabcheck.integrators.tableau import ButcherTableau

__all__ = [
    "INFINITY",
    "Algebraic",
    "ButcherTableau",
    "Infinity",
    "LieTrotter",
    "StabilityFunction",
    "Substep",
    "exact",
    "facts",
    "get",
    "names",
]
