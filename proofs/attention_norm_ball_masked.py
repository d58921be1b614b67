r"""Theorem attention-norm-ball-masked.

Let row $i$ see $k_i \ge 1$ keys.  In the setting of theorem attention-norm-ball

$$\lVert J\rVert \le \lVert U\rVert\Bigl(\max_j\sum_{i\ni j}h_i\Bigr)^{1/2} +
 R^2\chi(U, A),\qquad h_i = \max_{p\le\bar p_i}p(1 + \alpha^2\mathrm{vf}(p)),\quad
 \bar p_i = \frac1{1 + (k_i - 1)e^{-2\alpha-\beta_i}},$$

the sum over the rows that see key $j$; $h_i = 1$ where $k_i = 1$, for such a row has
the weight 1 and no covariance.  Under a causal mask $k_i = i$, and all see key 1.
"""

from sympy import Matrix, Rational, expand, symbols

from stabcheck.theorems.algebra import (
    is_positive_semidefinite,
    is_sum_of_nonnegative_terms,
)

THEOREM = "attention-norm-ball-masked"


def weight_is_covered(keys: int, counted: int) -> bool:
    """Whether 1/(1 + sum over the other keys) <= 1/(1 + (counted - 1) z).

    Every other key of the row contributes e^{s_k - s_j} = z + room_k.
    """
    z = symbols("z", positive=True)
    rooms = symbols(f"room:{keys - 1}", nonnegative=True) if keys > 1 else ()
    denominator = 1 + sum(z + room for room in rooms)
    return is_sum_of_nonnegative_terms(expand(denominator - (1 + (counted - 1) * z)))


def column_is_covered(claimed) -> bool:
    """Whether the masses of two columns are at most claimed(h1, h2, h3).

    Rows 1 to 3 see key 1, rows 2 and 3 key 2; row i has entries of at most h_i.
    """
    h = symbols("h1 h2 h3", nonnegative=True)
    less = symbols("less:5", nonnegative=True)
    first = (h[0] - less[0]) + (h[1] - less[1]) + (h[2] - less[2])
    second = (h[1] - less[3]) + (h[2] - less[4])
    total = claimed(*h)
    return all(
        is_sum_of_nonnegative_terms(expand(total - mass)) for mass in (first, second)
    )


def norm_is_covered(weights: Matrix, square) -> bool:
    """Whether the norm of a matrix of weights is at most the root of `square`."""
    return is_positive_semidefinite(
        square * Matrix.eye(weights.cols) - weights.T * weights
    )


def causal_means(n: int) -> Matrix:
    """The weights of causal attention at consensus: row i averages i tokens."""
    return Matrix(n, n, lambda i, j: Rational(int(bool(j <= i)), i + 1))


def step_1_a_weight_of_a_row_depends_on_its_own_keys():
    for keys in range(1, 6):
        assert weight_is_covered(keys, keys)


def step_2_a_row_with_one_key_has_the_weight_one():
    # The mean is that key, so y = 0 and C = 0: its entry p (1 + |a|^2 lambda) is 1.
    x = symbols("x", real=True)
    assert expand(1 * (x - 1 * x) ** 2) == 0


def step_3_a_column_collects_the_rows_that_see_it():
    # The rest is theorem attention-norm-column-mass, whose proof allows zero weights.
    assert column_is_covered(lambda h1, h2, h3: h1 + h2 + h3)


def witness_rows_that_see_one_key_attain_the_bound():
    # J = 1 e_1^T (x) U: its norm is sqrt(n)|U|, and h_i = 1 for all n rows.
    n = 4
    weights = Matrix(n, n, lambda _, j: int(bool(j == 0)))
    assert norm_is_covered(weights, n)
    assert not norm_is_covered(weights, n - Rational(1, 100))


def witness_the_means_of_causal_attention_are_covered():
    # alpha = 0: h_i = 1/i, and the sum for n = 4 is 25/12.
    assert norm_is_covered(causal_means(4), Rational(25, 12))


def mutant_all_keys_for_every_row():
    return weight_is_covered(2, 4)


def mutant_n_times_the_share_of_the_last_row():
    # What the theorem without masks would say at alpha = 0: n (1/n) = 1.
    return norm_is_covered(causal_means(4), 1)


def mutant_the_first_row_is_left_out():
    return column_is_covered(lambda h1, h2, h3: h2 + h3)
