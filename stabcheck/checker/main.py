"""From a file to a verdict: every claim by its rule, in worker processes."""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal

import flint

from stabcheck.checker import summary
from stabcheck.checker.context import Context
from stabcheck.checker.failures import ClaimRejected, ClaimUndecided, Malformed
from stabcheck.checker.reading.document import read_certificate
from stabcheck.checker.rules import THEOREMS, rule_of

Status = Literal["accepted", "rejected", "undecided", "malformed"]
EXIT_CODES: dict[Status, int] = {
    "accepted": 0,
    "rejected": 1,
    "malformed": 2,
    "undecided": 3,
}
PRECISION = 128
"""Bits of the ball arithmetic, unless told otherwise."""
MOST_RESULTS = 20
"""Lines about results in a verdict for people."""


@dataclass(frozen=True)
class Verdict:
    """What the checker says; `reasons` are (claim, theorem, reason) of what failed.

    `results` are the claims that no other one uses, in the checker's own words; the
    `statement` and the `provenance` are the prover's and are not checked.
    """

    status: Status
    tier: Literal["exact", "float64"]
    claims: int
    reasons: list[tuple[int, str, str]] = field(default_factory=list)
    statement: str = ""
    provenance: dict[str, str] = field(default_factory=dict)
    results: list[str] = field(default_factory=list)

    def text(self) -> str:
        """The verdict for a person, one line a failure."""
        lines = [
            f"claim {index} ({theorem}): {reason}" if theorem else reason
            for index, theorem, reason in self.reasons
        ]
        tier = " (float64 tier)" if self.tier == "float64" else ""
        if self.status == "accepted":
            lines += self.results[:MOST_RESULTS]
            if len(self.results) > MOST_RESULTS:
                lines.append(f"and {len(self.results) - MOST_RESULTS} more, see --json")
            unchecked = {"statement": self.statement} | self.provenance
            lines += [f"not checked: {k} = {v}" for k, v in unchecked.items()]
        lines.append(f"{self.status}{tier}: {self.claims} claims")
        return "\n".join(line for line in lines if line)


def check(path: Path | str, jobs: int = 2, precision: int = PRECISION) -> Verdict:
    """Check a certificate.

    **Arguments:** `jobs`, worker processes; `precision`, bits of the balls.

    **Returns:** a `Verdict`; no exception, whatever the file holds.
    """
    try:
        ctx = _read(str(path), precision)
    except Malformed as error:
        return Verdict("malformed", "exact", 0, [(-1, "", str(error))])
    claims = ctx.document["claims"]
    reasons = _decide_all(str(path), ctx, jobs, precision)
    statuses = {kind for kind, *_ in reasons}
    status: Status = next(
        (s for s in ("malformed", "rejected", "undecided") if s in statuses), "accepted"
    )
    used = any(claim["tier"] == "float64" for claim in claims)
    return Verdict(
        status,
        "float64" if used else "exact",
        len(claims),
        [(index, theorem, reason) for _, index, theorem, reason in reasons],
        ctx.document["statement"],
        ctx.document["provenance"],
        summary.results(ctx) if status == "accepted" else [],
    )


Failure = tuple[Status, int, str, str]

_WORKER: dict[str, Context] = {}
"""The certificate that this worker process has read."""


def _read(path: str, precision: int) -> Context:
    flint.ctx.prec = precision
    return read_certificate(Path(path))


def _decide_all(path: str, ctx: Context, jobs: int, precision: int) -> list[Failure]:
    groups = _groups(ctx)
    if jobs <= 1 or len(groups) <= 1:
        found = [failure for group in groups for failure in _decide_group(ctx, group)]
        return sorted(found, key=lambda failure: failure[1])
    _WORKER["certificate"] = ctx
    # Forked workers share the certificate that is read already; balls are not pickled.
    pool = multiprocessing.get_context("fork").Pool(jobs, _limit_threads)
    with pool:
        results = pool.imap_unordered(_work, groups)
        found = [failure for failures in results for failure in failures]
    return sorted(found, key=lambda failure: failure[1])


