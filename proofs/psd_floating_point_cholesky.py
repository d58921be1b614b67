r"""Theorem psd-floating-point-cholesky.

Let $S$ be symmetric, $L$ any matrix and $\lVert S - \sigma I - LL^{\mathsf T}\rVert_2
\le \sigma - \delta$.  Then every symmetric $A$ with $\lVert A - S\rVert_2 \le \delta$
is positive semidefinite.

The residual is bounded in floating point.  With rounding to nearest every operation
errs by a factor $1 + \theta$, $|\theta| \le u$ (and by at most $\eta$ where it
underflows); a sum of products of length $k$, in any order, then errs by at most
$\gamma_k\sum_i|x_iy_i| + k\eta$ with $\gamma_k = ku/(1 - ku)$, $ku < 1$.  Entrywise
bounds become a norm by $N^{\mathsf T}Nx \le \lambda x$, $N \ge 0$, $x > 0 \Rightarrow
\lVert N\rVert_2^2 \le \lambda$.
"""

from sympy import Matrix, Rational, expand, eye, factor, simplify, symbols

from stabcheck.theorems.algebra import (
    is_positive_semidefinite,
    is_sum_of_nonnegative_terms,
)

THEOREM = "psd-floating-point-cholesky"

UNIT = Rational(1, 2**53)


def gamma(count, unit=UNIT):
    return count * unit / (1 - count * unit)


def roundings_are_covered(count: int, bound) -> bool:
    """Whether so many factors 1 + u, or 1 - u, move a product by at most the bound."""
    upwards, downwards = (1 + UNIT) ** count - 1, 1 - (1 - UNIT) ** count
    return bool(max(upwards, downwards) <= bound)


def statement_holds(center, factor_, shift, distance, hypothesis) -> bool:
    """Whether the hypothesis implies that the lowest A of the ball is semidefinite.

    Among |A - S| <= delta the matrix S - delta I is below all others.
    """
    size = center.rows
    residual = center - shift * eye(size) - factor_ * factor_.T
    if not hypothesis(residual, shift, distance):
        return True
    return is_positive_semidefinite(center - distance * eye(size))


def residual_is_small(residual, shift, distance) -> bool:
    """The norm of a symmetric residual is at most shift - distance."""
    room = (shift - distance) * eye(residual.rows)
    return all(is_positive_semidefinite(room + s * residual) for s in (1, -1))


def weighted_row_bound(gram, x):
    """The smallest lambda with gram x <= lambda x."""
    return max((gram * x)[i] / x[i] for i in range(gram.rows))


def is_norm_bound(gram, bound) -> bool:
    return is_positive_semidefinite(bound * eye(gram.rows) - gram)


def step_1_one_rounding_more_turns_gamma_k_into_at_most_gamma_k_plus_one():
    # Upwards (1 + gamma_k)(1 + u) <= 1 + gamma_(k+1), downwards (1 - ku)(1 - u) >=
    # 1 - (k+1) u >= 1 - gamma_(k+1); both denominators are positive, so that their
    # signs are those of the numerators k u^2.  By induction over k.
    k, u = symbols("k u", positive=True)
    above = factor(1 + gamma(k + 1, u) - (1 + gamma(k, u)) * (1 + u))
    numerator = above * (1 - (k + 1) * u) * (1 - k * u)
    assert simplify(numerator - (k + 1) * u**2) == 0
    below = (1 - k * u) * (1 - u) - (1 - (k + 1) * u)
    assert is_sum_of_nonnegative_terms(below)
    # gamma_k exceeds ku by ku times gamma_k.
    assert simplify(gamma(k, u) - k * u - k * u * gamma(k, u)) == 0


def step_2_a_sum_of_products_passes_at_most_k_roundings():
    # In any order of summation a product is rounded once, or not at all in a fused
    # operation, and takes part in at most k - 1 additions: fl = sum x_i y_i (1 + t_i),
    # |t_i| <= gamma_k by step 1, and the triangle inequality finishes.  The count k of
    # three terms, at the unit roundoff of binary64:
    assert roundings_are_covered(3, gamma(3))


def step_3_a_product_of_short_integers_is_exact():
    # k products of integers of at most q bits: every partial sum is an integer of
    # modulus at most k 2^(2q) <= 2^53, hence a float, in any order.
    for terms in (1, 2, 3, 256, 257, 3072, 8192):
        bits = (53 - (terms - 1).bit_length()) // 2
        assert terms * 4**bits <= 2**53


def step_4_the_matrix_is_a_sum_of_three_semidefinite_ones():
    A, S, gram, unit = symbols("A S gram unit", commutative=False)
    sigma, delta = symbols("sigma delta")
    residual = S - sigma * unit - gram
    first = residual + (sigma - delta) * unit
    second = A - S + delta * unit
    assert expand(A - (gram + first + second)) == 0


def step_5_each_of_them_has_a_nonnegative_form():
    # For |v| = 1: v^T L L^T v = |L^T v|^2; v^T E v >= -|E| with |E| <= sigma - delta;
    # v^T (A - S) v >= -|A - S| with |A - S| <= delta.
    size, x, y = symbols("size x y", nonnegative=True)
    form = -(size) + x  # the form exceeds minus the norm by some x >= 0
    assert is_sum_of_nonnegative_terms(form + (size + y))


def step_6_positive_weights_bound_the_norm_of_a_nonnegative_matrix():
    # With G = N^T N >= 0: G_ij v_i v_j <= G_ij (v_i^2 x_j/x_i + v_j^2 x_i/x_j)/2, and
    # the sum over i, j of the right side is sum_i v_i^2 (Gx)_i/x_i <= lambda |v|^2.
    v, w = symbols("v w", real=True)
    x, y = symbols("x y", positive=True)
    gap = (v**2 * y / x + w**2 * x / y) / 2 - v * w
    assert simplify(gap - (v * y - w * x) ** 2 / (2 * x * y)) == 0
    gram = Matrix([[2, 1], [1, 3]])
    assert is_norm_bound(gram, weighted_row_bound(gram, Matrix([1, 2])))


def witness_a_distance_up_to_the_smallest_eigenvalue_is_proved():
    # S = I, L = I/2: the residual I - 3/4 - 1/4 vanishes, and delta = sigma = 3/4.
    half = eye(2) / 2
    shift = Rational(3, 4)
    assert residual_is_small(eye(2) - shift * eye(2) - half * half, shift, shift)
    assert statement_holds(eye(2), half, shift, shift, residual_is_small)


def witness_the_weights_of_perron_are_sharp():
    gram = Matrix([[2, 1], [1, 2]])
    assert weighted_row_bound(gram, Matrix([1, 1])) == 3
    assert not is_norm_bound(gram, Rational(2999, 1000))


def mutant_the_distance_is_free():
    def forgetful(residual, shift, distance):
        return residual_is_small(residual, shift, 0)

    # The residual 1/2 is at most the shift, but A = -1 is within the distance.
    return statement_holds(Matrix([[1]]), Matrix([[0]]), Rational(1, 2), 2, forgetful)


def mutant_a_residual_beyond_the_shift_is_small():
    def generous(residual, shift, distance):
        return residual_is_small(residual, shift * 3, distance)

    return statement_holds(Matrix([[-1]]), Matrix([[0]]), Rational(1, 2), 0, generous)


def mutant_k_roundings_err_by_k_units():
    return roundings_are_covered(2, 2 * UNIT)


def mutant_the_entries_may_have_any_sign():
    gram = Matrix([[2, -1], [-1, 2]])
    return is_norm_bound(gram, weighted_row_bound(gram, Matrix([1, 1])))
