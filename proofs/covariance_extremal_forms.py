r"""Theorem covariance-extremal-forms.

For $C \succeq 0$ with $\operatorname{tr} C \le c$ and every $t > 0$

$$\lVert UCA^{\mathsf T}\rVert \le \tfrac c2\lambda_{\max}(tU^{\mathsf T}U +
 t^{-1}A^{\mathsf T}A),\qquad \mu_2(UCA^{\mathsf T}) \le \tfrac c4\lVert tU +
 t^{-1}A\rVert^2 .$$

$C = \sum_k\lambda_kz_kz_k^{\mathsf T}$ with unit vectors $z_k$, $\lambda_k \ge 0$,
$\sum_k\lambda_k \le c$.  For unit vectors $x$, $w$ write $p = x\cdot Uz$, $q = w\cdot
Az$ (for $\mu_2$: $w = x$); $|p| \le |Uz|$ and $|q| \le |Az|$.
"""

from sympy import Matrix, Rational, expand, symbols

from stabcheck.theorems.algebra import (
    is_positive_semidefinite,
    is_sum_of_nonnegative_terms,
)

THEOREM = "covariance-extremal-forms"

t, p, q = symbols("t p q", positive=True)
HALF, QUARTER = Rational(1, 2), Rational(1, 4)


def product_is_covered(factor) -> bool:
    """Whether p q <= factor (t p^2 + q^2/t) for all real p, q: a quadratic form."""
    form = Matrix([[factor * t, -HALF], [-HALF, factor / t]])
    return is_positive_semidefinite(form)


def turn_is_covered(factor) -> bool:
    """Whether p q <= factor (t p + q/t)^2 for all real p, q."""
    square = Matrix([[t**2, 1], [1, t**-2]])
    return is_positive_semidefinite(factor * square - Matrix([[0, HALF], [HALF, 0]]))


def trace_is_covered(share) -> bool:
    """Whether sum lambda_k m_k <= share c m for m_k <= m and sum lambda_k <= c."""
    a, b, room, m, e, g = symbols("a b room m e g", nonnegative=True)
    c = a + b + room
    return is_sum_of_nonnegative_terms(
        expand(share * c * m - a * (m - e) - b * (m - g))
    )


def step_1_the_form_is_a_sum_over_the_eigenvectors_of_C():
    # x . U C A^T w = sum_k lambda_k (x . U z_k)(w . A z_k): one term, two coordinates.
    u1, u2, a1, a2, z1, z2, lam = symbols("u1 u2 a1 a2 z1 z2 lambda", real=True)
    U, A, z = Matrix([[u1, u2]]), Matrix([[a1, a2]]), Matrix([z1, z2])
    whole = (U * (lam * z * z.T) * A.T)[0, 0]
    assert expand(whole - lam * (U * z)[0, 0] * (A * z)[0, 0]) == 0


def step_2_a_product_is_at_most_half_of_the_weighted_squares():
    # With |p| <= |Uz|, |q| <= |Az| the right side is z^T (t U^T U + A^T A/t) z / 2.
    assert product_is_covered(HALF)


def step_3_a_product_is_at_most_a_quarter_of_the_square_of_the_sum():
    # p q = ((t p + q/t)^2 - (t p - q/t)^2)/4, and t p + q/t = x . (t U + A/t) z, which
    # is at most |t U + A/t| for unit vectors.
    assert expand(((t * p + q / t) ** 2 - (t * p - q / t) ** 2) / 4 - p * q) == 0
    assert turn_is_covered(QUARTER)


def step_4_the_weights_of_the_eigenvectors_sum_to_the_trace():
    assert trace_is_covered(1)


def witness_one_direction_attains_both():
    # d = 1, U = A = 1, C = c, t = 1: both sides are c.
    assert HALF * (1 + 1) == 1
    assert QUARTER * (1 + 1) ** 2 == 1


def mutant_less_than_half_suffices():
    return product_is_covered(Rational(49, 100))


def mutant_less_than_a_quarter_suffices():
    return turn_is_covered(Rational(6, 25))


def mutant_half_of_the_trace_suffices():
    return trace_is_covered(HALF)
