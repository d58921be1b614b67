"""What the claims of a certificate say, evaluated in float64 at states of their domain.

An accepted certificate whose claim is exceeded at some state would be unsound.  Fields
are rebuilt from the records and arrays alone, so that a mutated certificate is judged
by what it says now.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

import numpy as np
from theorems.mixed import mixed_norm
from theorems.search import QUANTITIES

from stabcheck import domains, spectra
from stabcheck.bounds import Attention, FeedForward, LayerNorm, RMSNorm
from stabcheck.certify.centres import dense_jacobian
from stabcheck.certify.records import ATTENTION_ARRAYS
from stabcheck.errors import Undecided
from stabcheck.integrators import ButcherTableau
from stabcheck.layers import Branch, Normalise, Residual
from stabcheck.spectra.feasible import starting_state

Document = dict[str, Any]
Arrays = dict[str, np.ndarray]

ROUNDING = 1e-9
"""Relative room for the rounding of these evaluations."""
DOMAINS = {
    "tube": domains.Tube,
    "box": domains.Box,
    "frobenius": domains.Frobenius,
}
STATES = 6
PAIRS = 8


def rational(value: list[int]) -> Fraction:
    """A rational as certificates write it."""
    return Fraction(*value)


def rebuilt_field(record: Document, arrays: Arrays) -> Any:
    """The field that a record and its arrays describe; None for a family."""
    kind = record["kind"]
    if kind == "attention":
        scale = record["scale"]
        names = [k for k in (*ATTENTION_ARRAYS, "mask") if k in record]
        given = {name: arrays[record[name]] for name in names}
        return Attention(
            **given,
            causal=record["causal"],
            scale=scale["rsqrt"] ** -0.5
            if "rsqrt" in scale
            else rational(scale["value"]),
        )
    if kind == "feed-forward":
        return FeedForward(*(arrays[record[k]] for k in ("W_1", "b_1", "W_2", "b_2")))
    if kind == "layer-norm":
        gamma, beta = arrays[record["gamma"]], arrays[record["beta"]]
        return LayerNorm(gamma, beta, rational(record["epsilon"]))
    if kind == "rms-norm":
        return RMSNorm(arrays[record["gamma"]], rational(record["epsilon"]))
    return None


def rebuilt_domain(record: Document, arrays: Arrays) -> domains.Domain:
    """The domain of a record."""
    if record["kind"] == "point":
        return domains.Point(arrays[record["centre"]])
    radius = rational(record["radius"])
    if record["kind"] == "ball":
        return domains.Ball(radius, record["tokens"], record["features"])
    return DOMAINS[record["kind"]](arrays[record["centre"]], radius)


def _branch(document: Document, arrays: Arrays, indices: list[int]) -> Branch | None:
    fields = [rebuilt_field(document["fields"][k], arrays) for k in indices]
    return None if None in fields else tuple(fields)


def _step(document: Document, arrays: Arrays, record: Document) -> Any:
    if "field" in record:
        norm = rebuilt_field(document["fields"][record["field"]], arrays)
        return Normalise("map", norm)
    branch = _branch(document, arrays, record["branch"])
    method = document["integrators"][record["integrator"]]
    tableau = ButcherTableau(
        method["name"],
        A=[[rational(a) for a in row] for row in method["A"]],
        b=[rational(b) for b in method["b"]],
    )
    size = rational(record["size"])
    return None if branch is None else Residual("step", branch, tableau, size)


def _map(document: Document, arrays: Arrays, subject: Document) -> Any:
    """The map that a claim about growth speaks about; None where it has no weights."""
    if "step" in subject:
        return _step(document, arrays, subject["step"])
    first, last = subject["maps"]
    steps = [_step(document, arrays, m) for m in document["maps"][first:last]]
    if None in steps:
        return None

    def through(state: np.ndarray) -> np.ndarray:
        for step in steps:
            state = step(state)
        return state

    return through


def states(domain: domains.Domain, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """States of a domain: its centre, its rim, its inside."""
    if hasattr(domain, "X0"):
        yield domain.X0
    if domain.radius > 0:
        for place in range(STATES):
            yield starting_state(domain, rng, on_rim=place % 2 == 0)


def _jacobian_values(
    branch: Branch, domain: domains.Domain, quantity: str, rng: np.random.Generator
) -> Iterator[tuple[float, float]]:
    """Values of a quantity, each with the size of its rounding."""
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
    if quantity in QUANTITIES and domain.radius > 0:
        climbed = spectra.ascend(branch, domain, quantity, starts=3, iterations=12)
        yield climbed.value, climbed.scale


def _ratios(
    through: Callable[[np.ndarray], np.ndarray],
    domain: domains.Domain,
    mixed: bool,
    rng: np.random.Generator,
) -> Iterator[tuple[float, float]]:
    """Distances of images over distances, each with the size of its rounding."""

    def length(move: np.ndarray) -> float:
        tokens = np.linalg.norm(move, axis=1)
        return float(tokens.max() if mixed else np.linalg.norm(tokens))

    for _ in range(PAIRS):
        pair = [starting_state(domain, rng, on_rim=rng.random() < 0.5) for _ in "xy"]
        apart = length(pair[0] - pair[1])
        if apart == 0:
            continue
        images = [through(state) for state in pair]
        scale = max(float(np.abs(x).max()) for x in (*pair, *images))
        if not np.isfinite(scale):
            continue
        # Two states that are close lose their difference to rounding.
        noise = 1e-13 * scale * np.sqrt(pair[0].size) / apart / ROUNDING
        yield length(images[0] - images[1]) / apart, noise


def refutation(
    document: Document, arrays: Arrays, rng: np.random.Generator
) -> str | None:
    """The first claim that some state exceeds, in words; None if there is none."""
    if "fields" not in document:
        return None  # About a method or a design: nothing here has weights.
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
    lower = quantity in ("log-norm-lower", "shrink")
    if "branch" in claim["subject"]:
        branch = _branch(document, arrays, claim["subject"]["branch"])
        if branch is None:
            return None
        values = _jacobian_values(branch, domain, quantity, rng)
    else:
        through = _map(document, arrays, claim["subject"])
        if through is None or domain.radius == 0:
            return None
        values = _ratios(through, domain, quantity == "mixed-growth", rng)
    try:
        for value, scale in values:
            room = ROUNDING * (abs(value) + scale + 1e-290)
            if (value < bound - room) if lower else (value > bound + room):
                return f"{value:.17g} found, {bound:.17g} claimed"
    except Undecided:
        return None  # An implicit stage that Picard's iteration does not find.
    return None
