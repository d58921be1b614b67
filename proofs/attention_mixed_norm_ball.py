r"""Theorem attention-mixed-norm-ball.

For tokens with $|x_i| \le R$ and $\alpha = \lVert A\rVert R^2$ (with a query bias
$\alpha = (\lVert A\rVert R + |sW_Kb_Q|)R$), any number of tokens, any mask, any score
bias,

$$\lVert J\rVert_{\infty,2} \le \lVert U\rVert\sqrt{1 + \alpha^2} + R^2\lVert U\rVert
 \lVert A\rVert ,$$

for one head with $v = \lVert U\rVert$ hence $v(\sqrt{1+\alpha^2} + \alpha)$, and no
smaller constant holds for all members with these caps.  From theorem
attention-mixed-norm-point: $|a_i| \le \lVert A\rVert R + |sW_Kb_Q|$,
$\operatorname{tr}C_i \le R^2$, and theorem covariance-extremal-forms for the last term.

One covariance is in both terms: for one head and all $\theta, t > 0$ also

$$\lVert J\rVert_{\infty,2} \le \tfrac12\bigl(\theta + \lVert U\rVert^2/\theta + R^2
 \lambda_{\max}((\hat a^2/\theta + t)U^{\mathsf T}U + A^{\mathsf T}A/t)\bigr),\qquad
 \hat a = \alpha/R .$$
"""

from sympy import Matrix, Rational, expand, simplify, sqrt, symbols

from stabcheck.theorems.algebra import (
    is_positive_semidefinite,
    is_sum_of_nonnegative_terms,
)

THEOREM = "attention-mixed-norm-ball"

alpha = symbols("alpha", positive=True)


def trace_is_covered(share) -> bool:
    """Whether tr C = E|x|^2 - |Ex|^2 <= share R^2 when |x_j|^2 = R^2 - room_j."""
    p, q, first, second, mean = symbols("p q first second mean", nonnegative=True)
    square = symbols("square", nonnegative=True)
    total = (p + q) * square  # p + q = 1
    moment = p * (square - first) + q * (square - second)
    return is_sum_of_nonnegative_terms(expand(share * total - (moment - mean**2)))


def slope_is_covered(slope) -> bool:
    """Whether |A^T x + s W_K b_Q| <= slope(|A|, R, b) for |x| = R - room."""
    A, R, b, room, slack = symbols("A R b room slack", nonnegative=True)
    # R = |x| + room
    return is_sum_of_nonnegative_terms(
        expand(slope(A, R + room, b) - (A * R + b - slack))
    )


def extremal_member_is_covered(constant) -> bool:
    """Whether the extremal member with alpha = 1 stays below the constant."""
    return bool(member_value(1) <= constant)


def member_value(a):
    r"""What the receiver of the extremal member gets, as $n \to \infty$.

    Receiver $\hat x$, senders $\pm z$ in equal numbers, $R = 1$; $A^T\hat x = \alpha
    \hat a$ orthogonal to $z$, $A^T\hat v = \alpha z$, $Uz = \hat v$; $v_j = ez \pm
    w\hat a$, $v_i = \hat v$.  All logits of the receiver are 0.
    """
    e, w = 1 / sqrt(1 + a**2), a / sqrt(1 + a**2)
    assert simplify(e**2 + w**2 - 1) == 0  # the tokens of the direction have norm 1
    mean = e  # U E v = e U z = e v^
    keys = a * w  # Cov(x, a_i . v): x = +-z, a_i . v_j = +-alpha w
    receiver = a  # U C A^T v^ = U z z^T alpha z
    return mean + keys + receiver


def step_1_the_trace_of_the_covariance():
    # tr C = E|x|^2 - |Ex|^2, coordinate by coordinate; lambda_max(C) <= tr C.
    assert trace_is_covered(1)


def step_2_the_slope_of_the_logits():
    assert slope_is_covered(lambda A, R, b: A * R + b)


def step_3_the_pointwise_bound_grows_with_both():
    # sqrt(|U|^2 + |a|^2 lambda_max(U C U^T)) <= |U| sqrt(1 + (a^ R)^2) with
    # lambda_max(U C U^T) <= |U|^2 R^2.
    U, a, R, less, lower = symbols("U a R less lower", nonnegative=True)
    gap = U**2 * (1 + (a + less) ** 2 * (R + lower) ** 2) - (U**2 + a**2 * U**2 * R**2)
    assert is_sum_of_nonnegative_terms(expand(gap))


def step_4_the_receivers_by_the_extremal_forms():
    # |U C A^T| <= R^2 chi(U, A), the minimum over t of lambda_max(t U^T U + A^T A/t)/2,
    # which t = |A|/|U| makes at most R^2 |U||A|.
    U, A = symbols("U A", positive=True)
    t = A / U
    assert simplify((t * U**2 + A**2 / t) / 2 - U * A) == 0


def product_is_covered(factor) -> bool:
    """Whether p q <= factor (t p^2 + q^2/t) for all real p, q and every t > 0."""
    t = symbols("t", positive=True)
    form = Matrix([[factor * t, -Rational(1, 2)], [-Rational(1, 2), factor / t]])
    return is_positive_semidefinite(form)


def step_5_one_covariance_serves_both_terms():
    # Row i at a unit vector z, w = U^T z: |w|e + |a|xi f + xi eta with xi^2 = w^T C w
    # and eta^2 = v_i^T A C A^T v_i, which is at most sqrt(|w|^2 + |a|^2 xi^2) + xi eta.
    # sqrt(X) <= (theta + X/theta)/2 and xi eta <= (t xi^2 + eta^2/t)/2:
    assert product_is_covered(Rational(1, 2))
    theta, X = symbols("theta X", positive=True)  # X for its root
    assert expand((theta - X) ** 2 - (theta**2 + X**2 - 2 * theta * X)) == 0


def step_6_the_squares_are_a_trace_with_the_covariance():
    # (a^2/theta + t) xi^2 + eta^2/t = tr C((a^2/theta + t) w w^T + A^T v v^T A/t), and
    # w w^T <= U^T U, A^T v v^T A <= A^T A for |z|, |v| <= 1, tr C <= R^2.
    u1, u2, g1, g2 = symbols("u1 u2 g1 g2", real=True)
    gap = (u1**2 + u2**2) * (g1**2 + g2**2) - (u1 * g1 + u2 * g2) ** 2
    assert expand(gap - (u1 * g2 - u2 * g1) ** 2) == 0


def witness_the_weights_of_scalars_give_the_constant():
    # |U| = 1, A = R = alpha = 1: theta = sqrt 2, t = 1 give sqrt 2 + 1.
    theta = sqrt(2)
    value = (theta + 1 / theta + (1 / theta + 1) + 1) / 2
    assert simplify(value - (sqrt(2) + 1)) == 0


def witness_the_extremal_member_attains_the_constant():
    assert simplify(member_value(alpha) - (sqrt(1 + alpha**2) + alpha)) == 0


def mutant_one_percent_less():
    return extremal_member_is_covered(Rational(99, 100) * (sqrt(2) + 1))


def mutant_the_query_bias_does_not_count():
    return slope_is_covered(lambda A, R, b: A * R)


def mutant_less_than_half_of_the_squares():
    return product_is_covered(Rational(49, 100))


def mutant_half_of_the_trace():
    return trace_is_covered(Rational(1, 2))
