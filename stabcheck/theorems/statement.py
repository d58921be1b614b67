"""What a theorem of the ledger is: an id, a statement, its hypotheses, its standing."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal


@dataclass(frozen=True)
class Theorem:
    """One entry of the ledger.

    `id` is the key everywhere: proof file, property test, checker rule, certificate.
    `status` is `proved` when an executable proof stands in `proofs/`, `cited` when we
    rely on the literature; `rule` says that the checker has a rule of this id.
    """

    id: str
    summary: str
    statement: str
    source: str
    status: Literal["proved", "cited"] = "proved"
    rule: bool = True

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    def text(self) -> str:
        """The entry as a page of text."""
        return (
            f"{self.id} ({self.status}"
            f"{', checker rule' if self.rule else ''})\n\n{self.summary}\n\n"
            f"{self.statement}\n\nSource: {self.source}"
        )
