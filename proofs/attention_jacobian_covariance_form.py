r"""Theorem attention-jacobian-covariance-form.

For weights $p_{ik} \propto e^{s_{ik}}$ and $f_i = \sum_k p_{ik}\,u_k$, along any
direction

$$\mathrm d f_i = E_i[\dot u] + \mathrm{Cov}_i(u, \dot s_i),$$

expectation and covariance under $p_i$: the derivative of a mean is the mean of the
derivative plus a covariance.  Where $u_k$ depends on $x_k$ and $s_{ik}$ on $x_i$ and
$x_k$, with $D_k = \partial u_k/\partial x_k$, $a_{ik} = \partial s_{ik}/\partial x_k$,
$b_{ik} = \partial s_{ik}/\partial x_i$ arbitrary,

$$J_{ij} = p_{ij}\,\bigl(D_j + (u_j - m_i)\,a_{ij}^T\bigr) + \delta_{ij} \sum_k
p_{ik}\,(u_k - m_i)\,b_{ik}^T,\qquad m_i = \sum_k p_{ik} u_k .$$

The block form also holds with a sink, whose weights sum to less than one.
"""

from sympy import S, Symbol

from stabcheck.fields.notation import a, d, i, k, l, n
from stabcheck.symbolic import Softmax, Tensor, indices, is_zero, total
from stabcheck.symbolic.proving.covariance_form import covariance_form, one_term_changed

THEOREM = "attention-jacobian-covariance-form"

(j,), (b,) = indices("j", "token", n), indices("b", "feature", d)
s, s_dot = Tensor("s", (i, k)), Tensor("s_dot", (i, k))
u, u_dot = Tensor("u", (k,)), Tensor("u_dot", (k,))
M, P, t = Tensor("M", (i, k)), Tensor("P", (i, k)), Symbol("t", real=True)

values, slopes = Tensor("u", (k, a)), Tensor("D", (k, a, b))
key_slopes, query_slopes = Tensor("a", (i, k, b)), Tensor("b", (i, k, b))
V = Tensor("V", (i, b))


def mean(value):
    """The expectation of a function of the key under p_i."""
    return total(P[i, l] * value(l), l)


def weight_change(centre):
    """The derivative of p_ik, with a mean of the moved scores to subtract."""
    return P[i, k] * (s_dot[i, k] - centre)


def is_the_softmax_derivative(centred: bool, sink=S.NegativeInfinity) -> bool:
    """Whether d p_k = p_k (ds_k - E ds) is the derivative of the exponentials."""
    moved = Softmax(k, l, s[i, l] + t * s_dot[i, l], M[i, l], sink)
    weights = Softmax(k, l, s[i, l], M[i, l], sink)
    quotient = moved.as_quotient().diff(t).xreplace({t: S.Zero})
    centre = total(weights.at_index(j) * s_dot[i, j], j) if centred else 0
    return is_zero(quotient - weights * (s_dot[i, k] - centre)).is_proved


def is_the_derivative_of_the_mean(formula) -> bool:
    """Whether a formula is the change of the sum of p_k u_k, all n at once."""
    change = weight_change(mean(lambda key: s_dot[i, key]))
    derivative = total(change * u[k] + P[i, k] * u_dot[k], k)
    return is_zero(derivative - formula, row_stochastic=("P",)).is_proved


def covariance(first, second):
    one = first(k) - mean(first)
    two = second(k) - mean(second)
    return total(P[i, k] * one * two, k)


def block():
    """The block form, for any values and any scores."""
    return covariance_form(
        i,
        j,
        weight=lambda key: P[i, key],
        value=lambda key: values[key, a],
        value_slope=lambda key: slopes[key, a, b],
        by_key=lambda key: key_slopes[i, key, b],
        by_query=lambda key: query_slopes[i, key, b],
    )


def verdict(formula) -> str:
    """On whether a block applied to any direction V is the derivative along V."""

    def moved_score(key):
        own = total(query_slopes[i, key, b] * V[i, b], b)
        return own + total(key_slopes[i, key, b] * V[key, b], b)

    moved_value = total(slopes[k, a, b] * V[k, b], b)
    change = P[i, k] * (moved_score(k) - mean(moved_score))
    derivative = total(change * values[k, a] + P[i, k] * moved_value, k)
    applied = total(formula * V[j, b], j, b)
    return is_zero(derivative - applied).verdict


def step_1_the_softmax_derivative_follows_from_the_exponentials():
    assert is_the_softmax_derivative(centred=True)
    assert is_the_softmax_derivative(centred=True, sink=Tensor("sink", (i,))[i])


def step_2_the_derivative_of_a_mean_is_a_mean_plus_a_covariance():
    moved = covariance(lambda key: u[key], lambda key: s_dot[i, key])
    assert is_the_derivative_of_the_mean(mean(lambda key: u_dot[key]) + moved)


def step_3_what_does_not_depend_on_the_key_drops_out():
    # So the part of a score's derivative that is constant in k may be left out.
    constant = Tensor("constant", (i,))
    gap = covariance(lambda key: u[key], lambda key: constant[i])
    assert is_zero(gap, row_stochastic=("P",)).is_proved


def step_4_the_block_form_is_the_derivative_of_the_mean_for_any_scores():
    # That the weights sum to one is not used: with a sink they need not.
    assert verdict(block()) == "proved"


def mutant_the_softmax_derivative_is_not_centred():
    return is_the_softmax_derivative(centred=False)


def mutant_the_second_moment_replaces_the_covariance():
    raw = total(P[i, k] * u[k] * s_dot[i, k], k)
    return is_the_derivative_of_the_mean(mean(lambda key: u_dot[key]) + raw)


def mutant_the_covariance_counts_half():
    moved = covariance(lambda key: u[key], lambda key: s_dot[i, key])
    return is_the_derivative_of_the_mean(mean(lambda key: u_dot[key]) + moved / 2)


def mutant_some_term_of_the_block_is_dropped_or_flipped():
    # Each is refuted by a rational counterexample, none merely left unproven.
    wrong = one_term_changed(block())
    return any(verdict(formula) != "refuted" for formula in wrong)
