r"""Theorem depth-point.

Let $\lVert J_l - C_l\rVert \le r_l$, let $\tilde P_0 = I$ and $\tilde P_l$ be any
matrices, and let $e_l \ge \lVert J_l\tilde P_{l-1} - \tilde P_l\rVert$, $s_l \ge
\lVert J_L\cdots J_{l+1}\rVert$, $E = \sum_l s_le_l$.  Then

* $\lVert J_L\cdots J_1 - \tilde P_L\rVert \le E$,
* $\lVert J_L\cdots J_1\rVert \le \lVert\tilde P_L\rVert + E$,
* $\sigma_{\min}(J_L\cdots J_1) \ge \sigma_{\min}(\tilde P_L) - E$,

where $e_l = r_l\lVert\tilde P_{l-1}\rVert + \lVert C_l\tilde P_{l-1} - \tilde
P_l\rVert$ will do, and $\sigma_{\min}(P) \ge (1 - \beta)/\lVert R\rVert$ for every $R$
with $\beta = \lVert I - RP\rVert < 1$.
"""

from sympy import Rational, expand, symbols

from stabcheck.theorems.algebra import is_sum_of_nonnegative_terms, product_of

THEOREM = "depth-point"

HALF = Rational(1, 2)


def local_errors(factors, partials):
    """J_l P_(l-1) - P_l for every l, with P_0 = 1."""
    before = [1, *partials[:-1]]
    return [
        factor * start - end
        for factor, start, end in zip(factors, before, partials, strict=True)
    ]


def suffixes(factors):
    """J_L ... J_(l+1) for every l."""
    return [product_of(factors[place + 1 :]) for place in range(len(factors))]


def is_covered(factors, partials, amplification) -> bool:
    """Whether the sum of amplified local errors bounds the error, for rationals."""
    error = abs(product_of(factors) - partials[-1])
    local = local_errors(factors, partials)
    total = sum(abs(s * e) for s, e in zip(amplification, local, strict=True))
    return bool(error <= total)


def singular_value_is_covered(matrix, inverse, defect_counts: bool) -> bool:
    """Whether (1 - beta)/|R| bounds the modulus of a number from below."""
    defect = abs(1 - inverse * matrix) if defect_counts else 0
    return bool((1 - defect) / abs(inverse) <= abs(matrix))


def step_1_one_factor_more_adds_its_local_error():
    # X is the product of the first l - 1 factors, P and Q the partial products.
    J, X, P, Q = symbols("J X P Q", commutative=False)
    assert expand(J * X - Q - (J * (X - P) + (J * P - Q))) == 0


def step_2_so_the_error_telescopes():
    # Induction over l with step 1, from X - P = 0 at l = 0; three factors in full.
    J = symbols("J1:4", commutative=False)
    P = symbols("P1:4", commutative=False)
    terms = zip(suffixes(J), local_errors(J, P), strict=True)
    assert expand(product_of(J) - P[-1] - sum(s * e for s, e in terms)) == 0


def step_3_each_term_is_at_most_s_times_e():
    # The norm of a sum is at most the sum of the norms, that of a product at most the
    # product; a, b are the true norms, s = a + x and e = b + y the bounds.
    a, b, x, y = symbols("a b x y", nonnegative=True)
    assert is_sum_of_nonnegative_terms((a + x) * (b + y) - a * b)


def step_4_the_local_error_of_an_enclosed_factor():
    # J = C + D with |D| <= r: J P - Q = D P + (C P - Q).
    C, D, P, Q = symbols("C D P Q", commutative=False)
    assert expand((C + D) * P - Q - (D * P + (C * P - Q))) == 0


def step_5_a_perturbation_moves_both_singular_values_by_at_most_its_norm():
    # For |x| = 1 and |(A - P)x| = d <= E the triangle inequality puts |Ax| within d of
    # |Px|: |Ax| = |Px| + t, -d <= t <= d.  With |Px| = norm - u from above and
    # |Px| = least + v from below; t = d - w and t = -d + z.
    norm, least, u, v, d, w, z, room = symbols(
        "norm least u v d w z room", nonnegative=True
    )
    E = d + room
    assert is_sum_of_nonnegative_terms((norm + E) - ((norm - u) + (d - w)))
    assert is_sum_of_nonnegative_terms(((least + v) + (-d + z)) - (least - E))


def step_6_an_approximate_inverse_bounds_the_smallest_singular_value():
    # x = (I - RP) x + R P x: |x| <= beta |x| + |R| |Px|, so (1 - beta)|x| <= |R||Px|.
    R, P, x = symbols("R P x", commutative=False)
    assert expand(x - ((1 - R * P) * x + R * P * x)) == 0
    beta, length, norm, image, slack = symbols("beta x R Px slack", nonnegative=True)
    bound = beta * length + norm * image - slack
    gap = norm * image - (1 - beta) * length
    # |x| = bound: the gap is what the inequality leaves, the slack.
    assert expand(gap - slack - (bound - length)) == 0


def witness_numbers_attain_the_sum():
    factors, partials = (Rational(3, 2), Rational(2)), (Rational(1), Rational(2))
    assert is_covered(factors, partials, suffixes(factors))
    assert abs(product_of(factors) - partials[-1]) == 1


def witness_an_exact_inverse_loses_nothing():
    assert singular_value_is_covered(HALF, Rational(2), defect_counts=True)
    assert (1 - abs(1 - 2 * HALF)) / 2 == HALF


def mutant_local_errors_add_without_amplification():
    factors, partials = (Rational(3, 2), Rational(2)), (Rational(1), Rational(2))
    return is_covered(factors, partials, (1, 1))


def mutant_a_little_less_amplification_suffices():
    factors, partials = (Rational(3, 2), Rational(2)), (Rational(1), Rational(2))
    less = [s * Rational(999, 1000) for s in suffixes(factors)]
    return is_covered(factors, partials, less)


def mutant_the_defect_of_the_inverse_does_not_count():
    return singular_value_is_covered(HALF, Rational(1), defect_counts=False)
