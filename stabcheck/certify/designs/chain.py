"""The claims of a design in order, each with its value and its formula."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from stabcheck.certificate import plain, rational

if TYPE_CHECKING:
    from sympy import Expr

SCHEMA = "stabcheck-design/1"


@dataclass(frozen=True)
class Line:
    """One claim: its place, what it bounds and by how much; `formula` in SymPy."""

    claim: int
    theorem: str
    quantity: str
    value: Fraction
    formula: Callable[[], Expr]


class Chain:
    """Claims about one design; the same claim is written once.

    **Arguments:** `records`, of a design: `Design.records()`.
    """

    def __init__(self, records: Mapping[str, Any]) -> None:
        self.records = records
        self._claims: list[dict[str, Any]] = []
        self._lines: dict[tuple[str, str, str], Line] = {}

    def add(
        self,
        theorem: str,
        quantity: str,
        subject: Mapping[str, Any],
        value: Fraction,
        formula: Callable[[], Expr],
        premises: Sequence[Line] = (),
        parameters: Mapping[str, Any] | None = None,
    ) -> Line:
        """Write a claim, or find it."""
        key = (theorem, quantity, str(subject))
        if key not in self._lines:
            claim: dict[str, Any] = {
                "theorem": theorem,
                "quantity": quantity,
                "subject": dict(subject),
                "premises": [premise.claim for premise in premises],
                "bound": rational(value),
            }
            if parameters:
                claim["parameters"] = plain(parameters)
            line = Line(len(self._claims), theorem, quantity, value, formula)
            self._claims.append(claim)
            self._lines[key] = line
        return self._lines[key]

    @property
    def length(self) -> int:
        """How many claims there are."""
        return len(self._claims)

    def document(self, statement: str, provenance: Mapping[str, str]) -> dict[str, Any]:
        """The certificate as a JSON value."""
        return {
            "schema": SCHEMA,
            "statement": statement,
            "provenance": dict(provenance),
            **plain(self.records),
            "claims": self._claims,
        }
