r"""How tight whole stacks are certified over input tubes: against an ascent.

Twelve pre-norm attention layers $X \mapsto X + h\,F(\mathrm{LN}(X))$, one head, n = d =
16, Gaussian weights and state, seed 1 unless told.  Every token may move by a share of
its own norm.  `slack` is the certified growth over the largest one that the ascent
attains, `product` what the norms of the layers at the centre multiply to; times include
the checker, which runs in a process of its own.

    python benchmarks/depth.py                  # the whole table, ten minutes
    python benchmarks/depth.py --seed 2 --layers 6 --only causal-1
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

from stabcheck.bounds import Attention, LayerNorm
from stabcheck.certificate import Claim, round_down, round_up
from stabcheck.certify.draft import Draft
from stabcheck.certify.run import check_in_a_process
from stabcheck.growth.deep import along, curvature_of, deep_growth, deep_inverse
from stabcheck.integrators import get
from stabcheck.layers import Residual

SIZE = 16
EPSILON = Fraction(1, 10**6)
SHARES = (0.0, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2)
POINT_MARGIN = 1e-9
CASES = {
    "plain-1": (False, Fraction(1)),
    "causal-1": (True, Fraction(1)),
    "plain-1/12": (False, Fraction(1, 12)),
    "causal-1/12": (True, Fraction(1, 12)),
}


@dataclass(frozen=True)
class Row:
    """One line: what is certified at a share of the token norms, and what is attained.

    None where nothing is certified.
    """

    share: float
    growth: float | None
    attained_growth: float
    shrink: float | None
    attained_shrink: float


def stack(
    layers: int, seed: int, *, causal: bool, step: Fraction
) -> tuple[list[Residual], np.ndarray]:
    """The maps and the state."""
    rng = np.random.default_rng(seed)
    state = rng.standard_normal((SIZE, SIZE))
    norm = LayerNorm(np.ones(SIZE), np.zeros(SIZE), EPSILON)
    euler = get("forward-euler")
    maps = []
    for layer in range(layers):
        weights = rng.standard_normal((3, 1, SIZE, SIZE)) / np.sqrt(SIZE)
        attention = Attention(*weights, causal=causal)
        maps.append(Residual(f"layer.{layer}", (norm, attention), euler, step))
    return maps, state


def jacobian(maps: Sequence[Residual], state: np.ndarray) -> np.ndarray:
    """The Jacobian of the stack at a state."""
    product = np.eye(state.size)
    for map_ in maps:
        norm, attention = map_.branch
        inner = norm.token_jacobians(state)
        outer = attention.jacobian(norm(state)).reshape(state.size, SIZE, SIZE)
        branch = np.einsum("aid,ide->aie", outer, inner).reshape(state.size, -1)
        product = product + float(map_.step_size) * (branch @ product)
        state = map_(state)
    return product


def ascent(
    maps: Sequence[Residual], state: np.ndarray, radii: np.ndarray, place: int
) -> float:
    """Move every token to the boundary of its ball, along the slope of a value.

    **Arguments:** `place`, 0 for the largest singular value, -1 for the smallest.
    """
    rng, sign, best = np.random.default_rng(0), 1 if place == 0 else -1, None
    for start in range(3):
        move = np.zeros_like(state)
        if start:
            move = rng.standard_normal(state.shape)
            move *= (radii / np.linalg.norm(move, axis=1))[:, None]
        for _ in range(6):
            u, values, v = np.linalg.svd(jacobian(maps, state + move))
            value = float(values[place])
            if best is None or sign * value > sign * best:
                best = value
            step = 1e-5 * v[place].reshape(state.shape)
            ahead, behind = (
                u[:, place] @ jacobian(maps, state + move + side * step)
                for side in (1, -1)
            )
            slope = sign * (ahead - behind).reshape(state.shape)
            lengths = np.linalg.norm(slope, axis=1) + 1e-300
            move = slope * (radii / lengths)[:, None]
    return best


def certified(
    maps: Sequence[Residual], state: np.ndarray, folder: Path
) -> tuple[list[Row], float, float]:
    """The rows, the seconds of prover and checker; every claim is accepted."""
    start = time.perf_counter()
    path = along(maps, state)
    curved = curvature_of(path)
    norms = np.linalg.norm(state, axis=1)
    whole = path.products[path.depth, 0]
    singular = np.linalg.svd(whole, compute_uv=False)
    draft, found = Draft(), {}
    for map_ in maps:
        draft.map(map_, len(state))
    for share in SHARES:
        radii = share * norms
        if share == 0:
            growth = singular[0] * (1 + POINT_MARGIN)
            shrink = singular[-1] - POINT_MARGIN * singular[0]
        else:
            bound = deep_growth(path, curved, radii)
            growth = None if bound is None else bound.claimed
            inverse = deep_inverse(path, curved, radii)
            shrink = None if inverse is None else 1 / inverse.claimed
        found[share] = growth, shrink
        _claim(draft, state, radii, growth, shrink)
    file = draft.certificate("growth over input tubes", "", {}).save(folder)
    proved = time.perf_counter()
    verdict = check_in_a_process(file)
    checked = time.perf_counter()
    if verdict["status"] != "accepted":
        raise SystemExit(f"not accepted: {verdict['reasons']}")
    rows = [
        Row(
            share,
            *(
                part
                for value, place in zip(found[share], (0, -1), strict=True)
                for part in (value, ascent(maps, state, share * norms, place))
            ),
        )
        for share in SHARES
    ]
    return rows, proved - start, checked - proved


def _claim(
    draft: Draft,
    state: np.ndarray,
    radii: np.ndarray,
    growth: float | None,
    shrink: float | None,
) -> None:
    subject = {"maps": [0, len(draft.maps)]}
    point = not radii.any()
    domain = draft.point("state", state) if point else draft.tubes("x", state, radii)
    theorems = ("depth-tube-first-order", "depth-tube-inverse")
    for value, quantity, theorem, outward in (
        (growth, "growth", theorems[0], round_up),
        (shrink, "shrink", theorems[1], round_down),
    ):
        if value is not None:
            name = "depth-point" if point else theorem
            draft.claim(
                Claim(name, quantity, subject, domain, outward(value), tier="float64")
            )


def lines(rows: Sequence[Row]) -> Iterator[str]:
    """The table of one stack."""
    heads = "growth  attained     slack      shrink  attained     slack"
    yield f"  token share      {heads}"
    for row in rows:
        cells = [f"  {row.share:11g}"]
        for value, attained, over in (
            (row.growth, row.attained_growth, True),
            (row.shrink, row.attained_shrink, False),
        ):
            if value is None:
                cells.append(f"{'none':>10} {attained:9.4g} {'-':>9}")
            else:
                slack = value / attained if over else attained / value
                cells.append(f"{value:10.5g} {attained:9.4g} {slack:9.6g}")
        yield "  ".join(cells)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--layers", type=int, default=12)
    parser.add_argument("--only", choices=sorted(CASES))
    options = parser.parse_args()
    for name, (causal, step) in CASES.items():
        if options.only not in (None, name):
            continue
        maps, state = stack(options.layers, options.seed, causal=causal, step=step)
        with tempfile.TemporaryDirectory() as folder:
            rows, prover, checker = certified(maps, state, Path(folder))
        product, at = 1.0, state
        for map_ in maps:
            product *= float(np.linalg.norm(jacobian([map_], at), 2))
            at = map_(at)
        print(
            f"{name}, {options.layers} layers, seed {options.seed}: product of norms "
            f"{product:.4g}; prover {prover:.0f} s, checker {checker:.0f} s"
        )
        print("\n".join(lines(rows)), flush=True)


if __name__ == "__main__":
    main()
