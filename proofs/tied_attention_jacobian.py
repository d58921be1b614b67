r"""Theorem tied-attention-jacobian.

Attention whose values are its keys, brought back by $-\kappa s W_Q^T$, is attention
with $V_h = -\kappa A_h^T$, $A_h = s W_Q^h W_K^{hT}$:

$$F_i = -\kappa \sum_h \sum_k P^h_{ik} A_h x_k .$$

Its Jacobian is the covariance form with $u_k = -\kappa A x_k$, $D_k = -\kappa A$,
$a_{ij} = A^T x_i$, $b_{ij} = A x_j$ for each head, so that a token's own logits enter
by a negative semidefinite matrix:

$$v^T \Bigl(\sum_k p_{ik}\,(u_k - m_i)\,b_{ik}^T\Bigr) v = -\kappa\,\mathrm{Var}_i(v
\cdot A x_k).$$

With doubly stochastic weights the Jacobian is that of the theorem
sinkhorn-attention-jacobian with these values; with queries for keys, $A = s W W^T$,
logits and values come from one matrix.
"""

from functools import cache

from sympy import KroneckerDelta, S

from stabcheck.fields import attention
from stabcheck.fields.heads import kappa
from stabcheck.fields.notation import W_K, W_Q, a, c, d, h, i, k, l, n, r, scale
from stabcheck.symbolic import Tensor, indices, inlined, is_zero, total
from stabcheck.symbolic.proving.covariance_form import covariance_form, one_term_changed
from stabcheck.symbolic.sinkhorn import Projected

THEOREM = "tied-attention-jacobian"

(j, p), (b,) = indices("j p", "token", n), indices("b", "feature", d)
P, q, key_of = Tensor("P", (h, i, k)), Tensor("q", (h, i, r)), Tensor("k", (h, k, r))
s, back = scale.symbol, -kappa.symbol * scale.symbol
weight, image, v = Tensor("P", (i, k)), Tensor("y", (k, a)), Tensor("v", (a,))


@cache
def derived(**options):
    """The derived Jacobian in the weights, queries and keys by name."""
    jacobian = attention(heads=2, **options).jacobian()
    return inlined(jacobian, keep=frozenset("Pqk"))


def values(at, feature, own=key_of):
    """-kappa A x_k of one head."""
    return back * total(own[h, at, r] * W_Q[h, feature, r], r)


def value_slope(other):
    """-kappa A of one head."""
    return back * total(W_Q[h, a, r] * other[h, b, r], r)


def block(sign=1):
    """One head of the covariance form."""
    return covariance_form(
        i,
        j,
        weight=lambda at: P[h, i, at],
        value=lambda at: values(at, a),
        value_slope=lambda at: value_slope(W_K),
        by_key=lambda at: s * total(q[h, i, r] * W_K[h, b, r], r),
        by_query=lambda at: sign * s * total(key_of[h, at, r] * W_Q[h, b, r], r),
    )


def is_the_jacobian(head, **options) -> bool:
    """Whether the sum of a formula over heads is the derived Jacobian."""
    return is_zero(derived(**options) - total(head, h), ("P",)).is_proved


def score_slope(keys, matrix):
    """The slope of s_pl by x_j for some keys and their matrix."""
    own = KroneckerDelta(p, j) * total(W_Q[h, b, r] * keys[h, l, r], r)
    other = KroneckerDelta(l, j) * total(matrix[h, b, r] * q[h, p, r], r)
    return s * (own + other)


def stochastic(slope, keys, matrix):
    """One head with doubly stochastic weights."""
    change = Projected(i, k, p, l, P[h, p, l], P[h, p, l] * slope)
    moved = total(change * values(k, a, keys), k)
    return P[h, i, j] * value_slope(matrix) + moved


def is_minus_a_variance(sign) -> bool:
    """Whether the own block, with u = -y and b = y, has the form sign Var(v.y)."""

    def mean(at, entry):
        return total(weight[i, at] * entry(at), at)

    def seen(at):
        return total(v[a] * image[at, a], a)

    centred = -total(v[a] * image[k, a], a) + mean(l, seen)
    form = total(weight[i, k] * centred * total(v[c] * image[k, c], c), k)
    square = total(v[a] * image[k, a], a) * total(v[c] * image[k, c], c)
    variance = total(weight[i, k] * square, k) - mean(k, seen) * mean(l, seen)
    return is_zero(form - sign * variance, ("P",)).is_proved


def step_1_the_jacobian_is_the_covariance_form():
    assert is_the_jacobian(block(), tie="negative")
    assert is_the_jacobian(block(), tie="negative", causal=True)


def step_2_the_own_logits_enter_by_minus_a_variance():
    assert is_minus_a_variance(-1)


def step_3_with_doubly_stochastic_weights_the_values_are_these():
    head = stochastic(score_slope(key_of, W_K), key_of, W_K)
    assert is_the_jacobian(head, weights="sinkhorn", tie="negative")


def step_4_queries_for_keys_leave_one_matrix():
    head = stochastic(score_slope(q, W_Q), q, W_Q)
    assert is_the_jacobian(head, weights="sinkhorn", tie="gram")


def mutant_the_own_logits_enter_with_the_other_sign():
    return is_the_jacobian(block(sign=-1), tie="negative")


def mutant_they_enter_by_a_variance():
    return is_minus_a_variance(1)


def mutant_some_term_of_the_score_slope_is_dropped_or_flipped():
    # Converged weights have no value at a rational point: refused, not refuted.
    return any(
        is_the_jacobian(stochastic(wrong, q, W_Q), weights="sinkhorn", tie="gram")
        for wrong in one_term_changed(score_slope(q, W_Q))
    )


def mutant_the_weights_are_constant():
    return is_the_jacobian(stochastic(S.Zero, q, W_Q), weights="sinkhorn", tie="gram")
