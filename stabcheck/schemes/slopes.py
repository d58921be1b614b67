"""Slopes: what a scheme steps along, a pure function of a state."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from stabcheck.errors import InvalidInput
from stabcheck.symbolic import Field

Slope = Callable[[Any], Any]
"""From a state `(n, d)` to its slope `(n, d)`."""


def slope_of(field: Field, *, backend: str = "jax", **parameters: Any) -> Slope:
    """A declared field with its parameters, as a function of the state.

    **Arguments:** `field`, a declaration of `stabcheck.fields`; `backend`, `jax` (to
    be traced and differentiated, by the state and by the parameters) or `numpy`;
    `parameters`, arrays by the names of the declaration.

    **Raises:** `InvalidInput` for another backend; at the first state, for parameters
    that do not fit the declaration.
    """
    if backend not in ("jax", "numpy"):
        raise InvalidInput(
            f"asked for a slope in {backend!r}; give 'jax' or 'numpy', whose arrays a "
            "scheme can add"
        )
    kernel = _kernel(field, backend)
    return lambda state: kernel(state, **parameters)


@lru_cache(256)
def _kernel(field: Field, backend: str) -> Callable[..., Any]:
    """One kernel for all layers of a field, so that it is built once."""
    return field.lower(backend)
