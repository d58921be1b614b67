"""The counts of a campaign as a page of Markdown."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from soundness.campaign import Campaign

STATUSES = ("accepted", "rejected", "undecided", "malformed")


def _row(cells: Iterable[object]) -> str:
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def _table(head: list[str], rows: list[list[object]]) -> list[str]:
    return [_row(head), _row(["---"] * len(head)), *map(_row, rows), ""]


def _names(campaign: Campaign, group: str) -> list[str]:
    keys = (key.split(" | ") for key in campaign.counts)
    return sorted({name for found, name, _ in keys if found == group})


def _counts(campaign: Campaign, group: str, name: str, words: list[str]) -> list[int]:
    return [campaign.counts[f"{group} | {name} | {word}"] for word in words]


def markdown(campaign: Campaign, theorems: Iterable[str]) -> str:
    """The tables: certificates, broken theorems, changes, and what was wrong."""
    lines = [
        "# The soundness campaign",
        "",
        f"Seed {campaign.seed}, {campaign.trials} trials in "
        f"{campaign.seconds / 60:.1f} minutes. Made by `make soundness`.",
        "",
        "## Certificates as the prover wrote them",
        "",
        "Traps: weights from 1e-300 to 1e150, ties, tokens of very different lengths,",
        "radii of 0, 1e-300, 1e-17, 1e-9. *Declined*: the prover says that no theorem",
        "gives a bound. *Exceeded*: a state or an ascent refuted an accepted claim.",
        "",
    ]
    words = ["accepted", "declined", "rejected", "undecided", "prover failed"]
    lines += _table(
        ["kind", *words, "claims", "exceeded"],
        [
            [
                name,
                *_counts(campaign, "certificates", name, words),
                *_counts(campaign, "claims", name, ["all", "exceeded"]),
            ]
            for name in _names(campaign, "certificates")
        ],
    )
    lines += [
        "## A broken prover: each theorem's number made better by a tenth",
        "",
    ]
    broken = set(_names(campaign, "broken prover"))
    lines += _table(
        ["theorem", *STATUSES],
        [
            [name, *_counts(campaign, "broken prover", name, list(STATUSES))]
            for name in sorted(broken)
        ],
    )
    missing = sorted(set(theorems) - broken)
    if missing:
        lines += ["Not drawn in this campaign: " + ", ".join(missing) + ".", ""]
    lines += ["## Changed and sealed again", ""]
    lines += _table(
        ["change", *STATUSES, "accepted and false"],
        [
            [
                name,
                *_counts(campaign, "changes", name, list(STATUSES)),
                *_counts(campaign, "changes", name, ["accepted and false"]),
            ]
            for name in _names(campaign, "changes")
        ],
    )
    lines += ["## What was wrong", "", *(f"- {line}" for line in campaign.wrong)]
    lines += [] if campaign.wrong else ["Nothing."]
    return "\n".join(lines) + "\n"
