"""Draw certified growth and shrink of designs against the depth: `docs/designs.png`.

python benchmarks/design_picture.py docs/designs.png
"""

from __future__ import annotations

import sys
from pathlib import Path

from matplotlib.figure import Figure

from stabcheck.certify.designs.answers import answer
from stabcheck.certify.designs.catalogue import files
from stabcheck.certify.designs.reading import design_of, document_of, read

DEPTHS = (6, 12, 24, 48, 96, 192, 384, 1000)
NAMES = ("soft-pre-norm", "layer-scale", "reversible", "gradient-feed-forward")
OUTPUT_SCALES = {6: 3, 12: 5, 24: 7, 48: 10, 96: 14, 192: 20, 384: 28, 1000: 45}
"""About sqrt(2L), as GPT-2 divides its output matrices."""


def bounds(design) -> tuple[float, float]:
    """Growth and shrink over the depth."""
    depth = answer(design).depth
    found = (depth.get(quantity) for quantity in ("growth", "shrink"))
    return tuple(float(line.value) if line else 0.0 for line in found)


def usual(path: Path, depth: int):
    """The pre-norm block with h = 1 and outputs divided by sqrt(2L)."""
    document = document_of(path)
    for branch in document["branch"]:
        branch["scale"] = f"1/{OUTPUT_SCALES[depth]}"
    document["step"] |= {"size": 1, "depth": depth}
    return design_of(document, "outputs / sqrt(2L)", "the usual block")


def main() -> None:
    target = Path(sys.argv[1] if len(sys.argv) > 1 else "designs.png")
    paths = {path.stem: path for path in files()}
    lines = {
        name: [bounds(read(paths[name]).at_depth(L)) for L in DEPTHS] for name in NAMES
    }
    lines["layer-scale with 1/sqrt(2L)"] = [
        bounds(usual(paths["layer-scale"], L)) for L in DEPTHS
    ]
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    growth, shrink = figure.subplots(1, 2)
    for name, values in lines.items():
        for axes, place in ((growth, 0), (shrink, 1)):
            style = "--" if "sqrt" in name else "-o"
            axes.plot(DEPTHS, [v[place] for v in values], style, label=name, ms=3)
    for axes, title in (
        (growth, "certified growth over the depth"),
        (shrink, "certified shrink over the depth"),
    ):
        axes.set(xscale="log", yscale="log", xlabel="layers", title=title)
        axes.grid(alpha=0.3)
    growth.set_ylim(1, 1e6)
    shrink.set_ylim(1e-6, 1)
    growth.legend(fontsize=7)
    figure.savefig(target, dpi=140)
    print(f"wrote {target}")


if __name__ == "__main__":
    main()
