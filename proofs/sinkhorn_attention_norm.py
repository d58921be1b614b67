r"""Theorem sinkhorn-attention-norm.

Attention with doubly stochastic $P = \operatorname{diag}(e^f)\,e^S\operatorname{diag}
(e^g)$, $S = XAX^{\mathsf T}$, $\sum_h\lVert V_h\rVert \le v$, $\lVert A_h\rVert R^2
\le \alpha$ has on the tokens of norm at most $R$, for every number of tokens,

$$\lVert J\rVert_2 \le v\,(\sqrt{1 + \alpha^2} + \alpha);$$

so has $F(N(X))$ with a map $N$ of each token into that ball whose derivative has norm
at most 1, as $x/\sqrt{1 + |x|^2/R^2}$ has.

One head.  For functions of pairs $\langle a, b\rangle = \sum_{ij}P_{ij}a_{ij}b_{ij}$.
With $\psi_{ij} = a_i\cdot v_j$, $\varphi_{ij} = v_i\cdot Ax_j$ and $\Theta_{ij} =
w_i\cdot Ux_j$ theorem sinkhorn-attention-jacobian says $w\cdot Jv = \sum_iw_i\cdot
UE_iv + \langle\Theta, \rho\rangle$, $\rho_{ij} = \psi_{ij} + \varphi_{ij} + \dot f_i +
\dot g_j$ with $\sum_jP_{ij}\rho_{ij} = \sum_iP_{ij}\rho_{ij} = 0$.
"""

from sympy import Matrix, Rational, expand, symbols

from stabcheck.theorems.algebra import is_sum_of_nonnegative_terms

THEOREM = "sinkhorn-attention-norm"

e, f, alpha = symbols("e f alpha", nonnegative=True)


def means_are_covered(square) -> bool:
    """Whether (e + alpha f)^2 <= square (e^2 + f^2), up to one square."""
    gap = square * (e**2 + f**2) - (e + alpha * f) ** 2
    return is_sum_of_nonnegative_terms(expand(gap - (f - alpha * e) ** 2))


def deviations_are_covered(column) -> bool:
    """Whether sum_i E_i|v_j|^2 - e^2 <= |v|^2 - e^2 for two tokens.

    `column` is what a column of weights sums to: 1 for doubly stochastic weights.
    """
    a, b = symbols("a b", nonnegative=True)  # |v_1|^2, |v_2|^2
    return is_sum_of_nonnegative_terms(expand((a + b) - column * (a + b)))


def receivers_are_covered(share) -> bool:
    """Whether share (|A| R)^2 |v|^2 covers sum_i |v_i|^2 |A x_j|^2, two tokens.

    |A x_j| is the slope, |A| R = slope + room.
    """
    a, b, slope, room = symbols("a b slope room", nonnegative=True)
    bound = share * (slope + room) ** 2 * (a + b)
    return is_sum_of_nonnegative_terms(expand(bound - slope**2 * (a + b)))


def pairs(name: str) -> Matrix:
    return Matrix(2, 2, lambda i, j: symbols(f"{name}_{i}{j}", real=True))


def inner(P: Matrix, a: Matrix, b: Matrix):
    return sum(P[i, j] * a[i, j] * b[i, j] for i in range(2) for j in range(2))


def step_1_the_change_of_the_weights_is_orthogonal_to_potentials():
    # <rho, f_i + g_j> is a sum of f_i times row means and g_j times column means of
    # rho.  So rho is the orthogonal projection of psi + phi: both means vanish.
    P, rho = pairs("P"), pairs("rho")
    f1, f2, g1, g2 = symbols("f1 f2 g1 g2", real=True)
    potential = Matrix([[f1 + g1, f1 + g2], [f2 + g1, f2 + g2]])
    rows = [sum(P[i, j] * rho[i, j] for j in range(2)) for i in range(2)]
    columns = [sum(P[i, j] * rho[i, j] for i in range(2)) for j in range(2)]
    by_means = f1 * rows[0] + f2 * rows[1] + g1 * columns[0] + g2 * columns[1]
    assert expand(inner(P, rho, potential) - by_means) == 0


def step_2_the_projection_forgets_more_than_the_row_means():
    # |proj psi| <= |psi - E_i psi|, E_i|psi - E_i psi|^2 <= |a_i|^2 E_i|v - E_iv|^2:
    # the sum over the rows is at most (alpha/R)^2 (|v|^2 - e^2), e^2 = sum |E_i v|^2.
    assert deviations_are_covered(1)


def step_3_the_receivers_part_of_the_logits():
    # |proj phi|^2 <= |phi|^2 <= sum_i |v_i|^2 max_j |A x_j|^2: rows of P sum to one.
    assert receivers_are_covered(1)


def step_4_the_tests_and_the_total():
    # |Theta| <= |U| R |w|, |sum w_i . U E_i v| <= |U| e: with |v| = |w| = 1 the form is
    # at most |U| (e + alpha f + alpha), e^2 + f^2 = 1.
    assert means_are_covered(1 + alpha**2)


def step_5_a_token_wise_map_with_small_derivative_is_free():
    # |J_F D v| <= K |D v| <= K |v| token by token.
    K, a, b, less = symbols("K a b less", nonnegative=True)
    assert is_sum_of_nonnegative_terms(expand(K * (a + b + less) - K * (a + b)))


def witness_consensus_without_logits_attains_the_constant():
    # alpha = 0: P = 11^T/n, J = P (x) U, and P keeps the constant vectors.
    P = Matrix(3, 3, lambda i, j: Rational(1, 3))
    assert P * Matrix([1, 1, 1]) == Matrix([1, 1, 1])


def mutant_the_means_alone():
    return means_are_covered(1)


def mutant_rows_sum_to_one_but_a_column_to_two():
    return deviations_are_covered(2)


def mutant_half_of_the_receivers():
    return receivers_are_covered(Rational(1, 2))
