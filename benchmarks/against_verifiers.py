r"""Side by side with verification tools on the instances of the tightness table.

    python benchmarks/against_verifiers.py [--python INTERPRETER] [--sizes 4 8]
        [--seed 0] [--time-limit 120] [--tools TEXT ...] [--out docs/verifiers.md]

`--python` names an interpreter of an environment with immrax (`pip install
immrax==0.3.8`) and auto_LiRPA (from its repository, with torch); both may be missing.
Every question to a tool is a process of its own with a time limit.  Answers go to a
JSON beside the page after each, and are not asked again.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from regional import instance, measured
from regional_rows import ROWS
from verifier_answers import TOOLS

from stabcheck import __version__

ANSWERS = Path(__file__).with_name("verifier_answers.py")
DOMAINS = ("box:0.01", "box:0.1", "frobenius:0.1", "frobenius:1")
QUANTITIES = ("spectral-norm", "log-norm")

ABOVE = r"""# Beside verification tools

Written by `python benchmarks/against_verifiers.py`.  The instances are those of
[tightness.md](tightness.md), seed {seed}; each number is a bound divided by the largest
value that an ascent attains in the domain, with the seconds it took.  All of one size
ran on the same machine; ours include the checker.  Versions: {versions}.

No tool bounds the spectral norm or the logarithmic norm of a Jacobian: each encloses
the Jacobian entry by entry, and the last step, midpoint plus radius, is ours, in plain
floating point like theirs: these are not certificates.  "J by hand" is the closed form
of the Jacobian written as a graph for the tool.  Softmax was spelled three ways, as the
primitive, as a quotient of exponentials and by differences of scores; the best answer
counts.  immrax knows boxes only: a Frobenius ball is boxed for it.
"""


def ask(
    options: argparse.Namespace, size: int, tool: str, domain: str
) -> dict[str, Any]:
    """The best answer of a tool within the time, and why others failed."""
    field, state = instance(size, options.seed)
    kind, radius = domain.split(":")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "instance.npz"
        np.savez(path, A=field.W_Q[0], V=field.W_V[0], X0=state)
        command = [options.python, str(ANSWERS), str(path), tool, kind, radius]
        try:
            done = subprocess.run(
                command, capture_output=True, timeout=options.time_limit, check=False
            )
            output, end = done.stdout, done.stderr.decode().strip().splitlines()[-1:]
        except subprocess.TimeoutExpired as stopped:
            output = stopped.stdout or b""
            end = [f"stopped after {options.time_limit:g} s"]
    answers = [
        json.loads(line) for line in output.decode().splitlines() if line[:1] == "{"
    ]
    found = [answer for answer in answers if "failure" not in answer]
    failures = {a["spelling"]: a["failure"] for a in answers if "failure" in a}
    if len(answers) < 3 and end:
        failures["the rest"] = end[0]
    best = {q: min(found, key=lambda a, q=q: a[q]) for q in QUANTITIES} if found else {}
    return {
        "bounds": {q: [best[q][q], best[q]["seconds"]] for q in best},
        "failures": failures,
    }


def ours(size: int, seed: int, domain: str, quantity: str) -> dict[str, Any]:
    """Our own bound of a quantity, the attained value, the seconds."""
    row = next(r for r in ROWS if (r.domain, r.quantity) == (domain, quantity))
    cell = measured(row, size, seed, domain, None)
    return {
        "bound": cell.certified,
        "attained": cell.attained,
        "seconds": cell.seconds,
        "theorem": cell.theorem,
    }


def versions(python: str) -> str:
    """What is installed beside us."""
    code = (
        "import importlib.metadata as m\n"
        "for p in ('immrax', 'jax', 'torch'):\n"
        "    try: print(p, m.version(p), end=', ')\n"
        "    except m.PackageNotFoundError: pass\n"
        "try:\n    import auto_LiRPA; print('auto_LiRPA', auto_LiRPA.__version__)\n"
        "except ImportError: print()"
    )
    done = subprocess.run(
        [python, "-W", "ignore", "-c", code], capture_output=True, check=False
    )
    lines = done.stdout.decode().strip().splitlines() or [""]
    return f"stabcheck {__version__}, {lines[-1].strip(', ')}"


def page(options: argparse.Namespace, known: dict[str, Any]) -> str:
    """The whole page."""
    given = {"seed": options.seed, "versions": known.get("versions", "")}
    lines = [ABOVE.format(**given)]
    sizes = sorted({int(k.split("|")[1]) for k in known if k.startswith("ours")})
    for quantity in QUANTITIES:
        columns = [(n, d) for n in sizes for d in DOMAINS]
        columns = [c for c in columns if _key("ours", *c, quantity) in known]
        lines += [f"## {quantity}", ""]
        lines.append(f"| | {' | '.join(f'{d}, n = {n}' for n, d in columns)} |")
        lines.append("|---" * (len(columns) + 1) + "|")
        own = [known[_key("ours", *c, quantity)] for c in columns]
        cells = [
            f"**{_ratio(o['bound'], o['attained'])}** ({_seconds(o['seconds'])})"
            for o in own
        ]
        lines.append(f"| **stabcheck** | {' | '.join(cells)} |")
        for tool in TOOLS:
            cells = [
                _cell(known.get(_key(tool, *c)), quantity, o["attained"])
                for c, o in zip(columns, own, strict=True)
            ]
            lines.append(f"| {tool} | {' | '.join(cells)} |")
        lines.append("")
    return "\n".join([*lines, *_failures(known)]).rstrip() + "\n"


def _key(*parts: object) -> str:
    return "|".join(map(str, parts))


def _ratio(bound: float | None, attained: float) -> str:
    return "no bound" if bound is None else f"{bound / attained:.4g}"


def _seconds(seconds: float) -> str:
    return f"{seconds:.2g} s"


def _cell(answer: dict[str, Any] | None, quantity: str, attained: float) -> str:
    if answer is None:
        return "not asked"
    if quantity not in answer["bounds"]:
        return "-"
    bound, seconds = answer["bounds"][quantity]
    below = " (below the attained value)" if bound < attained else ""
    return f"{_ratio(bound, attained)} ({_seconds(seconds)}){below}"


def _failures(known: dict[str, Any]) -> list[str]:
    """Each reason of a failure once, with the questions it answered."""
    reasons: dict[tuple[str, str], list[str]] = {}
    for key, answer in known.items():
        if key == "versions" or key.startswith("ours"):
            continue
        tool, size, domain = key.split("|")
        for spelling, reason in answer["failures"].items():
            place = f"n = {size}, {domain}, {spelling}"
            reasons.setdefault((tool, reason.split("\n")[0]), []).append(place)
    lines = ["## What failed", ""]
    for (tool, reason), places in reasons.items():
        more = f" and {len(places) - 1} more" if len(places) > 1 else ""
        lines.append(f"- {tool} ({places[0]}{more}): `{reason}`")
    return lines


def main() -> int:
    """Ask, and write the page after every answer."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--sizes", nargs="*", type=int, default=[4, 8])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--time-limit", type=float, default=120, help="of a question")
    parser.add_argument("--tools", nargs="*", default=[], help="parts of their names")
    parser.add_argument("--out", type=Path, default=Path("docs/verifiers.md"))
    options = parser.parse_args()
    found = versions(options.python)
    if not any(tool in found for tool in ("immrax", "auto_LiRPA")):
        print("neither immrax nor auto_LiRPA is here: see --python")
        return 0
    kept = options.out.with_suffix(".json")
    known = json.loads(kept.read_text("utf-8")) if kept.exists() else {}
    known["versions"] = found
    for size in options.sizes:
        for domain in DOMAINS:
            for quantity in QUANTITIES:
                key = _key("ours", size, domain, quantity)
                if key not in known:
                    known[key] = ours(size, options.seed, domain, quantity)
            for tool in TOOLS:
                key = _key(tool, size, domain)
                if options.tools and not any(part in tool for part in options.tools):
                    continue
                if key not in known:
                    known[key] = ask(options, size, tool, domain)
                    print(key, json.dumps(known[key])[:200], flush=True)
                kept.write_text(json.dumps(known, indent=0), "utf-8")
                options.out.write_text(page(options, known), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
