r"""Number fields $\mathbb Q(g)$, $g$ a real root of an irreducible polynomial.

Gauss, Radau and many diagonally implicit methods have coefficients there.  An element
is a polynomial in $g$ modulo the minimal polynomial: it is zero exactly if that
polynomial is, and its sign is that of a ball narrow enough to exclude zero.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import isqrt
from typing import Any

from flint import arb, ctx, fmpq, fmpq_poly, fmpz, fmpz_poly

from stabcheck.errors import InvalidInput
from stabcheck.integrators.algebra.algebraic import Algebraic, integer_coefficients
from stabcheck.integrators.algebra.field_element import FieldElement
from stabcheck.integrators.algebra.roots import real_roots


@dataclass(frozen=True)
class NumberField:
    r"""$\mathbb Q(g)$, embedded in the reals by the choice of the root.

    **Arguments:** `minimal_polynomial`, integers with the constant term first; `near`,
    a rational or its decimals: $g$ is the real root nearest to it.

    **Raises:** `InvalidInput` for a polynomial that is reducible or has no real root,
    or if two roots are equally near.
    """

    minimal_polynomial: tuple[int, ...]
    near: Fraction

    def __post_init__(self) -> None:
        polynomial = fmpz_poly(list(self.minimal_polynomial))
        factors = polynomial.factor()[1] if polynomial.degree() > 0 else []
        if len(factors) != 1 or factors[0][1] != 1:
            raise InvalidInput(
                f"asked for the number field of {self.minimal_polynomial}, found "
                f"{len(factors)} factors; give an irreducible polynomial"
            )
        coefficients = integer_coefficients(factors[0][0])
        object.__setattr__(self, "minimal_polynomial", coefficients)
        object.__setattr__(self, "near", Fraction(self.near))

    @cached_property
    def root(self) -> Algebraic:
        """The generator as a real algebraic number."""
        roots = real_roots(fmpq_poly(list(self.minimal_polynomial)))
        ranked = sorted(roots, key=self._distance)
        if not ranked or (
            len(ranked) > 1 and self._distance(ranked[0]) == self._distance(ranked[1])
        ):
            raise InvalidInput(
                f"asked for the root of {self.minimal_polynomial} near {self.near}, "
                f"found {len(roots)} real roots; name one by its first decimals"
            )
        return ranked[0]

    def _distance(self, root: Algebraic) -> Fraction:
        lower, upper = root.enclosure(Fraction(1, 2**64))
        return abs((lower + upper) / 2 - self.near)

    @cached_property
    def modulus(self) -> fmpq_poly:
        """The minimal polynomial with leading coefficient 1, for reduction."""
        leading = self.minimal_polynomial[-1]
        return fmpq_poly(list(self.minimal_polynomial)) / leading

    @property
    def degree(self) -> int:
        """The degree over the rationals."""
        return len(self.minimal_polynomial) - 1

    @property
    def generator(self) -> FieldElement:
        """$g$."""
        return self((0, 1))

    def __call__(self, coordinates: Iterable[Any] | fmpq_poly) -> FieldElement:
        """The element with these coefficients of $1, g, g^2, \\dots$."""
        if not isinstance(coordinates, fmpq_poly):
            coordinates = fmpq_poly(
                [fmpq(c.numerator, c.denominator) for c in map(Fraction, coordinates)]
            )
        return FieldElement(self, coordinates % self.modulus)

    def ball(self, bits: int) -> arb:
        """The generator, to that many bits."""
        known = self.__dict__.setdefault("_balls", {})
        if bits not in known:
            with ctx.workprec(bits + 32):
                known[bits] = self.root.ball(bits)
        return known[bits]

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if not isinstance(other, NumberField):
            return NotImplemented
        same = self.minimal_polynomial == other.minimal_polynomial
        return same and self.root == other.root

    def __hash__(self) -> int:
        return hash(self.minimal_polynomial)

    def __str__(self) -> str:
        return f"Q({self.root.decimal(10)})"

    def __reduce__(self) -> tuple:
        return NumberField, (self.minimal_polynomial, self.near)


def square_root(n: int | Fraction) -> Fraction | FieldElement:
    r"""$\sqrt n$ for a rational $n \ge 0$: rational, or in $\mathbb Q(\sqrt m)$.

    $m$ is the squarefree part, so that `square_root(8)` is twice `square_root(2)`.

    **Raises:** `InvalidInput` for a negative number.
    """
    n = Fraction(n)
    if n < 0:
        raise InvalidInput(f"asked for the square root of {n}; give one that is >= 0")
    under, outside = n.numerator * n.denominator, Fraction(1, n.denominator)
    squarefree = 1
    for prime, power in fmpz(under).factor() if under else ():
        outside *= int(prime) ** (power // 2)
        squarefree *= int(prime) ** (power % 2)
    if under == 0:
        return Fraction(0)
    if squarefree == 1:
        return outside
    field = NumberField((-squarefree, 0, 1), Fraction(isqrt(squarefree) + 1))
    return outside * field.generator
