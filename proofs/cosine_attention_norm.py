r"""Theorem cosine-attention-norm.

With $\tilde z = z/\sqrt{|z|^2 + \epsilon}$ of queries, keys and values, logits
$\tau\,\tilde q_i\cdot\tilde k_j$ and output $\nu\sum_jp_{ij}\tilde v_j$, for every
state, number of tokens, mask and score bias

$$\lVert J\rVert_{\infty,2} \le \frac\nu{\sqrt\epsilon}\sqrt{\lVert W_V\rVert^2 +
\tau^2\max(\lVert W_Q\rVert, \lVert W_K\rVert)^2}.$$

Write $V, Q, K$ for the norms of the weights, $q = E_i|\tilde v|^2$, $k =
E_i|\tilde k|^2$, $\omega = |\tilde q_i|$, and $|v_j| \le 1$ for the direction.  The
form of the Jacobian is theorem cosine-attention-jacobian.
"""

from sympy import Matrix, Rational, expand, simplify, sqrt, symbols

from stabcheck.theorems.algebra import is_sum_of_nonnegative_terms

THEOREM = "cosine-attention-norm"


def product_is_covered(square) -> bool:
    """Whether (a x + b y)^2 <= square(a, b) (x^2 + y^2), up to one square."""
    a, b, x, y = symbols("a b x y", nonnegative=True)
    gap = square(a, b) * (x**2 + y**2) - (a * x + b * y) ** 2
    return is_sum_of_nonnegative_terms(expand(gap - (a * y - b * x) ** 2))


def slopes_are_covered(largest) -> bool:
    """Whether K s + Q t <= largest (s + t) when one norm is the other plus more."""
    small, more, s, t = symbols("small more s t", nonnegative=True)
    pairs = ((small, small + more), (small + more, small))
    return all(
        is_sum_of_nonnegative_terms(
            expand(largest(small, more) * (s + t) - K * s - Q * t)
        )
        for K, Q in pairs
    )


def step_1_the_derivative_of_the_normalisation():
    # D = (I - z~ z~^T)/sqrt(|z|^2 + eps): its norm is 1/sqrt(|z|^2 + eps), and 1 -
    # |z~|^2 = eps/(|z|^2 + eps).  So |D| = sqrt((1 - |z~|^2)/eps).
    z1, z2 = symbols("z1 z2", real=True)
    eps = symbols("epsilon", positive=True)
    root = sqrt(z1**2 + z2**2 + eps)
    unit = Matrix([z1, z2]) / root
    gap = unit.jacobian([z1, z2]) - (Matrix.eye(2) - unit * unit.T) / root
    assert simplify(gap) == Matrix.zeros(2)
    assert simplify((1 - unit.dot(unit)) / eps - 1 / root**2) == 0


def step_2_keys_and_queries_share_the_unit():
    # |Cov(w.v~, tau q~_i . D_k W_K^T v_j)| <= tau sqrt(q) omega K sqrt((1 - k)/eps) and
    # |Cov(w.v~, tau k~_j . D_q W_Q^T v_i)| <= tau sqrt(q) sqrt(k) Q sqrt((1 -
    # omega^2)/eps): with x^2 = 1 - k, y^2 = k, a^2 + b^2 = 1 the sum of omega sqrt(1 -
    # k) and sqrt(1 - omega^2) sqrt(k) is at most 1.
    assert product_is_covered(lambda a, b: a**2 + b**2)
    assert slopes_are_covered(lambda small, more: small + more)


def step_3_values_and_slopes_share_the_unit():
    # V E sqrt(1 - |v~|^2) <= V sqrt(1 - q) by Jensen; then V sqrt(1 - q) + tau M
    # sqrt(q) <= sqrt(V^2 + tau^2 M^2), by the same product.
    x, y = symbols("x y", real=True)
    assert expand((x**2 + y**2) / 2 - ((x + y) / 2) ** 2 - (x - y) ** 2 / 4) == 0
    assert product_is_covered(lambda a, b: a**2 + b**2)


def witness_values_near_zero_without_logits_attain_it():
    # tau = 0, tokens 0: D = I/sqrt(eps), and equal directions are averaged to
    # themselves: nu W_V/sqrt(eps).
    nu, eps, V = symbols("nu epsilon V", positive=True)
    assert simplify(nu / sqrt(eps) * sqrt(V**2 + 0) - nu * V / sqrt(eps)) == 0


def mutant_the_larger_of_two_terms_suffices():
    return product_is_covered(lambda a, b: a**2)


def mutant_the_smaller_norm_suffices():
    return slopes_are_covered(lambda small, more: small)


def mutant_half_of_one_square():
    return product_is_covered(lambda a, b: a**2 + Rational(1, 2) * b**2)
