r"""Theorem euler-shrink.

On a convex set where $\|J\| \le L$ and $\lambda_{\min}((J + J^T)/2) \ge m$, a forward
Euler step $\Phi(X) = X + hF(X)$ satisfies $|\Phi(X) - \Phi(Y)| \ge \psi|X - Y|$ with
$\psi = \max(0, 1 - hL, 1 + hm)$; where $1 + 2hm \ge 0$, also with $\sqrt{1 + 2hm}$,
which is at most $1 + hm$.

For two points, $v = X - Y$ and $w = F(X) - F(Y) = \bar Jv$ with $\bar J$ the mean of
$J$ over the segment, so $|w| \le L|v|$ and $v\cdot w \ge m|v|^2$.  $V = |v|^2$.
"""

from sympy import Rational, expand, symbols

from stabcheck.theorems.algebra import is_sum_of_nonnegative_terms

THEOREM = "euler-shrink"

V, h, L, a, b, s = symbols("V h L a b s", nonnegative=True)
m = symbols("m", real=True)


def inner_product_route_gives(factor) -> bool:
    """Whether v.w = m V + a gives v.(v + hw) >= factor V."""
    # |v| |v + hw| >= v.(v + hw) by Cauchy and Schwarz: divide by |v|.
    return is_sum_of_nonnegative_terms(V + h * (m * V + a) - factor * V)


def norm_route_gives(factor) -> bool:
    """Whether |w| = (L - b)|v| and 1 - hL = s >= 0 give |v + hw|^2 >= factor^2 V."""
    # v.w = -|v||w| + a, with a >= 0 by Cauchy and Schwarz.
    ratio = (1 - s) / h - b
    square = V + 2 * h * (-ratio * V + a) + h**2 * ratio**2 * V
    gap = square - factor.subs(L, (1 - s) / h) ** 2 * V
    return is_sum_of_nonnegative_terms(expand(gap))


def step_1_the_logarithmic_norm_gives_one_plus_hm():
    assert inner_product_route_gives(1 + h * m)


def step_2_the_norm_gives_one_minus_hL():
    assert norm_route_gives(1 - h * L)


def step_3_the_root_is_no_better_than_one_plus_hm():
    gap = expand((1 + h * m) ** 2 - (1 + 2 * h * m))
    assert gap == h**2 * m**2  # a square


def witness_one_minus_hL_and_one_plus_hm_are_attained_by_a_contraction():
    # F(x) = -Lx on a line: m = -L, and the step is x -> (1 - hL) x.
    assert expand((1 + h * m).subs(m, -L) - (1 - h * L)) == 0


def mutant_one_minus_half_hL():
    return norm_route_gives(1 - h * L / 2)


def mutant_one_plus_half_hm():
    return inner_product_route_gives(1 + Rational(1, 2) * h * m)
