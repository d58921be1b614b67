"""What the claims of a certificate say, evaluated in float64 at states of their domain.

An accepted certificate whose claim is exceeded at some state would be unsound.  Fields
are rebuilt from the records and arrays alone, so that a mutated certificate is judged
by what it says now.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from soundness.design_oracle import design_refutation
from soundness.rebuilt import Arrays, Document, Tubes, rational
from soundness.rebuilt import branch as rebuilt_branch
from soundness.rebuilt import domain as rebuilt_domain
from soundness.rebuilt import maps as rebuilt_maps
from soundness.rebuilt import start as starting_state
from soundness.trajectories import Image, Stage, Through, through
from theorems.mixed import mixed_norm
from theorems.search import QUANTITIES

from stabcheck import spectra
from stabcheck.certify.centres import dense_jacobian
from stabcheck.errors import Undecided
from stabcheck.layers import Branch

ROUNDING = 1e-9
"""Relative room for the rounding of these evaluations."""
STATES = 6
PAIRS = 6
LOWER = ("log-norm-lower", "shrink")

Values = Iterator[tuple[float, float]]
"""Values of a quantity, each with the size of its rounding."""


def refutation(
    document: Document, arrays: Arrays, rng: np.random.Generator
) -> str | None:
    """The first claim that some state exceeds, in words; None if there is none."""
    if "layer" in document:
        return design_refutation(document, rng)
    if "fields" not in document:
        return None  # About a method: nothing here has weights.
    for index, claim in enumerate(document["claims"]):
        with np.errstate(all="ignore"):
            found = _exceeded(document, arrays, claim, rng)
        if found is not None:
            return f"claim {index} ({claim['theorem']}, {claim['quantity']}): {found}"
    return None


def _exceeded(
    document: Document, arrays: Arrays, claim: Document, rng: np.random.Generator
) -> str | None:
    quantity, bound = claim["quantity"], float(rational(claim["bound"]))
    if quantity.startswith("attained"):
        return None  # The checker evaluates an attained value itself.
    domain = rebuilt_domain(document["domains"][claim["domain"]], arrays)
    if "branch" in claim["subject"]:
        branch = rebuilt_branch(document, arrays, claim["subject"]["branch"], rng)
        values = _jacobian_values(branch, domain, quantity, rng)
    else:
        steps = rebuilt_maps(document, arrays, claim["subject"], rng)
        stages = _stages(document, arrays, claim)
        values = _ratios(through(steps, stages), domain, quantity, rng)
    lower = quantity in LOWER
    for value, scale in values:
        room = ROUNDING * (abs(value) + scale + 1e-290)
        if (value < bound - room) if lower else (value > bound + room):
            return f"{value:.17g} found, {bound:.17g} claimed"
    return None


FAR = 2.0
"""A stage this many radii from where a premise has it is that of another solution."""


def _stages(document: Document, arrays: Arrays, claim: Document) -> list[Stage]:
    """Where the premises of a claim about a step have the stages."""
    if "step" not in claim["subject"]:
        return []
    method = document["integrators"][claim["subject"]["step"]["integrator"]]
    found = []
    for premise in claim["premises"][: len(method["b"])]:
        record = document["domains"][document["claims"][premise]["domain"]]
        if "centre" not in record:
            return []
        radius = float(rational(record.get("radius", [0, 1])))
        centre = arrays[record["centre"]]
        found.append(Stage(centre, FAR * radius + 1e-9 * (1 + np.abs(centre).max())))
    return found if len(found) == len(method["b"]) else []


def states(domain: Any, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """States of a domain: its centre, its rim, its inside."""
    if hasattr(domain, "X0"):
        yield domain.X0
    if domain.radius > 0:
        for place in range(STATES):
            yield starting_state(domain, rng, on_rim=place % 2 == 0)


def _jacobian_values(
    branch: Branch, domain: Any, quantity: str, rng: np.random.Generator
) -> Values:
    centre = (
        dense_jacobian(branch, domain.X0) if quantity == "jacobian-deviation" else None
    )
    for state in states(domain, rng):
        jacobian = dense_jacobian(branch, state)
        if not np.isfinite(jacobian).all():
            continue
        size = float(np.abs(jacobian).sum(axis=1).max())
        if centre is not None:
            yield QUANTITIES["spectral-norm"](jacobian - centre), size
        elif quantity == "mixed-norm":
            yield mixed_norm(jacobian, len(state), 0), size
        else:
            yield QUANTITIES[quantity](jacobian), size
    if quantity in QUANTITIES and domain.radius > 0 and not isinstance(domain, Tubes):
        try:
            climbed = spectra.ascend(branch, domain, quantity, starts=3, iterations=12)
        except Undecided:
            return  # Products beyond float64: there is no ascent.
        yield climbed.value, climbed.scale


def _ratios(
    steps: Through, domain: Any, quantity: str, rng: np.random.Generator
) -> Values:
    """Derivatives at states, and distances of images over distances of states."""
    for state in states(domain, rng):
        image = steps(state)
        if image is not None and np.isfinite(image.jacobian).all():
            yield _stretched(image, quantity, len(state)), image.size
    if domain.radius == 0:
        return
    for _ in range(PAIRS):
        pair = [starting_state(domain, rng, on_rim=rng.random() < 0.5) for _ in "xy"]
        apart = _length(pair[0] - pair[1], quantity)
        images = [steps(state) for state in pair]
        if apart == 0 or None in images:
            continue
        ends = [image.state for image in images]
        scale = max(float(np.abs(x).max()) for x in (*pair, *ends))
        if not np.isfinite(scale):
            continue
        # Two states that are close lose their difference to rounding.
        noise = 1e-13 * scale * np.sqrt(pair[0].size) / apart / ROUNDING
        yield _length(ends[0] - ends[1], quantity) / apart, noise


def _stretched(image: Image, quantity: str, tokens: int) -> float:
    if quantity == "mixed-growth":
        return mixed_norm(image.jacobian, tokens, 0)
    if quantity == "shrink":
        return float(np.linalg.svd(image.jacobian, compute_uv=False)[-1])
    return QUANTITIES["spectral-norm"](image.jacobian)


def _length(move: np.ndarray, quantity: str) -> float:
    tokens = np.linalg.norm(move, axis=1)
    is_mixed = quantity == "mixed-growth"
    return float(tokens.max() if is_mixed else np.linalg.norm(tokens))
