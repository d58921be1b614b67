r"""Predictor-corrector pairs of multistep methods, in a fixed number of corrections."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property

from flint import Ordering, fmpq, fmpq_mpoly, fmpq_mpoly_ctx

from stabcheck.errors import InvalidInput
from stabcheck.integrators.algebra.roots import fraction
from stabcheck.integrators.memory.characteristic import CharacteristicPolynomial
from stabcheck.integrators.memory.multistep import LinearMultistep
from stabcheck.integrators.memory.recurrence import Recurrence

RING = fmpq_mpoly_ctx.get(("zeta", "z"), Ordering.lex)
ZETA, Z = RING.gens()


@dataclass(frozen=True)
class PredictorCorrector(Recurrence):
    r"""Predict, then correct: P(EC)$^m$E, or PEC, which keeps the predicted slope.

    **Arguments:** `predictor`, explicit; `corrector`, implicit; `corrections`, $m$;
    `evaluates_last`, whether the last correction is evaluated too.

    **Raises:** `InvalidInput` for an implicit predictor, an explicit corrector, or more
    than one correction without the last evaluation.
    """

    name: str
    predictor: LinearMultistep
    corrector: LinearMultistep
    corrections: int = 1
    evaluates_last: bool = True
    source: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        if not self.predictor.is_explicit or self.corrector.is_explicit:
            raise InvalidInput(
                f"asked for the pair {self.name} of {self.predictor.name} and "
                f"{self.corrector.name}; give an explicit predictor and an implicit "
                "corrector"
            )
        least, most = 1, (None if self.evaluates_last else 1)
        if self.corrections < least or (most and self.corrections > most):
            raise InvalidInput(
                f"asked for {self.corrections} corrections in {self.name}; give at "
                "least 1, and 1 if the last one is not evaluated"
            )

    @property
    def family(self) -> str:
        """The family it is listed under."""
        return "predictor-corrector"

    @property
    def steps(self) -> int:
        """The number of old values used."""
        return max(self.predictor.steps, self.corrector.steps)

    @property
    def stages(self) -> int:
        """Evaluations of the field in a step."""
        return self.corrections + int(self.evaluates_last)

    @property
    def order(self) -> int:
        r"""$\min(p, p^* + m)$, of the corrector and the predictor (HNW III.1, III.2).

        In PEC mode the old slopes are predicted ones: the same with $m = 1$.
        """
        return min(self.corrector.order, self.predictor.order + self.corrections)

    @cached_property
    def characteristic(self) -> CharacteristicPolynomial:
        r"""$\zeta^k$ minus what the corrections make of the powers below.

        In PEC mode, the determinant in the corrected and the predicted values.
        """
        newest = ZETA**self.steps
        rho, sigma = self._polynomials(self.corrector)
        rho_p, sigma_p = self._polynomials(self.predictor)
        if not self.evaluates_last:
            coupling = rho_p * sigma - sigma_p * rho
            return of_ring(newest * (rho - Z * sigma) + Z * coupling)
        slope = _flint(self.corrector.beta[-1] / self.corrector.alpha[-1])
        value = newest - rho_p + Z * sigma_p
        for _ in range(self.corrections):
            value = newest - rho + Z * (sigma - slope * newest) + slope * Z * value
        return of_ring(newest - value)

    def _polynomials(self, method: LinearMultistep) -> tuple[fmpq_mpoly, fmpq_mpoly]:
        r"""$\rho, \sigma$ of a method, monic and shifted to the steps of the pair."""
        shift = self.steps - method.steps
        leading = method.alpha[-1]
        rows = ([c / leading for c in row] for row in (method.alpha, method.beta))
        rho, sigma = (
            RING.from_dict({(j + shift, 0): _flint(c) for j, c in enumerate(row) if c})
            for row in rows
        )
        return rho, sigma


def of_ring(polynomial: fmpq_mpoly) -> CharacteristicPolynomial:
    r"""A polynomial of `RING` as a characteristic one, powers of $\zeta$ split off.

    A root at 0 for every $z$ changes no fact.
    """
    terms = {(int(j), int(m)): c for (j, m), c in polynomial.to_dict().items()}
    least = min(j for j, _ in terms)
    rows = [
        [Fraction(0)] * (1 + max(m for _, m in terms))
        for _ in range(1 + max(j for j, _ in terms) - least)
    ]
    for (j, m), c in terms.items():
        rows[j - least][m] = fraction(c)
    return CharacteristicPolynomial(tuple(map(tuple, rows)))


def _flint(value: Fraction) -> fmpq:
    return fmpq(value.numerator, value.denominator)
