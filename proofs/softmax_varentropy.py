r"""Theorem softmax-varentropy.

For every probability vector $p$ with $n \ge 2$ entries, the variance of $\log p_k$
under $p$ (of logits under their own softmax) is at most

$$\max_{0 < q < 1}q(1 - q)\log^2\frac{q(n - 1)}{1 - q} \le \tfrac14\log^2(n - 1) + 1 .$$

At a maximum with all $p_k > 0$ the logarithms take at most two values; a zero entry is
the same question with fewer entries.  Two values, $k$ entries together $q$: the
variance is $q(1 - q)(t + \log\frac{n - k}k)^2$, $t = \log\frac q{1 - q}$.
"""

from sympy import (
    Rational,
    cosh,
    diff,
    exp,
    expand,
    factorial,
    log,
    simplify,
    symbols,
)

from stabcheck.theorems.algebra import is_sum_of_nonnegative_terms

THEOREM = "softmax-varentropy"

x, y, m, q, t, L = symbols("x y m q t L", real=True)


def closed_form_is_covered(constant) -> bool:
    """Whether (t + L)^2 (1 + t^2/4)^-1 <= constant (L^2 + 4), up to one square."""
    gap = constant * (L**2 + 4) * (1 + t**2 / 4) - (t + L) ** 2
    rest = expand(gap - (L * t / 2 - 2) ** 2)
    return bool(rest.subs({L: 1, t: 0}) >= 0)


def step_1_the_slope_of_the_variance_is_a_parabola_in_the_logarithm():
    # V = sum p l^2 - (sum p l)^2, l = log p: the slope in one p is l^2 + 2 l - 2 m (l +
    # 1) with m = sum p l.  Equal to the multiplier of sum p = 1 for all k, so that each
    # l is one of its two roots.
    p, first, second = symbols("p first second", positive=True)
    V = p * log(p) ** 2 + second - (p * log(p) + first) ** 2
    at = log(p) ** 2 + 2 * log(p) - 2 * (p * log(p) + first) * (log(p) + 1)
    assert simplify(diff(V, p) - at) == 0


def step_2_two_values_give_the_square_of_their_distance():
    mean = q * x + (1 - q) * y
    variance = q * (x - mean) ** 2 + (1 - q) * (y - mean) ** 2
    assert expand(variance - q * (1 - q) * (x - y) ** 2) == 0
    # x = log(q/k), y = log((1 - q)/(n - k)): x - y = t + log((n - k)/k).


def step_3_one_entry_against_the_others_is_worst():
    # |log((n - k)/k)| <= log(n - 1) for 1 <= k <= n - 1, and (q, k) -> (1 - q, n - k)
    # turns the sign: let t + log(...) >= 0; it grows to t + log(n - 1).
    k, rest = symbols("k rest", nonnegative=True)
    n = k + rest + 2  # k + 1 entries of n: (n - k - 1)/(k + 1) <= n - 1
    gap = (n - 1) * (k + 1) - (n - k - 1)
    assert is_sum_of_nonnegative_terms(expand(gap))


def step_4_the_share_is_a_hyperbolic_cosine():
    share = 1 / (1 + exp(-t))
    gap = share * (1 - share) - 1 / (4 * cosh(t / 2) ** 2)
    assert simplify(gap.rewrite(exp)) == 0


def step_5_the_closed_form():
    # (t + L)^2 <= (L^2 + 4)(1 + t^2/4) by Cauchy and Schwarz, and 1 + s^2 <= cosh(s)^2
    # = 1 + sinh(s)^2 since every term of sinh(s)/s - 1 is nonnegative.
    assert closed_form_is_covered(1)
    assert all(1 / factorial(2 * j + 1) > 0 for j in range(10))


def witness_two_entries_show_that_some_constant_is_needed():
    # n = 2, L = 0: q(1 - q) t^2 at t = 5/2 is more than 2/5.
    value = Rational(25, 4) / (4 * cosh(Rational(5, 4)) ** 2)
    assert bool(value > Rational(2, 5))


def mutant_nine_tenths_of_the_closed_form():
    return closed_form_is_covered(Rational(9, 10))
