r"""Multistep methods that use the second derivative $g = y''$ too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from math import factorial
from typing import Any

from flint import fmpq, fmpq_mat

from stabcheck.errors import InvalidInput
from stabcheck.integrators.algebra.algebraic import Algebraic
from stabcheck.integrators.algebra.conditions import order_reached
from stabcheck.integrators.algebra.roots import fraction
from stabcheck.integrators.memory.characteristic import CharacteristicPolynomial
from stabcheck.integrators.memory.recurrence import Recurrence, rational_row


@dataclass(frozen=True)
class SecondDerivativeMultistep(Recurrence):
    r"""$\sum_j\alpha_jy_{n+j} = h\sum_j\beta_jf_{n+j} + h^2\sum_j\gamma_jg_{n+j}$.

    **Arguments:** `alpha`, `beta`, `gamma`, `(k + 1,)`, rationals, oldest first;
    `source`.

    **Raises:** `InvalidInput` for lists of unequal length, floats, a last $\alpha$ of
    zero, or an inconsistent method.
    """

    name: str
    alpha: tuple[Fraction, ...]
    beta: tuple[Fraction, ...]
    gamma: tuple[Fraction, ...]
    source: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        for key in ("alpha", "beta", "gamma"):
            object.__setattr__(self, key, self._row(key, getattr(self, key)))
        lengths = {len(self.alpha), len(self.beta), len(self.gamma)}
        if len(lengths) > 1 or len(self.alpha) < 2 or self.alpha[-1] == 0:
            raise InvalidInput(
                f"asked for the multistep method {self.name} with {len(self.alpha)} "
                f"alphas, {len(self.beta)} betas and {len(self.gamma)} gammas; give "
                "equally many, at least 2 of each, and a last alpha that is not zero"
            )
        if sum(self.beta) == 0 or self._defect(0) or self._defect(1):
            raise InvalidInput(
                f"asked for the multistep method {self.name}, found the defects "
                f"{self._defect(0)} and {self._defect(1)} of the orders 0 and 1 and "
                f"sigma(1) = {sum(self.beta)}; a consistent method has none, and "
                "sigma(1) not zero"
            )

    def _row(self, what: str, values: Sequence[Any]) -> tuple[Fraction, ...]:
        return rational_row(f"{what} of {self.name}", values)

    @property
    def family(self) -> str:
        """The family it is listed under."""
        return "second-derivative multistep"

    @property
    def steps(self) -> int:
        """The number of steps, $k$."""
        return len(self.alpha) - 1

    @cached_property
    def order(self) -> int:
        """The order: of the conditions $C_q = 0$, the last that holds."""
        return order_reached(lambda q: (self._defect(q),))

    @cached_property
    def error_constant(self) -> Algebraic:
        r"""$C_{p+1}/\sigma(1)$."""
        return Algebraic.of(self._defect(self.order + 1) / sum(self.beta))

    @cached_property
    def characteristic(self) -> CharacteristicPolynomial:
        r"""$\sum_j(\alpha_j - z\beta_j - z^2\gamma_j)\zeta^j$."""
        rows = zip(self.alpha, self.beta, self.gamma, strict=True)
        return CharacteristicPolynomial(tuple((a, -b, -c) for a, b, c in rows))

    def _defect(self, q: int) -> Fraction:
        """$C_q$, the coefficient of $h^qy^{(q)}$ in the residual."""
        total = Fraction(0)
        for derivative, row in enumerate((self.alpha, self.beta, self.gamma)):
            power = q - derivative
            if power >= 0:
                moment = sum(c * j**power for j, c in enumerate(row))
                total += (-1 if derivative else 1) * moment / factorial(power)
        return total


def enright(steps: int) -> SecondDerivativeMultistep:
    r"""$y_{n+k} - y_{n+k-1} = h\sum_j\beta_jf_{n+j} + h^2\gamma g_{n+k}$.

    Its $k + 2$ coefficients are those that the conditions of order $k + 2$ leave.
    """
    k = steps
    rows, right = [], []
    for q in range(1, k + 3):
        slopes = [fmpq(j ** (q - 1), factorial(q - 1)) for j in range(k + 1)]
        curvature = fmpq(k ** (q - 2), factorial(q - 2)) if q > 1 else fmpq(0)
        rows.append([*slopes, curvature])
        right.append([fmpq(k**q - (k - 1) ** q, factorial(q))])
    solution = fmpq_mat(rows).solve(fmpq_mat(right)).entries()
    *beta, gamma = (fraction(x) for x in solution)
    return SecondDerivativeMultistep(
        f"enright:{k}",
        [*[0] * (k - 1), -1, 1],
        beta,
        [*[0] * k, gamma],
        "Enright, SIAM J. Numer. Anal. 11 (1974) 321-331, doi:10.1137/0711029; HW V.3",
    )
