"""Orders as conditions: how many degrees are met, and by how much they are missed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cached_property
from typing import Any

from stabcheck.integrators.algebra.algebraic import Algebraic
from stabcheck.integrators.algebra.coefficient import algebraic

Residuals = Callable[[int], Iterable[Any]]
"""The residuals of the conditions of one degree, by the degree from 1 on."""


def order_reached(residuals: Residuals, highest: int | None = None) -> int:
    """The largest degree up to which all residuals vanish.

    **Arguments:** `highest`, a degree beyond which nothing is asked; absent: none.
    """
    degree = 0
    while (highest is None or degree < highest) and not any(residuals(degree + 1)):
        degree += 1
    return degree


class OrderOfConditions:
    """The order of a method from its residuals, or the one published with decimals.

    Subclasses give `published_order` and `residuals`.
    """

    published_order: int | None
    residuals: Residuals

    @property
    def conditional_on_order(self) -> int | None:
        """The order that every fact rests on, if only decimals are published."""
        return self.published_order

    @cached_property
    def order(self) -> int:
        """The order; of a method published in decimals the one published."""
        if self.published_order is not None:
            return self.published_order
        return order_reached(self.residuals)

    @cached_property
    def order_residual(self) -> Algebraic:
        """The largest residual of the order conditions up to the order."""
        if self.published_order is None:
            return Algebraic.of(0)
        degrees = range(1, self.published_order + 1)
        return algebraic(max(abs(x) for p in degrees for x in self.residuals(p)))
