r"""Theorem norm-of-senders-and-receivers.

Let $J = F + D$ with $D$ block diagonal, every block of norm at most $\rho$.  If
$\lVert Fv\rVert \le S$ and $\sum_i|v_i||(Fv)_i| \le T$ for all unit vectors $v$, then

$$\lVert J\rVert^2 \le S^2 + 2\rho T + \rho^2 .$$

For one head let row $i$ of $Fv$ be at most $(\sum_jw_{ij}|v_j|^2)^{1/2}$ with $0 \le
w_{ij} \le h$, $\sum_jw_{ij} \le s$ (theorem attention-norm-column-mass, in units of
$\lVert U\rVert$).  With $N = nh$ and $k = \min(s, N)$

$$\lVert J\rVert^2 \le \rho^2 + \lambda_{\max}\begin{pmatrix} N + 2\rho\sqrt k &
 \rho\sqrt{N - k}\\ \rho\sqrt{N - k} & 0\end{pmatrix}.$$

Write $u_i = |v_i|$.  As in theorem attention-log-norm-ball, no row exceeds $\sqrt{hM}$,
$M = \sum\theta_ju_j^2$ with $\theta_j \in [0, 1]$ and $\sum\theta_j \le k/h$, and
$\sum u_i \le \sqrt{M k/h} + \sqrt{(n - k/h)(1 - M)}$.
"""

from sympy import Matrix, Rational, expand, simplify, sqrt, symbols

from stabcheck.theorems.algebra import (
    is_positive_semidefinite,
    is_sum_of_nonnegative_terms,
)

THEOREM = "norm-of-senders-and-receivers"

rho, root, N, x, c, s = symbols("rho root N x c s", nonnegative=True)
"""root: of k; x: of the eigenvalue; c^2 = M and s^2 = 1 - M."""


def square_is_covered(twice) -> bool:
    """Whether (g + d)^2 <= g^2 + twice d g + d^2 summed over two rows.

    Row i of Fv is g_i - less_i, block i moves v_i to at most rho u_i.
    """
    g1, g2, u1, u2, less1, less2 = symbols("g1 g2 u1 u2 less1 less2", nonnegative=True)
    claimed = sum(
        (g + less) ** 2 + twice * rho * u * (g + less) + rho**2 * u**2
        for g, u, less in ((g1, u1, less1), (g2, u2, less2))
    )
    total = (g1 + rho * u1) ** 2 + (g2 + rho * u2) ** 2
    return is_sum_of_nonnegative_terms(expand(claimed - total))


def characteristic(value, inner):
    """det(value - matrix) for the root `inner` of k."""
    return value**2 - (N + 2 * rho * inner) * value - rho**2 * (N - inner**2)


def one_sender_is_covered(tokens: int, receivers, share) -> bool:
    """Whether |1 e_1^T + rho I|^2 <= rho^2 + share times the eigenvalue claimed."""
    J = receivers * Matrix.eye(tokens)
    J += Matrix(tokens, tokens, lambda i, j: int(bool(j == 0)))
    corner = tokens + 2 * receivers
    top = (corner + sqrt(corner**2 + 4 * receivers**2 * (tokens - 1))) / 2
    square = (receivers**2 + share * top) * Matrix.eye(tokens)
    return is_positive_semidefinite((square - J.T * J).applyfunc(simplify))


def step_1_the_squares_of_the_rows_add():
    # |(Fv)_i + D_i v_i| <= |(Fv)_i| + rho u_i; sum_i |(Fv)_i|^2 <= S^2, sum_i u_i
    # |(Fv)_i| <= T and sum_i u_i^2 = 1.
    assert square_is_covered(2)


def step_2_for_one_head_it_is_a_form_in_two_numbers():
    # n h M + 2 rho sqrt(h M) sum u with the bounds above, h k/h = k and h n = N.
    side = symbols("side", nonnegative=True)  # the root of N - k
    total = N * c**2 + 2 * rho * c * (root * c + side * s)
    form = Matrix([[N + 2 * rho * root, rho * side], [rho * side, 0]])
    vector = Matrix([c, s])
    assert expand((vector.T * form * vector)[0, 0] - total) == 0


def step_3_the_eigenvalue_is_a_root_of_its_determinant():
    side = sqrt(N - root**2)
    form = Matrix([[N + 2 * rho * root, rho * side], [rho * side, 0]])
    assert expand((x * Matrix.eye(2) - form).det() - characteristic(x, root)) == 0


def step_4_it_grows_with_k():
    # At the eigenvalue x of k: (x - rho root)^2 = rho^2 N + N x >= rho^2 N, hence x >=
    # rho (root + sqrt N).  A larger root y <= sqrt N makes the determinant at x
    # smaller by rho (y - root)(2 x - rho (y + root)) >= 0: its own root lies beyond.
    y = symbols("y", nonnegative=True)
    square = (x - rho * root) ** 2 - rho**2 * N - N * x
    assert expand(square - characteristic(x, root)) == 0
    drop = characteristic(x, root) - characteristic(x, y)
    assert expand(drop - rho * (y - root) * (2 * x - rho * (y + root))) == 0


def witness_one_sender_and_receivers_attain_it():
    # h = s = k = 1: J = 1 e_1^T + rho I, exactly the norm that is claimed.
    assert one_sender_is_covered(3, Rational(1, 2), 1)


def mutant_one_percent_less():
    return one_sender_is_covered(3, Rational(1, 2), Rational(99, 100))


def mutant_the_mixed_term_counts_once():
    return square_is_covered(1)
