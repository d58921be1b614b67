r"""Theorem backward-euler-comparison.

Let $f = -\lambda x + F$ with a logarithmic norm $\mu(F') \le \mu$ of some norm, and
$\|F'\| \le K$, on a convex set.  A backward Euler step with $1 + h\lambda - h\mu > 0$
has the growth $1/(1 + h\lambda - h\mu)$ and the shrink $1/(1 + h\lambda + hK)$.  Where
F is given everywhere the step exists and is the only one.

$\Delta_0 = \Delta_1 - h\Delta f$; write $V = \|\Delta_1\|$.
"""

from sympy import expand, symbols

from stabcheck.theorems.algebra import is_sum_of_nonnegative_terms

THEOREM = "backward-euler-comparison"

V, h, K, lam, e, g = symbols("V h K lambda e g", nonnegative=True)
mu = symbols("mu", real=True)


def start_is_at_least(factor) -> bool:
    """Whether X = |v - hJv| >= factor V: step 1 gives X = V - h mu V + g."""
    return is_sum_of_nonnegative_terms(V - h * mu * V + g - factor * V)


def start_is_at_most(factor) -> bool:
    """Whether |Delta_1 + h lambda Delta_1 - h Delta F| <= factor V."""
    start = V + h * lam * V + h * (K * V - g) - e
    return is_sum_of_nonnegative_terms(factor * V - start)


def step_1_the_definition_of_the_logarithmic_norm_bounds_the_start():
    # |v + eps Jv| = |(1 + eps/h) v - (eps/h)(v - hJv)| is at least (1 + eps/h) V -
    # (eps/h) X, and at most (1 + eps mu) V up to what vanishes faster than eps.
    eps, X = symbols("eps X", positive=True)
    room = (1 + eps * mu) * V - ((1 + eps / h) * V - (eps / h) * X)
    assert expand(room * h / eps - (X - (V - h * mu * V))) == 0
    assert start_is_at_least(1 - h * mu)


def step_2_the_leak_adds_to_the_logarithmic_norm():
    # mu(-lambda I + J) = mu(J) - lambda: |v + eps(J - lambda)v| with eps' = eps/(1 -
    # eps lambda) is (1 - eps lambda)|v + eps' Jv|.  On a convex set the mean value
    # theorem gives Delta f = J Delta with a mean J, whose mu is at most mu: mu is
    # convex.  The map Y - hf(Y) is injective with closed image, open by invariance of
    # domain, hence onto: the step exists.
    eps = symbols("eps", positive=True)
    scaled = (1 - eps * lam) * (1 + eps / (1 - eps * lam) * mu)
    assert expand((scaled - (1 + eps * (mu - lam))).simplify()) == 0


def step_3_the_norm_bounds_the_start_from_above():
    assert start_is_at_most(1 + h * lam + h * K)


def witness_dilation_and_contraction_attain_both():
    # F = mu x with mu = K, and F = -K x.
    grown = 1 / (1 + h * lam - h * mu)
    assert (grown - (1 + h * (mu - lam) * grown)).simplify() == 0
    kept = 1 / (1 + h * lam + h * K)
    assert (kept - (1 - h * (lam + K) * kept)).simplify() == 0


def mutant_half_of_the_logarithmic_norm():
    return start_is_at_least(1 - h * mu / 2)


def mutant_the_leak_alone_bounds_the_start():
    return start_is_at_most(1 + h * lam)


def mutant_half_of_the_norm():
    return start_is_at_most(1 + h * lam + h * K / 2)
