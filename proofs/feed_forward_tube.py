r"""Theorem feed-forward-tube.

Let $c$ bound $\lVert J_0\rVert$ (or $\mu_2(J_0)$, or $\lambda_{\min}(H(J_0))$ from
below) of the feed-forward branch at the centre, token by token, and let $\delta$ bound
how far a token's Jacobian moves on the tube (theorem feed-forward-deviation-tube).
Then on the tube the quantity is at most $c + \delta$ (at least $c - \delta$).

The value at the centre may be proved for an approximation: with $J_0 = N + E$ and
$\lVert E\rVert \le e$, semidefiniteness of $(c^2 - (2n + e)e)I - N^{\mathsf T}N$ for
any $n \ge \lVert N\rVert$, or of $(c - e)I - H(N)$, proves it for $J_0$.
"""

from sympy import Matrix, Rational, diag, eye, symbols

from stabcheck.theorems.algebra import (
    is_positive_semidefinite,
    is_sum_of_nonnegative_terms,
)

THEOREM = "feed-forward-tube"

n, e, s, t, c, room = symbols("n e s t c room", nonnegative=True)


def margin_covers(margin) -> bool:
    """Whether lowering c^2 by a margin pays for the error of the approximation.

    For a unit vector v: |N v| = n - s, |E v| = e - t, and |J_0 v|^2 <= (|Nv| + |Ev|)^2.
    """
    kept, moved = n - s, e - t
    # The approximate claim: c^2 = margin + |N v|^2 + room.
    square = margin + kept**2 + room
    gap = (square - (kept + moved) ** 2).expand()
    # s <= n and t <= e: write n = s + n', e = t + e' with n', e' >= 0.
    n_left, e_left = symbols("n_left e_left", nonnegative=True)
    return is_sum_of_nonnegative_terms(gap.subs({n: s + n_left, e: t + e_left}))


def tokens_are_covered(blocks, bound) -> bool:
    """Whether the block diagonal matrix of the tokens has its norm below a bound."""
    matrix = diag(*blocks)
    return is_positive_semidefinite(
        bound**2 * eye(matrix.cols) - matrix.T * matrix
    )


def sum_is_covered(centre, moved, bound) -> bool:
    """Whether centre and change, as numbers, stay below a bound."""
    return bool(centre + moved <= bound)


def step_1_the_jacobian_is_the_centre_plus_a_diagonal_change_of_slopes():
    # Entry (a, b): sum_k w_2ka g_k w_1kb; unit k adds w_2ka (g_k - g_k^0) w_1kb.
    second, first, slope, old = symbols("w_2ka w_1kb g g_0", real=True)
    change = second * slope * first - second * old * first
    assert (change - second * (slope - old) * first).expand() == 0


def step_2_the_worst_token_decides():
    # |J V|^2 = sum_i |J_i v_i|^2 <= sum_i (norm + gap)^2 |v_i|^2, term by term.
    norm, gap, length = symbols("norm gap length", nonnegative=True)
    assert is_sum_of_nonnegative_terms(
        ((norm + gap) ** 2 * length - norm**2 * length).expand()
    )


def step_3_centre_and_deviation_add():
    # Theorem tube-from-centre, token by token.
    delta, slack, rest = symbols("delta slack rest", nonnegative=True)
    assert is_sum_of_nonnegative_terms(c + delta - (c - slack + delta - rest))


def step_4_an_approximate_matrix_may_prove_the_norm_at_the_centre():
    assert margin_covers((2 * n + e) * e)


def step_5_and_the_logarithmic_norm():
    # v^T J_0 v = v^T N v + v^T E v <= (c - e - room) + (e - t).
    assert is_sum_of_nonnegative_terms(c - ((c - e - room) + (e - t)))


def witness_a_multiple_of_the_identity_attains_centre_and_deviation():
    assert sum_is_covered(Rational(1, 2), Rational(1, 4), Rational(3, 4))
    assert tokens_are_covered([Matrix([[Rational(3, 4)]])] * 2, Rational(3, 4))


def mutant_the_error_enters_once():
    return margin_covers(n * e)


def mutant_the_square_of_the_error_is_dropped():
    return margin_covers(2 * n * e)


def mutant_the_average_token_decides():
    return tokens_are_covered([Matrix([[2]]), Matrix([[1]])], Rational(3, 2))


def mutant_half_of_the_deviation_suffices():
    return sum_is_covered(Rational(1, 2), Rational(1, 4), Rational(5, 8))
