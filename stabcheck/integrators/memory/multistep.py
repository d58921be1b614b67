r"""Linear multistep methods in exact rationals, and the facts that follow from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from math import factorial
from typing import Any

from stabcheck.errors import InvalidInput
from stabcheck.integrators.algebra.algebraic import INFINITY, Algebraic, Infinity
from stabcheck.integrators.algebra.angle import Angle
from stabcheck.integrators.algebra.conditions import order_reached
from stabcheck.integrators.algebra.roots import polynomial
from stabcheck.integrators.memory import boundary_locus
from stabcheck.integrators.memory.characteristic import CharacteristicPolynomial
from stabcheck.integrators.memory.g_stability import GStability, g_stability
from stabcheck.integrators.memory.recurrence import Recurrence, rational_row


@dataclass(frozen=True)
class LinearMultistep(Recurrence):
    r"""$\sum_j\alpha_jy_{n+j} = h\sum_j\beta_jf(y_{n+j})$, $j = 0, \dots, k$.

    **Arguments:** `alpha`, `beta`, `(k + 1,)`, rationals or strings such as `1/2`,
    oldest first; `source`; `advance`, the time from one level to the next in units of
    $h$, 1 unless a block counts its step otherwise.

    **Raises:** `InvalidInput` for lists of unequal length, floats, a last $\alpha$ of
    zero, or an inconsistent pair: $\rho(1) \ne 0$, or $\sigma(1)$ zero or other than
    $\rho'(1)$ times `advance`.
    """

    name: str
    alpha: tuple[Fraction, ...]
    beta: tuple[Fraction, ...]
    source: str = field(default="", compare=False)
    advance: Fraction = Fraction(1)

    def __post_init__(self) -> None:
        alpha, beta = self._row("alpha", self.alpha), self._row("beta", self.beta)
        (advance,) = self._row("advance", [self.advance])
        if len(alpha) != len(beta) or len(alpha) < 2 or alpha[-1] == 0:
            raise InvalidInput(
                f"asked for the multistep method {self.name} with {len(alpha)} alphas "
                f"and {len(beta)} betas; give equally many, at least 2 of each, and a "
                "last alpha that is not zero"
            )
        slope = sum(j * a for j, a in enumerate(alpha)) * advance
        if sum(alpha) != 0 or sum(beta) == 0 or sum(beta) != slope:
            raise InvalidInput(
                f"asked for the multistep method {self.name}, found rho(1) = "
                f"{sum(alpha)}, rho'(1) = {slope} and sigma(1) = {sum(beta)}; a "
                "consistent pair has rho(1) = 0 and rho'(1) = sigma(1), not zero"
            )
        for key, value in (("alpha", alpha), ("beta", beta), ("advance", advance)):
            object.__setattr__(self, key, value)

    def _row(self, what: str, values: Sequence[Any]) -> tuple[Fraction, ...]:
        return rational_row(f"{what} of {self.name}", values)

    @property
    def own_facts(self) -> tuple[str, ...]:
        """What is shown of it beside the facts of all methods."""
        return (*Recurrence.own_facts, "is_G_stable")

    @property
    def family(self) -> str:
        """`explicit linear multistep` or `implicit linear multistep`."""
        return f"{'ex' if self.is_explicit else 'im'}plicit linear multistep"

    @property
    def steps(self) -> int:
        """The number of steps, $k$."""
        return len(self.alpha) - 1

    @property
    def is_explicit(self) -> bool:
        """Whether the newest value enters the field nowhere."""
        return self.beta[-1] == 0

    @cached_property
    def order(self) -> int:
        """The order: of the conditions $C_q = 0$, the last that holds."""
        return order_reached(lambda q: (self._defect(q),))

    @cached_property
    def error_constant(self) -> Algebraic:
        r"""$C_{p+1}/\sigma(1)$ (HNW III.2)."""
        return Algebraic.of(self._defect(self.order + 1) / sum(self.beta))

    @cached_property
    def characteristic(self) -> CharacteristicPolynomial:
        r"""$\rho(\zeta) - z\sigma(\zeta)$."""
        pairs = zip(self.alpha, self.beta, strict=True)
        return CharacteristicPolynomial(tuple((a, -b) for a, b in pairs))

    @cached_property
    def A_alpha_degrees(self) -> Algebraic | Angle:
        r"""The largest $\alpha$ with $|\arg(-z)| < \alpha$ in $S$, in degrees.

        0 unless the whole negative axis is strictly stable.
        """
        if self.real_stability_interval != INFINITY:
            return Algebraic.of(0)
        return boundary_locus.least_angle(self.alpha, self.beta)

    @cached_property
    def largest_disc_radius(self) -> Algebraic | Infinity:
        r"""The largest $r$ with $\{|z + r| \le r\} \subset S$."""
        if self.real_stability_interval == 0:
            return Algebraic.of(0)
        return boundary_locus.largest_disc_radius(self.alpha, self.beta)

    @cached_property
    def ssp_coefficient(self) -> Algebraic | Infinity:
        r"""$\min_j\alpha'_j/\beta'_j$ of $y_{n+k} = \sum_{j<k}(\alpha'_jy_{n+j} +
        h\beta'_jf_{n+j}) + h\beta'_kf_{n+k}$, 0 if one of them is negative.

        Infinite where no old value enters the field (Gottlieb, Ketcheson, Shu, *Strong
        Stability Preserving Runge-Kutta and Multistep Time Discretizations* 2011, 8.1).
        """
        old = [-a / self.alpha[-1] for a in self.alpha[:-1]]
        slopes = [b / self.alpha[-1] for b in self.beta]
        if min(*old, *slopes) < 0:
            return Algebraic.of(0)
        pairs = zip(old, slopes[:-1], strict=True)
        ratios = [Algebraic.of(a / b) for a, b in pairs if b > 0]
        return min(ratios, default=INFINITY)

    @cached_property
    def g_stability(self) -> GStability | None:
        r"""The matrices that prove contractivity in the norm of $G$.

        `None` unless the method is A-stable and $\rho, \sigma$ have no common factor
        but powers of $\zeta$, which only shift the values.
        """
        unused = next(
            j
            for j, pair in enumerate(zip(self.alpha, self.beta, strict=True))
            if any(pair)
        )
        alpha, beta = self.alpha[unused:], self.beta[unused:]
        common = polynomial(alpha).gcd(polynomial(beta))
        if not self.is_A_stable or common.degree() > 0:
            return None
        return g_stability(alpha, beta)

    @property
    def is_G_stable(self) -> bool:
        r"""Whether it is contractive in a norm of the last values, on every field."""
        return self.g_stability is not None

    def _defect(self, q: int) -> Fraction:
        r"""$C_q = \frac1{q!}\sum_j(\alpha_j(ja)^q - q\beta_j(ja)^{q-1})$."""
        times = [j * self.advance for j in range(len(self.alpha))]
        total = sum(
            a * t**q - q * b * t ** (q - 1)
            for a, b, t in zip(self.alpha, self.beta, times, strict=True)
        )
        return Fraction(total) / factorial(q)
