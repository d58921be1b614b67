r"""Multistep methods that treat one field explicitly and another one implicitly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import Any

from flint import fmpq, fmpq_poly

from stabcheck.errors import InvalidInput
from stabcheck.integrators import notebook
from stabcheck.integrators.algebra.algebraic import INFINITY, Algebraic, Infinity
from stabcheck.integrators.algebra.circle import on_circle
from stabcheck.integrators.algebra.gaps import gaps
from stabcheck.integrators.algebra.infimum import image, infimum, sign_at
from stabcheck.integrators.algebra.roots import fraction, polynomial, positive_roots
from stabcheck.integrators.memory.characteristic import CharacteristicPolynomial
from stabcheck.integrators.memory.multistep import LinearMultistep
from stabcheck.integrators.memory.recurrence import rational_row

T = fmpq_poly([0, 1])


@dataclass(frozen=True)
class ImexMultistep:
    r"""$\sum_j\alpha_jy_{n+j} = h\sum_j\beta_jf(y_{n+j}) + h\sum_j\gamma_jg(y_{n+j})$.

    **Arguments:** `alpha`, `beta`, `gamma`, `(k + 1,)`, rationals, oldest first, the
    last $\beta$ zero and the last $\gamma$ not; `source`.

    **Raises:** `InvalidInput` if either part is refused as a multistep method, or is
    explicit where it should be implicit.
    """

    name: str
    alpha: tuple[Fraction, ...]
    beta: tuple[Fraction, ...]
    gamma: tuple[Fraction, ...]
    source: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        for key in ("alpha", "beta", "gamma"):
            object.__setattr__(self, key, self._row(key, getattr(self, key)))
        if not self.explicit_part.is_explicit or self.implicit_part.is_explicit:
            raise InvalidInput(
                f"asked for the method {self.name} with last coefficients "
                f"{self.beta[-1]} and {self.gamma[-1]}; the last beta has to be zero, "
                "the last gamma not"
            )

    def _row(self, what: str, values: Sequence[Any]) -> tuple[Fraction, ...]:
        return rational_row(f"{what} of {self.name}", values)

    family = "IMEX multistep"
    own_facts = ("real_strip", "imaginary_strip")
    _repr_latex_ = notebook.latex
    _repr_png_ = notebook.png
    fields = ("f", "g")
    stages = None

    @property
    def steps(self) -> int:
        """The number of steps, $k$."""
        return len(self.alpha) - 1

    @cached_property
    def explicit_part(self) -> LinearMultistep:
        """The method for $g = 0$."""
        return LinearMultistep(f"{self.name} for f", self.alpha, self.beta, self.source)

    @cached_property
    def implicit_part(self) -> LinearMultistep:
        """The method for $f = 0$."""
        return LinearMultistep(
            f"{self.name} for g", self.alpha, self.gamma, self.source
        )

    @property
    def order(self) -> int:
        """The smaller order of the parts: the conditions are linear in both slopes."""
        return min(self.explicit_part.order, self.implicit_part.order)

    @property
    def is_zero_stable(self) -> bool:
        r"""Whether the roots of $\rho$ satisfy the root condition."""
        return self.explicit_part.is_zero_stable

    @property
    def stability_text(self) -> str:
        r"""$\rho - f\sigma_f - g\sigma_g$ as text."""
        parts = zip(self.alpha, self.beta, self.gamma, strict=True)
        rows = [f"({a} - {b} f - {c} g) zeta^{j}" for j, (a, b, c) in enumerate(parts)]
        return " + ".join(reversed(rows))

    @cached_property
    def imaginary_strip(self) -> Algebraic | Infinity:
        r"""The largest $r$, stable for $f$ in $i(-r, r)$ and all $g \le 0$.

        On the circle, $\Im(\rho - it\sigma_f)\bar\sigma_g = 0$ gives $t$ as a function
        of $\zeta$, and $g < 0$ is a condition on its sign.
        """
        n, real, cosine, sine = self._on_circle()
        below = cosine * (real * cosine + T * sine * n)
        squares = _columns(n, cosine, [(T * n**2, cosine**2), (real**2, T * sine**2)])
        if below != 0:
            squares.append(infimum(T * n**2, cosine**2, below_zero=(below,)))
        events = [square_root(x) for x in squares if x != INFINITY]
        return self._first_failure(events, imaginary=True)

    @cached_property
    def real_strip(self) -> Algebraic | Infinity:
        r"""The largest $r$, stable for $f$ in $(-r, 0)$ and all $g \le 0$."""
        n, real, cosine, sine = self._on_circle()
        events: list[Algebraic | Infinity] = [*self._at_minus_one()]
        events += _columns(n, sine, [(-n, sine), (-real, cosine)])
        below = n * sine, sine * (real * sine - n * cosine)
        if 0 not in below:
            events.append(infimum(-n, sine, below_zero=below))
        return self._first_failure(events, imaginary=False)

    def _on_circle(self) -> tuple[fmpq_poly, ...]:
        r"""$\Im/t$ and $\Re$ of $\rho\bar\sigma_g$, $\Re$ and $\Im/t$ of the other."""
        rows = (self.alpha, self.beta, self.gamma)
        (a, b), (c, d), (e, f) = (on_circle(list(map(_flint, row))) for row in rows)
        return (
            b * e - a * f,
            a * e + T * b * f,
            c * e + T * d * f,
            d * e - c * f,
        )

    def _at_minus_one(self) -> list[Algebraic]:
        r"""The $t > 0$ at which $f = -t$, $g = 0$ has the root $\zeta = -1$."""
        rho, slope = (
            sum((-1) ** j * c for j, c in enumerate(row))
            for row in (self.alpha, self.beta)
        )
        return [Algebraic.of(-rho / slope)] if rho * slope < 0 else []

    def _first_failure(
        self, events: Sequence[Algebraic | Infinity], *, imaginary: bool
    ) -> Algebraic | Infinity:
        r"""Where the first gap starts in which some $g \le 0$ is unstable."""
        places: list[Algebraic] = []
        for event in sorted(x for x in events if x != INFINITY):
            if event > 0 and not (places and places[-1] == event):
                places.append(event)
        for start, sample, _ in gaps(places):
            if not self._is_stable_for_all_g(sample, imaginary=imaginary):
                return start
        return INFINITY

    def _is_stable_for_all_g(self, size: Fraction, *, imaginary: bool) -> bool:
        pairs = list(zip(self.alpha, self.beta, self.gamma, strict=True))
        if imaginary:
            rows = _square_modulus(pairs, size)
        else:
            rows = tuple((a + size * b, -c) for a, b, c in pairs)
        section = CharacteristicPolynomial(rows)
        return section.closed_real_stability_interval == INFINITY


def _columns(
    n: fmpq_poly, d: fmpq_poly, values: list[tuple[fmpq_poly, fmpq_poly]]
) -> list[Algebraic]:
    """The nonnegative values at the common zeros of $n$ and $d$.

    There $n/d$ leaves the size of $f$ free, and it may pass these values.
    """
    found = []
    for place, _ in positive_roots(n.gcd(d)):
        for numerator, denominator in values:
            if denominator == 0:
                continue
            common = numerator.gcd(denominator)
            N, D = numerator // common, denominator // common
            if sign_at(D, place) and sign_at(N * D, place) >= 0:
                found.append(image(place, N, D))
    return found


def _square_modulus(
    pairs: list[tuple[Fraction, ...]], size: Fraction
) -> tuple[tuple[Fraction, ...], ...]:
    r"""$|\rho - it\sigma_f - g\sigma_g|^2$ by powers of $\zeta$ and of $g$."""
    rho, sigma_f, sigma_g = (polynomial(row) for row in zip(*pairs, strict=True))
    parts = [
        rho * rho + _flint(size**2) * sigma_f * sigma_f,
        -2 * rho * sigma_g,
        sigma_g * sigma_g,
    ]
    degree = 2 * (len(pairs) - 1)
    return tuple(tuple(fraction(p[j]) for p in parts) for j in range(degree + 1))


def square_root(value: Algebraic) -> Algebraic:
    """The root of a nonnegative number."""
    if value == 0:
        return value
    in_square = polynomial(value.minimal_polynomial)(fmpq_poly([0, 0, 1]))
    roots = [root for root, _ in positive_roots(in_square)]
    width = Fraction(1, 2**16)
    while True:
        lower, upper = value.enclosure(width)
        ends = [(r, *r.enclosure(width)) for r in roots]
        near = [r for r, a, b in ends if a * a <= upper and lower <= b * b]
        if len(near) == 1:
            return near[0]
        width /= 2**16


def _flint(value: Fraction) -> fmpq:
    return fmpq(value.numerator, value.denominator)
