r"""The catalogue of designs: certified growth and shrink beside those of members.

For every design: the certificate of a step and of eight layers, and the largest growth
and smallest shrink of members of the family, Gaussian and spiked, at the caps.  The
exponent used is log(attained)/log(certified): 1 where the bound is attained.

    python benchmarks/designs.py            # a minute or two; exit 1 on a violation
    python benchmarks/designs.py --table    # the table of largest steps alone

Members have n = 8 tokens of d = 4 features: families are attained as n grows, so that
small members show what is usual, not what is possible.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace

import jax
import numpy as np
from design_members import drawn, layer, state

from stabcheck.certify.designs.answers import answer
from stabcheck.certify.designs.catalogue import table
from stabcheck.certify.designs.description import Design, StepSize
from stabcheck.certify.designs.reading import design_of
from stabcheck.certify.designs.steps import METHODS
from stabcheck.schemes.gains import largest_token_gain, tangent_basis

TOKENS, FEATURES, DEPTH = 8, 4, 8
MEMBERS = 4
ROUNDING = 1e-9
CLIMBS = 60

SOFT = {"kind": "attention", "norm": "soft", "logits": 1, "value_norm": 1}
PLAIN = {"kind": "attention", "value_norm": 1}
GELU = {
    "kind": "feed-forward", "norm": "soft", "activation": "gelu",
    "in_norm": 1, "out_norm": 1,
}  # fmt: skip
RELU = {"kind": "gradient-feed-forward", "activation": "relu", "matrix_norm": 2}
ALL, BALL = {"kind": "all"}, {"kind": "ball", "radius": 1}
LEAKING = PLAIN | {"leak": 2, "logits": "1/2"}
TIED = PLAIN | {"leak": 2, "logits": 1, "tie": "negative"}
CONVEX = {
    "kind": "sinkhorn-attention", "leak": 1, "logits": 1, "value_norm": 1,
    "tie": "convex",
}  # fmt: skip
COSINE = {"kind": "cosine-attention", "query_norm": 1, "key_norm": 1, "value_norm": 1}
L2 = {
    "kind": "l2-attention", "mask": "none", "feature_norm": 1, "value_norm": 1,
    "most_tokens": TOKENS,
}  # fmt: skip
SINKHORN = SOFT | {"kind": "sinkhorn-attention"}
ONE_OVER_L = "1/L"

CASES: dict[str, tuple] = {
    "G.1 soft": ([SOFT], ONE_OVER_L, ALL),
    "G.1 soft causal": ([SOFT | {"mask": "causal"}], ONE_OVER_L, ALL),
    "G.1 soft rk4": ([SOFT | {"integrator": "rk4"}], ONE_OVER_L, ALL),
    "G.1b rms T=1/2": (
        [SOFT | {"norm": "rms"}], "0.5/L", {"kind": "token-rms", "floor": 1},
    ),
    "G.2 leak 2 euler": ([LEAKING], "1/4", BALL),
    "G.2 leak 2 rk4": ([LEAKING | {"integrator": "rk4"}], "1/4", BALL),
    "G.3 tied euler": ([TIED], "43/250", BALL),
    "G.3 tied backward euler": ([TIED | {"integrator": "backward-euler"}], 1, BALL),
    "G.4b convex euler": ([CONVEX], "16/33", BALL),
    "G.4b convex rk4": ([CONVEX | {"integrator": "rk4"}], "16/33", BALL),
    "G.5 sinkhorn": ([SINKHORN], ONE_OVER_L, ALL),
    "G.6 cosine": ([COSINE], ONE_OVER_L, ALL),
    "G.7 l2": ([L2], ONE_OVER_L, ALL),
    "G.8 reversible": ([SOFT, SOFT], ONE_OVER_L, ALL, {"kind": "reversible"}),
    "G.8b leapfrog": (
        [SOFT], ONE_OVER_L, ALL, {"kind": "leapfrog", "frequency": "1.118"},
    ),
    "G.9 momentum": ([SOFT], ONE_OVER_L, ALL, {"kind": "momentum", "gamma": "1/2"}),
    "G.10 gradient + attention": ([RELU, SOFT], ONE_OVER_L, ALL),
    "G.11 implicit midpoint": (
        [SOFT | {"integrator": "implicit-midpoint"}], "2/5", ALL,
    ),
    "G.11 backward euler": ([SOFT | {"integrator": "backward-euler"}], "2/5", ALL),
    "G.12 gpt block": ([SOFT, GELU], ONE_OVER_L, ALL),
    "G.13 macaron": ([GELU, SOFT], ONE_OVER_L, ALL, {"kind": "strang"}),
    "G.14 sphere": (
        [PLAIN | {"logits": 1}], ONE_OVER_L, {"kind": "sphere"}, {"kind": "sphere"},
    ),
}  # fmt: skip
"""Branches, step, domain and layer of every case."""


@dataclass(frozen=True)
class Row:
    """Certified and attained, of a step and of the depth: growth and shrink each."""

    name: str
    certified: tuple[float, float, float, float]
    attained: dict[str, tuple[float, float, float, float]]

    def violation(self) -> float:
        """How far a member leaves the certificate; not positive where none does."""
        worst = -math.inf
        for found in self.attained.values():
            for place, (member, bound) in enumerate(
                zip(found, self.certified, strict=True)
            ):
                excess = member - bound if place % 2 == 0 else bound - member
                worst = max(worst, excess / max(bound, 1e-300))
        return worst

    def exponents(self) -> tuple[float, float]:
        """The largest share of the exponent that a member uses: step, depth."""
        return tuple(
            max(
                math.log(found[place]) / math.log(self.certified[place])
                if self.certified[place] > 1 + 1e-9
                else math.nan
                for found in self.attained.values()
            )
            for place in (0, 2)
        )


def design(name: str) -> Design:
    """A case of the harness."""
    branches, size, domain, *rest = CASES[name]
    document = {
        "branch": branches,
        "step": {"size": size, "depth": DEPTH},
        "domain": domain,
    } | ({"layer": rest[0]} if rest else {})
    return design_of(document, name, name)


def certified(case: Design) -> tuple[float, float, float, float]:
    """Growth and shrink of the first layer, and of all of them."""
    found = answer(case)
    layer_bounds = found.layer or answer(case.at_depth(1)).depth
    if case.domain["kind"] == "token-rms":
        one = answer(design_of_one_layer(case))
        layer_bounds = one.depth
    return tuple(
        float(bounds[quantity].value) if quantity in bounds else 0.0
        for bounds in (layer_bounds, found.depth)
        for quantity in ("growth", "shrink")
    )


def design_of_one_layer(case: Design) -> Design:
    """The first layer alone, with the step that it has in the whole depth."""
    return replace(case, depth=1, step=StepSize(case.step_size))


def members(case: Design, *, spiked: bool) -> tuple[float, float, float, float]:
    """The extremes over a few members: growth up, shrink down, of step and depth."""

    @jax.jit
    def stepped(weights, X):
        one = layer(case, weights)
        return one(X), jax.jacfwd(one)(X)

    found = []
    for seed in range(MEMBERS):
        rng = np.random.default_rng(seed)
        X = state(case, TOKENS, FEATURES, rng)
        start, product, row = X, np.eye(X.size), []
        for depth in range(DEPTH):
            weights = [drawn(b, FEATURES, rng, spiked=spiked) for b in case.branches]
            X, J = (np.asarray(array) for array in stepped(weights, X))
            product = J.reshape(X.size, X.size) @ product
            if depth in (0, DEPTH - 1):
                row += measured(case, product, start, X)
        found.append(row)
    pick = (max, min, max, min)
    columns = zip(*found, strict=True)
    return tuple(f(column) for f, column in zip(pick, columns, strict=True))


def measured(
    case: Design, J: np.ndarray, start: np.ndarray, end: np.ndarray
) -> tuple[float, float]:
    """Growth and shrink of a Jacobian, in the metric of the design."""
    width = FEATURES
    if case.layer == "sphere":
        J = tangent_basis(end).T @ J @ tangent_basis(start)
        width -= 1
    if case.metric == "frobenius":
        values = np.linalg.svd(J, compute_uv=False)
        return float(values[0]), float(values[-1])
    if start.ndim == 2:
        gain = largest_token_gain
        return gain(J, width), 1 / gain(np.linalg.inv(J), width)
    scale = np.repeat([1.0, velocity_weight(case)], J.shape[0] // 2)
    J = scale[:, None] * J / scale
    return joint_gain(J), 1 / joint_gain(np.linalg.inv(J))


def velocity_weight(case: Design) -> float:
    """The weight of the second stream in the certificate's norm."""
    claims = answer(case).chain.document("", {})["claims"]
    weights = [c["parameters"]["weight"] for c in claims if c.get("parameters")]
    return weights[0][0] / weights[0][1] if weights else 1.0


