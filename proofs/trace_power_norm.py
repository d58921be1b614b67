r"""Theorem trace-power-norm.

For every positive semidefinite $G$ of size $N$ and every $p \ge 1$,
$\lambda_{\max}(G) \le (\operatorname{tr} G^p)^{1/p} \le N^{1/p}\lambda_{\max}(G)$, and
doubling $p$ never raises the middle term.  For symmetric $G$, $\lVert G\rVert_{2p}^2 =
\lVert G^2\rVert_p$ in the Schatten norms $\lVert G\rVert_p = (\sum_k
|\lambda_k|^p)^{1/p}$.

$G$ is diagonalised by an orthogonal matrix, so that $\operatorname{tr} G^p = \sum_k
\lambda_k^p$.  $p = 2^m$ here, as the checker uses it; write $P_k = \lambda_k^p$.
"""

from sympy import Integer, Rational, expand, symbols

from stabcheck.theorems.algebra import is_sum_of_nonnegative_terms

THEOREM = "trace-power-norm"

largest, gap, other, third, t = symbols("largest gap other third t", nonnegative=True)


def trace_covers(eigenvalues, p) -> bool:
    """Whether the trace of the p-th power is at least that of the first eigenvalue."""
    trace = sum(value**p for value in eigenvalues)
    return is_sum_of_nonnegative_terms(trace - eigenvalues[0] ** p)


def excess_is_covered(size: int, exponent) -> bool:
    """Whether tr I <= (size^exponent)^p of the identity: its trace is the size.

    `exponent` is that of one p-th root, times p.
    """
    return bool(Integer(size) <= Integer(size) ** exponent)


def step_1_the_trace_of_a_power_is_at_least_its_largest_term():
    # Monotonicity of the p-th root finishes the left inequality; N does not matter,
    # every other eigenvalue adds a nonnegative term of its own.
    assert trace_covers([largest, other, third], 4)


def step_2_squaring_keeps_the_order_of_two_nonnegative_numbers():
    # By induction over squarings a <= b gives a^p <= b^p, hence tr G^p <= N lambda^p:
    # every term is at most the largest.
    a = largest
    b = a + gap
    assert expand(b**2 - a**2 - (b - a) * (b + a)) == 0
    assert is_sum_of_nonnegative_terms(b**2 - a**2)


def step_3_doubling_the_power_never_raises_the_value():
    # (sum P_k)^2 >= sum P_k^2; a pair (k, l) contributes 2 P_k P_l, whatever N.
    terms = [largest, other, third]
    assert is_sum_of_nonnegative_terms(
        sum(terms) ** 2 - sum(term**2 for term in terms)
    )


def step_4_the_schatten_norm_of_the_square_is_the_square_of_the_next():
    # sum (lambda^2)^p = sum |lambda|^(2p); then the p-th root of both sides.
    p = symbols("p", positive=True)
    assert (t**2) ** p - t ** (2 * p) == 0


def witness_a_matrix_of_rank_one_attains_the_left_side():
    assert sum(value**256 for value in (largest, Integer(0))) == largest**256


def witness_the_identity_attains_the_right_side():
    assert excess_is_covered(7, 1)
    assert Integer(7) == Integer(7) ** 1


def mutant_half_of_the_exponent_suffices():
    return excess_is_covered(2, Rational(1, 2))


def mutant_the_matrix_need_not_be_semidefinite():
    # diag(1, -1) has trace zero.
    return trace_covers([Integer(1), Integer(-1)], 1)
