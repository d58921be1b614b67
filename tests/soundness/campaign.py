"""The soundness campaign: `make soundness`, half an hour with a fresh seed.

    python tests/soundness/campaign.py --minutes 30 [--seed N] [--resume FILE]

Four questions are asked of random certificates, traps among them:

* does the checker accept what the prover wrote?
* does an ascent, or any state tried, exceed an accepted claim?
* is each theorem's claim refused when its constant is made better by a tenth?
* is a changed and re-sealed certificate refused, or true if it is accepted?

Every trial is a function of the seed and its number; whatever goes wrong is printed
with both.  Counts are kept in a file after every trial: an interrupted campaign
resumes.  Exit code 1 if anything was unsound, or anything true was refused.
"""

from __future__ import annotations

import argparse
import json
import secrets
import sys
import tempfile
import time
from collections import Counter
from fractions import Fraction
from pathlib import Path

import numpy as np

TESTS = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(TESTS)]

from checker.mutations import read, write  # noqa: E402 - tests/ has to be found first
from soundness.changes import CHANGES, Inapplicable, strengthened  # noqa: E402
from soundness.instances import Declined  # noqa: E402
from soundness.kinds import KINDS  # noqa: E402
from soundness.oracle import refutation  # noqa: E402
from soundness.tables import STATUSES, markdown  # noqa: E402

from stabcheck.checker import check  # noqa: E402
from stabcheck.checker.rules import THEOREMS  # noqa: E402
from stabcheck.errors import Rejected  # noqa: E402

BETTER = Fraction(1, 10)
WEAKER = {
    "attained": (Fraction(1), Fraction(2)),
    "feed-forward-deviation-tube": (Fraction(1, 2), Fraction(9, 10), Fraction(1)),
    "attention-jacobian-deviation-tube": (Fraction(9, 10), Fraction(1)),
    "depth-point": (Fraction(1),),
    "depth-tube-coupled": (Fraction(1),),
    "depth-tube-first-order": (Fraction(1),),
}
"""Theorems of which the prover may write less than they give, to be quicker or to have
room above 0, and the shares that are tried where a tenth better is still true."""
CHANGES_A_TRIAL = 6


