r"""Splittings whose fractions of the step are complex.

Above order 2 a real splitting flows backwards, which a diffusion cannot; complex
fractions with positive real parts can do without (Hansen, Ostermann 2009).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import Any

from stabcheck.errors import InvalidInput
from stabcheck.integrators.algebra.conditions import order_reached
from stabcheck.integrators.several_fields.flow_words import word_residuals


class ComplexNumber:
    """An exact complex number $x + iy$, both rational or in one real number field."""

    __slots__ = ("imag", "real")

    def __init__(self, real: Any, imag: Any = Fraction(0)) -> None:
        self.real = real
        self.imag = imag

    @property
    def conjugate(self) -> ComplexNumber:
        """$x - iy$."""
        return ComplexNumber(self.real, -self.imag)

    def __add__(self, other: Any) -> ComplexNumber:
        other = _complex(other)
        return ComplexNumber(self.real + other.real, self.imag + other.imag)

    __radd__ = __add__

    def __sub__(self, other: Any) -> ComplexNumber:
        other = _complex(other)
        return ComplexNumber(self.real - other.real, self.imag - other.imag)

    def __mul__(self, other: Any) -> ComplexNumber:
        other = _complex(other)
        return ComplexNumber(
            self.real * other.real - self.imag * other.imag,
            self.real * other.imag + self.imag * other.real,
        )

    __rmul__ = __mul__

    def __truediv__(self, number: int) -> ComplexNumber:
        return ComplexNumber(self.real / number, self.imag / number)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ComplexNumber | int | Fraction):
            return NotImplemented
        other = _complex(other)
        return self.real == other.real and self.imag == other.imag

    def __hash__(self) -> int:
        return hash((self.real, self.imag))

    def __bool__(self) -> bool:
        return bool(self.real) or bool(self.imag)

    def __complex__(self) -> complex:
        return complex(float(self.real), float(self.imag))

    def __str__(self) -> str:
        return f"{self.real}{'-' if self.imag < 0 else '+'}{abs(self.imag)}i"


@dataclass(frozen=True)
class ComplexSplitting:
    r"""A composition of exact flows with complex fractions, the first applied first.

    **Arguments:** `name`; `flows`, pairs of a field and a complex fraction; `source`.

    **Raises:** `InvalidInput` if the fractions of a field do not sum to one.
    """

    name: str
    flows: tuple[tuple[str, ComplexNumber], ...]
    source: str = field(default="", compare=False)

    family = "complex splitting"
    is_explicit = True
    own_facts = ("has_positive_real_parts",)

    def __post_init__(self) -> None:
        for letter in self.fields:
            shares = (share for name, share in self.flows if name == letter)
            total = sum(shares, start=ComplexNumber(Fraction(0)))
            if total != 1:
                raise InvalidInput(
                    f"asked for the splitting {self.name}, found fractions of "
                    f"{letter} with the sum {total}; they have to sum to one"
                )

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields, in order of first use."""
        return tuple(dict.fromkeys(name for name, _ in self.flows))

    @property
    def stages(self) -> int:
        """The number of flows."""
        return len(self.flows)

    @cached_property
    def order(self) -> int:
        """The order, in the free algebra of words."""
        return order_reached(
            lambda degree: word_residuals(self.flows, self.fields, degree)
        )

    @property
    def has_positive_real_parts(self) -> bool:
        """Whether every flow runs into the right half-plane."""
        return all(share.real > 0 for _, share in self.flows)

    @property
    def stability_text(self) -> str:
        """The value for commuting linear fields."""
        return f"exp({' + '.join(self.fields)})"


def _complex(value: Any) -> ComplexNumber:
    return value if isinstance(value, ComplexNumber) else ComplexNumber(value)
