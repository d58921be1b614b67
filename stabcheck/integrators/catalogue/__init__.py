"""The catalogue: rows of methods with exact coefficients, each with its source.

A new family of methods is a module with `ROWS`, added to `MODULES`.
"""

from __future__ import annotations

from typing import Any

from stabcheck.integrators.catalogue import (
    additive,
    collocation,
    explicit,
    explicit_first_stage,
    exponential,
    extrapolation,
    general_linear,
    high_order,
    implicit,
    low_storage,
    memory_blocks,
    multistage_multistep,
    multistep,
    pairs,
    polynomial,
    rosenbrock,
    singly_diagonal,
    splitting,
    ssp,
    stabilised,
    symplectic,
    transformer,
    two_step,
)
from stabcheck.integrators.registry import Registry, Row

MODULES = (
    additive,
    collocation,
    explicit,
    explicit_first_stage,
    exponential,
    extrapolation,
    general_linear,
    high_order,
    implicit,
    low_storage,
    memory_blocks,
    multistage_multistep,
    multistep,
    pairs,
    polynomial,
    rosenbrock,
    singly_diagonal,
    splitting,
    ssp,
    stabilised,
    symplectic,
    transformer,
    two_step,
)

REGISTRY = Registry(row for module in MODULES for row in module.ROWS)


def names() -> tuple[str, ...]:
    """The names of all methods in lists, aliases left out."""
    return REGISTRY.names()


def rows() -> tuple[Row, ...]:
    """The rows of the registry, in order of their numbers."""
    return REGISTRY.rows


def get(name: str) -> Any:
    """The method of that name or alias, upper and lower case alike.

    **Raises:** `InvalidInput` naming the nearest names for an unknown one.
    """
    return REGISTRY.get(name)
