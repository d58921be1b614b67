"""Decisions about signs and roots of polynomials, exact; used by the proofs only."""

from __future__ import annotations

from sympy import Expr, Integer, Matrix, Poly, Symbol, expand, oo, real_roots


def is_nonnegative_on(p: Expr, x: Symbol, low: Expr, high: Expr = oo) -> bool:
    """Whether a polynomial with rational coefficients is >= 0 on [low, high].

    Its sign changes at roots of odd multiplicity only.
    """
    polynomial = Poly(p, x)
    if polynomial.is_zero:
        return True
    _, factors = polynomial.sqf_list()
    odd = Poly(1, x)  # the factors are monic up to positive numbers
    for factor, power in factors:
        odd *= factor if power % 2 else 1
    inside = [root for root in real_roots(odd) if low < root and root < high]
    sample = low + 1 if high == oo else (low + high) / 2
    value = polynomial.LC() * odd.as_expr().subs(x, sample)
    return not inside and value.is_positive is True


def has_roots_to_the_right_only(p: Expr, z: Symbol) -> bool:
    """Whether all roots have positive real part: the minors of Hurwitz's matrix.

    Of $p(-z)$ with positive leading coefficient; all of them have to be positive.
    """
    descending = Poly(p.subs(z, -z), z).all_coeffs()
    descending = [c / descending[0] for c in descending]
    n = len(descending) - 1

    def entry(i: int, j: int) -> Expr:
        k = 2 * (j + 1) - (i + 1)
        return descending[k] if 0 <= k <= n else Integer(0)

    minors = (Matrix(k, k, entry) for k in range(1, n + 1))
    return all(expand(minor.det()).is_positive is True for minor in minors)


def squared_modulus_on_axis(p: Expr, z: Symbol, x: Symbol) -> Expr:
    """$|p(iy)|^2$ as a polynomial in $x = y^2$, for real coefficients."""
    ascending = Poly(p, z).all_coeffs()[::-1]
    real = sum((-1) ** k * c * x**k for k, c in enumerate(ascending[::2]))
    imaginary = sum((-1) ** k * c * x**k for k, c in enumerate(ascending[1::2]))
    return expand(real**2 + x * imaginary**2)


def is_bounded_on_the_left(P: Expr, Q: Expr, z: Symbol) -> bool:
    r"""Whether $|P/Q| \le 1$ for all $\Re z \le 0$, no common factor."""
    x = Symbol("x")
    excess = squared_modulus_on_axis(Q, z, x) - squared_modulus_on_axis(P, z, x)
    return has_roots_to_the_right_only(Q, z) and is_nonnegative_on(
        excess, x, Integer(0)
    )
