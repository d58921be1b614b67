r"""Theorem reversible-two-stream.

Let $p^+ = p + hF(q)$, $q^+ = q + hG(p^+)$ with Lipschitz constants $K_1, K_2$ of F and
G in any norm, and measure a pair by $\sqrt{\|p\|^2 + \omega^2\|q\|^2}$.  With $a =
hK_1/\omega$, $b = hK_2\omega$ and
$$M = \begin{pmatrix}1 & a\\ b & 1 + ab\end{pmatrix}$$
L layers have the growth $\sigma_1(M^L)$ and the shrink $\sigma_2(M^L) =
1/\sigma_1(M^L)$, whatever h is.  $F = K_1q$, $G = K_2p$ attain both at every depth.
Further $\sigma_1(M^L) \le (s(a)s(b))^L$ with $s(t) = (t + \sqrt{t^2 + 4})/2$.

Layers of different constants have the product of their matrices.
"""

from sympy import Matrix, Rational, diag, expand, simplify, sqrt, symbols

from stabcheck.theorems.algebra import is_sum_of_nonnegative_terms

THEOREM = "reversible-two-stream"

a, b, e, g, t, P, Q = symbols("a b e g t P Q", nonnegative=True)
SIGN = diag(1, -1)
M = Matrix([[1, a], [b, 1 + a * b]])


def rows_bound_the_step(matrix) -> bool:
    """Whether (|p+|, w|q+|) <= matrix (P, Q) entry by entry, P = |p|, Q = w|q|."""
    first = P + (a * Q - e)
    second = Q + (b * first - g)
    bound = matrix * Matrix([P, Q])
    return is_sum_of_nonnegative_terms(bound[0] - first) and (
        is_sum_of_nonnegative_terms(bound[1] - second)
    )


def rows_bound_the_inverse(matrix) -> bool:
    """The same of q = q+ - hG(p+), p = p+ - hF(q)."""
    second = Q + (b * P - g)
    first = P + (a * second - e)
    bound = matrix * Matrix([P, Q])
    return is_sum_of_nonnegative_terms(bound[0] - first) and (
        is_sum_of_nonnegative_terms(bound[1] - second)
    )


def largest_row_sum_of_the_inverse_is_at_most(value, first, second) -> bool:
    inverse = M.inv().subs({a: first, b: second}).applyfunc(abs)
    return bool(max(sum(inverse.row(i)) for i in range(2)) <= value)


def step_1_the_matrix_bounds_the_step():
    # A matrix with nonnegative entries keeps inequalities: M^L bounds L layers, and the
    # Euclidean norm of the pair grows by at most the spectral norm of M^L.
    assert rows_bound_the_step(M)


def step_2_the_inverse_is_bounded_by_the_inverse_with_other_signs():
    inverse = (SIGN * M.inv() * SIGN).applyfunc(simplify)
    assert min(inverse.subs({a: 1, b: 1})) >= 0
    assert rows_bound_the_inverse(inverse)


def step_3_signs_change_no_singular_value():
    # SIGN is orthogonal and (SIGN A SIGN)(SIGN B SIGN) = SIGN A B SIGN: the bounds of L
    # inverse layers have the norm of M^{-L}, which is 1/sigma_2(M^L).
    assert (SIGN * SIGN).is_Identity
    assert SIGN.T == SIGN


def step_4_the_determinant_is_one():
    assert expand(M.det()) == 1


def step_5_the_singular_values_of_two_rows():
    # 2 sigma = |(p + s, q - r)| +- |(p - s, q + r)|: sum of squares and product.
    p, q, r, s = symbols("p q r s", real=True)
    plus, minus = (p + s) ** 2 + (q - r) ** 2, (p - s) ** 2 + (q + r) ** 2
    assert expand((plus + minus) / 2 - (p**2 + q**2 + r**2 + s**2)) == 0
    assert expand((plus - minus) / 4 - (p * s - q * r)) == 0


def step_6_a_shear_has_the_norm_s():
    # M is a product of two shears; s^2 is the root of y^2 - (2 + t^2) y + 1 beyond 1.
    shears = Matrix([[1, 0], [b, 1]]) * Matrix([[1, a], [0, 1]])
    assert (shears - M).applyfunc(expand).is_zero_matrix
    s = (t + sqrt(t**2 + 4)) / 2
    assert simplify(s**4 - (2 + t**2) * s**2 + 1) == 0
    assert simplify(s - 1 / s - t) == 0


def witness_a_linear_pair_attains_growth_and_shrink():
    # F = K_1 q and G = K_2 p map (P, Q) by M itself; its smallest singular value is
    # the shrink, attained by the same pair.
    first = P + a * Q
    found = M * Matrix([P, Q]) - Matrix([first, Q + b * first])
    assert found.applyfunc(expand).is_zero_matrix


def mutant_the_first_stream_is_not_yet_updated():
    return rows_bound_the_step(Matrix([[1, a], [b, 1]]))


def mutant_the_inverse_has_the_row_sums_of_the_step():
    # With a = 1, b = 1/2 the row sums of M are 2 and 2, one of its inverse is 5/2.
    return largest_row_sum_of_the_inverse_is_at_most(2, 1, Rational(1, 2))


def mutant_the_inverse_is_bounded_by_the_step():
    return rows_bound_the_inverse(M)
