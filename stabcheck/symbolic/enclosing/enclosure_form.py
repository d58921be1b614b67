r"""The form of a field whose evaluation in balls is narrow: averaged, then folded."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

from stabcheck.symbolic.derive import jacobian, jvp, vjp
from stabcheck.symbolic.derive import needed as needed_definitions
from stabcheck.symbolic.enclosing.averaging import averaged
from stabcheck.symbolic.enclosing.folding import folded
from stabcheck.symbolic.field import Field

DERIVED = {"jacobian": jacobian, "jvp": jvp, "vjp": vjp}


@lru_cache(maxsize=64)
def enclosure_form(field: Field) -> Field:
    """The same function of the same arguments, written for enclosures."""
    return needed(folded(central_form(field)))


@lru_cache(maxsize=64)
def central_form(field: Field) -> Field:
    """The field in averages; a derived one is derived anew from them."""
    if field.origin is None:
        return averaged(field)
    how, source = field.origin
    return DERIVED[how](central_form(source))


def needed(field: Field) -> Field:
    """The field without the definitions that its output does not use."""
    return replace(field, definitions=needed_definitions(list(field.definitions)))
