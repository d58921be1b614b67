r"""Theorem multi-head-jacobian.

The Jacobian of multi-head attention is the sum over heads of the single-head one,

$$J_{ij} = \sum_h p^h_{ij}\,U_h\,(I + y^h_{ij} a_i^{hT}) + \delta_{ij}\,U_h C^h_i
A_h^T,$$

with $A_h = s\,W_Q^h W_K^{hT}$ and $U_h = (W_V^h W_O^h)^T$; with a mask or without, with
any additive score bias, such as a penalty on distance (ALiBi).  Heads of queries that
share keys and values (grouped-query, multi-query) have $A_{gt} = s\,W_Q^{gt} W_K^{gT}$
and $U_{gt} = (W_V^g W_O^{gt})^T$.
"""

from sympy import KroneckerDelta

from stabcheck.fields import attention
from stabcheck.fields.heads import group, heads_of, member
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
    n,
    r,
    s,
    scale,
)
from stabcheck.symbolic import Tensor, indices, inlined, is_zero, total
from stabcheck.symbolic.proving.covariance_form import covariance_form

THEOREM = "multi-head-jacobian"

(j,), (b, e) = indices("j", "token", n), indices("b e", "feature", d)
P, W_V = Tensor("P", (h, i, k)), Tensor("W_V", (h, c, s))


def U(row, column):
    return total(W_V[h, column, s] * W_O[h, s, row], s)


def A(row, column):
    return scale.symbol * total(W_Q[h, row, r] * W_K[h, column, r], r)


def centred(key, feature):
    return X[key, feature] - total(P[h, i, l] * X[l, feature], l)


def mixing():
    return P[h, i, j] * U(a, b)


def rank_one():
    slope = total(X[i, c] * A(c, b), c)
    return P[h, i, j] * total(U(a, c) * centred(j, c), c) * slope


def covariance():
    moved = total(U(a, c) * centred(k, c), c) * total(A(b, c) * centred(k, c), c)
    return KroneckerDelta(i, j) * total(P[h, i, k] * moved, k)


def is_the_jacobian(head, **options) -> bool:
    """Whether the sum of a head's formula is the derived Jacobian, for all sizes."""
    field = attention(heads=4, **options)
    derived = inlined(field.jacobian(), keep=frozenset("P"))
    return is_zero(derived - total(head, h), row_stochastic=("P",)).is_proved


def grouped():
    """One head of queries of a group that shares keys and values."""
    heads = heads_of(heads=4, groups=2, rotary=False, output=True)
    own_Q, shared_K, shared_V, own_O = heads.parameters[:4]
    weights, (own, shared) = Tensor("P", (*heads.query, i, k)), (heads.query, heads.key)

    def values(feature):
        return total(shared_V[(*shared, feature, s)] * own_O[(*own, s, a)], s)

    def keyed(key, feature):
        query = total(own_Q[(*own, c, r)] * X[i, c], c)
        return scale.symbol * total(query * shared_K[(*shared, feature, r)], r)

    def queried(key, feature):
        token = total(shared_K[(*shared, c, r)] * X[key, c], c)
        return scale.symbol * total(token * own_Q[(*own, feature, r)], r)

    return covariance_form(
        i,
        j,
        weight=lambda key: weights[(*own, i, key)],
        value=lambda key: total(values(c) * X[key, c], c),
        value_slope=lambda key: values(b),
        by_key=lambda key: keyed(key, b),
        by_query=lambda key: queried(key, b),
    )


def is_the_grouped_jacobian(head) -> bool:
    """Whether the sum of a formula over heads of queries is the derived Jacobian."""
    for groups in (1, 2):
        derived = inlined(attention(heads=4, groups=groups).jacobian(), frozenset("P"))
        if not is_zero(derived - total(head, group, member), ("P",)).is_proved:
            return False
    return True


def step_1_the_jacobian_is_the_sum_of_the_heads():
    # H, n, d, d_k and d_v are symbols: heads=4 only fixes the shapes of a kernel.
    assert is_the_jacobian(mixing() + rank_one() + covariance())


def step_2_masks_and_score_biases_enter_by_the_weights_only():
    formula = mixing() + rank_one() + covariance()
    assert is_the_jacobian(formula, causal=True)
    assert is_the_jacobian(formula, mask=True, bias=True)
    assert is_the_jacobian(formula, bias="head")
    assert is_the_jacobian(formula, causal=True, window=4, alibi=True)


def step_3_heads_of_a_group_share_their_keys_and_values():
    assert is_the_grouped_jacobian(grouped())


def mutant_the_covariance_term_is_dropped():
    return is_the_jacobian(mixing() + rank_one())


def mutant_the_value_map_is_not_transposed():
    wrong = P[h, i, j] * U(b, a)
    return is_the_jacobian(wrong + rank_one() + covariance())


def mutant_the_scale_enters_twice():
    scaled = scale.symbol * (rank_one() + covariance())
    return is_the_jacobian(mixing() + scaled)


def mutant_a_group_is_counted_once():
    return is_the_grouped_jacobian(grouped() / member.size)
