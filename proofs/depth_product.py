r"""Theorem depth-product.

Let $Z_l$ be the trajectory of $\hat X_0$ and $e_l \ge |Z_l - \hat X_l|$ its distance
from stored centres.  Let $G_l$ be a growth of the map $\Phi_l$ on a convex set that
holds the Frobenius ball of radius $R_l + e_l$ round $\hat X_l$, with $R_{l+1} =
G_lR_l$, $R_0 \ge \sqrt n\,\rho$.  Then every trajectory that starts within $\rho$ per
token of $\hat X_0$ stays in those sets, $\prod_lG_l$ is a growth of $\Phi_L \circ
\dots \circ \Phi_1$ on the first tube, and the product of shrinks its shrink.

Slacks $e, g, t, s \ge 0$ are what each inequality gives away.
"""

from sympy import Rational, expand, prod, symbols

from stabcheck.theorems.algebra import is_sum_of_nonnegative_terms

THEOREM = "depth-product"

R, G, D, e, g, t, delta = symbols("R G D e g t delta", nonnegative=True)
rho, H = symbols("rho H", nonnegative=True)


def image_lies_within(radius) -> bool:
    """Whether |Phi(X) - X_hat'| <= radius, if |X - Z| = R - e, |Z' - X_hat'| <= delta.
    """
    # |Phi(X) - Z'| = G(R - e) - g with Z' = Phi(Z), then the triangle inequality.
    distance = (G * (R - e) - g) + (delta - symbols("s", nonnegative=True)) - t
    return is_sum_of_nonnegative_terms(radius - distance)


def two_maps_grow_by_at_most(factor) -> bool:
    """Growths G, then H >= 0, of the difference D."""
    return is_sum_of_nonnegative_terms(factor * D - (H * (G * D - e) - g))


def two_maps_shrink_by_at_least(factor) -> bool:
    """Shrinks G, then H."""
    return is_sum_of_nonnegative_terms(H * (G * D + e) + g - factor * D)


def tokens_within_rho_are_within(square, tokens) -> bool:
    """Whether |x_i|^2 = rho^2 - s_i at every token gives |X|^2 <= square."""
    slacks = symbols(f"s:{tokens}", nonnegative=True)
    total = sum(rho**2 - slack for slack in slacks)
    return is_sum_of_nonnegative_terms(square - total)


def step_1_the_first_tube_holds_the_token_tube():
    for tokens in range(1, 6):  # each token adds one more rho^2 to both sides
        assert tokens_within_rho_are_within(tokens * rho**2, tokens)


def step_2_the_image_of_a_ball_lies_in_the_next_one():
    # X and Z lie in one convex set, so G holds between them; the ball round Z_{l+1} of
    # radius R_{l+1} = G R lies in the one round X_hat_{l+1} that is delta larger.
    assert image_lies_within(G * R + delta)


def step_3_growths_of_two_maps_multiply():
    # By induction over depth: all maps after the first are one map of growth H.
    assert two_maps_grow_by_at_most(G * H)


def step_4_shrinks_of_two_maps_multiply():
    assert two_maps_shrink_by_at_least(G * H)


def witness_the_product_is_attained_by_dilations_of_a_line():
    growths = symbols("G1:6", nonnegative=True)
    moved = D
    for growth in growths:
        moved = growth * moved
    assert expand(moved - prod(growths) * D) == 0


def mutant_the_defect_of_the_centre_is_forgotten():
    return image_lies_within(G * R)


def mutant_the_growth_of_the_last_map_suffices():
    return two_maps_grow_by_at_most(H)


def mutant_the_token_radius_is_the_frobenius_radius():
    return tokens_within_rho_are_within(rho**2, 3)


def mutant_shrinks_gain_half():
    return two_maps_shrink_by_at_least(Rational(3, 2) * G * H)
