r"""The tightness table: certified bounds over domains against the strongest ascent.

    python benchmarks/regional.py [--out docs/tightness.md] [--rows TEXT ...]
        [--sizes 4 8 16 32 64] [--seeds 3] [--first-seed 0] [--time-limit SECONDS]

One head, $F(X) = \operatorname{softmax}(XAX^T/\sqrt d)XV$, with $A$ and $V$ Gaussian of
standard deviation $1/\sqrt d$ and a Gaussian state, $n = d$.  Every certificate is
checked before its number counts.  After every cell the cells go to a JSON beside the
page, so that a run can be stopped and taken up; cells already there are not measured
again.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from regional_page import page
from regional_rows import ROWS, Row

from stabcheck import domains, spectra
from stabcheck.bounds import Attention
from stabcheck.bounds.published import castin_ball, castin_mean_field, naive_ball
from stabcheck.certify.mixed_ascent import ascend_mixed
from stabcheck.certify.run import accept
from stabcheck.certify.single import propose
from stabcheck.errors import StabcheckError

SIZES = (4, 8, 16, 32, 64)
CLIMBS = {8: 64, 16: 48, 32: 24}
"""Climbs of the strong ascent for at most so many tokens; beyond them FEWEST_CLIMBS."""
FEWEST_CLIMBS = 12
STEPS = 80


@dataclass(frozen=True)
class Cell:
    """One domain of one instance: what was certified, attained and published.

    `error` says why there is no bound.  `seconds` holds the search, its ascent and the
    checker, not the strong ascent.
    """

    row: str
    size: int
    seed: int
    domain: str
    certified: float | None
    attained: float
    published: float | None
    theorem: str
    tier: str
    seconds: float
    error: str = ""

    @property
    def key(self) -> tuple[str, int, int, str]:
        return self.row, self.size, self.seed, self.domain

    @property
    def slack(self) -> float:
        """Certified over attained; infinite where nothing is."""
        return (
            float("inf") if self.certified is None else self.certified / self.attained
        )


def instance(size: int, seed: int) -> tuple[Attention, np.ndarray]:
    """The field and the state of a seed: A, V and X in this order."""
    generator = np.random.default_rng(seed)
    form, value = (
        generator.standard_normal((size, size)) / np.sqrt(size) for _ in range(2)
    )
    state = generator.standard_normal((size, size))
    field = Attention(form[None], np.eye(size)[None], value[None], scale=size**-0.5)
    return field, state


def measured(row: Row, size: int, seed: int, text: str, limit: float | None) -> Cell:
    """Certify, check, and climb."""
    field, state = instance(size, seed)
    domain = domains.parse(text, state)
    certified, attained, theorem, tier, error = None, 0.0, "-", "-", ""
    start = time.perf_counter()
    try:
        found = propose(field, state, domain, row.quantity, {}, time_limit=limit)
        attained = float(found.attained.value)
        with tempfile.TemporaryDirectory() as folder:
            accept(found.certificate.save(Path(folder)), jobs=1)
        certified = float(found.certified.value)
        theorem, tier = found.certified.theorem, found.tier
    except StabcheckError as reason:
        error = str(reason)
    seconds = time.perf_counter() - start
    attained = max(attained, strong_ascent(field, domain, row.quantity))
    published = published_bound(field, domain, row.quantity)
    return Cell(
        row.name, size, seed, text, certified, attained, published, theorem, tier,
        round(seconds, 2), error,
    )  # fmt: skip


def strong_ascent(field: Attention, domain: domains.Domain, quantity: str) -> float:
    """The largest value that many climbs find."""
    size = domain.shape[0]
    starts = next((c for n, c in CLIMBS.items() if size <= n), FEWEST_CLIMBS)
    if quantity == "mixed-norm":
        return ascend_mixed((field,), domain, starts=starts // 2).value
    found = spectra.ascend((field,), domain, quantity, starts=starts, iterations=STEPS)
    return found.value


def published_bound(
    field: Attention, domain: domains.Domain, quantity: str
) -> float | None:
    """The least of the published bounds, on the ball that holds the domain.

    They bound the norm, and so the logarithmic norm; none bounds the mixed norm.
    """
    if quantity == "mixed-norm":
        return None
    if isinstance(domain, domains.Ball):
        radius = float(domain.radius)
    else:
        root = domain.shape[1] ** 0.5 if isinstance(domain, domains.Box) else 1.0
        longest = np.linalg.norm(domain.X0, axis=1).max()
        radius = float(longest) + root * float(domain.radius)
    form = field.scale_value * float(np.linalg.norm(field.W_Q[0], 2))
    value, tokens = float(np.linalg.norm(field.W_V[0], 2)), domain.shape[0]
    return min(
        naive_ball(value, form, radius, tokens),
        castin_ball(value, form, radius, tokens),
        castin_mean_field(value, form, radius, masked=False),
    )


def wanted(
    rows: list[str], sizes: list[int], seeds: range
) -> Iterator[tuple[Row, int, int, str]]:
    """The cells of a run, small sizes first."""
    for size in sizes:
        for row in ROWS:
            named = not rows or any(text in row.name for text in rows)
            if size in row.sizes and named:
                for seed in seeds:
                    for text in row.domains(size):
                        yield row, size, seed, text


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, help="page to write, cells beside it")
    parser.add_argument("--rows", nargs="*", default=[], help="parts of row names")
    parser.add_argument("--sizes", nargs="*", type=int, default=list(SIZES))
    parser.add_argument("--seeds", type=int, default=3, help="how many")
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--time-limit", type=float, help="of each search, in seconds")
    return parser.parse_args()


def main() -> int:
    """Measure and print; the exit code is 1 where an ascent exceeds a bound."""
    options = arguments()
    kept = options.out.with_suffix(".json") if options.out else None
    cells: dict[tuple, Cell] = {}
    if kept and kept.exists():
        records = json.loads(kept.read_text("utf-8"))
        cells = {cell.key: cell for cell in (Cell(**record) for record in records)}
    seeds = range(options.first_seed, options.first_seed + options.seeds)
    for row, size, seed, text in wanted(options.rows, options.sizes, seeds):
        if (row.name, size, seed, text) in cells:
            continue
        cell = measured(row, size, seed, text, options.time_limit)
        cells[cell.key] = cell
        print(
            f"{cell.row:26} {size:3} {seed:2} {text:12} {cell.slack:8.4f} "
            f"{cell.theorem:32} {cell.seconds:7.1f} s {cell.error}",
            flush=True,
        )
        if kept:
            kept.write_text(
                json.dumps([asdict(cell) for cell in cells.values()], indent=0), "utf-8"
            )
            options.out.write_text(page(list(cells.values())), "utf-8")
    exceeded = [c.key for c in cells.values() if c.slack < 1]
    for key in exceeded:
        print("EXCEEDED", *key)
    return 1 if exceeded else 0


if __name__ == "__main__":
    sys.exit(main())
