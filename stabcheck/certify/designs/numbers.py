"""Values of a design file: exact numbers, counts, words, step sizes, squared radii."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from stabcheck import domains
from stabcheck.certify.designs.description import StepSize
from stabcheck.errors import InvalidInput

ROOT = re.compile(r"\s*sqrt\(\s*([^()]+?)\s*\)\s*")
SMALLEST, LARGEST = Fraction(1, 10**30), Fraction(10**9)
LONGEST = 256
"""Characters of a number in a file."""
MOST = 1 << 24
"""No count is larger."""
OVER_DEPTH = re.compile(r"\s*([^()L]+?)\s*/\s*L\s*")


def shown(value: Any) -> str:
    """A value of a file, short enough for a message."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def number_of(value: Any) -> Fraction:
    """An exact number >= 0, of a size whose powers can be written.

    **Raises:** `InvalidInput` for anything else.
    """
    text = str(value)
    if len(text) > LONGEST:
        raise InvalidInput(f"asked for a number, found {len(text)} characters")
    found = domains.radius_of(value)
    if found and not SMALLEST <= found <= LARGEST:
        raise InvalidInput(
            f"asked for the number {text[:20]}; give 0, or one between 1e-30 and 1e9"
        )
    return found


def word(
    where: str,
    table: Mapping[str, Any],
    key: str,
    allowed: tuple[str, ...],
    default: str | None = None,
) -> str:
    """A word of a list."""
    value = table.get(key, default)
    if value not in allowed:
        raise InvalidInput(
            f"{where} has {key} = {shown(value)}; use one of {', '.join(allowed)}"
        )
    return value


def count(
    where: str,
    table: Mapping[str, Any],
    key: str,
    default: int | None = None,
    *,
    most: int = MOST,
) -> int:
    """A whole number of at least one."""
    value = table.get(key, default)
    if type(value) is not int or not 1 <= value <= most:
        raise InvalidInput(
            f"{where} has {key} = {shown(value)}; give a whole number >= 1, at most "
            f"{most}"
        )
    return value


def cap(
    where: str,
    table: Mapping[str, Any],
    key: str,
    default: Fraction | int | None = None,
) -> Fraction:
    """A number that is not negative."""
    value = table.get(key, default)
    if value is None:
        raise InvalidInput(f"{where} lacks {key}; give a number >= 0 such as '1/2'")
    try:
        return number_of(value)
    except InvalidInput as error:
        raise InvalidInput(
            f"{where} has {key} = {shown(value)}; give a number >= 0 such as '1/2', "
            "at most 1e9"
        ) from error


def step_size(where: str, table: Mapping[str, Any], key: str, default: Any) -> StepSize:
    """A positive number, or one divided by the depth, such as `1/24` or `1/L`."""
    value = table.get(key, default)
    match = OVER_DEPTH.fullmatch(value) if isinstance(value, str) else None
    try:
        number = number_of(match[1] if match else value)
    except InvalidInput:
        number = Fraction(0)
    if number == 0:
        raise InvalidInput(
            f"{where} has {key} = {shown(value)}; give a positive number up to "
            "1e9 such as '1/24', or '1/L' to divide it by the depth"
        )
    return StepSize(number, by_depth=match is not None)


def squared(where: str, table: Mapping[str, Any], key: str, features: Any) -> Fraction:
    """The square of a positive number, which may be written `sqrt(d)` or `sqrt(64)`."""
    value = table.get(key)
    match = ROOT.fullmatch(value) if isinstance(value, str) else None
    inner = match[1] if match else value
    if match and inner == "d":
        inner = features
    try:
        number = number_of(inner)
    except InvalidInput:
        number = Fraction(0)
    if number == 0:
        raise InvalidInput(
            f"{where} has {key} = {shown(value)}; give a positive number, 'sqrt(64)', "
            "or 'sqrt(d)' where the field names its features"
        )
    return number if match else number**2
