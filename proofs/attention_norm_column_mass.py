r"""Theorem attention-norm-column-mass.

With $J_{ij} = U[p_{ij}(I + y_{ij}a_i^{\mathsf T}) + \delta_{ij}C_iA^{\mathsf T}]$
(theorem attention-jacobian)

$$\lVert J\rVert \le \lVert U\rVert\Bigl(\max_j\sum_ip_{ij}(1 + |a_i|^2
 \lambda_{\max}(C_i))\Bigr)^{1/2} + \max_i\lVert UC_iA^{\mathsf T}\rVert .$$

Row $i$ of the first part is $U\sum_jB_jz_j$ with $B_j = \sqrt{p_j}(I + y_ja^{\mathsf
T})$ and $z_j = \sqrt{p_j}v_j$; $\sum_jp_j = 1$ and $\sum_jp_jy_j = 0$.
"""

from sympy import Matrix, Rational, expand, eye, symbols, zeros

from stabcheck.theorems.algebra import is_sum_of_nonnegative_terms

THEOREM = "attention-norm-column-mass"


def row_square(centred: bool):
    """sum_j B_j B_j^T - I - |a|^2 C for two keys and two features, p = (1/3, 2/3)."""
    a = Matrix(symbols("a1 a2", real=True))
    first = Matrix(symbols("y1 y2", real=True))
    weights = (Rational(1, 3), Rational(2, 3))
    second = -first / 2 if centred else first
    total, covariance = zeros(2, 2), zeros(2, 2)
    for p, y in zip(weights, (first, second), strict=True):
        factor = eye(2) + y * a.T
        total += p * factor * factor.T
        covariance += p * y * y.T
    return (total - eye(2) - (a.T * a)[0, 0] * covariance).applyfunc(expand)


def mass_is_covered(row_factor) -> bool:
    """Whether sum_ij p_ij m_i |v_j|^2 <= mass sum_j |v_j|^2.

    Two rows and two keys; m_i = 1 + s_i with s_i = |a_i|^2 lambda_max(C_i), and the
    claimed mass has row_factor(s_i) in its place.  The first column has the larger
    mass, the second that less a gap.
    """
    p1, p2, s1, s2 = symbols("p1 p2 s1 s2", nonnegative=True)
    n1, n2, gap = symbols("n1 n2 gap", nonnegative=True)
    first = p1 * (1 + s1) + p2 * (1 + s2)
    claimed = p1 * row_factor(s1) + p2 * row_factor(s2)
    return is_sum_of_nonnegative_terms(
        expand(claimed * (n1 + n2) - first * n1 - (first - gap) * n2)
    )


def step_1_the_cross_terms_of_a_row_vanish():
    # (I + y a^T)(I + a y^T) = I + y a^T + a y^T + |a|^2 y y^T; the mean of y is 0.
    assert row_square(centred=True) == zeros(2, 2)


def step_2_the_inequality_of_cauchy_and_schwarz_for_matrices():
    # |sum_j B_j z_j| = max_w sum_j (B_j^T w).z_j <= (sum |B_j^T w|^2 sum |z_j|^2)^(1/2)
    # and sum |B_j^T w|^2 = w^T (sum B_j B_j^T) w: Lagrange's identity for two terms.
    a1, a2, b1, b2 = symbols("a1 a2 b1 b2", real=True)
    gap = (a1**2 + a2**2) * (b1**2 + b2**2) - (a1 * b1 + a2 * b2) ** 2
    assert expand(gap - (a1 * b2 - a2 * b1) ** 2) == 0


def step_3_rows_and_columns_are_exchanged():
    assert mass_is_covered(lambda square: 1 + square)


def step_4_the_receivers_are_block_diagonal():
    # The norm of a block diagonal matrix is that of its largest block: sum |D_i v_i|^2
    # <= max^2 sum |v_i|^2; the two parts add by the triangle inequality.
    top, room, length = symbols("top room length", nonnegative=True)
    assert is_sum_of_nonnegative_terms(
        expand((top + room) ** 2 * length - top**2 * length)
    )


def witness_at_consensus_the_bound_is_attained():
    # All y = 0, C = 0, P = 1/n: J = (1/n) 1 1^T (x) U has the norm |U| = |U| sqrt(1).
    n = 4
    P = Matrix(n, n, lambda i, j: Rational(1, n))
    assert (P * Matrix(n, 1, [1] * n)) == Matrix(n, 1, [1] * n)
    assert max(sum(P[i, j] for i in range(n)) for j in range(n)) == 1


def mutant_the_keys_cost_nothing():
    return mass_is_covered(lambda square: 1)


def mutant_half_of_the_term_of_the_keys():
    return mass_is_covered(lambda square: 1 + square / 2)


def mutant_the_tokens_need_not_be_centred():
    return row_square(centred=False) == zeros(2, 2)
