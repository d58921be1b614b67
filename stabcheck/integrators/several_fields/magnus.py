r"""Magnus integrators for $Y' = A(t)Y$: products of exponentials of values of $A$.

With $A(t) = \sum_ka_kt^k$ and letters $a_k$ of weight $k + 1$ that do not commute, a
method and the solution are series in words; the order is the weight up to which they
agree (Iserles, Nørsett, *Phil. Trans. R. Soc. A* 357 (1999) 983-1019; Blanes, Casas,
Oteo, Ros, *Phys. Rep.* 470 (2009) 151-238).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import product
from typing import Any

from stabcheck.errors import InvalidInput
from stabcheck.integrators.algebra.algebraic import INFINITY, Infinity
from stabcheck.integrators.algebra.conditions import order_reached
from stabcheck.integrators.algebra.number_field import square_root

Word = tuple[int, ...]
HIGHEST_ORDER = 8
"""Series are cut after this weight, above every method here."""


class Series:
    """A series in words of the $a_k$, cut at a weight."""

    def __init__(self, terms: Mapping[Word, Any], cut: int) -> None:
        self.terms = {w: c for w, c in terms.items() if c and weight(w) <= cut}
        self.cut = cut

    def __add__(self, other: Series) -> Series:
        terms = dict(self.terms)
        for word, c in other.terms.items():
            terms[word] = terms.get(word, Fraction(0)) + c
        return Series(terms, self.cut)

    def __sub__(self, other: Series) -> Series:
        return self + other * Fraction(-1)

    def __mul__(self, other: Any) -> Series:
        if not isinstance(other, Series):
            return Series({w: c * other for w, c in self.terms.items()}, self.cut)
        terms: dict[Word, Any] = {}
        for left, c in self.terms.items():
            for right, d in other.terms.items():
                if weight(left) + weight(right) <= self.cut:
                    word = left + right
                    terms[word] = terms.get(word, Fraction(0)) + c * d
        return Series(terms, self.cut)

    def __truediv__(self, number: int) -> Series:
        return self * Fraction(1, number)

    def commutator(self, other: Series) -> Series:
        """$XY - YX$."""
        return self * other - other * self

    def exponential(self) -> Series:
        r"""$\\sum_kX^k/k!$."""
        total = power = Series({(): Fraction(1)}, self.cut)
        for k in range(1, self.cut + 1):
            power = power * self / k
            total = total + power
        return total


def weight(word: Word) -> int:
    """The power of the step that a word stands for."""
    return sum(k + 1 for k in word)


def value(node: Any, cut: int) -> Series:
    """$hA(ch)$ at a node $c$."""
    terms, power = {}, Fraction(1)
    for k in range(cut):
        terms[k,] = power
        power = power * node
    return Series(terms, cut)


def _midpoint(cut: int) -> Sequence[Series]:
    return [value(Fraction(1, 2), cut)]


def _gauss(cut: int) -> tuple[Series, Series, Any]:
    r = square_root(3)
    early = value(Fraction(1, 2) - r / 6, cut)
    return early, value(Fraction(1, 2) + r / 6, cut), r


def _magnus4(cut: int) -> Sequence[Series]:
    early, late, r = _gauss(cut)
    return [(early + late) / 2 - early.commutator(late) * (r / 12)]


def _commutator_free4(cut: int) -> Sequence[Series]:
    early, late, r = _gauss(cut)
    near, far = Fraction(1, 4) + r / 6, Fraction(1, 4) - r / 6
    return [early * far + late * near, early * near + late * far]


def _magnus6(cut: int) -> Sequence[Series]:
    r = square_root(15)
    first = value(Fraction(1, 2) - r / 10, cut)
    middle = value(Fraction(1, 2), cut)
    last = value(Fraction(1, 2) + r / 10, cut)
    B0 = (first + last) * Fraction(5, 18) + middle * Fraction(4, 9)
    B1 = (last - first) * (r / 36)
    B2 = (first + last) / 24
    second = B1.commutator(B0 * Fraction(3, 2) - B2 * Fraction(6))
    inner = B2 / 2 - second / 60
    third = B0.commutator(B0.commutator(inner)) + B1.commutator(second) * Fraction(3, 5)
    return [B0 + second + third]


CONSTRUCTIONS: dict[str, tuple[Callable[[int], Sequence[Series]], int, str]] = {
    "magnus2": (_midpoint, 1, "Magnus, Comm. Pure Appl. Math. 7 (1954) 649-673"),
    "magnus4": (_magnus4, 2, "Iserles, Nørsett, Phil. Trans. A 357 (1999) 983-1019"),
    "magnus6": (_magnus6, 3, "Blanes, Casas, Ros, BIT 40 (2000) 434-450"),
    "cf4": (
        _commutator_free4, 2,
        "Blanes, Moan, Appl. Numer. Math. 56 (2006) 1519-1537; Alvermann, Fehske, J. "
        "Comput. Phys. 230 (2011) 5930-5956",
    ),
}  # fmt: skip
"""The exponents, the last factor first, the number of nodes and the source."""


@dataclass(frozen=True)
class Magnus:
    r"""A Magnus method; exact for a constant matrix, $R = e^z$.

    **Arguments:** `name`, one of `CONSTRUCTIONS`.

    **Raises:** `InvalidInput` for another name.
    """

    name: str

    family = "Magnus"
    is_explicit = True
    is_A_stable = True
    stability_text = "exp(z)"

    def __post_init__(self) -> None:
        if self.name not in CONSTRUCTIONS:
            raise InvalidInput(
                f"asked for the Magnus method {self.name!r}, found none of that name; "
                f"choose one of {tuple(CONSTRUCTIONS)}"
            )

    @property
    def stages(self) -> int:
        """Evaluations of the matrix."""
        return CONSTRUCTIONS[self.name][1]

    @property
    def source(self) -> str:
        """Where the coefficients stand."""
        return CONSTRUCTIONS[self.name][2]

    @cached_property
    def order(self) -> int:
        """The weight up to which all words agree."""
        return order_reached(self.residuals, HIGHEST_ORDER)

    def residuals(self, order: int) -> Iterator[Any]:
        """The differences of all words of that weight."""
        total = Series({(): Fraction(1)}, order)
        for exponent in CONSTRUCTIONS[self.name][0](order):
            total = total * exponent.exponential()
        for word in words(order):
            yield total.terms.get(word, Fraction(0)) - solution(word)

    @property
    def real_stability_interval(self) -> Infinity:
        r"""The exponential is bounded by 1 on the whole negative axis."""
        return INFINITY

    @property
    def imaginary_stability_interval(self) -> Infinity:
        r"""The exponential has modulus 1 on the imaginary axis."""
        return INFINITY


def words(order: int) -> list[Word]:
    """All words of that weight."""
    found = []
    for length in range(1, order + 1):
        letters = product(range(order), repeat=length)
        found += [word for word in letters if weight(word) == order]
    return found


def solution(word: Word) -> Fraction:
    r"""The integral of $t_1^{k_1}\cdots t_m^{k_m}$ over $1 > t_1 > \dots > t_m > 0$."""
    total = Fraction(1)
    for j in range(len(word)):
        total /= weight(word[j:])
    return total
