r"""Theorem token-rms-recursion.

Let a layer be Euler parts $x^+ = x + h_pF_p(N(x))$ with $N(x) = x/s(x)$, $s(x)$ the
root mean square of a token, $s(F_p) \le v_p$ and $\|DF_p N'\| \le K_p/\min_i s(x_i)$ in
a norm.  From states with $s(x_i) \ge s_0$ the state in front of part p has $s \ge s_p$,
$s_{p+1} = s_p - h_pv_p$, and as long as these are positive the derivative of the depth
has the growth $\prod(1 + h_pK_p/s_p)$ and the shrink $\prod\max(0, 1 - h_pK_p/s_p)$.
One part, $h = T/L$, $K = kv$ and $Tv < s_0$: the growth is below $(1 -
Tv/s_0)^{-k}$ at every depth.
"""

from sympy import Rational, diff, expand, log, simplify, symbols

from stabcheck.theorems.algebra import is_sum_of_nonnegative_terms

THEOREM = "token-rms-recursion"

h, v, K, s, D, e, g, t = symbols("h v K s D e g t", nonnegative=True)


def floor_is_at_least(floor) -> bool:
    """Whether s(x + hF) >= floor for s(x) = s + e and s(F) = v - g."""
    after = (s + e) - h * (v - g)  # the triangle inequality, a root mean square is one
    return is_sum_of_nonnegative_terms(after - floor)


def derivative_grows_by_at_most(factor) -> bool:
    """At s(x) = s + e, times s(x): |d + h DF N' d| s(x) <= factor s(x) D."""
    moved = (s + e) * D + h * K * D - g
    return is_sum_of_nonnegative_terms(expand(factor * (s + e) * D - moved))


def derivative_keeps_at_least(loss) -> bool:
    kept = (s + e) * D - (h * K * D - g) + t
    return is_sum_of_nonnegative_terms(expand(kept - ((s + e) * D - loss * D)))


def step_1_the_floor_sinks_by_at_most_hv():
    assert floor_is_at_least(s - h * v)


def step_2_the_derivative_of_a_part():
    # 1 + hK/(s + e) <= 1 + hK/s, times s(s + e): hK(s + e) - hKs = hKe.
    q = symbols("q", nonnegative=True)  # K/s, so that K = q s
    gap = (1 + h * q) * (s + e) * D - ((s + e) * D + h * q * s * D - g)
    assert is_sum_of_nonnegative_terms(expand(gap))
    assert derivative_keeps_at_least(h * K)


def step_3_the_product_is_below_a_power():
    # log(1 + y) <= y, and h/(s_0 - lhv) is at most the integral of 1/(s_0 - tv) over
    # the step, whose integrand increases: kv times the sum is below -k log(1 - Tv/s_0).
    T, s0 = symbols("T s_0", positive=True)
    integral = -log(1 - T * v / s0) / v
    assert simplify(diff(integral, T) - 1 / (s0 - T * v)) == 0
    slope = diff(1 / (s0 - T * v), T)
    assert simplify(slope - v / (s0 - T * v) ** 2) == 0


def witness_a_state_that_shrinks_attains_the_floor():
    # F = -v x/s(x): every entry of x is multiplied by 1 - hv/s, and so is s(x).
    assert simplify(s * (1 - h * v / s) - (s - h * v)) == 0


def mutant_the_floor_does_not_sink():
    return floor_is_at_least(s)


def mutant_the_floor_sinks_by_half():
    return floor_is_at_least(s - h * v / 2)


def mutant_the_step_costs_half():
    return derivative_grows_by_at_most(1) or derivative_keeps_at_least(
        Rational(1, 2) * h * K
    )
