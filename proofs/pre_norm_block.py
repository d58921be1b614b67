r"""Theorem pre-norm-block.

Let $N$ be token-wise with $\lVert DN\rVert \le l$ on the tube of radius $\epsilon$
round $X_0$ and $\lVert J_F\rVert \le k$ on the tube of radius $R$ round $Y$, where
every token has $|N(x_0)_i - y_i| + l\epsilon \le R$.  Then on the outer tube the branch
$F \circ N$ has $\lVert J\rVert \le kl$, $\mu_2(J) \le kl$ and $\lambda_{\min}(H(J)) \ge
-kl$.

The logarithmic norm of the product is controlled by the norms only: the witness has
$\mu_2(J_F) < 0$, a projection $DN$ and $\mu_2(J_FDN) > 0$.
"""

from sympy import Matrix, Rational, diag, expand, eye, integrate, symbols

from stabcheck.theorems.algebra import (
    is_positive_semidefinite,
    is_sum_of_nonnegative_terms,
)

THEOREM = "pre-norm-block"

k, lip, length, s, t, offset, radius = symbols(
    "k l length s t offset radius", nonnegative=True
)


def product_is_covered(factor) -> bool:
    """Whether |J_F DN v| <= factor |v|, where both factors give away some slack."""
    inner = lip * length - s  # |DN v|
    outer = k * inner - t  # |J_F (DN v)|
    return is_sum_of_nonnegative_terms(factor * length - outer)


def image_stays_within(reach) -> bool:
    """Whether |N(x) - y| <= reach for a token x of the outer tube."""
    moved = lip * radius - t  # |N(x) - N(x_0)|, step 2
    distance = offset + moved - s  # the triangle inequality
    return is_sum_of_nonnegative_terms(reach - distance)


def step_1_lengths_multiply():
    assert product_is_covered(k * lip)


def step_2_the_image_of_a_segment_is_no_longer_than_the_norm_times_its_length():
    # The tube is convex: N(x) - N(x_0) is the integral of DN along the segment.
    x = symbols("x")
    assert integrate(lip * radius, (x, 0, 1)) == lip * radius


def step_3_the_inner_tube_holds_the_image_of_the_outer_one():
    assert image_stays_within(offset + lip * radius)


def step_4_a_quadratic_form_is_at_most_the_norm():
    # |v^T J v| <= |v||Jv| (Cauchy and Schwarz) <= k l for |v| = 1: the form is k l - s
    # and -k l + t, so it stays between the two.
    assert is_sum_of_nonnegative_terms(k * lip - (k * lip - s))
    assert is_sum_of_nonnegative_terms((-k * lip + t) - (-k * lip))


def witness_scalars_attain_the_product():
    # DN = l and J_F = k in one dimension: s = t = 0 in step 1.
    assert expand(k * (lip * length) - (k * lip) * length) == 0


def witness_the_logarithmic_norm_of_the_product_is_not_that_of_the_parts():
    skew, projection = Matrix([[-1, 4], [-4, -1]]), diag(1, 0)
    assert is_positive_semidefinite(-eye(2) * 2 - skew - skew.T)  # mu_2 <= -1
    product = skew * projection
    assert not is_positive_semidefinite(2 * eye(2) - product - product.T)  # mu_2 > 1


def mutant_a_smaller_product():
    return product_is_covered(k * lip * Rational(99, 100))


def mutant_the_sum_of_the_norms_suffices():
    return product_is_covered(k + lip)


def mutant_the_offset_of_the_centre_may_be_forgotten():
    return image_stays_within(lip * radius)
