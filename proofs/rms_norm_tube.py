r"""Theorem rms-norm-tube.

Let every token have $\rho = \varepsilon/(r\sqrt d) < 1$, $r^2 = |x|^2/d + \epsilon$,
and let $c$ bound $\lVert D\rVert$ (or $\mu_2(D)$, or $\lambda_{\min}(H(D))$ from below)
of RMSNorm at the centre, $D = \operatorname{diag}(\gamma)(I - \hat z\hat z^{\mathsf
T})/r$ with $\hat z = x/(r\sqrt d)$.  Then on the tube of radius $\varepsilon$ the same
quantities are at most $c + \delta$ (at least $c - \delta$) with $\delta$ the largest
$\tfrac{2}{\sqrt 3}\lVert\gamma\rVert_\infty\rho/(r(1 - \rho))$ of a token.

Theorem layer-norm-deviation-tube bounds how far a token's matrix moves, with $\Pi = I$.
"""

from sympy import Matrix, Rational, diag, expand, sqrt, symbols

from stabcheck.theorems.algebra import (
    is_positive_semidefinite,
    is_sum_of_nonnegative_terms,
)

THEOREM = "rms-norm-tube"

CONSTANT = 2 / sqrt(3)


def inward_is_covered(deviation_over_scale, rho) -> bool:
    """Whether centre and deviation, times r, cover a token that moves inwards.

    epsilon = 0 and gains one: D = (I - z z^T)/r has the norm 1/r for d >= 2, and along
    z the root mean square falls to r (1 - rho) while z stays.
    """
    return bool(1 / (1 - rho) <= 1 + deviation_over_scale)


def step_1_the_direction_is_no_unit_vector():
    # |z|^2 = (|x|^2/d)/(|x|^2/d + epsilon) <= 1 with equality for epsilon = 0 only.
    mean_square = symbols("mean_square", nonnegative=True)
    epsilon = symbols("epsilon", nonnegative=True)
    gap = 1 - mean_square / (mean_square + epsilon)
    numerator, denominator = gap.together().as_numer_denom()
    assert is_sum_of_nonnegative_terms(numerator)
    assert is_sum_of_nonnegative_terms(denominator)


def step_2_the_matrix_is_the_derivative():
    # Entry (a, b): d(x_a/r)/dx_b = (delta_ab - z_a z_b)/r, since dr/dx_b = x_b/(d r).
    xa, xb, r, d, same = symbols("x_a x_b r d same", positive=True)
    quotient = same / r - xa / r**2 * (xb / (d * r))
    za, zb = xa / (r * sqrt(d)), xb / (r * sqrt(d))
    assert expand(quotient - (same - za * zb) / r) == 0


def step_3_the_worst_token_decides():
    # The blocks of tokens do not mix: |J V|^2 = sum |D_i v_i|^2, term by term at most
    # (norm + gap)^2 |v_i|^2.
    norm, gap, length = symbols("norm gap length", nonnegative=True)
    assert is_sum_of_nonnegative_terms(
        expand((norm + gap) ** 2 * length - norm**2 * length)
    )


def step_4_centre_and_deviation_add():
    # Theorem tube-from-centre, token by token; rho < 1 keeps r positive on the tube.
    c, delta, slack, rest = symbols("c delta slack rest", nonnegative=True)
    assert is_sum_of_nonnegative_terms(c + delta - (c - slack + delta - rest))
    value = symbols("value", real=True)
    assert is_sum_of_nonnegative_terms((value + slack - delta + rest) - (value - delta))


def witness_a_positive_epsilon_keeps_the_smallest_singular_value_positive():
    # gamma = 1, d = 2, x = (1, 0), epsilon = 1/2: r = 1, |z|^2 = 1/2, D = diag(1/2, 1).
    D = diag(Rational(1, 2), 1)
    gram = D.T * D
    assert is_positive_semidefinite(gram - Rational(1, 4) * Matrix.eye(2))


def witness_the_tube_covers_a_token_that_moves_inwards():
    rho = Rational(1, 2)
    assert inward_is_covered(CONSTANT * rho / (1 - rho), rho)


def mutant_nine_tenths_for_two_over_root_three():
    rho = Rational(1, 2)
    return inward_is_covered(Rational(9, 10) * rho / (1 - rho), rho)


def mutant_the_factor_of_the_shrinking_scale_is_dropped():
    rho = Rational(1, 2)
    return inward_is_covered(CONSTANT * rho, rho)
