r"""Theorem rms-pre-norm-mixed-norm.

Let $N(x) = \rho x/|x|$, RMSNorm without $\epsilon$ and gain for $\rho^2 = d$, and
$\mathrm{rms}(x) = |x|/\rho$.  With the caps of theorem attention-mixed-norm-family,
$\alpha = \lVert A\rVert\rho^2$, the field $F(N(X))$ has

$$\lVert J\rVert_{\infty,2}\;\min_j\mathrm{rms}(x_j) \le v\,k(\alpha).$$
"""

from sympy import Matrix, Rational, expand, simplify, sqrt, symbols

from stabcheck.theorems.algebra import is_sum_of_nonnegative_terms

THEOREM = "rms-pre-norm-mixed-norm"

x1, x2 = symbols("x1 x2", real=True)
rho, r = symbols("rho r", positive=True)
x = Matrix([x1, x2])


def derivative() -> Matrix:
    """DN of a token with two features; every token is one in a plane of its own."""
    return (rho * x / sqrt(x1**2 + x2**2)).jacobian([x1, x2])


def chain_is_covered(share) -> bool:
    """Whether K / rms_j <= share K / least for rms_j = least + more."""
    K, least, more = symbols("K least more", nonnegative=True)
    return is_sum_of_nonnegative_terms(expand(share * K * (least + more) - K * least))


def step_1_the_normalised_token_has_norm_rho():
    assert simplify((rho * x / x.norm()).dot(rho * x / x.norm()) - rho**2) == 0


def step_2_the_derivative_is_a_projection_over_the_root_mean_square():
    # DN = (rho/|x|)(I - x x^T/|x|^2): its norm is rho/|x| = 1/rms(x).
    square = x1**2 + x2**2
    expected = rho / sqrt(square) * (Matrix.eye(2) - x * x.T / square)
    assert simplify(derivative() - expected) == Matrix.zeros(2)


def step_3_the_largest_token_norm_of_the_chain():
    # |J_F D v|_m <= K max_j |D_j v_j| <= K max_j 1/rms(x_j).
    assert chain_is_covered(1)


def witness_across_the_token_the_derivative_is_the_inverse():
    at = derivative().subs({x1: r, x2: 0})
    assert simplify(at * Matrix([0, 1]) - rho / r * Matrix([0, 1])) == Matrix.zeros(
        2, 1
    )


def mutant_a_tenth_less():
    return chain_is_covered(Rational(9, 10))
