"""How long the checker takes for the claims that have a limit.

    python benchmarks/checker_limits.py [--certificate certified/certificate.json]
        [--out docs/checker.md]

Claims at 16 tokens of 16 features are made here; those of a checkpoint are read from
its certificate.  One process, one BLAS thread where OPENBLAS_NUM_THREADS=1 is set; CPU
seconds stand beside the wall clock, which counts what else the machine does.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import flint
import numpy as np

from stabcheck import domains
from stabcheck.bounds import Attention
from stabcheck.certify.centres import Centre
from stabcheck.certify.competition import candidates
from stabcheck.certify.draft import Draft
from stabcheck.certify.plan_writer import Writer
from stabcheck.certify.plans import plan_point
from stabcheck.checker.context import Context
from stabcheck.checker.main import PRECISION
from stabcheck.checker.reading.document import read_certificate
from stabcheck.checker.rules import rule_of

TOKENS, FEATURES = 16, 16
RADIUS = Fraction(1, 100)
QUANTITIES = ("spectral-norm", "log-norm", "log-norm-lower")
HEADINGS = ("claims", "number", "CPU s", "wall s", "limit s")


@dataclass(frozen=True)
class Row:
    """What some claims took together, and what they may take."""

    name: str
    claims: int
    cpu: float
    wall: float
    limit: float | None


def timed(name: str, ctx: Context, indices: Iterable[int], limit: float | None) -> Row:
    """Decide claims with an empty cache; a claim that is not accepted raises."""
    wanted = list(indices)
    ctx.cache.clear()
    cpu, wall = time.process_time(), time.perf_counter()
    for index in wanted:
        claim = ctx.claim(index)
        premises = [ctx.claim(premise) for premise in claim["premises"]]
        rule_of(claim["theorem"])(ctx, claim, premises)
    ctx.cache.clear()
    spent = time.process_time() - cpu, time.perf_counter() - wall
    return Row(name, len(wanted), *spent, limit)


def small_rows() -> Iterator[Row]:
    """Closed forms, pencils and witnesses of one attention at n d = 256."""
    generator = np.random.default_rng(0)
    weights = generator.standard_normal((3, 1, FEATURES, FEATURES)) / FEATURES**0.5
    attention = Attention(W_Q=weights[0], W_K=weights[1], W_V=weights[2])
    state = generator.standard_normal((TOKENS, FEATURES))
    ball = domains.Ball(Fraction(4), TOKENS, FEATURES)
    tube = domains.Tube(state, RADIUS)
    closed, pencils, points = Draft(), Draft(), Draft()
    for quantity in (*QUANTITIES, "mixed-norm"):
        next(candidates(attention, state, ball, quantity)).write(closed)
    for quantity in QUANTITIES:
        *_, pencil = candidates(attention, state, tube, quantity)
        pencil.write(pencils)
        plan = plan_point(Centre((attention,), state), quantity)
        Writer(points, "attention").emit(plan)
    for name, draft, limit in (
        ("closed forms on a ball, n d = 256", closed, 1.0),
        ("pencils on a tube, n d = 256", pencils, 60.0),
        ("witnesses at a point, n d = 256", points, 60.0),
    ):
        with tempfile.TemporaryDirectory() as folder:
            path = draft.certificate(name, "", {}).save(Path(folder))
            yield timed(name, read_certificate(path), range(len(draft.claims)), limit)


def stack_rows(path: Path) -> Iterator[Row]:
    """Products of a stack, and what is claimed of the first layer's branches."""
    ctx = read_certificate(path)
    claims = ctx.document["claims"]
    products = [
        i for i, claim in enumerate(claims) if claim["theorem"] == "depth-point"
    ]
    longest = max(products, key=lambda i: np.ptp(claims[i]["subject"]["maps"]))
    yield timed("product of the whole stack at the point", ctx, [longest], 120.0)
    first = [i for i in products if claims[i]["subject"]["maps"][0] == 0]
    layer = min(first, key=lambda i: claims[i]["subject"]["maps"][1])
    end = claims[layer]["subject"]["maps"][1]
    branches = [m.get("branch", [m.get("field")]) for m in ctx.maps[:end]]
    centre = {
        tuple(branch): ctx.domain(claim["domain"])["centre"]
        for branch in branches
        for claim in claims
        if claim["subject"].get("branch") == branch
        and claim["theorem"].startswith("attained")
    }
    own = [
        i
        for i, claim in enumerate(claims)
        if (branch := claim["subject"].get("branch")) in branches
        and ctx.domain(claim["domain"]).get("centre") == centre[tuple(branch)]
    ]
    yield timed("bounds over the tubes of one layer's maps", ctx, own, 15.0)
    steps = [
        i
        for i, claim in enumerate(claims)
        if i not in own
        and claim["subject"].get("step", claim["subject"]).get("branch") in branches
    ]
    yield timed("the same layer's steps with all their stages", ctx, steps, None)


def page(rows: list[Row]) -> str:
    """The table as a page."""
    lines = [
        "# How long the checker takes",
        "",
        "    make certify",
        "    OPENBLAS_NUM_THREADS=1 python benchmarks/checker_limits.py \\",
        "        --certificate certified/certificate.json --out docs/checker.md",
        "",
        "made this page: one process, nothing shared between two rows. The CPU seconds",
        "count against the limit; other work on the machine lengthens the wall clock.",
        "",
        "| " + " | ".join(HEADINGS) + " |",
        "|---|---|---|---|---|",
    ]
    for row in rows:
        limit = "–" if row.limit is None else f"{row.limit:g}"
        numbers = f"{row.claims} | {row.cpu:.1f} | {row.wall:.1f} | {limit}"
        lines.append(f"| {row.name} | {numbers} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure, print, and write the page where it is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--certificate", type=Path, help="of a stack")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    flint.ctx.prec = PRECISION
    rows = list(small_rows())
    if options.certificate:
        rows += stack_rows(options.certificate)
    text = page(rows)
    print(text)
    if options.out:
        options.out.write_text(text)


if __name__ == "__main__":
    main()
