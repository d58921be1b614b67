r"""Enclosures of a field over a box: the entrywise best of several forms.

The natural form evaluates the central form of the field in intervals.  The mean-value
form (Moore, Kearfott and Cloud, Introduction to Interval Analysis, section 6.4) is

$$g(x) \in g(c) + g'(\mathbf x)\,(\mathbf x - c), \qquad x \in \mathbf x$$

with the derived Jacobian $g'$; it is exact to first order.  Both are taken for every
softmax and every definition that is not affine, which then enter the rest, and, where
the second derivative has not too many entries, for the output.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import Any

import numpy as np
from sympy import Expr

from stabcheck.errors import InvalidInput
from stabcheck.interpret.interval_contraction import contracted
from stabcheck.interpret.intervals import IntervalBackend
from stabcheck.interpret.midpoint_radius import MidpointRadius
from stabcheck.symbolic.derive import jacobian
from stabcheck.symbolic.enclosing.enclosure_form import enclosure_form, needed
from stabcheck.symbolic.enclosing.folding import folded
from stabcheck.symbolic.field import Definition, Field, Tensor
from stabcheck.symbolic.index import Index
from stabcheck.symbolic.lowering.backend import Operand
from stabcheck.symbolic.lowering.lower import Kernel
from stabcheck.symbolic.lowering.walk import Walk
from stabcheck.symbolic.proving.structure import structure
from stabcheck.symbolic.softmax import Softmax

FORMS = ("best", "natural", "mean-value")

INNER = 2**22
"""A slope of a part with more entries than this is not worth its time."""

OUTER = 2**25
"""A slope of the output with more entries than this does not fit in memory."""


@dataclass(frozen=True)
class EnclosureBackend(IntervalBackend):
    """Intervals, and for chosen parts of a field their mean-value form."""

    form: str = "best"

    def output(self, field: Field, walk: Walk) -> MidpointRadius:
        form = enclosure_form(field)
        if self.form == "natural" or walk.tensors[field.state.name].is_exact:
            return super().output(field, walk)
        improved = _Improved(walk, form)
        improved.inner()
        natural = improved.define(form.output)
        if improved.entries(form.output.indices) > OUTER:
            return natural
        steady = improved.at_centre[form.output.name]
        steady = steady + improved.change(slope_of_output(field))
        return steady if self.form == "mean-value" else natural.met(steady)


def enclose(
    field: Field, centre: Any, radius: Any, *, form: str = "best", **parameters: Any
) -> MidpointRadius:
    r"""Enclose the values of a field, or of what was derived from it, over a box.

    **Arguments:** `centre`, `(n, d)` floats; `radius`, a number or an array
    of shape `(n, d)`: the box holds all states with $|x - c| \le r$ entry by entry;
    `form`, one of `best`, `natural`, `mean-value`; `parameters`, as for a kernel.

    **Returns:** a `MidpointRadius` with `lower` and `upper` ends.

    **Raises:** `InvalidInput`.
    """
    if form not in FORMS:
        raise InvalidInput(
            f"asked for the form {form!r}, found none; use one of {', '.join(FORMS)}"
        )
    middle = np.asarray(centre, dtype=np.float64)
    radii = np.broadcast_to(np.asarray(radius, dtype=np.float64), middle.shape)
    if not (
        np.isfinite(middle).all() and np.isfinite(radii).all() and (radii >= 0).all()
    ):
        raise InvalidInput(
            "asked for an enclosure over a box, found a centre or a radius that is not "
            "finite or a radius below zero; give finite numbers"
        )
    kernel = Kernel(field, EnclosureBackend(form))
    return kernel(MidpointRadius(middle, radii), **parameters)


class _Improved(Walk):
    """A walk over a box that meets chosen parts with their mean-value form."""

    def __init__(self, walk: Walk, form: Field) -> None:
        super().__init__(walk.backend, walk.sizes, dict(walk.tensors), walk.scalars)
        self.form = form
        box = walk.tensors[form.state.name]
        self.step = MidpointRadius(np.zeros(box.shape), box.radius)
        centre = {**walk.tensors, form.state.name: MidpointRadius.exactly(box.midpoint)}
        self.centre = Walk(walk.backend, walk.sizes, centre, walk.scalars)
        self.at_centre = {d.name: self.centre.define(d) for d in form.definitions}

    def inner(self) -> None:
        """Evaluate all definitions but the output."""
        for definition in self.form.definitions[:-1]:
            natural = self.define(definition)
            if self.entries(definition.indices) <= INNER:
                change = self.change(slope_of(self.form, definition))
                steady = self.at_centre[definition.name] + change
                self.tensors[definition.name] = natural.met(steady)

    def remembered(self, expression: Expr, evaluate: Evaluation) -> Operand:
        if isinstance(expression, Softmax):
            return super().remembered(expression, partial(self._better, evaluate))
        return super().remembered(expression, evaluate)

    def change(self, slope: Slope) -> MidpointRadius:
        """A slope over the box times the box about its centre."""
        shared = {name: self.tensors[name] for name in slope.shared}
        given = {name: self.tensors[name] for name in slope.arguments}
        walk = Walk(self.backend, self.sizes, given | shared, self.scalars)
        walk.nodes.update(self.nodes)
        *inner, last = slope.field.definitions
        for definition in inner:
            if definition.name not in shared:
                walk.define(definition)
        steep = walk.assembled(last.body, last.indices)
        places = list(range(len(last.indices)))
        rank = len(places) - len(self.form.state.indices)
        step = self.step, places[rank:]
        return contracted([(steep, places), step], places[:rank])

    def entries(self, indices: Iterable[Index]) -> int:
        """How many entries the slope of something over these indices has."""
        every = (*indices, *self.form.state.indices)
        return math.prod(self.size(index) for index in every)

    def _better(self, evaluate: Evaluation, expression: Expr) -> Operand:
        natural = evaluate(expression)
        if self.entries(natural.labels) > INNER:
            return natural
        key, free = structure(expression)
        slopes = node_slopes(self.form)
        if key not in slopes:
            node = Definition("_node", free, expression)
            slopes[key] = _slope(self.form, self.form.definitions[:-1], node)
        at_centre = self.aligned(self.centre.value(expression), free)
        steady = at_centre + self.change(slopes[key])
        return Operand(self.aligned(natural, free).met(steady), free)


Evaluation = Callable[[Expr], Operand]


@dataclass(frozen=True, eq=False)
class Slope:
    """A Jacobian, and the definitions that it shares with the form it belongs to."""

    field: Field
    shared: frozenset[str]

    @property
    def arguments(self) -> list[str]:
        """The names of the tensors that the Jacobian is a function of."""
        tensors = [p for p in self.field.parameters if isinstance(p, Tensor)]
        given = (self.field.state, *self.field.directions, *tensors)
        return [tensor.name for tensor in given]


@lru_cache(maxsize=64)
def slope_of_output(field: Field) -> Slope:
    """The Jacobian of a field, written for enclosures."""
    names = (definition.name for definition in enclosure_form(field).definitions[:-1])
    return Slope(enclosure_form(field.jacobian()), frozenset(names))


@lru_cache(maxsize=256)
def slope_of(form: Field, definition: Definition) -> Slope:
    """The Jacobian of one definition of a form."""
    before = form.definitions[: form.definitions.index(definition)]
    return _slope(form, before, definition)


@lru_cache(maxsize=64)
def node_slopes(form: Field) -> dict[str, Slope]:
    """The Jacobians of softmaxes of a form, by their structure; filled when asked."""
    return {}


def _slope(
    form: Field, before: tuple[Definition, ...], definition: Definition
) -> Slope:
    part = needed(replace(form, definitions=(*before, definition), origin=None))
    names = (earlier.name for earlier in part.definitions[:-1])
    return Slope(folded(jacobian(part)), frozenset(names))
