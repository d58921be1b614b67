r"""Theorem gradient-feed-forward-step.

Let $F(x) = -W^{\mathsf T}\sigma(Wx + b)$ with $0 \le \sigma' \le s$ on every token.
Its Jacobian is symmetric with its spectrum in $[-s\|W\|^2, 0]$, so that forward Euler,
Heun, SSPRK3 and RK4 are non-expansive for $h \le 2/(s\|W\|^2)$, in the Frobenius norm
and in the largest token norm; forward Euler has the shrink $1 - hs\|W\|^2$.  Composed
with an Euler step of attention of constant K the growth is $1 + hK$: the feed-forward
part is free.

One row of W and its slope $\sigma' \in [0, s]$; sums of such terms are sums of forms.
"""

from sympy import Matrix, Rational, diag, expand, symbols

from stabcheck.theorems.algebra import (
    is_positive_semidefinite,
    is_sum_of_nonnegative_terms,
)

THEOREM = "gradient-feed-forward-step"

h, s, B, D, K, e, g = symbols("h s B D K e g", nonnegative=True)
HALF, SIXTH, THIRD = Rational(1, 2), Rational(1, 6), Rational(1, 3)
RK4 = (
    Matrix([[0, 0, 0, 0], [HALF, 0, 0, 0], [0, HALF, 0, 0], [0, 0, 1, 0]]),
    Matrix([SIXTH, THIRD, THIRD, SIXTH]),
)


def form_is_at_most(factor) -> bool:
    """Whether z.S z <= factor |Wv|^2 with S = diag(s - e, s - g), z = Wv."""
    y, z = symbols("y z", nonnegative=True)  # the squares of the entries of Wv
    return is_sum_of_nonnegative_terms(factor * (y + z) - ((s - e) * y + (s - g) * z))


def euler_stays_within(length) -> bool:
    """Whether (1 - h nu)^2 <= 1 for all nu in [0, B], h B = 2 - slack or longer."""
    # The square is convex in nu: its ends 0 and B decide.
    end = (1 - length) ** 2
    return bool(end <= 1)


def is_contractive_on_circles(method, radius) -> bool:
    A, b = method
    W = diag(*b)
    form = W * A + A.T * W - b * b.T + W / Rational(radius)
    return min(b) >= 0 and is_positive_semidefinite(form)


def step_1_the_jacobian_is_minus_a_gram_matrix():
    W = Matrix(2, 2, symbols("w:4"))
    S = diag(*symbols("s:2"))
    J = -W.T * S * W
    assert J == J.T
    v = Matrix(symbols("v:2"))
    moved = W * v
    assert expand((v.T * J * v)[0] + sum(S[i, i] * moved[i] ** 2 for i in (0, 1))) == 0


def step_2_its_form_is_at_most_the_slope_times_the_square_of_the_norm():
    # |Wv|^2 <= |W|^2 |v|^2, and every term is nonnegative because the slopes are.
    assert form_is_at_most(s)


def step_3_euler_is_non_expansive_up_to_two():
    assert euler_stays_within(2)
    assert euler_stays_within(0)


def step_4_so_are_methods_of_circle_radius_one():
    # leak-circle-contractivity with the spectrum [-B, 0]: h B <= 2 r.
    assert is_contractive_on_circles(RK4, 1)


def step_5_the_shrink_of_euler():
    # 1 - h nu is least at nu = B.
    nu = B - e
    assert is_sum_of_nonnegative_terms((1 - h * nu) - (1 - h * B))


def step_6_attention_after_it_grows_by_one_plus_hK():
    after = (1 + h * K) * (D - e) - g
    assert is_sum_of_nonnegative_terms((1 + h * K) * D - after)


def witness_one_row_attains_both_ends():
    # W = (w), sigma(z) = s z: the step is 1 - h s w^2, and a kernel vector stays.
    w = symbols("w")
    assert expand(1 + h * (-w * s * w) - (1 - h * s * w**2)) == 0


def mutant_half_of_the_slope():
    return form_is_at_most(s / 2)


def mutant_a_step_a_little_longer():
    return euler_stays_within(Rational(201, 100))


def mutant_the_disc_of_rk4_in_its_stability_region_would_do():
    return is_contractive_on_circles(RK4, Rational(139, 100))
