r"""Theorem depth-mixed-norm.

If the $l$-th step has the growth $1 + h_lK_l$ in the largest token norm $|X|_\infty =
\max_i|x_i|$ on the propagated ball, the stack has the growth $\sqrt n\prod_l(1 +
h_lK_l)$ in the Frobenius norm, and the shrink $n^{-1/2}\prod_l(1 - h_lK_l)$ where all
factors are positive: $\sqrt n$ is paid once, not once a layer.

$|X|_\infty \le |X|_F \le \sqrt n\,|X|_\infty$.  $M = |X|_\infty$; $|x_i|^2 = M^2 -
s_i$ with $s_i \ge 0$, one of them 0.
"""

from sympy import Integer, Matrix, expand, symbols

from stabcheck.theorems.algebra import is_sum_of_nonnegative_terms

THEOREM = "depth-mixed-norm"

M, h, K, e, g, t = symbols("M h K e g t", nonnegative=True)


def frobenius_square_is_at_most(factor, tokens) -> bool:
    slacks = symbols(f"s:{tokens}", nonnegative=True)
    total = sum(M**2 - slack for slack in slacks)
    return is_sum_of_nonnegative_terms(factor * M**2 - total)


def frobenius_square_is_at_least(factor, tokens) -> bool:
    # The token of norm M, and the others of any norm.
    others = symbols(f"q:{tokens - 1}", nonnegative=True) if tokens > 1 else ()
    return is_sum_of_nonnegative_terms(M**2 + sum(others) - factor * M**2)


def one_step_grows_by_at_most(factor) -> bool:
    """At any token: |Delta_i| = M - e, |Delta F_i| = KM - g."""
    moved = (M - e) + h * (K * M - g) - t
    return is_sum_of_nonnegative_terms(factor * M - moved)


def one_step_shrinks_by_at_least(factor) -> bool:
    """At the token of norm M: |Delta_i + h Delta F_i| >= M - h|Delta F_i|."""
    moved = M - h * (K * M - g) + t
    return is_sum_of_nonnegative_terms(moved - factor * M)


def step_1_the_norms_differ_by_at_most_the_root_of_n():
    for tokens in range(1, 6):  # each token adds one more M^2 to both sides
        assert frobenius_square_is_at_most(tokens, tokens)
        assert frobenius_square_is_at_least(1, tokens)


def step_2_a_step_grows_by_at_most_one_plus_hK():
    assert one_step_grows_by_at_most(1 + h * K)


def step_3_a_step_shrinks_by_at_least_one_minus_hK():
    assert one_step_shrinks_by_at_least(1 - h * K)


def step_4_the_chain_of_norms_pays_the_root_once():
    # |Phi(X) - Phi(Y)|_F <= sqrt(n)|.|_inf <= sqrt(n) prod |X - Y|_inf
    #                     <= sqrt(n) prod |X - Y|_F, and downwards
    # |.|_F >= |.|_inf >= prod |X - Y|_inf >= prod |X - Y|_F / sqrt(n).
    growth = symbols("growth", nonnegative=True)
    start, inner = M + e, M  # |X - Y|_F >= |X - Y|_inf
    assert is_sum_of_nonnegative_terms(growth * start - growth * inner)


def witness_the_root_of_n_is_attained():
    # Every token becomes the first one: mixed norm 1, and a difference at the first
    # token alone grows by sqrt(n) in the Frobenius norm.
    for tokens in range(1, 6):
        copy = Matrix(tokens, tokens, lambda i, j: int(j == 0))
        start = Matrix(tokens, 1, lambda i, _: int(i == 0))
        assert max(sum(abs(x) for x in copy.row(i)) for i in range(tokens)) == 1
        assert (copy * start).norm() ** 2 == tokens * start.norm() ** 2


def witness_the_shrink_of_one_token_is_attained_by_a_contraction():
    assert expand((M - h * K * M) - (1 - h * K) * M) == 0


def mutant_the_root_of_n_minus_one_suffices():
    return frobenius_square_is_at_most(Integer(3), 4)


def mutant_no_root_at_all():
    return frobenius_square_is_at_most(Integer(1), 2)


def mutant_a_step_shrinks_by_half_of_hK():
    return one_step_shrinks_by_at_least(1 - h * K / 2)