def joint_gain(J: np.ndarray) -> float:
    """The largest gain found in the root of the squares of both largest tokens."""
    blocks = J.reshape(2, TOKENS, FEATURES, 2, TOKENS, FEATURES)
    rng, best = np.random.default_rng(0), 0.0
    for _ in range(4):
        v = rng.standard_normal((2, TOKENS, FEATURES))
        for _ in range(CLIMBS):
            y = np.einsum("siatjb,tjb->sia", blocks, v)
            lengths = np.linalg.norm(y, axis=-1)
            largest = lengths.argmax(axis=1)
            picked = y[[0, 1], largest]
            g = np.einsum("satjb,sa->tjb", blocks[[0, 1], largest], picked)
            shares = np.linalg.norm(g, axis=-1)
            sums = shares.sum(axis=1)
            budget = sums / max(np.linalg.norm(sums), 1e-300)
            v = budget[:, None, None] * g / np.maximum(shares, 1e-300)[..., None]
            y = np.einsum("siatjb,tjb->sia", blocks, v)
            tops = np.linalg.norm(y, axis=-1).max(axis=1)
            starts = np.linalg.norm(v, axis=-1).max(axis=1)
            best = max(best, float(np.linalg.norm(tops) / np.linalg.norm(starts)))
    return best


def rows(names: list[str]) -> Iterator[Row]:
    """One row a case."""
    for name in names:
        case = design(name)
        attained = {
            kind: members(case, spiked=kind == "spiked")
            for kind in ("Gaussian", "spiked")
        }
        yield Row(name, certified(case), attained)


