r"""Theorem feed-forward-family.

$f(x) = W_2^{\mathsf T}\sigma(W_1^{\mathsf T}x + b)$ with slopes of $\sigma$ in $[m,
s]$, $|m| \le s$, is Lipschitz with $s\lVert W_1\rVert\lVert W_2\rVert$ token by token,
so in the largest-token norm and in the 2-norm; so is $f(N(x))$ with the soft norm
$N(x) = x/\sqrt{1 + |x|^2/\rho^2}$.  The slopes are in $[0, 1]$ for relu, tanh and
softplus, in $[0, \tfrac14]$ for the logistic function; for gelu and silu see theorems
gelu-derivative-range and silu-derivative-range.
"""

from sympy import Matrix, Rational, expand, simplify, sqrt, symbols, tanh

from stabcheck.theorems.algebra import is_sum_of_nonnegative_terms

THEOREM = "feed-forward-family"


def slope_is_covered(least, most, bound) -> bool:
    """Whether every number in [least, most] has at most that size."""
    return bool(-bound <= least) and bool(most <= bound)


def logistic_slope_is_covered(bound) -> bool:
    """Whether t (1 - t) <= bound for every t: up to (t - 1/2)^2."""
    t = symbols("t", real=True)
    rest = expand(bound - t * (1 - t) - (t - Rational(1, 2)) ** 2)
    return bool(rest >= 0)


def step_1_the_slopes_of_the_activations():
    z, t = symbols("z t", real=True)
    # tanh' = 1 - tanh^2 in [0, 1]; softplus' is logistic; logistic' = t (1 - t).
    assert simplify(tanh(z).diff(z) - (1 - tanh(z) ** 2)) == 0
    assert expand((1 - t**2) - (1 - t) * (1 + t)) == 0
    assert logistic_slope_is_covered(Rational(1, 4))
    assert slope_is_covered(
        Rational(-12891, 100000), Rational(112891, 100000), Rational(112891, 100000)
    )


def step_2_a_diagonal_of_slopes_shrinks_by_the_largest():
    # |D y|^2 = sum d_k^2 y_k^2 <= s^2 |y|^2.
    a, b, d, more = symbols("a b d more", nonnegative=True)
    s = d + more
    gap = s**2 * (a**2 + b**2) - (d**2 * a**2 + s**2 * b**2)
    assert is_sum_of_nonnegative_terms(expand(gap))


def step_3_the_soft_norm_expands_nothing():
    # Theorem soft-pre-norm-mixed-norm, step 1: |DN| = 1/sqrt(1 + |x|^2/rho^2).
    x1, x2 = symbols("x1 x2", real=True)
    t = 1 / sqrt(1 + x1**2 + x2**2)
    across = Matrix([-x2, x1])
    moved = (Matrix([x1, x2]) * t).jacobian([x1, x2]) * across
    assert simplify(moved - t * across) == Matrix.zeros(2, 1)
    square = symbols("square", nonnegative=True)
    assert is_sum_of_nonnegative_terms(expand((1 + square) - 1))


def step_4_token_by_token_is_the_same_in_both_norms():
    # max |y_i| <= K max |v_i| and sum |y_i|^2 <= K^2 sum |v_i|^2 from |y_i| <= K |v_i|.
    K, a, b, less = symbols("K a b less", nonnegative=True)
    gap = K**2 * (a**2 + b**2) - (K**2 * a**2 + K**2 * b**2 - less)
    assert is_sum_of_nonnegative_terms(expand(gap))


def witness_one_tanh_attains_the_product():
    z = symbols("z", real=True)
    assert tanh(z).diff(z).subs(z, 0) == 1


def mutant_gelu_has_the_slope_one():
    return slope_is_covered(Rational(-12891, 100000), Rational(112891, 100000), 1)


def mutant_a_fifth_for_the_logistic_function():
    return logistic_slope_is_covered(Rational(1, 5))
