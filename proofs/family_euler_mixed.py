r"""Theorem family-euler-mixed.

Let $K$ bound the operator norm of $J$ from the largest token norm $\max_j|v_j|$ to
itself, on a ball $|x_i| \le R$ and for every member of a family of weights.  Then every
forward Euler step of the family has the growth $1 + hK$ in that norm, no $\sqrt n$.
An attention step maps the ball of radius $R$ into that of radius $R(1 + hv)$, $v$ the
norm of the value map.

The ball is convex, so the mean value theorem holds on it in any norm: token by token
$|\Delta F_i| = KM - g$ with $M = \max_j|\Delta_j|$, $|\Delta_i| = M - e$; the triangle
inequality gives away $t$.
"""

from sympy import expand, symbols

from stabcheck.theorems.algebra import is_sum_of_nonnegative_terms

THEOREM = "family-euler-mixed"

M, h, K, e, g, t = symbols("M h K e g t", nonnegative=True)
R, v, p, q = symbols("R v p q", nonnegative=True)


def growth_is_at_most(factor) -> bool:
    """Whether |Delta_i + h Delta F_i| <= factor M at every token."""
    moved = (M - e) + h * (K * M - g) - t
    return is_sum_of_nonnegative_terms(factor * M - moved)


def mean_is_at_most(radius) -> bool:
    """Whether p|x_1| + q|x_2| <= radius for p + q = 1, |x_1| = R - e, |x_2| = R - g."""
    # R = (p + q)R on both sides, so that both weights stay visible.
    mean = p * (R - e) + q * (R - g)
    return is_sum_of_nonnegative_terms(expand((p + q) * radius - mean))


def image_lies_in_the_ball_of_radius(radius) -> bool:
    """Whether |x_i + h f_i| <= radius; |f_i| = v(R - g) - t is U times a mean."""
    moved = (R - e) + h * (v * (R - g) - t)
    return is_sum_of_nonnegative_terms(radius - moved)


def step_1_every_token_grows_by_at_most_one_plus_hK():
    assert growth_is_at_most(1 + h * K)


def step_2_a_mean_of_tokens_stays_in_the_ball():
    # A row of softmax weights is nonnegative and sums to 1; of more tokens it is a
    # mean of means.
    assert mean_is_at_most(R)


def step_3_the_image_lies_in_the_ball_of_radius_R_times_one_plus_hv():
    assert image_lies_in_the_ball_of_radius(R * (1 + h * v))


def witness_both_are_attained_by_one_token():
    # n = 1: the softmax is 1 and F(x) = U x; with U = K = v the step is a dilation.
    assert expand((M + h * K * M) - (1 + h * K) * M) == 0
    assert expand((R + h * v * R) - R * (1 + h * v)) == 0


def mutant_the_state_itself_costs_nothing():
    return growth_is_at_most(h * K)


def mutant_half_of_hK():
    return growth_is_at_most(1 + h * K / 2)


def mutant_the_ball_does_not_grow():
    return image_lies_in_the_ball_of_radius(R)


def mutant_the_mean_has_half_the_radius():
    return mean_is_at_most(R / 2)
