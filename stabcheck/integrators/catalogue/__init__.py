"""The registry of methods: families of exact coefficients, each with its source."""

from __future__ import annotations

import difflib

from stabcheck.errors import InvalidInput
from stabcheck.integrators.catalogue import explicit, implicit, splitting
from stabcheck.integrators.splitting import LieTrotter
from stabcheck.integrators.tableau import ButcherTableau

Method = ButcherTableau | LieTrotter

METHODS: dict[str, Method] = {
    method.name: method
    for family in (explicit, implicit, splitting)
    for method in family.METHODS
}

ALIASES = {**explicit.ALIASES, **implicit.ALIASES}
"""Other names of the same methods, NodePy's labels among them."""


def names() -> tuple[str, ...]:
    """The names of all methods, aliases left out."""
    return tuple(METHODS)


def get(name: str) -> Method:
    """The method of that name or alias, upper and lower case alike.

    **Raises:** `InvalidInput` naming the nearest names for an unknown one.
    """
    known = {key.casefold(): key for key in (*METHODS, *ALIASES)}
    key = known.get(str(name).strip().casefold())
    if key is None:
        near = difflib.get_close_matches(str(name).casefold(), known, 3, 0.4)
        shown = ", ".join(known[k] for k in near) or ", ".join(METHODS)
        raise InvalidInput(
            f"asked for the integrator {name!r}, found none of that name; nearest: "
            f"{shown}"
        )
    return METHODS[ALIASES.get(key, key)]
