r"""A stability function by its zeros and poles: accurate wherever it is drawn.

A polynomial of degree $s$ that is bounded by one on $[-s^2, 0]$ has coefficients whose
sum loses all digits there.  The product of its factors loses none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from flint import acb, arb, arb_poly, ctx, fmpq_poly

from stabcheck.integrators import StabilityFunction
from stabcheck.integrators.algebra.coefficient import Coefficient
from stabcheck.integrators.algebra.family import ball_polynomial
from stabcheck.integrators.algebra.field_element import FieldElement
from stabcheck.integrators.algebra.polynomials import exact_polynomial

Points = np.ndarray[Any, np.dtype[np.complex128]]

ISOLATED_DEGREE = 40
"""Zeros of higher polynomials start from eigenvalues: isolation takes seconds."""
FLOAT_BITS = 128
"""Of a ball round a number of a number field."""
BITS = 512
"""Of the balls round irrational coefficients."""
NEWTON_STEPS = 6
"""From 9 digits of an eigenvalue to all the digits of a float64, with room."""
BLOCK = 1 << 14
"""Points at a time: the factors of so many stay in the cache of the processor."""


@dataclass(frozen=True)
class FactoredFunction:
    r"""$R(z) = \prod_j(1 - z/r_j)/\prod_j(1 - z/p_j)$, which is one at 0.

    **Arguments:** `zeros`, `poles`, complex arrays with multiplicities.
    """

    zeros: Points
    poles: Points

    @classmethod
    def of(cls, R: StabilityFunction) -> FactoredFunction:
        """The factors of an exact stability function."""
        return cls(*(_scattered(zeros_of(p)) for p in (R.P, R.Q)))

    def __call__(self, z: Points) -> Points:
        """The values at points `(...)`, infinite at a pole."""
        z = np.asarray(z, dtype=complex)
        flat = z.ravel()
        values = np.empty_like(flat)
        with np.errstate(all="ignore"):
            for start in range(0, flat.size, BLOCK):
                block = slice(start, start + BLOCK)
                values[block] = self._product(flat[block])
        return values.reshape(z.shape)

    def _product(self, z: Points) -> Points:
        value = np.ones_like(z)
        for zero in self.zeros:
            value *= 1 - z / zero
        if len(self.poles):
            below = np.ones_like(z)
            for pole in self.poles:
                below *= 1 - z / pole
            value /= below
        return value

    def logarithmic_derivative(self, z: Points) -> Points:
        r"""$R'/R$ at points `(...)`."""
        z = np.asarray(z, dtype=complex)
        total = np.zeros_like(z)
        with np.errstate(all="ignore"):
            for zero in self.zeros:
                total += 1 / (z - zero)
            for pole in self.poles:
                total -= 1 / (z - pole)
        return total

    def height(self, z: Points) -> np.ndarray:
        r"""$(|R| - 1)/(|R| + 1)$: negative inside the region, bounded, smooth."""
        with np.errstate(all="ignore"):
            height = np.tanh(np.log(np.abs(self(z))) / 2)
        return np.where(np.isnan(height), 1.0, height)

    @property
    def largest(self) -> float:
        """The distance from 0 of the furthest zero or pole."""
        return max(map(abs, (*self.zeros, *self.poles)), default=1.0)


def float_of(value: Coefficient) -> float:
    """A coefficient in float64; of a number field by its ball, which is quick."""
    if isinstance(value, FieldElement):
        return float(value.ball(FLOAT_BITS).mid())
    return float(value)


def zeros_of(coefficients: Sequence[Coefficient]) -> Points:
    """The zeros of a polynomial, constant term first, each as often as it counts."""
    f = exact_polynomial(coefficients)
    found: list[complex] = []
    while f.degree() > 0:
        repeated = f.gcd(f.derivative())
        found += _simple_zeros(f // repeated)
        f = repeated
    return np.array(found, dtype=complex)


def _simple_zeros(f: Any) -> list[complex]:
    if f.degree() > ISOLATED_DEGREE:
        return _from_eigenvalues(f)
    if isinstance(f, fmpq_poly):
        return [complex(root) for root, _ in f.numer().complex_roots()]
    with ctx.workprec(BITS):
        balls = ball_polynomial(f)
        return [_narrowed(balls, root.mid()) for root in balls.complex_roots()]


def _from_eigenvalues(f: Any) -> list[complex]:
    """Eigenvalues in a basis of Chebyshev polynomials, then Newton in many digits.

    The basis lies on the interval on which the zeros are, their mean in its middle.
    """
    degree = f.degree()
    # numpy.polynomial is slow to load; only methods of very many stages come here.
    from numpy.polynomial import chebyshev

    a, b = (Fraction(f.coeffs()[degree - k].str()) for k in (0, 1))
    centre = -b / a / degree
    with ctx.workprec(16 * degree + 64):
        balls = ball_polynomial(f)
        half = arb(centre.numerator) / centre.denominator
        scaled = balls(arb_poly([half, -half]))

        def value(x: np.ndarray) -> np.ndarray:
            return np.array([float(scaled(arb(float(t)))) for t in x])

        starts = chebyshev.chebroots(chebyshev.chebinterpolate(value, degree))
        return [_narrowed(balls, half * (1 - acb(complex(x)))) for x in starts]


def _narrowed(f: arb_poly, z: acb) -> complex:
    """The zero near a point: isolating balls may be wide."""
    slope = f.derivative()
    for _ in range(NEWTON_STEPS):
        z = (z - f(z) / slope(z)).mid()
    return complex(z)


def _scattered(points: Points) -> Points:
    """The points in an order of Leja, so that no partial product overflows."""
    left = list(points)
    if not left:
        return points
    order = [left.pop(int(np.argmax(np.abs(left))))]
    logs = np.zeros(len(left))
    while left:
        with np.errstate(divide="ignore"):
            logs += np.log(np.abs(np.array(left) - order[-1]))
        k = int(np.argmax(logs))
        order.append(left.pop(k))
        logs = np.delete(logs, k)
    return np.array(order)
