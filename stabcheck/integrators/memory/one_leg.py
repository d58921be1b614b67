r"""One-leg methods, the twins of multistep methods that evaluate the field once."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from stabcheck.integrators.algebra.algebraic import Infinity
from stabcheck.integrators.algebra.exact_real import ExactReal
from stabcheck.integrators.memory.characteristic import CharacteristicPolynomial
from stabcheck.integrators.memory.multistep import LinearMultistep
from stabcheck.integrators.memory.recurrence import Recurrence


@dataclass(frozen=True)
class OneLeg(Recurrence):
    r"""$\sum_j\alpha_jy_{n+j} = hf(\sum_j\beta_jy_{n+j})$, with $\sigma(1) = 1$.

    On linear fields it is its twin; on nonlinear ones $G$-stability of the twin makes
    it contractive itself (Dahlquist 1975; HW V.6).

    **Arguments:** `twin`, the multistep method, scaled to $\sigma(1) = 1$.
    """

    twin: LinearMultistep

    @property
    def name(self) -> str:
        """The name of the twin, marked."""
        return f"{self.twin.name}-one-leg"

    @property
    def source(self) -> str:
        """The source of the twin's coefficients."""
        return self.twin.source

    @property
    def family(self) -> str:
        """The family it is listed under."""
        return "one-leg"

    @property
    def steps(self) -> int:
        """The number of steps, that of the twin."""
        return self.twin.steps

    @property
    def characteristic(self) -> CharacteristicPolynomial:
        """That of the twin."""
        return self.twin.characteristic

    @property
    def A_alpha_degrees(self) -> ExactReal:
        """That of the twin."""
        return self.twin.A_alpha_degrees

    @property
    def largest_disc_radius(self) -> ExactReal | Infinity:
        """That of the twin."""
        return self.twin.largest_disc_radius

    @property
    def is_G_stable(self) -> bool:
        """Whether the twin is, in the same norm."""
        return self.twin.is_G_stable

    @cached_property
    def order(self) -> int:
        r"""$\min(p_D, p_I + 1)$ of the errors of differentiation and interpolation.

        They are $\sum\alpha_jt_j^q = qt^{q-1}$, $q \le p_D$, and $\sum\beta_jt_j^q =
        t^q$, $q \le p_I$, with $t = \sum\beta_jt_j$ (HW V.6).
        """
        order = 1
        while self._differentiates(order + 1) and self._interpolates(order):
            order += 1
        return order

    def _weights(self) -> tuple[list[Fraction], list[Fraction], list[Fraction]]:
        scale = sum(self.twin.beta)
        # Times in units of the step that belongs to the scaled pair.
        times = [j * self.twin.advance / scale for j in range(self.steps + 1)]
        beta = [b / scale for b in self.twin.beta]
        return list(self.twin.alpha), beta, times

    def _differentiates(self, q: int) -> bool:
        alpha, beta, times = self._weights()
        return _moment(alpha, times, q) == q * _moment(beta, times, 1) ** (q - 1)

    def _interpolates(self, q: int) -> bool:
        _, beta, times = self._weights()
        return _moment(beta, times, q) == _moment(beta, times, 1) ** q


def _moment(weights: list[Fraction], times: list[Fraction], q: int) -> Fraction:
    pairs = zip(weights, times, strict=True)
    return sum((w * t**q for w, t in pairs), start=Fraction(0))
