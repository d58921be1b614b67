"""The catalogue: rows of methods with exact coefficients, each with its source.

A new family of methods is a module with `ROWS`, added to `MODULES`.
"""

from __future__ import annotations

from typing import Any

from stabcheck.integrators.catalogue import explicit, implicit, splitting
from stabcheck.integrators.registry import Registry, Row

MODULES = (explicit, implicit, splitting)

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
