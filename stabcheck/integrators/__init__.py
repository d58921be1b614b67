"""Integrators in exact rationals, and the exact stability facts that follow.

A method is its coefficients and their source; everything else is computed.
"""

from typing import Any

from stabcheck.errors import InvalidInput
from stabcheck.integrators.algebra.algebraic import INFINITY, Algebraic, Infinity, exact
from stabcheck.integrators.algebra.number_field import NumberField, square_root
from stabcheck.integrators.catalogue import REGISTRY, get, names
from stabcheck.integrators.facts import facts, listed, readable
from stabcheck.integrators.runge_kutta.composition import compose
from stabcheck.integrators.runge_kutta.one_step import OneStepMethod
from stabcheck.integrators.runge_kutta.rational import RationalMethod
from stabcheck.integrators.runge_kutta.rosenbrock import RosenbrockMethod
from stabcheck.integrators.runge_kutta.stability_function import StabilityFunction
from stabcheck.integrators.runge_kutta.tableau import ButcherTableau
from stabcheck.integrators.several_fields.additive import (
    AdditiveRungeKutta,
    PartitionedRungeKutta,
)
from stabcheck.integrators.several_fields.exponential import ExponentialRungeKutta
from stabcheck.integrators.several_fields.flow_words import FlowSplitting
from stabcheck.integrators.several_fields.nystrom_methods import NystromMethod
from stabcheck.integrators.several_fields.splitting import LieTrotter, Substep
from stabcheck.integrators.step_methods import (
    StepMethod,
    certifiable,
    certifiable_in_rationals,
)

__all__ = [
    "INFINITY",
    "AdditiveRungeKutta",
    "Algebraic",
    "ButcherTableau",
    "ExponentialRungeKutta",
    "FlowSplitting",
    "Infinity",
    "LieTrotter",
    "NumberField",
    "NystromMethod",
    "OneStepMethod",
    "PartitionedRungeKutta",
    "RationalMethod",
    "RosenbrockMethod",
    "StabilityFunction",
    "StepMethod",
    "Substep",
    "certifiable",
    "certifiable_in_rationals",
    "compose",
    "exact",
    "facts",
    "get",
    "listed",
    "names",
    "readable",
    "square_root",
]


def __getattr__(name: str) -> Any:
    """The families of the catalogue as functions, such as `pade(2, 3)` or `bdf(4)`."""
    try:
        return REGISTRY.family(name.replace("_", "-"))
    except InvalidInput:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}") from None
