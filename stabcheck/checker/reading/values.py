"""One JSON value at a time: its type and its range, or `Malformed`."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from stabcheck.checker.failures import Malformed


def object_of(where: str, value: Any) -> dict[str, Any]:
    """A JSON object."""
    if type(value) is not dict:
        raise Malformed(f"{where} is no JSON object")
    return value


def list_of(where: str, value: Any) -> list[Any]:
    """A JSON list."""
    if type(value) is not list:
        raise Malformed(f"{where} is no list")
    return value


def string_of(where: str, value: Any) -> str:
    """A JSON string."""
    if type(value) is not str:
        raise Malformed(f"{where} is no string")
    return value


def words(where: str, value: Any) -> str:
    """One line of text that is shown to people: no control or half characters."""
    if not string_of(where, value).isprintable():
        raise Malformed(f"{where} has to be one line of printable text")
    return value


def count(where: str, value: Any, least: int = 1, most: int = 1 << 24) -> int:
    """An integer in a range; a boolean is none."""
    if type(value) is not int or not least <= value <= most:
        raise Malformed(f"{where} has to be an integer in [{least}, {most}]")
    return value


def flag(where: str, value: Any) -> bool:
    """A JSON boolean; a number is none."""
    if type(value) is not bool:
        raise Malformed(f"{where} has to be true or false")
    return value


def index_of(where: str, value: Any, length: int) -> int:
    """An index below a length; a boolean is none."""
    if type(value) is not int or not 0 <= value < length:
        raise Malformed(f"{where} is no index below {length}")
    return value


def rational(where: str, value: Any, least: Fraction | None = None) -> Fraction:
    """A rational `[p, q]` with q > 0, at least `least`."""
    if (
        type(value) is not list
        or len(value) != 2
        or any(type(part) is not int for part in value)
        or value[1] <= 0
    ):
        raise Malformed(f"{where} is no rational [p, q] with q > 0")
    found = Fraction(value[0], value[1])
    if least is not None and found < least:
        raise Malformed(f"{where} is below {least}")
    return found


def positive(where: str, value: Any) -> Fraction:
    """A rational above zero."""
    found = rational(where, value)
    if found <= 0:
        raise Malformed(f"{where} has to be positive")
    return found


def keys(
    where: str, record: dict[str, Any], needed: str, optional: str = ""
) -> dict[str, Any]:
    """The record, if it has the needed keys and no unknown one."""
    required = set(needed.split())
    missing = sorted(required - set(record))
    unknown = sorted(set(record) - required - set(optional.split()))
    if missing:
        raise Malformed(f"{where} lacks the key {missing[0]!r}")
    if unknown:
        raise Malformed(f"{where} has the unknown key {unknown[0]!r}")
    return record


def check_prose(document: dict[str, Any]) -> None:
    """The prover's words, which are shown and not checked: `Malformed` if not text."""
    words("statement", document["statement"])
    provenance = object_of("provenance", document["provenance"])
    for key, value in provenance.items():
        words("a key of provenance", key)
        words(f"provenance.{key}", value)


def tableau(
    where: str,
    record: dict[str, Any],
    most: int,
    entry: Callable[[str, Any], Any] = rational,
) -> tuple[list[list[Any]], list[Any]]:
    """A and b of a Runge-Kutta method with at most so many stages.

    **Arguments:** `entry`, which reads one coefficient.
    """
    b = [entry(f"{where}.b", x) for x in list_of(f"{where}.b", record["b"])]
    rows = list_of(f"{where}.A", record["A"])
    A = [[entry(f"{where}.A", x) for x in list_of(f"{where}.A", row)] for row in rows]
    lengths = {len(A), *(len(row) for row in A)}
    if not 1 <= len(b) <= most or lengths != {len(b)}:
        raise Malformed(f"{where}: A has to be square, of the length of b")
    return A, b
