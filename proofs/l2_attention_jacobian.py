r"""Theorem l2-attention-jacobian.

With scores by distance, $s_{ij} = -s\,|q_i - k_j|^2$, the Jacobian has the covariance
form of theorem attention-jacobian-covariance-form with

$$a_{ij} = 2s\,W_K\,(q_i - k_j),\qquad b_{ij} = 2s\,W_Q\,k_j,$$

summed over heads; the part $-2s\,W_Q q_i$ of $b_{ij}$ does not depend on the key and
drops out.  So the diagonal term is $2s\,U C_i W_K W_Q^T$.
"""

from functools import cache

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
from stabcheck.symbolic.proving.covariance_form import covariance_form, one_term_changed

THEOREM = "l2-attention-jacobian"

(j,), (b,) = indices("j", "token", n), indices("b", "feature", d)
P, W_V, v = Tensor("P", (h, i, k)), Tensor("W_V", (h, c, s)), Tensor("v", (h, k, s))
q, key_of = Tensor("q", (h, i, r)), Tensor("k", (h, k, r))


def block(query_part=0):
    """One head of the statement, with a part of b that is constant in the key."""
    return covariance_form(
        i,
        j,
        weight=lambda key: P[h, i, key],
        value=lambda key: total(v[h, key, s] * W_O[h, s, a], s),
        value_slope=lambda key: total(W_V[h, b, s] * W_O[h, s, a], s),
        by_key=lambda key: (
            2 * scale.symbol * total(W_K[h, b, r] * (q[h, i, r] - key_of[h, key, r]), r)
        ),
        by_query=lambda key: (
            2 * scale.symbol * total(W_Q[h, b, r] * (key_of[h, key, r] + query_part), r)
        ),
    )


@cache
def derived(kept="Pqkv", **options):
    """The derived Jacobian in some definitions by name."""
    jacobian = attention(heads=2, score="l2", **options).jacobian()
    return inlined(jacobian, keep=frozenset(kept))


def verdict(head, **options) -> str:
    """On whether the sum of a head's block over heads is the derived Jacobian."""
    gap = derived(**options) - total(head, h)
    return is_zero(gap, row_stochastic=("P",)).verdict


def is_the_diagonal_term(factor) -> bool:
    """Whether the term with delta is this multiple of s U C W_K W_Q^T."""

    def centred(key, feature):
        return X[key, feature] - total(P[h, i, l] * X[l, feature], l)

    def U(row, column):
        return total(W_V[h, column, s] * W_O[h, s, row], s)

    moved = total(U(a, c) * centred(k, c), c)
    keyed = total(W_Q[h, b, r] * total(W_K[h, c, r] * centred(k, c), c), r)
    covariance = factor * scale.symbol * total(P[h, i, k] * moved * keyed, k)
    slope = total(W_K[h, b, r] * total(W_Q[h, c, r] * X[i, c], c), r)
    slope -= total(W_K[h, b, r] * total(W_K[h, c, r] * X[j, c], c), r)
    dense = U(a, b) + 2 * scale.symbol * total(U(a, c) * centred(j, c), c) * slope
    head = P[h, i, j] * dense + KroneckerDelta(i, j) * covariance
    return verdict(head, kept="P") == "proved"


def step_1_the_jacobian_has_the_covariance_form_with_slopes_of_the_distance():
    assert verdict(block()) == "proved"


def step_2_the_part_of_the_slope_that_is_constant_in_the_key_drops_out():
    assert verdict(block(query_part=-q[h, i, r])) == "proved"


def step_3_masks_and_score_biases_enter_by_the_weights_only():
    assert verdict(block(), causal=True, bias=True) == "proved"


def step_4_the_diagonal_term_is_a_covariance_of_tokens():
    assert is_the_diagonal_term(2)


def mutant_some_term_of_the_block_is_dropped_or_flipped():
    return any(verdict(head) != "refuted" for head in one_term_changed(block()))


def mutant_the_diagonal_term_counts_half():
    return is_the_diagonal_term(1)
