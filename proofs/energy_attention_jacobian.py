r"""Theorem energy-attention-jacobian.

Energy attention is the gradient of $\sum_h s^{-1} \sum_i \log \sum_k e^{s\,q_i \cdot
k_k}$, so its Jacobian is symmetric, $J_{ia,jb} = J_{jb,ia}$: a normal matrix, with
real eigenvalues and no transient growth.  With $\kappa_j = W_Q k_j$, $\theta_i = W_K
q_i$ and $\bar\kappa_i = \sum_k p_{ik} \kappa_k$,

$$J_{ij} = \sum_h p_{ij} W_Q W_K^T + p_{ji} W_K W_Q^T + s\,\bigl(p_{ij} (\kappa_j -
\bar\kappa_i)\,\theta_i^T + p_{ji}\,\theta_j (\kappa_i - \bar\kappa_j)^T\bigr) +
s\,\delta_{ij} \sum_k p_{ik} (\kappa_k - \bar\kappa_i) \kappa_k^T + s \sum_m p_{mi}
(\delta_{ij} - p_{mj})\,\theta_m \theta_m^T .$$
"""

from functools import cache

from sympy import IndexedBase, KroneckerDelta, exp, log

from stabcheck.fields import energy_attention
from stabcheck.fields.notation import (
    W_K,
    W_Q,
    X,
    a,
    c,
    d,
    h,
    i,
    k,
    l,
    n,
    r,
    scale,
)
from stabcheck.symbolic import (
    Tensor,
    contract,
    indices,
    inlined,
    is_zero,
    rename,
    total,
)
from stabcheck.symbolic.proving.covariance_form import one_term_changed

THEOREM = "energy-attention-jacobian"

(j, m), (b,) = indices("j m", "token", n), indices("b", "feature", d)
P, q = Tensor("P", (h, i, k)), Tensor("q", (h, i, r))
key_of = Tensor("k", (h, k, r))


def kappa(token, feature):
    return total(W_Q[h, feature, r] * key_of[h, token, r], r)


def theta(token, feature):
    return total(W_K[h, feature, r] * q[h, token, r], r)


def centred(token, query, feature):
    mean = total(P[h, query, l] * kappa(l, feature), l)
    return kappa(token, feature) - mean


def head():
    """One head of the statement."""
    mixing = P[h, i, j] * total(W_Q[h, a, r] * W_K[h, b, r], r)
    mixing += P[h, j, i] * total(W_K[h, a, r] * W_Q[h, b, r], r)
    drawn = P[h, i, j] * centred(j, i, a) * theta(i, b)
    followed = P[h, j, i] * theta(j, a) * centred(i, j, b)
    own = total(P[h, i, k] * centred(k, i, a) * kappa(k, b), k)
    others = theta(m, a) * theta(m, b) * (KroneckerDelta(i, j) - P[h, m, j])
    rest = KroneckerDelta(i, j) * own + total(P[h, m, i] * others, m)
    return mixing + scale.symbol * (drawn + followed + rest)


@cache
def derived(**options):
    """The derived Jacobian in the weights, queries and keys by name."""
    jacobian = energy_attention(heads=2, **options).jacobian()
    return inlined(jacobian, keep=frozenset("Pqk"))


def verdict(formula, **options) -> str:
    """On whether the sum of a formula over heads is the derived Jacobian."""
    gap = derived(**options) - total(formula, h)
    return is_zero(gap, row_stochastic=("P",)).verdict


def is_the_gradient(factor) -> bool:
    """Whether the field is the slope of so many log-sum-exps."""
    query = total(W_Q[h, c, r] * X[i, c], c)
    logits = scale.symbol * total(query * W_K[h, a, r] * X[k, a], r, a)
    energy = total(log(total(exp(logits), k)) / scale.symbol, h, i)
    slope = energy.diff(IndexedBase("X")[j, b])
    field = rename(inlined(energy_attention(heads=2)), {i: j, a: b})
    return is_zero(field - factor * contract(slope)).is_proved


def step_1_the_field_is_the_gradient_of_its_energy():
    assert is_the_gradient(1)


def step_2_the_derived_jacobian_is_symmetric():
    turned = rename(derived(), {i: j, j: i, a: b, b: a})
    gap = derived() - turned
    assert is_zero(gap, row_stochastic=("P",)).is_proved


def step_3_it_is_the_formula():
    assert verdict(head()) == "proved"


def step_4_a_mask_enters_by_the_weights_only():
    assert verdict(head(), causal=True, mask=True) == "proved"


def mutant_some_term_of_the_formula_is_dropped_or_flipped():
    wrong = one_term_changed(head())
    return any(verdict(formula) != "refuted" for formula in wrong)


def mutant_the_field_is_half_the_gradient():
    return is_the_gradient(2)
