r"""Splittings into exact flows, $e^{c_kX_k}\cdots e^{c_1X_1}$ for $e^{a + b}$.

The order is decided in the free algebra of words: the product of the exponentials and
$e^{a + b} = \sum_w w/|w|!$ agree on all words of at most that length (Hairer, Lubich,
Wanner, *Geometric Numerical Integration*, III.5; Lie derivatives make of linear fields
all fields).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from math import factorial
from typing import Any

from flint import fmpq

from stabcheck.errors import InvalidInput
from stabcheck.integrators import notebook
from stabcheck.integrators.algebra.algebraic import Algebraic, Infinity
from stabcheck.integrators.algebra.coefficient import coefficient
from stabcheck.integrators.algebra.conditions import OrderOfConditions
from stabcheck.integrators.algebra.polynomials import exact_number
from stabcheck.integrators.runge_kutta.tableau import ButcherTableau
from stabcheck.integrators.several_fields.nystrom_methods import NystromMethod
from stabcheck.integrators.several_fields.oscillator import Oscillator
from stabcheck.integrators.several_fields.splitting import LieTrotter, Substep

Flow = tuple[str, Any]
"""A field and the fraction of the step that it flows for."""


@dataclass(frozen=True)
class FlowSplitting(OrderOfConditions):
    r"""A composition of exact flows, the first one applied first.

    **Arguments:** `name`; `flows`, pairs of a field and its fraction of the step;
    `source`; `published_order`, for fractions known by their decimals only;
    `is_for_second_order`, whether the order is that for $q' = p$ (the field `a`),
    $p' = g(q)$ (the field `b`), which asks for less.

    **Raises:** `InvalidInput` for no flow, or fractions of a field that do not sum to
    one.
    """

    name: str
    flows: tuple[Flow, ...]
    source: str = field(default="", compare=False)
    published_order: int | None = None
    is_for_second_order: bool = field(default=False, kw_only=True)

    family = "splitting"
    _repr_latex_ = notebook.latex
    _repr_png_ = notebook.png
    is_explicit = True
    own_facts = (
        "oscillator_stability_interval",
        "is_symmetric",
        "has_negative_fractions",
    )

    def __post_init__(self) -> None:
        flows = tuple(
            (name, coefficient(f"the word of {self.name}", share))
            for name, share in self.flows
        )
        totals: dict[str, Any] = {}
        for name, share in flows:
            totals[name] = totals.get(name, Fraction(0)) + share
        wrong = {name: str(total) for name, total in totals.items() if total != 1}
        if not flows or (wrong and self.published_order is None):
            raise InvalidInput(
                f"asked for the splitting {self.name} of {len(flows)} flows, found the "
                f"sums {wrong} of fractions; those of each field sum to one"
            )
        object.__setattr__(self, "flows", flows)

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields, in order of first use."""
        return tuple(dict.fromkeys(name for name, _ in self.flows))

    @property
    def stages(self) -> int:
        """The number of flows."""
        return len(self.flows)

    def residuals(self, degree: int) -> Iterable[Any]:
        """Those of words of that length, or of Nyström trees of that size."""
        if self.is_for_second_order:
            return self.nystrom_method.residuals(degree)
        return word_residuals(self.flows, self.fields, degree)

    @cached_property
    def nystrom_method(self) -> NystromMethod:
        """The same map for $q' = p$ (the field `a`), $p' = g(q)$ (the field `b`)."""
        clock, kicks = Fraction(0), []
        for name, share in self.flows:
            if name == "a":
                clock = clock + share
            else:
                kicks.append((clock, share))
        return NystromMethod(
            self.name,
            [[b * (at - c) if at_j < at_i else Fraction(0)
              for at_j, (c, b) in enumerate(kicks)]
             for at_i, (at, _) in enumerate(kicks)],
            [b * (clock - c) for c, b in kicks],
            [b for _, b in kicks],
            [c for c, _ in kicks],
            self.source,
            self.published_order,
        )  # fmt: skip

    @property
    def is_symmetric(self) -> bool:
        """Whether the word is a palindrome, so that the method is its own adjoint."""
        return self.flows == self.flows[::-1]

    @property
    def has_negative_fractions(self) -> bool:
        """Whether a field flows backwards, as it has to above order 2.

        Sheng, IMA J. Numer. Anal. 9 (1989) 199-212; Suzuki, J. Math. Phys. 32 (1991).
        """
        return any(share < 0 for _, share in self.flows)

    @cached_property
    def adjoint(self) -> FlowSplitting:
        """The word read backwards."""
        name = f"adjoint of {self.name}"
        return FlowSplitting(name, self.flows[::-1], self.source, self.published_order)

    def with_substeps(self, method: ButcherTableau, name: str = "") -> LieTrotter:
        """The word with a Runge-Kutta step for every flow."""
        word = tuple(Substep(name, share, method) for name, share in self.flows)
        return LieTrotter(name or f"{self.name} by {method.name}", word, self.source)

    @cached_property
    def oscillator(self) -> Oscillator:
        r"""The map of $q' = p$, $p' = -\omega^2q$, the field `a` the drift."""
        drift = min(self.fields)
        return Oscillator.of_shears(
            ("drift" if name == drift else "kick", share) for name, share in self.flows
        )

    @cached_property
    def oscillator_stability_interval(self) -> Algebraic | Infinity:
        r"""The largest $\beta$ with $|\operatorname{tr}| \le 2$ for $h\omega \in [0,
        \beta]$."""
        return self.oscillator.stability_interval

    @property
    def stability_text(self) -> str:
        """The value for commuting linear fields."""
        return f"exp({' + '.join(self.fields)})"


def word_residuals(
    flows: Sequence[Flow], fields: Sequence[str], degree: int
) -> list[Any]:
    r"""Coefficients of all words of that length, less $1/|w|!$."""
    exact = Fraction(1, factorial(degree))
    return [c - exact for c in word_coefficients(flows, fields, degree)]


def word_coefficients(
    flows: Sequence[Flow], fields: Sequence[str], degree: int
) -> list[Any]:
    """Coefficients of all words of that length in the product of the flows."""
    rational = all(isinstance(share, Fraction) for _, share in flows)
    words: Mapping[str, Any] = {"": fmpq(1) if rational else Fraction(1)}
    letters = {name: chr(97 + k) for k, name in enumerate(fields)}
    for name, share in flows:
        exact = fmpq(share.numerator, share.denominator) if rational else share
        words = _followed(words, letters[name], exact, degree)
    found = (words.get(w, 0) for w in _words("".join(letters.values()), degree))
    return [exact_number(fmpq(c)) if rational else c for c in found]


def _followed(
    words: Mapping[str, Any], letter: str, share: Any, degree: int
) -> Mapping[str, Any]:
    """The words times the exponential series of a letter, to that degree."""
    powers: list[Any] = [words[""]]
    for k in range(1, degree + 1):
        powers.append(powers[-1] * share / k)
    grown = dict(words)
    for word, c in words.items():
        for k in range(1, degree - len(word) + 1):
            longer = word + letter * k
            grown[longer] = grown.get(longer, 0) + c * powers[k]
    return grown


def _words(alphabet: str, length: int) -> list[str]:
    words = [""]
    for _ in range(length):
        words = [word + letter for word in words for letter in alphabet]
    return words
