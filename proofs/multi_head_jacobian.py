r"""Theorem multi-head-jacobian.

The Jacobian of multi-head attention is the sum over heads of the single-head one,

$$J_{ij} = \sum_h p^h_{ij}\,U_h\,(I + y^h_{ij} a_i^{hT}) + \delta_{ij}\,U_h C^h_i
A_h^T,$$

with $A_h = s\,W_Q^h W_K^{hT}$ and $U_h = (W_V^h W_O^h)^T$; with a mask or without.
"""

from sympy import KroneckerDelta

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
    n,
    r,
    s,
    scale,
)
from stabcheck.symbolic import Tensor, indices, inlined, is_zero, total

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


def step_1_the_jacobian_is_the_sum_of_the_heads():
    # H, n, d, d_k and d_v are symbols: heads=4 only fixes the shapes of a kernel.
    assert is_the_jacobian(mixing() + rank_one() + covariance())


def step_2_masks_and_score_biases_enter_by_the_weights_only():
    formula = mixing() + rank_one() + covariance()
    assert is_the_jacobian(formula, causal=True)
    assert is_the_jacobian(formula, mask=True, bias=True)
    assert is_the_jacobian(formula, bias="head")


def mutant_the_covariance_term_is_dropped():
    return is_the_jacobian(mixing() + rank_one())


def mutant_the_value_map_is_not_transposed():
    wrong = P[h, i, j] * U(b, a)
    return is_the_jacobian(wrong + rank_one() + covariance())


def mutant_the_scale_enters_twice():
    scaled = scale.symbol * (rank_one() + covariance())
    return is_the_jacobian(mixing() + scaled)
