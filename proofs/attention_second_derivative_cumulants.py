r"""Theorem attention-second-derivative-cumulants.

For $f_i = E_i[u]$ with $p_{ik} \propto e^{s_{ik}}$, along two directions $v$, $w$ (dots
and primes; expectations, covariances and third central moments $\kappa_i$ under $p_i$),

$$f_i'^{\,\cdot} = E_i[\dot u'] + \mathrm{Cov}_i(\dot u, s') + \mathrm{Cov}_i(u',
\dot s) + \kappa_i(u, \dot s, s') + \mathrm{Cov}_i(u, \dot s'):$$

the derivative of a covariance is a third cumulant.  For attention, $u = Ux$ and $s_{ik}
= x_i^T A x_k$, so that with $\delta_v s_{ik} = v_i^T A x_k + x_i^T A v_k$

$$\mathrm d^2 f_i[v, w] = \mathrm{Cov}_i(Uv, \delta_w s) + \mathrm{Cov}_i(Uw, \delta_v
s) + \kappa_i(Ux, \delta_v s, \delta_w s) + \mathrm{Cov}_i(Ux, v_i^T A w_{\cdot} + w_i^T
A v_{\cdot}),$$

summed over heads.
"""

from functools import cache

from sympy import Add, S, Symbol

from stabcheck.fields import attention
from stabcheck.fields.notation import (
    W_K,
    W_O,
    W_Q,
    X,
    a,
    c,
    d,
    h,
    i,
    k,
    l,
    r,
    s,
    scale,
)
from stabcheck.symbolic import Tensor, indices, inlined, is_zero, total
from stabcheck.symbolic.proving.covariance_form import one_term_changed

THEOREM = "attention-second-derivative-cumulants"

(e,) = indices("e", "feature", d)
t = Symbol("t", real=True)
p = Tensor("P", (i, k))
u, u_v, u_w, u_vw = (Tensor(x, (k,)) for x in ("u", "u_v", "u_w", "u_vw"))
s_v, s_w, s_vw = (Tensor(x, (i, k)) for x in ("s_v", "s_w", "s_vw"))

P, W_V = Tensor("P", (h, i, k)), Tensor("W_V", (h, c, s))
V, W = Tensor("V", (i, a)), Tensor("V_1", (i, a))


def mean(value, weight):
    return total(weight(l) * value(l), l)


def central(weight, *values):
    """The central moment of some functions of the key."""
    product = weight(k)
    for value in values:
        product *= value(k) - mean(value, weight)
    return total(product, k)


def covariance(first, second, weight):
    """One factor centred is enough, and leaves no term that vanishes."""
    return total(weight(k) * first(k) * (second(k) - mean(second, weight)), k)


def third(first, second, other, weight):
    """The third central moment, with its first factor as it is."""
    raw = total(
        weight(k)
        * first(k)
        * (second(k) - mean(second, weight))
        * (other(k) - mean(other, weight)),
        k,
    )
    return raw - mean(first, weight) * covariance(second, other, weight)


def plain(key):
    return p[i, key]


def cumulants():
    """The general formula."""
    values = [lambda key, x=x: x[key] for x in (u, u_v, u_w, u_vw)]
    scores = [lambda key, x=x: x[i, key] for x in (s_v, s_w, s_vw)]
    (value, by_v, by_w, both), (score_v, score_w, score_both) = values, scores
    moved = covariance(by_v, score_w, plain) + covariance(by_w, score_v, plain)
    moved += third(value, score_v, score_w, plain)
    return mean(both, plain) + moved + covariance(value, score_both, plain)


def verdict(formula) -> str:
    """On whether a formula is the derivative along w of the derivative along v."""

    def weight(key):
        centre = mean(lambda other: s_w[i, other], plain)
        return p[i, key] * (1 + t * (s_w[i, key] - centre))

    def moved(at, change):
        return at + t * change

    rate = mean(lambda key: moved(u_v[key], u_vw[key]), weight) + central(
        weight,
        lambda key: moved(u[key], u_w[key]),
        lambda key: moved(s_v[i, key], s_vw[i, key]),
    )
    change = rate.diff(t).xreplace({t: S.Zero})
    return is_zero(change - formula, row_stochastic=("P",)).verdict


def cumulants_of_attention():
    """The four terms of one head of the formula for attention."""

    def weight(key):
        return P[h, i, key]

    def value(tensor):
        def at(key):
            mapped = total(W_V[h, c, s] * tensor[key, c], c)
            return total(W_O[h, s, a] * mapped, s)

        return at

    def score(query, keyed):
        def at(key):
            left = total(W_Q[h, c, r] * query[i, c], c)
            return scale.symbol * total(
                left * total(W_K[h, e, r] * keyed[key, e], e), r
            )

        return at

    def moved_score(direction):
        first, second = score(direction, X), score(X, direction)
        return lambda key: first(key) + second(key)

    def twice(key):
        return score(V, W)(key) + score(W, V)(key)

    by_v, by_w = moved_score(V), moved_score(W)
    return (
        covariance(value(V), by_w, weight),
        covariance(value(W), by_v, weight),
        third(value(X), by_v, by_w, weight),
        covariance(value(X), twice, weight),
    )


@cache
def derived(**options):
    """The second derivative of the declared field along V and V_1."""
    twice = attention(heads=2, **options).jvp().jvp()
    return inlined(twice, keep=frozenset("P"))


def is_the_second_derivative(formula, **options) -> bool:
    """Whether the sum of a formula over heads is the derived second derivative."""
    gap = derived(**options) - total(formula, h)
    return is_zero(gap, ("P",), counterexamples=False).is_proved


def step_1_the_derivative_of_a_covariance_is_a_third_cumulant():
    assert verdict(cumulants()) == "proved"


def step_2_centring_one_factor_is_enough():
    def one(key):
        return u[key]

    def two(key):
        return s_v[i, key]

    def other(key):
        return s_w[i, key]

    gap = central(plain, one, two) - covariance(one, two, plain)
    assert is_zero(gap, row_stochastic=("P",)).is_proved
    gap = central(plain, one, two, other) - third(one, two, other, plain)
    assert is_zero(gap, row_stochastic=("P",)).is_proved


def step_3_it_is_the_derived_second_derivative_of_attention():
    assert is_the_second_derivative(Add(*cumulants_of_attention()))


def step_4_masks_and_score_biases_enter_by_the_weights_only():
    formula = Add(*cumulants_of_attention())
    assert is_the_second_derivative(formula, causal=True, bias=True)


def mutant_some_term_of_the_cumulants_is_dropped_or_flipped():
    wrong = one_term_changed(cumulants())
    return any(verdict(formula) != "refuted" for formula in wrong)


def mutant_some_cumulant_of_attention_is_dropped_or_flipped():
    terms = cumulants_of_attention()
    whole = Add(*terms)
    wrong = [whole - factor * term for term in terms for factor in (1, 2)]
    return any(is_the_second_derivative(formula) for formula in wrong)