def _limit_threads() -> None:
    # An interrupt ends a worker at once, without a traceback of its own.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    # Two workers share the machine: one BLAS thread each, set before numpy loads.
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")


def _work(group: list[int]) -> list[Failure]:
    return _decide_group(_WORKER["certificate"], group)


def _groups(ctx: Context) -> list[list[int]]:
    """Claims that share a branch, so that one worker reuses what it knows of it.

    Inside a group the claims at one centre come together.  The groups of most work
    come first, to keep both workers busy at the end.
    """
    if "domains" not in ctx.document:
        return [list(range(len(ctx.document["claims"])))]
    groups: dict[str, list[tuple[str, int]]] = {}
    for index, claim in enumerate(ctx.document["claims"]):
        domain = ctx.domain(claim["domain"])
        subject = claim["subject"]
        (about,) = subject.values()
        # A branch and maps are lists themselves; the others name their branch.
        key = json.dumps(about["branch"] if isinstance(about, dict) else about)
        groups.setdefault(key, []).append((domain.get("centre", ""), index))
    ordered = [[index for _, index in sorted(group)] for group in groups.values()]
    return sorted(
        ordered,
        key=lambda group: -sum(_dense_work(ctx.claim(index)) for index in group),
    )


def _dense_work(claim: dict) -> int:
    """About how many dense Jacobians a claim needs: the rest is short beside them."""
    if claim["tier"] != "float64":
        return 0
    first, last = claim["subject"].get("maps", (0, 1))
    return last - first


def _decide_group(ctx: Context, group: Sequence[int]) -> list[Failure]:
    failures = list(_failures(ctx, group))
    ctx.cache.clear()
    return failures


def _failures(ctx: Context, group: Sequence[int]) -> Iterator[Failure]:
    for index in group:
        claim = ctx.claim(index)
        premises = [ctx.claim(premise) for premise in claim["premises"]]
        theorem = claim["theorem"]
        try:
            if THEOREMS[theorem] == "float64" and claim["tier"] != "float64":
                raise ClaimRejected("this theorem is decided in the float64 tier only")
            rule_of(theorem)(ctx, claim, premises)
        except ClaimRejected as error:
            yield "rejected", index, theorem, str(error)
        except ClaimUndecided as error:
            yield "undecided", index, theorem, str(error)
        except Malformed as error:
            yield "malformed", index, theorem, str(error)
        except ImportError as error:
            yield "undecided", index, theorem, f"a module is missing: {error}"
        except Exception as error:
            # A rule that stumbles, over whatever, has not established its claim.
            reason = f"the rule could not be applied: {type(error).__name__}: {error}"
            yield "rejected", index, theorem, reason


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line.  **Returns:** the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m stabcheck.checker",
        description="Check a stabcheck certificate; nothing in the file is trusted.",
    )
    parser.add_argument("certificate", help="certificate.json")
    parser.add_argument("--jobs", type=int, default=2, help="worker processes")
    parser.add_argument(
        "--precision", type=int, default=PRECISION, help="bits of the ball arithmetic"
    )
    parser.add_argument("--json", action="store_true", help="for machines")
    options = parser.parse_args(arguments)
    if options.jobs < 1 or not 64 <= options.precision <= 4096:
        parser.error("--jobs has to be >= 1 and --precision in [64, 4096]")
    try:
        verdict = check(options.certificate, options.jobs, options.precision)
    except KeyboardInterrupt:
        print("stabcheck.checker: interrupted", file=sys.stderr)
        return 130
    if options.json:
        print(json.dumps(asdict(verdict)))
    elif verdict.status == "malformed":
        print(f"stabcheck.checker: {verdict.reasons[0][2]}", file=sys.stderr)
    else:
        print(verdict.text())
    return EXIT_CODES[verdict.status]
