r"""Weighted sums of compositions of flows, $\sum_kw_k\,\Phi_k$.

The Lie series of a composition is linear in its factors, so that the sum has the order
up to which the weighted words agree with $e^{a + b}$.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from math import factorial
from typing import Any

from stabcheck.errors import InvalidInput
from stabcheck.integrators.algebra.coefficient import coefficient
from stabcheck.integrators.algebra.conditions import order_reached
from stabcheck.integrators.several_fields.flow_words import Flow, word_coefficients


@dataclass(frozen=True)
class WeightedSplitting:
    r"""A sum of compositions of exact flows.

    **Arguments:** `name`; `words`, pairs of a weight and the flows of a composition,
    the empty one the identity; `source`.

    **Raises:** `InvalidInput` for weights that do not sum to one.
    """

    name: str
    words: tuple[tuple[Any, tuple[Flow, ...]], ...]
    source: str = field(default="", compare=False)

    family = "additive splitting"
    is_explicit = True

    def __post_init__(self) -> None:
        words = tuple(
            (coefficient(f"the weights of {self.name}", weight),
             tuple((f, coefficient(f"the words of {self.name}", x)) for f, x in flows))
            for weight, flows in self.words
        )  # fmt: skip
        total = sum((weight for weight, _ in words), start=Fraction(0))
        if total != 1:
            raise InvalidInput(
                f"asked for the splitting {self.name}, found weights with the sum "
                f"{total}; they have to sum to one"
            )
        object.__setattr__(self, "words", words)

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields, in order of first use."""
        return tuple(dict.fromkeys(f for _, flows in self.words for f, _ in flows))

    @property
    def stages(self) -> int:
        """The number of flows."""
        return sum(len(flows) for _, flows in self.words)

    @cached_property
    def order(self) -> int:
        """The order, in the free algebra of words."""
        return order_reached(self._residuals)

    def _residuals(self, degree: int) -> list[Any]:
        parts = [
            [weight * c for c in word_coefficients(flows, self.fields, degree)]
            for weight, flows in self.words
        ]
        exact = Fraction(1, factorial(degree))
        return [
            sum(column, start=Fraction(0)) - exact
            for column in zip(*parts, strict=True)
        ]

    @property
    def stability_text(self) -> str:
        """The value for commuting linear fields."""
        terms = []
        for weight, flows in self.words:
            exponent = " + ".join(f if x == 1 else f"{x} {f}" for f, x in flows)
            value = f"exp({exponent})" if flows else "1"
            size = "" if abs(weight) == 1 else f"{abs(weight)} "
            terms.append(f"{'-' if weight < 0 else '+'} {size}{value}")
        return " ".join(terms).removeprefix("+ ")
