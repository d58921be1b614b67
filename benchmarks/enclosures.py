"""Widths of enclosures of attention Jacobians over boxes, form by form.

    python benchmarks/enclosures.py [--sizes 4,4,2 8,8,4 16,16,4]

A width is the mean radius of the entries of J over the box, in units of the exact
first-order range sum |dJ/dx| radius; the number in brackets is what the radii add to
mu_2: the largest eigenvalue of their symmetric part.  `naive` evaluates the derived
formula as it stands with exp over sum, `monotone` with monotone softmax weights;
`natural`, `mean-value` and `best` are the forms of `enclose`.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from field_cases import case_named, inputs
from flint import arb

from stabcheck.errors import InvalidInput
from stabcheck.interpret.ball_arrays import entrywise
from stabcheck.interpret.enclosures import enclose
from stabcheck.interpret.intervals import IntervalBackend
from stabcheck.interpret.midpoint_radius import MidpointRadius
from stabcheck.symbolic import Field
from stabcheck.symbolic.lowering.backend import Backend
from stabcheck.symbolic.lowering.lower import Kernel

SIZES = ("4,4,2", "8,8,4", "16,16,4")
RADII = (1e-6, 1e-3, 1e-2, 3e-2, 1e-1)


class MonotoneIntervals(IntervalBackend):
    """The derived formula as it stands, product by product: a baseline."""

    def output(self, field: Field, walk: Any) -> MidpointRadius:
        return Backend.output(self, field, walk)

    def einsum(
        self,
        operands: Sequence[tuple[MidpointRadius, Sequence[int]]],
        out: Sequence[int],
    ) -> MidpointRadius:
        middles = [(ball.midpoint, labels) for ball, labels in operands]
        reach = [(np.abs(b.midpoint) + b.radius, labels) for b, labels in operands]
        sizes = [(np.abs(b.midpoint), labels) for b, labels in operands]
        radius = _einsum(reach, out) - _einsum(sizes, out)
        return MidpointRadius(_einsum(middles, out), radius)


class NaiveIntervals(MonotoneIntervals):
    """The same with softmax as exponentials over their sum."""

    def softmax(
        self,
        logits: MidpointRadius,
        mask: MidpointRadius | None,
        sink: MidpointRadius | None,
    ) -> MidpointRadius:
        if mask is not None or sink is not None:
            raise InvalidInput("asked for a baseline with a mask, found no rule for it")
        top = logits.midpoint.max(axis=-1, keepdims=True)
        powers = entrywise(arb.exp)(logits - MidpointRadius.exactly(top))
        total = MidpointRadius(
            powers.midpoint.sum(axis=-1, keepdims=True),
            powers.radius.sum(axis=-1, keepdims=True),
        )
        return powers * entrywise(lambda ball: 1 / ball)(total)


@dataclass(frozen=True)
class Width:
    """Mean radius in units of the first-order range, addition to mu_2, seconds."""

    ratio: float
    added: float
    seconds: float


def measure(
    name: str,
    tokens: int = 3,
    features: int = 4,
    heads: int = 2,
    radius: float = 1e-3,
    form: str = "best",
) -> Width:
    """The width of the Jacobian of a field over a box about a drawn state.

    **Raises:** `InvalidInput` where the field has no enclosure.
    """
    field = case_named(name).declare(heads)
    values = inputs(field, tokens, features, heads)
    jacobian = field.jacobian()
    range_ = first_order_range(jacobian, values)
    if not range_.any():
        raise InvalidInput(
            f"asked for the relative width of {name}, found a Jacobian that does not "
            "change to first order; choose another field"
        )
    return width(jacobian, values, range_, radius, form)


def first_order_range(jacobian: Field, values: Mapping[str, Any]) -> np.ndarray:
    """What a unit box adds to each entry of a Jacobian to first order."""
    state, rest = _arguments(jacobian, values)
    second = jacobian.jacobian().lower("numpy")(state, **rest)
    return np.abs(second).sum(axis=(-2, -1))


def width(
    jacobian: Field,
    values: Mapping[str, Any],
    range_: np.ndarray,
    radius: float,
    form: str,
) -> Width:
    """The width of one form."""
    state, rest = _arguments(jacobian, values)
    start = time.perf_counter()
    if form in BASELINES:
        box = MidpointRadius(state, np.full(state.shape, radius))
        radii = Kernel(jacobian, BASELINES[form])(box, **rest).radius
    else:
        radii = enclose(jacobian, state, radius, form=form, **rest).radius
    seconds = time.perf_counter() - start
    matrix = radii.reshape(state.size, -1)
    added = np.linalg.eigvalsh((matrix + matrix.T) / 2)[-1]
    unit = radius * range_.mean()
    return Width(float(radii.mean() / unit), float(added), seconds)


def _arguments(
    field: Field, values: Mapping[str, Any]
) -> tuple[np.ndarray, dict[str, Any]]:
    """The state and the parameters."""
    rest = {name: value for name, value in values.items() if name != field.state.name}
    return values[field.state.name], rest


BASELINES = {"naive": NaiveIntervals(), "monotone": MonotoneIntervals()}
FORMS = (*BASELINES, "natural", "mean-value", "best")


def _einsum(
    operands: Sequence[tuple[np.ndarray, Sequence[int]]], out: Sequence[int]
) -> np.ndarray:
    flat = [part for array, labels in operands for part in (array, list(labels))]
    return np.einsum(*flat, list(out), optimize=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", nargs="*", default=SIZES)
    options = parser.parse_args()
    for sizes in options.sizes:
        tokens, features, heads = map(int, sizes.split(","))
        field = case_named("dot").declare(heads)
        values = inputs(field, tokens, features, heads)
        jacobian = field.jacobian()
        range_ = first_order_range(jacobian, values)
        print(f"n, d, H = {tokens}, {features}, {heads}")
        print("  radius " + "".join(f"{form:>22}" for form in FORMS))
        for radius in RADII:
            found = [width(jacobian, values, range_, radius, form) for form in FORMS]
            cells = (f"{one.ratio:.2f}x (+{one.added:.2g})" for one in found)
            print(f"  {radius:<7.0e}" + "".join(f"{c:>22}" for c in cells), flush=True)
        seconds = (f"{one.seconds:.2f} s" for one in found)
        print("  seconds" + "".join(f"{s:>22}" for s in seconds), flush=True)


if __name__ == "__main__":
    main()
