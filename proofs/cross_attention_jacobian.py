r"""Theorem cross-attention-jacobian.

Attention to a context $Y$ has the block diagonal Jacobian

$$J_{ij} = \delta_{ij} \sum_h U_h\,C_i^h\,A_h^T,\qquad C_i^h = \sum_k p^h_{ik}\,(y_k -
m_i)(y_k - m_i)^T,\quad m_i = \sum_k p^h_{ik} y_k,$$

$U_h = (W_V^h W_O^h)^T$, $A_h = s\,W_Q^h W_K^{hT}$; no bias enters but through $P$.
"""

from functools import cache

from sympy import KroneckerDelta

from stabcheck.fields import cross_attention
from stabcheck.fields.cross import W_K, W_V, Y
from stabcheck.fields.notation import (
    W_O,
    W_Q,
    a,
    d,
    d_c,
    e,
    h,
    i,
    k_c,
    l_c,
    n,
    r,
    s,
    scale,
)
from stabcheck.symbolic import Tensor, indices, inlined, is_zero, total
from stabcheck.symbolic.proving.covariance_form import one_term_changed

THEOREM = "cross-attention-jacobian"

(j,), (b,), (p,) = (
    indices("j", "token", n),
    indices("b", "feature", d),
    indices("p", "feature", d_c),
)
P = Tensor("P", (h, i, k_c))


def centred(feature):
    return Y[k_c, feature] - total(P[h, i, l_c] * Y[l_c, feature], l_c)


def form(key_side):
    """One head with the key side of its covariance, centred or as it is."""
    U = total(W_V[h, e, s] * W_O[h, s, a], s)
    A = scale.symbol * total(W_Q[h, b, r] * W_K[h, p, r], r)
    moved = total(U * centred(e), e) * total(A * key_side(p), p)
    return KroneckerDelta(i, j) * total(P[h, i, k_c] * moved, k_c)


def half_centred():
    """The same number with no term too many: one mean is enough."""
    return form(lambda feature: Y[k_c, feature])


@cache
def derived(**options):
    """The derived Jacobian in the weights by name."""
    return inlined(cross_attention(heads=2, **options).jacobian(), frozenset("P"))


def verdict(head, **options) -> str:
    """On whether the sum of a head's block over heads is the derived Jacobian."""
    gap = derived(**options) - total(head, h)
    return is_zero(gap, row_stochastic=("P",)).verdict


def step_1_the_jacobian_is_block_diagonal_with_covariances_of_the_context():
    assert verdict(form(centred)) == "proved"
    assert verdict(half_centred()) == "proved"


def step_2_a_mask_and_biases_enter_by_the_weights_only():
    assert verdict(form(centred), mask=True, biases=True) == "proved"


def mutant_some_term_of_the_block_is_dropped_or_flipped():
    wrong = one_term_changed(half_centred())
    return any(verdict(head) != "refuted" for head in wrong)


def mutant_tokens_are_coupled():
    return verdict(form(centred).xreplace({KroneckerDelta(i, j): 1})) != "refuted"
