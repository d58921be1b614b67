r"""Theorem qk-norm-attention-norm.

Softmax attention with normalised queries and keys, $s = d_k^{-1/2}$, $\hat z = \gamma
\circ z/\sqrt{|z|^2/d_k + \epsilon}$, logits $s\,\hat q_i\cdot\hat k_j$, has on the
tokens of norm at most $R$, for every number of tokens, mask and score bias,

$$\lVert J\rVert_{\infty,2} \le v\Bigl(1 + gR\,\frac{\lVert W_Q\rVert + \lVert
W_K\rVert}{\sqrt\epsilon}\Bigr),\qquad g = \lVert\gamma_q\rVert_\infty
\lVert\gamma_k\rVert_\infty ,\quad v \ge \sum_h\lVert V_h\rVert .$$

The slopes are those of theorem qk-norm-attention-jacobian.
"""

from sympy import Matrix, Rational, expand, simplify, sqrt, symbols

from stabcheck.theorems.algebra import is_sum_of_nonnegative_terms

THEOREM = "qk-norm-attention-norm"


def slope_is_covered(share) -> bool:
    """Whether s |W| (gamma_k/r) (sqrt(d_k) gamma_q) <= share |W| g/sqrt(eps).

    r = sqrt(|z|^2/d_k + eps) is sqrt(eps) + more; the comparison times r sqrt(eps).
    """
    W, g, root, more = symbols("W g root more", nonnegative=True)
    return is_sum_of_nonnegative_terms(
        expand(share * W * g * (root + more) - W * g * root)
    )


def row_is_covered(factor) -> bool:
    """Whether mean, keys and receiver fit."""
    v, R, K, Q, less = symbols("v R K Q less", nonnegative=True)
    row = v + v * R * K + v * R * Q - less
    return is_sum_of_nonnegative_terms(expand(v * (1 + R * (factor * K + Q)) - row))


def step_1_a_normalised_vector_is_short():
    # |z|/sqrt(|z|^2/m + eps) <= sqrt(m): |z|^2 <= m (|z|^2/m + eps).
    square, m, eps = symbols("square m epsilon", positive=True)
    assert is_sum_of_nonnegative_terms(expand(m * (square / m + eps) - square))


def step_2_the_derivative_is_at_most_the_gain_over_the_root():
    # D = diag(gamma)(I - z z^T/(m r^2))/r, and I - z z^T/(m r^2) lies between 0 and I
    # since |z|^2 <= m r^2.
    z1, z2 = symbols("z1 z2", real=True)
    eps = symbols("epsilon", positive=True)
    r = sqrt((z1**2 + z2**2) / 2 + eps)
    z = Matrix([z1, z2])
    gap = (z / r).jacobian([z1, z2]) - (Matrix.eye(2) - z * z.T / (2 * r**2)) / r
    assert simplify(gap) == Matrix.zeros(2)
    assert simplify(2 * r**2 - z.dot(z) - 2 * eps) == 0


def step_3_the_slopes():
    # |a_ij| = s |W_K D_k^T q^_i|, |q^_i| <= sqrt(d_k) |gamma_q|: the width cancels.
    assert slope_is_covered(1)


def step_4_mean_keys_and_receiver_add():
    # Covariances with x as in theorem rotary-attention-norm, step 2, |x_j| <= R.
    assert row_is_covered(1)


def witness_without_logits_the_mean_is_attained():
    assert sum([Rational(1, 4)] * 4) == 1


def mutant_the_keys_count_half():
    return row_is_covered(Rational(1, 2))


def mutant_half_of_the_slopes():
    return slope_is_covered(Rational(1, 2))
