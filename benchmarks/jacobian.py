"""The dense Jacobian of every attention field: derived kernel against jax.jacfwd.

    python benchmarks/jacobian.py [--limit-gib 20] [FIELD:n,d,H ...]

Each line is measured in a process of its own whose address space is limited: where
jax.jacfwd of the hand-written field runs out of memory, that is the result.  Runs of
the two compiled programs alternate and the quickest of each counts; temporaries are
those that XLA plans beside the arguments and the result.  The error is that of a
column against `jax.jvp` of the hand-written field, relative to its largest entry.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from dataclasses import dataclass

SIZES = ((4, 4, 2), (16, 16, 4), (128, 64, 4))
LEAST_SECONDS, LEAST_RUNS, MOST_RUNS = 0.5, 2, 200
GIB = 2**30


@dataclass(frozen=True)
class Record:
    """Milliseconds and planned temporaries in bytes; None where memory ran out."""

    field: str
    tokens: int
    features: int
    heads: int
    ours_ms: float
    ours_bytes: int
    jacfwd_ms: float | None
    jacfwd_bytes: int | None
    error: float

    @property
    def speed_ratio(self) -> float | None:
        """How many times quicker the derived kernel is."""
        return None if self.jacfwd_ms is None else self.jacfwd_ms / self.ours_ms

    @property
    def memory_ratio(self) -> float | None:
        """How many times fewer temporaries it needs."""
        if self.jacfwd_bytes is None:
            return None
        return self.jacfwd_bytes / max(self.ours_bytes, 1)


def measure(
    field_name: str, n: int, d: int, heads: int, limit: int | None = None
) -> Record:
    """Measure a field in a process whose address space is limited to so many bytes."""
    limit = free_bytes() if limit is None else limit
    child = subprocess.run(
        [sys.executable, __file__, "--one", field_name, str(n), str(d), str(heads)],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)),
    )
    found: dict[str, float] = {}
    for line in child.stdout.splitlines():
        found.update(json.loads(line))
    if "ours_ms" not in found:
        raise RuntimeError(f"{field_name} at {n, d, heads}: {child.stderr[-2000:]}")
    return Record(
        field_name,
        n,
        d,
        heads,
        found["ours_ms"],
        int(found["ours_bytes"]),
        found.get("jacfwd_ms"),
        int(found["jacfwd_bytes"]) if "jacfwd_bytes" in found else None,
        found["error"],
    )


def free_bytes() -> int:
    """The memory that is free now, less a GiB."""
    free = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return max(free - GIB, 4 * GIB)


def measure_here(field_name: str, n: int, d: int, heads: int) -> None:
    """Measure in this process; prints what is known as soon as it is known."""
    from field_cases import by_hand, case_named, inputs

    case = case_named(field_name)
    field = case.declare(heads)
    kernel = field.jacobian().lower("jax")

    # Importing the kernel's backend switches JAX to 64 bits: only then are arrays made.
    import jax
    import jax.numpy as jnp

    drawn = inputs(field, n, d, heads)
    values = {name: jnp.asarray(value) for name, value in drawn.items()}
    plain, state = by_hand(case, field), field.state.name

    def at(X):
        return plain({**values, state: X})

    def forward(given):
        return jax.jacfwd(lambda X: plain({**given, state: X}))(given[state])

    ours = jax.jit(kernel.program(kernel.sizes(drawn))).lower(values).compile()
    unit = jnp.zeros((n, d)).at[n // 2, d // 3].set(1.0)
    _, column = jax.jvp(at, (values[state],), (unit,))
    found = ours(values)[:, :, n // 2, d // 3]
    before = quickest([ours], values, 5)[0]
    report(
        error=float(jnp.abs(found - column).max() / jnp.abs(column).max()),
        ours_ms=1e3 * before,
        ours_bytes=ours.memory_analysis().temp_size_in_bytes,
    )
    theirs = jax.jit(forward).lower(values).compile()
    report(jacfwd_bytes=theirs.memory_analysis().temp_size_in_bytes)
    between, theirs_seconds = quickest([ours, theirs], values)
    after = quickest([ours], values, 5)[0]
    report(ours_ms=1e3 * min(before, between, after), jacfwd_ms=1e3 * theirs_seconds)


def quickest(programs, values, least_runs: int = LEAST_RUNS) -> list[float]:
    """Seconds of the quickest run of each program, the programs taking turns."""
    best, spent, runs = [float("inf")] * len(programs), 0.0, 0
    while runs < least_runs or (spent < LEAST_SECONDS and runs < MOST_RUNS):
        for place, program in enumerate(programs):
            start = time.perf_counter()
            program(values).block_until_ready()
            seconds = time.perf_counter() - start
            best[place] = min(best[place], seconds)
            spent += seconds
        runs += 1
    return best


def report(**found: float) -> None:
    print(json.dumps(found), flush=True)


def line(record: Record) -> str:
    """One line of the table."""
    size = f"({record.tokens}, {record.features}, {record.heads})"
    if record.jacfwd_ms is None:
        planned = record.jacfwd_bytes
        theirs = "   out of memory" + (f", {planned / GIB:.1f} GiB" if planned else "")
    else:
        theirs = f"{record.jacfwd_ms:12.3f} {record.speed_ratio:8.1f}x"
    smaller = f"1/{record.memory_ratio:.0f}" if record.memory_ratio else "?"
    return (
        f"{record.field:<16} {size:<14} {record.ours_ms:10.3f} {theirs}  "
        f"{record.ours_bytes / 1e6:8.2f} {smaller:>8}  {record.error:.0e}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--limit-gib", type=float, default=None)
    parser.add_argument("--one", nargs=4, help=argparse.SUPPRESS)
    parser.add_argument("lines", nargs="*", metavar="FIELD:n,d,H")
    options = parser.parse_args()
    if options.one:
        name, *sizes = options.one
        measure_here(name, *map(int, sizes))
        return
    from field_cases import CASES

    chosen = [(name, *size) for size in SIZES for name in CASES]
    if options.lines:
        pairs = [text.partition(":")[::2] for text in options.lines]
        chosen = [(name, *map(int, size.split(","))) for name, size in pairs]
    limit = None if options.limit_gib is None else int(options.limit_gib * GIB)
    print(
        f"{'field':<16} {'(n, d, H)':<14} {'ours ms':>10} {'jacfwd ms':>12} "
        f"{'ratio':>9}  {'ours MB':>8} {'jacfwd':>8}  error"
    )
    for name, *size in chosen:
        print(line(measure(name, *size, limit=limit)), flush=True)


if __name__ == "__main__":
    main()
