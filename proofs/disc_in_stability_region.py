r"""Theorem disc-in-stability-region.

Let $R = P/Q$ with $R(0) = 1$, $s$ the larger degree and $\tilde P(v) = \sum_kp_k(2r)^k
(v - 1)^{s-k}$.  The disc $|z + r| \le r$ lies in $S = \{|R| \le 1\}$ exactly if
$|\tilde P/\tilde Q| \le 1$ for all $\Re v \le 0$, and every smaller disc does too.
"""

from sympy import Rational, expand, factorial, symbols

from stabcheck.theorems.algebra import is_sum_of_nonnegative_terms
from stabcheck.theorems.polynomials import is_bounded_on_the_left

THEOREM = "disc-in-stability-region"

v, z = symbols("v z")
RK4 = sum(z**k / factorial(k) for k in range(5))
BETWEEN = Rational(13926, 10000), Rational(13927, 10000)


def pulled_back(p, degree, radius):
    ascending = [p.coeff(z, k) for k in range(degree + 1)]
    terms = (
        c * (2 * radius) ** k * (v - 1) ** (degree - k) for k, c in enumerate(ascending)
    )
    return expand(sum(terms))


def disc_lies_inside(P, Q, degree, radius) -> bool:
    P, Q = (pulled_back(expand(p), degree, radius) for p in (P, Q))
    return is_bounded_on_the_left(P, Q, v)


def step_1_the_disc_is_a_half_plane():
    # z = 2r/w, w = v - 1: |z + r|^2 - r^2 = |z|^2 + 2r Re z has the sign of 1 + Re w =
    # Re v; z = 0 is the point at infinity.
    u, t, r = symbols("u t r", real=True)
    size = u**2 + t**2
    real, squared = 2 * r * u / size, 4 * r**2 / size
    gap = squared + 2 * r * real - 4 * r**2 * (1 + u) / size
    assert gap.simplify() == 0


def step_2_the_quotient_of_the_pulled_back_polynomials_is_the_stability_function():
    p, r = symbols("p:4"), symbols("r")
    P = sum(c * z**k for k, c in enumerate(p))
    image = P.subs(z, 2 * r / (v - 1)) * (v - 1) ** 3
    assert (image - pulled_back(P, 3, r)).simplify() == 0


def step_3_smaller_discs_lie_in_larger_ones():
    # |z|^2 = 2ru - s with u = -Re z, which is >= 0 in the smaller disc.
    u, s, e, r = symbols("u s e r", nonnegative=True)
    assert is_sum_of_nonnegative_terms(2 * (r + e) * u - (2 * r * u - s))


def step_4_no_common_factor_appears():
    # A common root at v = 1 needs p_s = q_s = 0, but s is the larger degree.
    p = symbols("p:4")
    r = symbols("r", positive=True)
    P = sum(c * z**k for k, c in enumerate(p))
    assert pulled_back(P, 3, r).subs(v, 1) == 8 * p[3] * r**3


def witness_the_disc_of_euler_has_radius_one():
    assert disc_lies_inside(1 + z, 1 + 0 * z, 1, 1)
    assert not disc_lies_inside(1 + z, 1 + 0 * z, 1, 1 + Rational(1, 10**9))


def witness_the_disc_of_rk4():
    assert disc_lies_inside(RK4, 1 + 0 * z, 4, BETWEEN[0])


def mutant_the_disc_of_rk4_is_larger():
    return disc_lies_inside(RK4, 1 + 0 * z, 4, BETWEEN[1])


def mutant_the_boundary_alone_would_do():
    # |1/(1 + z)| = 1 on |z + 1| = 1, but the pole is the centre.
    return disc_lies_inside(1 + 0 * z, 1 + z, 1, 1)
