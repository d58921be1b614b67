r"""Splitting methods: substeps of several fields, one after the other.

A word of substeps over anonymous fields $a, b, \dots$; in a pre-norm transformer they
are the attention and the feed-forward branch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from math import prod
from typing import Any

from stabcheck.errors import InvalidInput
from stabcheck.integrators import notebook
from stabcheck.integrators.algebra.algebraic import INFINITY, Algebraic, Infinity
from stabcheck.integrators.algebra.coefficient import algebraic, coefficient
from stabcheck.integrators.algebra.polynomials import exact_polynomial
from stabcheck.integrators.algebra.roots import sign_changes
from stabcheck.integrators.runge_kutta.order import Tableau, order_of
from stabcheck.integrators.runge_kutta.tableau import ButcherTableau
from stabcheck.integrators.several_fields.multivariate import (
    MultivariateStabilityFunction,
)
from stabcheck.integrators.several_fields.multivariate_construction import product_of


@dataclass(frozen=True)
class Substep:
    """One step of a Runge-Kutta method for one field, over a fraction of the step."""

    field: str
    fraction: Fraction
    method: ButcherTableau


@dataclass(frozen=True)
class LieTrotter:
    r"""A composition of substeps, the first one applied first.

    **Arguments:** `name`; `word`, the substeps; `source`.

    **Raises:** `InvalidInput` for an empty word, or one that is not of substeps.
    """

    name: str
    word: tuple[Substep, ...]
    source: str = field(default="", compare=False)

    _repr_latex_ = notebook.latex
    _repr_png_ = notebook.png

    def __post_init__(self) -> None:
        if not self.word:
            raise InvalidInput(
                f"asked for the splitting {self.name} of no substep; give at least one"
            )
        for s in self.word:
            made = s.method if isinstance(s, Substep) else s
            if not isinstance(made, ButcherTableau):
                raise InvalidInput(
                    f"asked for the splitting {self.name}, found {made!r} in its word "
                    "for a method; give Substep(field, fraction, method)"
                )
        word = tuple(
            Substep(
                s.field, coefficient(f"the word of {self.name}", s.fraction), s.method
            )
            for s in self.word
        )
        object.__setattr__(self, "word", word)

    @property
    def fields(self) -> tuple[str, ...]:
        """The anonymous fields, in order of first use."""
        return tuple(dict.fromkeys(substep.field for substep in self.word))

    @property
    def stages(self) -> int:
        """Evaluations of all fields together."""
        return sum(substep.method.stages for substep in self.word)

    @property
    def is_explicit(self) -> bool:
        """Whether every substep is."""
        return all(substep.method.is_explicit for substep in self.word)

    own_facts = ("stable_box",)

    @property
    def family(self) -> str:
        """The family it is listed under."""
        return "splitting"

    def stability_function(self, **arguments: Any) -> Any:
        r"""$\prod R_i(c_iz_i)$ at one argument for each field.

        The value for commuting linear fields: `lie_trotter.stability_function(a=...,
        b=...)` is $(1 + a)(1 + b)$.
        """
        if set(arguments) != set(self.fields):
            raise InvalidInput(
                f"asked for the stability function of {self.name} at "
                f"{sorted(arguments)}; give one argument for each of {self.fields}"
            )
        return prod(
            s.method.stability_function(
                s.fraction * arguments[s.field]
                if isinstance(arguments[s.field], int | Fraction)
                else float(s.fraction) * arguments[s.field]
            )
            for s in self.word
        )

    @cached_property
    def order(self) -> int:
        """The order for the sum of the fields, by coloured rooted trees."""
        return order_of(self.additive_tableau())

    @cached_property
    def multivariate(self) -> MultivariateStabilityFunction:
        r"""$\prod R_i(c_iz_i)$ as an exact function of one argument for each field."""
        factors = [
            (s.field, s.fraction, s.method.stability_function) for s in self.word
        ]
        return product_of(self.fields, factors)

    @cached_property
    def stable_box(self) -> Algebraic | Infinity | None:
        r"""The largest $r$ with $|R| \le 1$ on $[-r, 0]^2$; two fields only."""
        return self.multivariate.real_box() if len(self.fields) == 2 else None

    @property
    def stability_text(self) -> str:
        """The stability function as the product of its factors."""
        factors = []
        for substep in self.word:
            scaled = substep.field
            if substep.fraction != 1:
                scaled = f"({substep.fraction} {substep.field})"
            R = str(substep.method.stability_function)
            factors.append(f"({R.replace('z', scaled)})")
        return " ".join(factors)

    @cached_property
    def circle_contractivity_radius(self) -> Algebraic | Infinity:
        r"""The largest $r$ on whose circles no substep expands.

        A field on the circle of radius $r$ at step $h$ is on that of radius $cr$ at
        step $ch$.
        """
        radii = [
            _divided(s.method.circle_contractivity_radius, s.fraction)
            for s in self.word
            if s.fraction > 0
        ]
        if any(s.fraction < 0 for s in self.word):
            return Algebraic.of(0)
        return min(radii, default=INFINITY)

    def additive_tableau(self) -> Mapping[str, Tableau]:
        """The word as one Runge-Kutta method per field, over the stages of all."""
        offsets, total = [], 0
        for substep in self.word:
            offsets.append(total)
            total += substep.method.stages
        method = {}
        for name in self.fields:
            rows = [[Fraction(0)] * total for _ in range(total)]
            weights = [Fraction(0)] * total
            for substep, offset in zip(self.word, offsets, strict=True):
                if substep.field != name:
                    continue
                _place(substep, offset, rows, weights)
            method[name] = (rows, weights)
        return method


def _place(
    substep: Substep, offset: int, rows: list[list[Fraction]], weights: list[Fraction]
) -> None:
    """Enter a substep: its own stages see its matrix, all later ones its weights."""
    stages = substep.method.stages
    for j, b in enumerate(substep.method.b):
        weights[offset + j] = substep.fraction * b
        for i in range(stages):
            rows[offset + i][offset + j] = substep.fraction * substep.method.A[i][j]
        for later in range(offset + stages, len(rows)):
            rows[later][offset + j] = substep.fraction * b


def _divided(radius: Algebraic | Infinity, by: Any) -> Algebraic | Infinity:
    """The quotient by a positive rational or element of a number field."""
    if isinstance(radius, Infinity):
        return radius
    if radius.rational is not None:
        return algebraic(radius.rational / by)
    # The polynomial of radius / by is that of radius at by times the argument.
    scaled = [c * by**k for k, c in enumerate(radius.polynomial)]
    lower, upper = radius.lower / by, radius.upper / by
    roots = sign_changes(exact_polynomial(scaled))
    return next(root for root in roots if lower <= root <= upper)
