r"""What follows from the characteristic polynomial of a method with memory."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import fields, is_dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

from stabcheck.errors import InvalidInput
from stabcheck.integrators import notebook
from stabcheck.integrators.algebra.algebraic import INFINITY, Algebraic, Infinity
from stabcheck.integrators.algebra.coefficient import coefficient_row
from stabcheck.integrators.algebra.exact_real import ExactReal
from stabcheck.integrators.memory import memory_sets
from stabcheck.integrators.memory.characteristic import CharacteristicPolynomial


def rational_row(what: str, values: Any) -> tuple[Fraction, ...]:
    """The coefficients of a method with memory.

    **Raises:** `InvalidInput` for a float, or for an irrational number: the roots of a
    characteristic polynomial are located over the rationals.
    """
    row = coefficient_row(what, values)
    for value in row:
        if not isinstance(value, Fraction):
            raise InvalidInput(
                f"asked for the coefficient {value} in {what}; a method with memory "
                "has to have rational ones"
            )
    return row


class Recurrence(ABC):
    r"""A method that advances $y' = \lambda y$ by a recurrence in several values.

    Subclasses give `name`, `source`, `order`, `steps` and `characteristic`; facts of
    one-step methods are absent.
    """

    name: str
    source: str
    stages: int | None = None
    own_facts: tuple[str, ...] = (
        "closed_real_stability_interval",
        "closed_imaginary_stability_interval",
        "is_strongly_stable",
    )
    _repr_latex_ = notebook.latex
    _repr_png_ = notebook.png

    def __getstate__(self) -> dict[str, Any]:
        # What was computed is left behind: polynomials cannot be sent to a process.
        own = {f.name for f in fields(self)} if is_dataclass(self) else vars(self)
        return {name: value for name, value in vars(self).items() if name in own}

    @property
    @abstractmethod
    def characteristic(self) -> CharacteristicPolynomial:
        r"""$\Phi(\zeta, z)$, whose roots advance the values."""

    @property
    @abstractmethod
    def order(self) -> int:
        """The order of consistency."""

    @property
    @abstractmethod
    def steps(self) -> int:
        """The number of old values used."""

    @property
    def stability_text(self) -> str:
        r"""$\Phi$ as text."""
        return str(self.characteristic)

    @property
    def is_zero_stable(self) -> bool:
        r"""Whether the roots at $z = 0$ satisfy the root condition."""
        return self.characteristic.is_zero_stable

    @property
    def is_strongly_stable(self) -> bool:
        r"""Whether 1 is the only root at $z = 0$ on the unit circle, and simple."""
        return self.characteristic.is_strongly_stable

    @property
    def real_stability_interval(self) -> Algebraic | Infinity:
        r"""The largest $\alpha$, strictly stable on $(-\alpha, 0)$."""
        return self.characteristic.real_stability_interval

    @property
    def imaginary_stability_interval(self) -> Algebraic | Infinity:
        r"""The largest $\beta$, strictly stable on $i(-\beta, \beta)$ without 0."""
        return self.characteristic.imaginary_stability_interval

    @property
    def closed_real_stability_interval(self) -> Algebraic | Infinity:
        r"""The largest $\alpha$ with all $|\zeta| \le 1$ on $[-\alpha, 0]$."""
        return self.characteristic.closed_real_stability_interval

    @property
    def closed_imaginary_stability_interval(self) -> Algebraic | Infinity:
        r"""The largest $\beta$ with all $|\zeta| \le 1$ on $i[-\beta, \beta]$."""
        return self.characteristic.closed_imaginary_stability_interval

    @property
    def is_A_stable(self) -> bool:
        r"""Whether the left half-plane lies in $S$."""
        return self.characteristic.is_A_stable

    @property
    def is_L_stable(self) -> bool:
        r"""Whether it is A-stable and all roots vanish at infinity."""
        return self.characteristic.is_L_stable

    @cached_property
    def A_alpha_degrees(self) -> ExactReal:
        r"""The largest $\alpha$ with $|\arg(-z)| < \alpha$ in $S$, in degrees.

        0 unless the whole negative axis is strictly stable.
        """
        if self.is_A_stable:
            return Algebraic.of(90)
        if self.real_stability_interval != INFINITY:
            return Algebraic.of(0)
        return memory_sets.widest_angle(self.characteristic)

    @cached_property
    def largest_disc_radius(self) -> ExactReal | Infinity:
        r"""The largest $r$ with $\{|z + r| \le r\} \subset S$."""
        if self.is_A_stable:
            return INFINITY
        if self.real_stability_interval == 0:
            return Algebraic.of(0)
        return memory_sets.largest_disc_radius(self.characteristic)
