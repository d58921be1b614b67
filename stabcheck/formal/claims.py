"""From a certificate to a folder of Coq files, one a claim.

Each claim is decided by the checker's own rule first; what the kernel found on the way,
or the Jacobian and the bound, becomes a theorem.  No text of the certificate gets into
a file: numbers, and names of the checker's own tables.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import flint

from stabcheck.checker.arithmetic.judgements import Exactly, Judgement, keeping
from stabcheck.checker.context import Context
from stabcheck.checker.failures import ClaimRejected, ClaimUndecided, Malformed
from stabcheck.checker.reading.document import read_certificate
from stabcheck.checker.rules import THEOREMS, rule_of
from stabcheck.formal.heading import (
    AXIS,
    EXACT,
    HALF_PLANE,
    JACOBIAN,
    ROUNDED,
    heading,
)
from stabcheck.formal.jacobians import POINT_THEOREMS, point_text
from stabcheck.formal.matrices import judgement_text
from stabcheck.formal.methods import AXES, interval_text
from stabcheck.formal.notation import library

PRECISION = 128
"""Bits of the checker's balls."""
MOST_ROWS = 128
"""Rows of a matrix; Coq takes about a minute for so many."""
WITNESSED = (
    *POINT_THEOREMS,
    "attention-log-norm-tube",
    "attention-norm-joint-tube",
    "feed-forward-tube",
    "runge-kutta-growth-lmi",
    "runge-kutta-shrink-lmi",
    "circle-contractivity",
    "circle-contractivity-radius",
    "algebraic-stability",
)
"""Theorems whose claims rest on integer matrices, as the kernel decides them."""

FLOAT64 = "of the float64 tier"
FORMULAS = "decided by formulas or balls, without an integer witness"
LARGE = f"with a matrix of more than {MOST_ROWS} rows"
OPEN = "of radius 0, of irrational coefficients, or of too long numbers"


@dataclass(frozen=True)
class Export:
    """What was written and what was not.

    `files` and `claims`, a line each, by the index of the claim; `left_out`, how many
    claims for each reason.
    """

    files: dict[int, Path] = field(default_factory=dict)
    claims: dict[int, str] = field(default_factory=dict)
    left_out: Counter[str] = field(default_factory=Counter)

    def remark(self) -> str:
        """One line about what was left out, or none."""
        parts = [
            f"{count} claim{'s' if count > 1 else ''} {reason}"
            for reason, count in self.left_out.items()
        ]
        return f"left out: {'; '.join(parts)}" if parts else ""


def export(path: Path, folder: Path, precision: int = PRECISION) -> Export:
    """Write the claims that Coq can check into a folder, `claim_<index>.v` each.

    **Raises:** the checker's `Malformed`, `ClaimRejected` or `ClaimUndecided`, before
    anything is written.
    """
    flint.ctx.prec = precision
    ctx = read_certificate(path)
    found = Export()
    texts: dict[Path, str] = {}
    for index in range(len(ctx.document["claims"])):
        text, reason = claim_text(ctx, index)
        if text is None:
            found.left_out[reason] += 1
            continue
        claim = ctx.claim(index)
        found.files[index] = folder / f"claim_{index}.v"
        found.claims[index] = f"{claim['quantity']} ({claim['theorem']})"
        texts[found.files[index]] = text
    if texts:
        folder.mkdir(parents=True, exist_ok=True)
        for earlier in folder.glob("claim_*.v"):
            earlier.unlink()
    for file, text in texts.items():
        file.write_text(text, encoding="utf-8")
    return found


def claim_text(ctx: Context, index: int) -> tuple[str | None, str]:
    """The file of a claim, or None and the reason.

    **Raises:** `ClaimRejected` or `ClaimUndecided`, what the claim's rule says.
    """
    claim = ctx.claim(index)
    theorem = claim["theorem"]
    if claim["tier"] == "float64" or THEOREMS[theorem] == "float64":
        return None, FLOAT64
    if theorem in WITNESSED:
        return _matrices(ctx, index)
    if claim["quantity"] in AXES and claim.get("holds", True):
        _decide(ctx, index)
        axis, ends = AXES[claim["quantity"]], (claim.get("lower"), claim.get("upper"))
        text = interval_text(ctx.document["method"], axis, *ends)
        if text is None:
            return None, OPEN
        meaning = HALF_PLANE if "holds" in claim else AXIS
        return _file(index, claim, meaning, text), ""
    return None, FORMULAS


def _decide(ctx: Context, index: int) -> list[Judgement]:
    """What the kernel finds while the claim's rule establishes it."""
    claim = ctx.claim(index)
    premises = [ctx.claim(premise) for premise in claim["premises"]]
    place = f"claim {index} ({claim['theorem']}) is not accepted"
    try:
        with keeping() as found:
            rule_of(claim["theorem"])(ctx, claim, premises)
    except (ClaimRejected, ClaimUndecided, Malformed) as error:
        raise type(error)(f"{place}: {error}") from error
    except Exception as error:
        reason = f"the rule could not be applied: {type(error).__name__}: {error}"
        raise ClaimRejected(f"{place}: {reason}") from error
    finally:
        ctx.cache.clear()
    return found


def _matrices(ctx: Context, index: int) -> tuple[str | None, str]:
    claim = ctx.claim(index)
    witness = claim.get("witness") or {}
    names = witness.get("factors", [witness["factor"]] if "factor" in witness else [])
    if any(max(ctx.tensor(name).shape, default=0) > MOST_ROWS for name in names):
        return None, LARGE
    judgements = _decide(ctx, index)
    if not judgements:
        return None, OPEN
    if claim["theorem"] in POINT_THEOREMS:
        text = point_text(ctx, claim, judgements[0])
        if text is not None:
            return _file(index, claim, JACOBIAN, text), ""
    texts = [
        judgement_text(f"Matrix_{k}", judgement, witness.get("grid", 0))
        for k, judgement in enumerate(judgements, 1)
    ]
    written = [text for text in texts if text is not None]
    if len(written) < len(texts):
        return None, OPEN
    meaning = EXACT if isinstance(judgements[0], Exactly) else ROUNDED
    return _file(index, claim, meaning, "\n".join(written)), ""


def _file(index: int, claim: dict, meaning: Sequence[str], theorems: str) -> str:
    """A file that Coq checks by itself: heading, library, theorems."""
    signs = meaning in (AXIS, HALF_PLANE)
    parts = heading(index, claim, meaning), library("Signs" if signs else "Definite")
    return "\n".join([*parts, theorems])
