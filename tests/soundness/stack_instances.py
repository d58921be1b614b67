"""Certificates about stacks: steps of every kind of method, products, whole tubes."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
from soundness.instances import (
    RADII,
    Declined,
    Generator,
    branch,
    declining,
    sizes,
    state,
)
from soundness.preferences import preferred

from stabcheck import domains, integrators
from stabcheck.bounds import LayerNorm
from stabcheck.certificate import Certificate, Claim, round_down, round_up
from stabcheck.certify.draft import Draft
from stabcheck.certify.layer import certify
from stabcheck.certify.magnitudes import check_magnitudes
from stabcheck.growth.deep import along, curvature_of, deep_growth
from stabcheck.growth.deep.inverse import INVERSE_ROOM, deep_inverse
from stabcheck.layers import Normalise, Residual, Stack

METHODS = (
    "forward-euler",
    "forward-euler",
    "heun",
    "ralston2",
    "explicit-midpoint",
    "ssprk3",
    "rk4",
    "backward-euler",
    "implicit-midpoint",
    "trapezoid",
    "radau-iia:2",
    "lobatto-iiic:2",
    "gauss:2",
    "sdirk2",
)
STEP_SIZES = (1, 2, 4, 24)
TUBE_THEOREMS = {
    ("growth", True): "depth-tube-first-order",
    ("growth", False): "depth-tube-coupled",
    ("shrink", True): "depth-tube-inverse",
    ("shrink", False): "depth-tube-inverse-coupled",
}
LEAST_GROWTH = 1e-13
"""Room where a step of a damping field maps everything to one state."""
DEEP_ROOM = 1e-7
"""The prover of whole tubes computes in floats what the checker encloses."""


def stack(rng: Generator, folder: Path, *, traps: bool) -> Path:
    """A stack of one to three maps on tubes round its trajectory."""
    tokens, features = sizes(rng, 4)
    methods = [integrators.get(str(name)) for name in rng.choice(METHODS, 2)]
    maps: list[Residual | Normalise] = []
    for place in range(int(rng.choice([1, 2, 2, 3]))):
        inner = branch(rng, features, tokens, traps=traps)
        size = Fraction(1, int(rng.choice(STEP_SIZES)))
        maps.append(Residual(f"map.{place}", inner, methods[0], size))
    if rng.random() < 0.3:
        norm = LayerNorm(np.ones(features), np.zeros(features), Fraction(1, 100))
        maps.append(Normalise("norm", norm))
    centre = state(rng, tokens, features, traps=traps)
    radius = Fraction(str(rng.choice(RADII[:7])))
    subject = Stack("stack", tuple(maps), (("stack", 0, len(maps)),))
    with declining(), preferred(rng, traps=traps):
        found = certify(
            subject,
            domain=domains.Tube(centre, radius),
            steps=[(methods[1], Fraction(1, 8))],
        )
    if rng.random() < 0.5:
        found = _as_splitting(found)
    return found.save(folder)


def _as_splitting(found: Certificate) -> Certificate:
    """Products of two steps, said by the theorem on splittings."""

    def renamed(claim: Claim) -> Claim:
        two = len(claim.premises) == (2 if claim.quantity == "growth" else 4)
        if claim.theorem != "depth-product" or not two:
            return claim
        return replace(claim, theorem="splitting-growth")

    return replace(found, claims=tuple(renamed(claim) for claim in found.claims))


def whole_tube(rng: Generator, folder: Path, *, traps: bool) -> Path:
    """Growth or shrink of forward Euler maps over a tube, or a tube for each token."""
    tokens, features = sizes(rng, 4)
    centre = state(rng, tokens, features, traps=traps)
    euler = integrators.get("forward-euler")
    maps = []
    for place in range(int(rng.integers(1, 4))):
        inner = branch(rng, features, tokens, traps=traps)
        size = Fraction(1, int(rng.choice(STEP_SIZES)))
        maps.append(Residual(f"map.{place}", inner, euler, size))
        with declining():
            check_magnitudes(inner, centre)
    largest = float(rng.choice([0.0, 1e-12, 1e-6, 1e-3, 1e-2]))
    radii = largest * rng.uniform(0.0, 1.0, tokens)
    if rng.random() < 0.3:
        radii[:] = radii[0]
    first_order = bool(rng.random() < 0.5)
    with np.errstate(all="ignore"):
        path = along(maps, centre)
        curved = curvature_of(path) if first_order else None
        growing = bool(rng.random() < 0.5)
        bounded = deep_growth if growing else deep_inverse
        found = bounded(path, curved, radii)
    if found is None or not np.isfinite(found.value):
        raise Declined("the couplings diverge")
    draft = Draft()
    for map_ in maps:
        draft.map(map_, tokens)
    over = (
        draft.tube("stack", centre, Fraction(float(radii[0])))
        if len(set(radii)) == 1
        else draft.tubes("stack", centre, radii)
    )
    quantity = "growth" if growing else "shrink"
    outward = found.value * (1 + DEEP_ROOM + (0 if growing else INVERSE_ROOM))
    outward += LEAST_GROWTH
    claim = Claim(
        theorem=TUBE_THEOREMS[quantity, first_order],
        quantity=quantity,
        subject={"maps": [0, len(maps)]},
        domain=over,
        bound=round_up(outward) if growing else round_down(1 / outward),
        tier="float64",
    )
    draft.claim(claim)
    return draft.certificate("Growth over a tube.", r"G", {}).save(folder)
