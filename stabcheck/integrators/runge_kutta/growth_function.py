r"""The error growth function $\varphi_R(x) = \sup_{\Re z \le x} |R(z)|$, exactly.

It bounds $\|R(hJ)\|_2$ for a frozen Jacobian with $\mu_2(hJ) \le x$ (Hairer, Wanner,
*Solving ODEs II*, IV.11, Theorem 11.2; Hairer, Zennaro 1996): not a nonlinear step.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from flint import ctx, fmpq_poly

from stabcheck.integrators.algebra.algebraic import INFINITY, Algebraic, Infinity
from stabcheck.integrators.algebra.coefficient import Coefficient
from stabcheck.integrators.algebra.exact_real import ExactReal, dyadic
from stabcheck.integrators.algebra.family import PolynomialFamily
from stabcheck.integrators.algebra.polynomials import (
    exact_coefficients,
    exact_polynomial,
    on_imaginary_axis,
)
from stabcheck.integrators.algebra.roots import real_roots, root_inside
from stabcheck.integrators.algebra.threshold import largest_parameter
from stabcheck.integrators.runge_kutta.intervals import is_hurwitz
from stabcheck.integrators.runge_kutta.stability_function import StabilityFunction


def error_growth(R: StabilityFunction, x: Fraction) -> Algebraic | Infinity:
    r"""$\varphi_R(x)$ for a rational $x$.

    Infinite for a polynomial, which is unbounded on every half-plane, and if a pole has
    $\Re z \le x$.  Otherwise the maximum principle leaves the line $\Re z = x$: the
    largest $\rho$ with $|Q|^2 - \rho|P|^2 \ge 0$ there is $\varphi_R(x)^{-2}$.
    """
    P, Q = (_translated(coefficients, x) for coefficients in (R.P, R.Q))
    mirrored = [(-1) ** k * c for k, c in enumerate(Q)]
    if len(P) > len(Q) or not is_hurwitz(mirrored):
        return INFINITY
    squares = on_imaginary_axis(Q), on_imaginary_axis(P)
    family = PolynomialFamily(
        [
            exact_polynomial([squares[0][k], -squares[1][k]])
            for k in range(squares[0].degree() + 1)
        ],
        _has_no_pole,
    )
    return _inverse_square_root(largest_parameter(family))


def _has_no_pole(_: Any) -> bool:
    """No pole was left to the left of the line."""
    return True


def _translated(
    coefficients: tuple[Coefficient, ...], x: Fraction
) -> tuple[Coefficient, ...]:
    """The coefficients of $p(x + z)$."""
    moved = exact_polynomial(coefficients)(exact_polynomial([x, Fraction(1)]))
    return exact_coefficients(moved)


def _inverse_square_root(rho: ExactReal | Infinity) -> Algebraic:
    r"""$\rho^{-1/2}$, a root of the minimal polynomial of $\rho$ at $x^{-2}$."""
    squares = [c for k in reversed(rho.minimal_polynomial) for c in (k, 0)][:-1]
    candidates = [root for root in real_roots(fmpq_poly(squares)) if root > 0]

    def enclosure(width: Fraction) -> tuple[Fraction, Fraction]:
        bits = 64 + width.denominator.bit_length()
        with ctx.workprec(bits):
            ball = 1 / rho.ball(bits).sqrt()
        return dyadic(ball.lower()), dyadic(ball.upper())

    return root_inside(candidates, enclosure)