def print_table() -> None:
    """The catalogue: constants, largest steps, growth and shrink over the depth."""
    columns = " ".join(f"{name[:9]:>9}" for name in METHODS)
    print(f"{'design':24} {'K, spectrum':>14} {'':5} {columns} {'growth':>9} shrink")
    for entry in table():
        record = entry.to_json()
        steps = " ".join(
            f"{record['largest_steps'].get(name, '')[:9]:>9}" for name in METHODS
        )
        kind = {"contractive": "h_c", "invertible": "h_inv"}[record["purpose"]]
        constants = ", ".join(record["constants"])
        growth, shrink = (float(record[key]) for key in ("growth", "shrink"))
        name = record["design"]
        print(f"{name:24} {constants:>14} {kind:5} {steps} {growth:9.3g} {shrink:.3g}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--table", action="store_true", help="largest steps alone")
    parser.add_argument("--only", help="cases whose name contains this")
    options = parser.parse_args()
    print_table()
    if options.table:
        return 0
    names = [name for name in CASES if not options.only or options.only in name]
    worst = -math.inf
    print(
        f"\n{'design':26} {'certified step':>16} {'depth':>17} | "
        f"{'Gaussian step':>14} {'depth':>14} | {'spiked step':>14} {'depth':>14} | "
        "exponent used"
    )
    for row in rows(names):
        worst = max(worst, row.violation())
        g, s = row.attained["Gaussian"], row.attained["spiked"]
        c, used = row.certified, row.exponents()
        print(
            f"{row.name:26} {c[0]:9.4f}/{c[1]:.4f} {c[2]:9.3g}/{c[3]:7.2g} | "
            f"{g[0]:8.3f}/{g[1]:.3f} {g[2]:8.3f}/{g[3]:.3f} | "
            f"{s[0]:8.3f}/{s[1]:.3f} {s[2]:8.3f}/{s[3]:.3f} | "
            f"{used[0]:.2f} {used[1]:.2f}",
            flush=True,
        )
    print(f"largest violation {worst:.1e}")
    return int(worst > ROUNDING)


if __name__ == "__main__":
    sys.exit(main())
