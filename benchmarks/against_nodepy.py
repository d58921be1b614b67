r"""Side by side with NodePy 1.1.1: every answer, and the speed; writes docs/nodepy.md.

Needs the extra `peers` (`pip install 'stabcheck[peers]'`).  A verdict compares with the
table of reference values of the tests, which rests on computations independent of both
programs; where that has no entry, with our exact answer.
"""

from __future__ import annotations

import contextlib
import io
import json
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable
from fractions import Fraction
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
from nodepy_answers import PACKAGE, VERSION, answer, limited, methods

from stabcheck.errors import InvalidInput
from stabcheck.integrators import get

ROOT = Path(__file__).resolve().parents[1]
TABLE = ROOT / "tests" / "integrators" / "data" / "stability_values.json"
PAGE = ROOT / "docs" / "nodepy.md"
DIGITS = 16
AGREES = 1e-8
"""Relative error up to which a float answer counts as right."""
VANISHES = 1e-12
"""Absolute error up to which it does where the truth is 0."""
PICTURES = ("RK44", "DP5", "BS5", "SSP104", "RKC2(8)", "PD8", "RadauIIA3", "GL3")
LOCI = ("AB4", "AM4-step", "BDF2", "BDF4", "BDF6")
FACTS = ("RK44", "DP5", "BS5", "SSP104", "RadauIIA3", "SDIRK54")


def main() -> None:
    """Compare, time, write the page, print its summary."""
    if not _installed():
        print(f"{PACKAGE} {VERSION} is not here: pip install 'stabcheck[peers]'")
        return
    import matplotlib as mpl

    mpl.use("Agg")
    peers = methods()
    rows = list(compared(peers))
    speed = [*picture_times(peers), *locus_times(peers), *fact_times(peers)]
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text("\n".join(page(rows, speed)) + "\n", "utf-8")
    print("\n".join(summary(rows)))
    for line in speed:
        print("{:<46} {:>10} {:>10} {:>8}".format(*line))
    print(PAGE.relative_to(ROOT))


def _installed() -> bool:
    try:
        return metadata.version(PACKAGE) == VERSION
    except metadata.PackageNotFoundError:
        return False


def compared(peers: dict[str, Any]) -> Iterable[tuple[str, ...]]:
    """Method, property, reference, ours, NodePy's, and the two verdicts."""
    table = {
        (m, key): value for m, key, value in json.loads(TABLE.read_text())["values"]
    }
    for name, (peer, keys) in peers.items():
        try:
            method = get(name)
        except InvalidInput:
            continue
        conditional = getattr(method, "conditional_on_order", None) is not None
        for key in keys:
            _progress(f"{name} {key}")
            exact = getattr(method, key)
            theirs = answer(peer, key)
            reference = table.get((name, key))
            truth = exact if reference is None else reference
            yield (
                name, key, _shown(reference), _shown(exact), theirs,
                our_verdict(exact, reference, conditional),
                peer_verdict(theirs, truth, key),
            )  # fmt: skip


def our_verdict(exact: Any, reference: str | None, conditional: bool) -> str:
    """Whether our answer rounds to the reference, to all the digits it has."""
    if reference is None:
        return "exact"
    if reference in ("True", "False", "inf"):
        return "right" if _shown(exact) == reference else "WRONG"
    unit = Fraction(1, 10 ** len(reference.partition(".")[2]))
    if conditional:
        unit = max(unit, abs(Fraction(reference)) / 10**9)
    if "/" in reference:
        return "right" if exact == Fraction(reference) else "WRONG"
    digits = len(reference) + 5
    mine = Fraction(exact if isinstance(exact, int) else exact.decimal(digits))
    return "right" if abs(mine - Fraction(reference)) <= unit else "WRONG"


def peer_verdict(theirs: str, truth: Any, key: str) -> str:
    """`right`, `imprecise` and its relative error, `WRONG`, `no answer`, `raises`."""
    shown = _shown(truth)
    if theirs == shown:
        return "right"
    if theirs.startswith("none in"):
        return "no answer"
    try:
        value = float(theirs)
        exact = float(Fraction(shown)) if shown != "inf" else float("inf")
    except ValueError:
        return "WRONG" if theirs in ("True", "False") else "raises"
    if key == "A_alpha_degrees" and value == int(exact) and exact < 90:
        return "right (documented to floor)"
    if exact == value:
        return "right"
    error = abs(value - exact) / (abs(exact) or 1.0)
    if not np.isfinite(error) or error > 1e-3:
        return "WRONG"
    agrees = AGREES if exact else VANISHES
    return "right" if error <= agrees else f"imprecise {error:.0e}"


def _shown(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, str | bool | int):
        return str(value)
    return value.decimal(DIGITS)


def picture_times(peers: dict[str, Any]) -> Iterable[tuple[str, ...]]:
    """The data of a region picture: our curves and grid, NodePy's grid."""
    from matplotlib import pyplot as plt

    from stabcheck.plots.plane import plane_region
    from stabcheck.plots.window import windows

    def ours(name: str) -> None:
        region = plane_region(get(name))
        window = windows([region.extent], np.zeros(0))[0]
        region.height(window.grid(200))

    for name in PICTURES:
        mine = best(lambda name=name: ours(name), 5)
        theirs = best(lambda name=name: peers[name][0].plot_stability_region(), 3)
        plt.close("all")
        yield _times(f"region of {name}", mine, theirs)


