r"""The registry: numbered rows of methods, families with parameters, and their names.

A row is a line of the list that `stabcheck integrators` prints.  It holds methods by
name, families such as `rkc1:20`, or the reason why nothing of it is certified.  A
method is built when it is first asked for.
"""

from __future__ import annotations

import difflib
import inspect
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from stabcheck.errors import InvalidInput

LARGEST_PARAMETER = 1000
"""A name with more stages or steps would take minutes to build, if it ends at all."""


@dataclass(frozen=True)
class Row:
    """A row of the registry.

    **Arguments:** `number`, its place in the list; `key`, its shell-safe name;
    `title`, the method in words; `methods`, what builds each method of the row, by the
    method's own name; `families`, functions of whole numbers or fractions by family
    name (`rkc1` makes `rkc1:20`); `listed`, the members of the families that stand in
    lists, such as `rkc1:10`; `aliases`, other names of methods and members; `open`, for
    a row without methods, why it has none.
    """

    number: int
    key: str
    title: str
    methods: Mapping[str, Callable[[], Any]] = field(default_factory=dict)
    families: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    listed: tuple[str, ...] = ()
    aliases: Mapping[str, str] = field(default_factory=dict)
    open: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """The methods and the listed members of the families."""
        return (*self.methods, *self.listed)


class Registry:
    """Rows, searched by name; methods are built once.

    **Raises:** `InvalidInput` for a name or number that two rows claim.
    """

    def __init__(self, rows: Iterable[Row]) -> None:
        self.rows = tuple(sorted(rows, key=lambda row: row.number))
        self._methods: dict[str, Callable[[], Any]] = {}
        self._families: dict[str, Callable[..., Any]] = {}
        self._aliases: dict[str, str] = {}
        self._built: dict[str, Any] = {}
        # A family may bear the name of a method: `ssprk3` and `ssprk3:16`.
        self._shown: dict[str, str] = {}
        self._shown_families: dict[str, str] = {}
        for row in self.rows:
            for shown, table, entries in (
                (self._shown, self._methods, row.methods),
                (self._shown_families, self._families, row.families),
                (self._shown, self._aliases, row.aliases),
            ):
                for name, entry in entries.items():
                    _enter(shown, table, name, entry)
        numbers = [row.number for row in self.rows]
        twice = {number for number in numbers if numbers.count(number) > 1}
        if twice:
            raise InvalidInput(
                f"asked for a registry with the rows {sorted(twice)} twice; number "
                "each row once"
            )

    def names(self) -> tuple[str, ...]:
        """The names of all methods in lists, aliases left out."""
        return tuple(name for row in self.rows for name in row.names)

    def aliases(self, name: str) -> list[str]:
        """The other names of a method."""
        key = name.casefold()
        return [
            self._shown[alias]
            for alias, target in self._aliases.items()
            if target.casefold() == key
        ]

    def family(self, name: str) -> Callable[..., Any]:
        """The function that makes the members of a family.

        **Raises:** `InvalidInput` naming the nearest names for an unknown one.
        """
        key = name.casefold()
        if key not in self._families:
            raise InvalidInput(
                f"asked for the family {name!r}, found none of that name; nearest: "
                f"{', '.join(self._nearest(key))}"
            )
        return self._families[key]

    def get(self, name: str) -> Any:
        """The method of that name, alias or family member, in upper or lower case.

        `rkc1:20`, `RKC1(20)` and, for one whole parameter, `RKC1-20` and `RKC120`-like
        spellings such as `AB4` name the same member of a family.  Blanks and
        underscores may stand for hyphens.

        **Raises:** `InvalidInput` naming the nearest names for an unknown one.
        """
        key = self._key(str(name))
        if key not in self._built:
            # `ssprk3(4)` and `ssprk3:4` are one object.
            method = self._build(key, name)
            self._built[key] = self._built.setdefault(method.name.casefold(), method)
        return self._built[key]

    def _key(self, name: str) -> str:
        """The key under which a spelling is known, the spelling itself if none is."""
        written = " ".join(name.split()).casefold()
        for spelling in (written, re.sub("[ _]", "-", written)):
            key = spelling
            for _ in range(8):  # an alias of an alias ends after a few turns
                if key not in self._aliases:
                    break
                key = self._aliases[key].casefold()
            if key in self._methods or _member(key, self._families) is not None:
                return key
        return written

    def _build(self, key: str, asked: str) -> Any:
        if key in self._methods:
            return self._methods[key]()
        member = _member(key, self._families)
        if member is None:
            raise InvalidInput(f"asked for the integrator {asked!r}, {self._hint(key)}")
        family, arguments = member
        wanted = self._parameters(family)
        fewest = sum(p.default is inspect.Parameter.empty for p in wanted)
        if not fewest <= len(arguments) <= len(wanted):
            raise InvalidInput(
                f"asked for the integrator {asked!r}, found {len(arguments)} "
                f"parameters; write {self._pattern(family)}"
            )
        if any(a.denominator == 1 and abs(a) > LARGEST_PARAMETER for a in arguments):
            raise InvalidInput(
                f"asked for the integrator {asked!r}; the whole parameters in a name "
                f"go up to {LARGEST_PARAMETER}, call the family in Python beyond that"
            )
        return self._families[family](*arguments)

    def _hint(self, key: str) -> str:
        """What was found of an unknown name, and what to write."""
        family = re.split("[:( ]", key, maxsplit=1)[0]
        if family in self._families:
            return (
                f"found a family without numbers as parameters; write "
                f"{self._pattern(family)}"
            )
        return f"found none of that name; nearest: {', '.join(self._nearest(key))}"

    def _pattern(self, family: str) -> str:
        names = ",".join(p.name for p in self._parameters(family))
        return f"{self._shown_families[family]}:{names}"

    def _parameters(self, family: str) -> list[inspect.Parameter]:
        return list(inspect.signature(self._families[family]).parameters.values())

    def _nearest(self, key: str) -> list[str]:
        shown = self._shown_families | self._shown
        near = difflib.get_close_matches(key, shown, 3, 0.4)
        return [shown[k] for k in near] or list(self.names()[:8])


def _enter(shown: dict[str, str], table: dict[str, Any], name: str, entry: Any) -> None:
    key = name.casefold()
    if key in shown:
        raise InvalidInput(
            f"asked to register {name!r}, found {shown[key]!r} registered already; "
            "choose another name"
        )
    shown[key] = name
    table[key] = entry


def _member(
    key: str, families: Mapping[str, Any]
) -> tuple[str, list[int | Fraction]] | None:
    """The family and the parameters that a key names, if it names any."""
    family, _, rest = key.partition(":")
    if not rest and key.endswith(")"):
        family, _, rest = key[:-1].partition("(")
    if not rest:
        family = key.rstrip("0123456789")
        rest = key[len(family) :]
        family = family.rstrip("-")
    if family not in families or not rest:
        return None
    try:
        values = [Fraction(part.strip()) for part in rest.split(",")]
    except (ValueError, ZeroDivisionError):
        return None
    return family, [int(v) if v.denominator == 1 else v for v in values]
