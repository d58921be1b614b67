r"""Theorem attention-norm-ball.

For $n$ tokens with $|x_i| \le R$, every token seeing all of them, $\alpha = \hat aR$
with $\hat a = \lVert A\rVert R + |sW_Kb_Q|$, and logits whose score bias spreads by at
most $\beta$ in a row,

$$\lVert J\rVert \le \lVert U\rVert\Bigl(n\max_{p\le\bar p}p(1 + \alpha^2\mathrm{vf}(p))
 \Bigr)^{1/2} + R^2\chi(U, A),\qquad \bar p = \frac1{1 + (n-1)e^{-2\alpha-\beta}},$$

$\mathrm{vf}(p) = 1$ for $p \le \tfrac12$ and $4p(1-p)$ above.  From theorem
attention-norm-column-mass, with $\lambda_{\max}(C_i) \le R^2\mathrm{vf}(p_{ij})$
(theorem covariance-trace-top-mass: only the largest weight of a row can exceed one
half) and theorem covariance-extremal-forms for the receivers.
"""

from sympy import Rational, expand, simplify, sqrt, symbols

from stabcheck.theorems.algebra import is_sum_of_nonnegative_terms

THEOREM = "attention-norm-ball"

HALF = Rational(1, 2)
p, q = symbols("p q", positive=True)
alpha = symbols("alpha", positive=True)


def share(p, square):
    """p (1 + alpha^2 vf(p)) beyond one half."""
    return p + 4 * square * p**2 * (1 - p)


def peak(square):
    """Where the function beyond one half is largest."""
    return (1 + sqrt(1 + 3 / (4 * square))) / 3


def weight_is_covered(others: int, spread_factor) -> bool:
    """Whether p = 1/(1 + sum z_k) <= 1/(1 + others z) for z_k = z + room_k.

    z_k = e^{s_k - s_j} >= z = e^{-spread}; cross multiplied, `spread_factor` is how
    many of the other keys the claim counts.
    """
    z = symbols("z", positive=True)
    rooms = symbols(f"room:{others}", nonnegative=True)
    denominator = 1 + sum(z + room for room in rooms)
    return is_sum_of_nonnegative_terms(expand(denominator - (1 + spread_factor * z)))


def spread_is_covered(total) -> bool:
    """Whether |a.(x_j - x_k)| + beta = a (R - e) + a (R - g) + b - slack is covered."""
    a, R, e, g, b, slack = symbols("a R e g b slack", nonnegative=True)
    value = a * (R - e) + a * (R - g) + b - slack
    return is_sum_of_nonnegative_terms(expand(total(a, R, b) - value))


def maximum_is_covered(claim, square, at) -> bool:
    """Whether the value at a weight stays below the claimed maximum."""
    return bool(share(at, square) <= claim)


def mass_is_covered(rows: int, claimed) -> bool:
    """Whether the column mass of `rows` rows, each at most h, is at most `claimed`."""
    h = symbols("h", nonnegative=True)
    less = symbols(f"less:{rows}", nonnegative=True)
    total = sum(h - room for room in less)
    return is_sum_of_nonnegative_terms(expand(claimed * h - total))


def step_1_the_logits_of_a_row_spread_by_at_most_two_alpha_and_beta():
    # s_ij - s_ik = a_i . (x_j - x_k) + B_ij - B_ik; the key bias drops out of it.
    assert spread_is_covered(lambda a, R, b: 2 * a * R + b)


def step_2_a_weight_is_at_most_p_bar():
    for others in range(5):  # each further key adds one more z to both sides
        assert weight_is_covered(others, others)


def step_3_up_to_one_half_the_function_rises():
    # p (1 + alpha^2) is linear there, and continuous at one half.
    assert expand(share(HALF, alpha**2) - HALF * (1 + alpha**2)) == 0


def step_4_beyond_one_half_it_lies_below_its_tangents():
    # share(q) + share'(q)(p - q) - share(p) = 4 alpha^2 (p - q)^2 (p + 2q - 1) and
    # p + 2q - 1 >= 1/2 for p, q >= 1/2: the function is concave.
    slope = share(q, alpha**2).diff(q)
    gap = share(q, alpha**2) + slope * (p - q) - share(p, alpha**2)
    assert expand(gap - 4 * alpha**2 * (p - q) ** 2 * (p + 2 * q - 1)) == 0


def step_5_the_peak_has_slope_zero_and_lies_beyond_one_half():
    # Hence the maximum up to p-bar is at the smaller of p-bar and the peak.
    slope = share(q, alpha**2).diff(q).subs(q, peak(alpha**2))
    assert simplify(expand(slope)) == 0
    # sqrt(1 + 3/(4 alpha^2)) >= 1, so the peak is at least 2/3.
    x = symbols("x", nonnegative=True)
    assert is_sum_of_nonnegative_terms((1 + (1 + x)) / 3 - HALF)


def step_6_the_mass_of_a_column_is_at_most_n_shares():
    for rows in range(1, 5):
        assert mass_is_covered(rows, rows)


def witness_without_logits_the_bound_is_the_norm_of_the_values():
    # alpha = 0: p-bar = 1/n, the maximum is 1/n and n of them are 1 = |P|.
    n = 5
    assert n * Rational(1, n) == 1


def witness_the_largest_product_of_weight_and_variance_is_sixteen_over_twenty_seven():
    assert 4 * Rational(2, 3) ** 2 * (1 - Rational(2, 3)) == Rational(16, 27)
    assert maximum_is_covered(share(peak(1), 1), 1, peak(1))


def mutant_the_maximum_is_at_one_half():
    return maximum_is_covered(share(HALF, 1), 1, Rational(3, 4))


def mutant_the_logits_spread_by_alpha_only():
    return spread_is_covered(lambda a, R, b: a * R + b)


def mutant_the_score_bias_does_not_count():
    return spread_is_covered(lambda a, R, b: 2 * a * R)


def mutant_the_key_itself_is_counted_twice():
    return weight_is_covered(3, 4)


def mutant_one_row_is_left_out():
    return mass_is_covered(3, 2)