def locus_times(peers: dict[str, Any]) -> Iterable[tuple[str, ...]]:
    """The same of multistep methods."""
    from matplotlib import pyplot as plt

    from stabcheck.plots.plane import plane_region
    from stabcheck.plots.window import windows

    def ours(name: str) -> None:
        region = plane_region(get(name))
        window = windows([region.extent], np.zeros(0))[0]
        region.height(window.grid(100))

    for name in LOCI:
        mine = best(lambda name=name: ours(name), 5)
        theirs = best(lambda name=name: peers[name][0].plot_stability_region(), 1)
        plt.close("all")
        yield _times(f"region of {name}", mine, theirs)


def fact_times(peers: dict[str, Any]) -> Iterable[tuple[str, ...]]:
    """Exact facts from a fresh method, against NodePy's floats."""
    import dataclasses

    for key in ("real_stability_interval", "imaginary_stability_interval", "order"):
        for name in FACTS:
            method, peer = get(name), peers[name][0]
            if not hasattr(peer, key):
                continue
            mine = best(lambda m=method, k=key: getattr(dataclasses.replace(m), k), 5)
            theirs = best(lambda p=peer, k=key: getattr(p, k)(), 1)
            yield _times(f"{key} of {name}", mine, theirs)


def best(call: Callable[[], Any], repetitions: int) -> float:
    """The least seconds of a few calls; infinite beyond a minute."""
    seconds = []
    for _ in range(repetitions):
        with limited(60), contextlib.redirect_stdout(io.StringIO()):
            start = time.perf_counter()
            call()
            seconds.append(time.perf_counter() - start)
    return min(seconds)


def _times(what: str, mine: float, theirs: float) -> tuple[str, ...]:
    return (
        what,
        f"{1e3 * mine:.2f} ms",
        f"{1e3 * theirs:.1f} ms",
        f"{theirs / mine:.0f}x",
    )


def summary(rows: list[tuple[str, ...]]) -> list[str]:
    """Counts by property, of all answers and of wrong ones."""
    keys = dict.fromkeys(row[1] for row in rows)
    lines = [
        "| property | answers | ours wrong | NodePy wrong | raises | imprecise |",
        "|---|---|---|---|---|---|",
    ]
    for key in (*keys, None):
        chosen = [row for row in rows if key is None or row[1] == key]
        kinds = Counter(row[6].split()[0] for row in chosen)
        ours = sum(row[5] == "WRONG" for row in chosen)
        raises = kinds["raises"] + kinds["no"]
        lines.append(
            f"| {key or 'all'} | {len(chosen)} | {ours} | {kinds['WRONG']} | {raises} "
            f"| {kinds['imprecise']} |"
        )
    return lines


def page(rows: list[tuple[str, ...]], speed: list[tuple[str, ...]]) -> list[str]:
    """The page: counts, speed, then every answer, the wrong ones first."""
    checked = sum(row[5] == "right" for row in rows)
    wrong = [row for row in rows if not row[6].startswith("right")]
    right = [row for row in rows if row[6].startswith("right")]
    ratios = [float(line[3].rstrip("x")) for line in speed]
    return [
        "# Side by side with NodePy 1.1.1",
        "",
        "Generated by `make docs` (`benchmarks/against_nodepy.py`) in one run of both "
        "programs.  Ours are exact numbers, shown to "
        f"{DIGITS} digits.  Of the {len(rows)} answers {checked} have a reference "
        "value of an independent computation; ours agree to all its digits.  The "
        "others are judged by our exact answer, which rests on isolated roots or "
        "rational pivots.  A float counts as right up to a relative error of "
        f"{AGREES:g} ({VANISHES:g} where the truth is 0), as wrong above 1e-3.",
        "",
        *summary(rows),
        "",
        "## Speed",
        "",
        "Least of a few calls, on one core; the region is our curves, residuals 1e-14, "
        "and the grid of the filling, against NodePy's `plot_stability_region`, "
        "the facts exact numbers against floats.  Median of the ratios: "
        f"{statistics.median(ratios):.0f}x.",
        "",
        "| | ours | NodePy | ratio |",
        "|---|---|---|---|",
        *("| " + " | ".join(line) + " |" for line in speed),
        "",
        f"## Where NodePy is wrong, imprecise or raises: {len(wrong)}",
        "",
        *_listed(wrong),
        "",
        f"## Where both are right: {len(right)}",
        "",
        *_listed(right),
    ]


def _listed(rows: list[tuple[str, ...]]) -> list[str]:
    head = ["method", "property", "reference", "ours", "NodePy", "ours is", "NodePy is"]
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return lines + [
        "| " + " | ".join(_short(cell) for cell in row) + " |" for row in rows
    ]


def _short(cell: str) -> str:
    text = cell.replace("|", "/")
    digits = text.replace(".", "").replace("-", "")
    return text[: DIGITS + 2] if digits.isdigit() else text


def _progress(text: str) -> None:
    if sys.stderr.isatty():
        print(f"\r{text:<70}", end="", file=sys.stderr)


if __name__ == "__main__":
    main()
