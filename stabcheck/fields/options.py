"""The options of a declaration, refused where they are not what they should be."""

from __future__ import annotations

from collections.abc import Sequence

from stabcheck.errors import InvalidInput


def checked_count(field: str, name: str, value: object) -> int:
    """A whole number of at least 1."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise InvalidInput(
            f"asked for {field} with {name}={value!r}; give a whole number of at "
            "least 1"
        )
    return value


def checked_flag(field: str, name: str, value: object) -> bool:
    """True or False."""
    if not isinstance(value, bool):
        raise InvalidInput(
            f"asked for {field} with {name}={value!r}; give True or False"
        )
    return value


def checked_choice(
    field: str, name: str, value: object, choices: Sequence[object]
) -> object:
    """One of some values."""
    if value not in choices:
        raise InvalidInput(
            f"asked for {field} with {name}={value!r}; give one of "
            f"{', '.join(repr(choice) for choice in choices)}"
        )
    return value
