r"""Theorem implicit-midpoint-comparison.

A step h of the implicit midpoint rule is half a step of backward Euler followed by half
a step of forward Euler.  With $t = h/2$, K, $\mu$ and $\lambda$ as in `row-wise-euler`,
and $1 + t(\lambda - \mu) > 0$, its growth is
$$\frac{\sqrt{(1 - t\lambda)^2 + 2t\max((1 - t\lambda)\mu, -(1 - t\lambda)K) +
t^2K^2}}{1 + t\lambda - t\mu}$$
and its shrink $(|1 - t\lambda| - tK)/(1 + t\lambda + tK)$.  For $\mu \le \lambda$ it is
non-expansive for all steps with $t(K^2 - \mu^2) \le 4(\lambda - \mu)$ and, if $t\lambda
> 1$, $t(K + \mu) \le 2$.
"""

from sympy import cancel, expand, symbols

from stabcheck.theorems.algebra import is_sum_of_nonnegative_terms

THEOREM = "implicit-midpoint-comparison"

t, K, lam, D, e, g = symbols("t K lambda D e g", nonnegative=True)
mu = symbols("mu", real=True)


def excess(work):
    """Squared numerator minus squared denominator of the growth."""
    numerator = (1 - t * lam) ** 2 + 2 * t * (1 - t * lam) * work + t**2 * K**2
    return numerator - (1 + t * (lam - mu)) ** 2


def early_steps_contract(share) -> bool:
    """With K = mu + g, mu >= 0 and share (lambda - mu) = t(K^2 - mu^2) + e."""
    m = symbols("m", nonnegative=True)
    square = g * (2 * m + g)
    leak = m + (t * square + e) / share
    value = excess(mu).subs({K: m + g, mu: m}).subs(lam, leak)
    return is_sum_of_nonnegative_terms(expand(-value))


def half_steps_multiply(growth) -> bool:
    first, second = symbols("first second", nonnegative=True)
    middle = first * D - e
    end = second * middle - g
    return is_sum_of_nonnegative_terms(growth(first, second) * D - end)


def shrink_is_at_least(factor) -> bool:
    """|Delta + t Delta f| at the middle, of norm D, against the start."""
    kept, spread = symbols("kept spread", nonnegative=True)
    end = kept * D - t * (K * D - e) + g  # the triangle inequality gives g
    start = spread * D
    return is_sum_of_nonnegative_terms(end * spread - factor(kept, spread) * start)


def step_1_the_step_is_two_half_steps():
    # Y = x + t f(Y) and x_1 = x + 2t f(Y) = Y + t f(Y).
    start, force = symbols("start force")
    middle = start + t * force
    assert expand((middle + t * force) - (start + 2 * t * force)) == 0


def step_2_growths_and_shrinks_of_the_halves_multiply():
    # The growths are those of row-wise-euler and backward-euler-comparison at t.
    assert half_steps_multiply(lambda first, second: first * second)
    assert shrink_is_at_least(lambda kept, spread: kept - t * K)


def step_3_early_steps_are_decided_at_the_logarithmic_norm():
    # (1 - t lambda) >= 0: the excess grows with the work.
    value = t * (t * (K**2 - mu**2) - 4 * (lam - mu))
    assert expand(excess(mu) - value) == 0
    assert early_steps_contract(4)


def step_4_late_steps_are_decided_at_the_norm():
    value = t * (K - mu + 2 * lam) * (t * (K + mu) - 2)
    assert expand(excess(-K) - value) == 0


def witness_the_scalar_field_attains_growth_and_shrink():
    z = t * (mu - lam)
    growth = (1 + z) / (1 - z)
    numerator = (1 - t * lam) ** 2 + 2 * t * (1 - t * lam) * mu + t**2 * mu**2
    assert cancel(numerator - (1 + z) ** 2) == 0
    assert cancel(growth - (1 + 2 * z / (1 - z))) == 0
    assert cancel((1 - t * (lam + K)) - (1 - t * lam - t * K)) == 0


def mutant_five_times_the_room():
    return early_steps_contract(5)


def mutant_the_backward_half_costs_nothing():
    return half_steps_multiply(lambda first, second: second)


def mutant_half_of_the_norm_is_lost():
    return shrink_is_at_least(lambda kept, spread: kept - t * K / 2)