class Campaign:
    """Counts that only grow, and what went wrong."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.trials = 0
        self.seconds = 0.0
        self.counts: Counter[str] = Counter()
        self.wrong: list[str] = []

    def to_json(self) -> dict:
        """The whole state."""
        return {
            "seed": self.seed,
            "trials": self.trials,
            "seconds": self.seconds,
            "counts": dict(self.counts),
            "wrong": self.wrong,
        }

    @staticmethod
    def from_json(record: dict) -> Campaign:
        """A campaign as it was after its last trial."""
        campaign = Campaign(record["seed"])
        campaign.trials, campaign.seconds = record["trials"], record["seconds"]
        campaign.counts.update(record["counts"])
        campaign.wrong = record["wrong"]
        return campaign

    def count(self, *words: str) -> None:
        """One more of a kind."""
        self.counts[" | ".join(words)] += 1

    def times_broken(self, theorem: str) -> int:
        """How often a claim of this theorem was made too strong so far."""
        keys = (f"broken prover | {theorem} | {status}" for status in STATUSES)
        return sum(self.counts[key] for key in keys)

    def fail(self, what: str) -> None:
        """Something that must not happen, with what repeats it."""
        line = f"seed {self.seed}, trial {self.trials}: {what}"
        self.wrong.append(line)
        print(line, flush=True)

    def trial(self) -> None:
        """One certificate, and everything that is asked of it."""
        start = time.perf_counter()
        rng = np.random.default_rng([self.seed, self.trials])
        names = list(KINDS)
        kind = str(rng.choice(names, p=[KINDS[name][1] for name in names]))
        with tempfile.TemporaryDirectory() as folder:
            self._ask(kind, rng, Path(folder))
        self.trials += 1
        self.seconds += time.perf_counter() - start

    def _ask(self, kind: str, rng: np.random.Generator, folder: Path) -> None:
        traps = bool(rng.random() < 0.5)
        label = f"{kind}, traps" if traps else kind
        try:
            with np.errstate(all="ignore"):
                path = KINDS[kind][0](rng, folder / "original", traps=traps)
        except Declined:
            self.count("certificates", label, "declined")
            return
        except Rejected as error:
            # A stack is handed to the checker by the prover itself.
            self.count("certificates", label, "rejected")
            if not traps:
                self.fail(f"{label}: unchanged but {error}")
            return
        except Exception as error:
            # The prover may say no; it may not crash.
            self.fail(f"{label}: the prover raised {type(error).__name__}: {error}")
            self.count("certificates", label, "prover failed")
            return
        verdict = check(path, jobs=1)
        self.count("certificates", label, verdict.status)
        if verdict.status != "accepted" and traps:
            # Balls too wide, or a proposal that rounding had made false: the checker
            # did its work, and the prover says so instead of handing anything out.
            return
        if verdict.status != "accepted":
            self.fail(f"{label}: unchanged but {verdict.status}: {verdict.reasons[:1]}")
            return
        document, arrays = read_any(path)
        self.count("claims", label, "checked")
        self.counts[f"claims | {label} | all"] += len(document["claims"])
        found = refutation(document, arrays, rng)
        if found is not None:
            self.count("claims", label, "exceeded")
            self.fail(f"{label}: exceeded: {found}")
        self._break(path, rng, folder)
        self._change(path, rng, folder)

    def _break(self, path: Path, rng: np.random.Generator, folder: Path) -> None:
        """One theorem of the certificate with its constant a tenth better."""
        document, _ = read_any(path)
        theorems = {claim["theorem"] for claim in document["claims"]}
        # The theorem that was broken least often so far, the names deciding ties.
        theorem = min(theorems, key=lambda name: (self.times_broken(name), name))
        for share in (BETTER, *WEAKER.get(theorem, ())):
            document, arrays = read_any(path)
            try:
                for claim in document["claims"]:
                    if claim["theorem"] == theorem:
                        strengthened(claim, share)
            except Inapplicable:
                return
            sealed = seal(folder / f"broken.{share.denominator}", document, arrays)
            verdict = check(sealed, jobs=1)
            accepted = verdict.status == "accepted"
            found = refutation(document, arrays, rng) if accepted else None
            if found or not accepted:
                break
        self.count("broken prover", theorem, verdict.status)
        if accepted:
            self.fail(f"broken {theorem} was accepted: {found or 'nothing exceeds it'}")

    def _change(self, path: Path, rng: np.random.Generator, folder: Path) -> None:
        for place in range(CHANGES_A_TRIAL):
            document, arrays = read_any(path)
            before = json.dumps(document), {k: a.tobytes() for k, a in arrays.items()}
            change = CHANGES[rng.integers(len(CHANGES))]
            try:
                with np.errstate(all="ignore"):
                    change(document, arrays, rng)
            except Inapplicable:
                continue
            after = json.dumps(document), {k: a.tobytes() for k, a in arrays.items()}
            if after == before:
                continue
            sealed = seal(folder / f"changed.{place}", document, arrays)
            verdict = check(sealed, jobs=1)
            name = change.__name__.replace("_", " ")
            self.count("changes", name, verdict.status)
            if verdict.status != "accepted":
                continue
            found = refutation(document, arrays, rng)
            if found is not None:
                self.count("changes", name, "accepted and false")
                self.fail(f"{name} was accepted although {found}")


def read_any(path: Path) -> tuple[dict, dict[str, np.ndarray]]:
    """The document and its arrays; a certificate of a method has none."""
    document = json.loads(path.read_text())
    return read(path) if "arrays" in document else (document, {})


def seal(folder: Path, document: dict, arrays: dict[str, np.ndarray]) -> Path:
    """Write a changed certificate with right digests."""
    if "arrays" in document:
        return write(folder, document, arrays)
    folder.mkdir(parents=True)
    path = folder / "certificate.json"
    path.write_text(json.dumps(document))
    return path


def main(arguments: list[str] | None = None) -> int:
    """Run for the budget, write the table, say what was wrong."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--trials", type=int, help="stop after so many")
    parser.add_argument("--seed", type=int)
    parser.add_argument("--resume", type=Path, help="file that keeps the counts")
    parser.add_argument("--out", type=Path, help="write the table here")
    asked = parser.parse_args(arguments)
    if asked.resume and asked.resume.exists():
        campaign = Campaign.from_json(json.loads(asked.resume.read_text()))
    else:
        seed = asked.seed if asked.seed is not None else secrets.randbelow(2**32)
        campaign = Campaign(seed)
    if asked.resume:
        asked.resume.parent.mkdir(parents=True, exist_ok=True)
    print(f"seed {campaign.seed}, from trial {campaign.trials}", flush=True)
    try:
        while campaign.seconds < 60 * asked.minutes:
            if asked.trials is not None and campaign.trials >= asked.trials:
                break
            campaign.trial()
            if asked.resume:
                asked.resume.write_text(json.dumps(campaign.to_json()))
    except KeyboardInterrupt:
        print("interrupted; the trials so far count", flush=True)
    text = markdown(campaign, THEOREMS)
    if asked.out:
        asked.out.write_text(text)
    print(text)
    return 1 if campaign.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
