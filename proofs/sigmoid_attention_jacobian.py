r"""Theorem sigmoid-attention-jacobian.

With weights $\sigma_{ij} = M_{ij}\,\sigma(s_{ij} - b)$ that are not normalised,
$s_{ij} = x_i^T A x_j$,

$$J_{ij} = \sigma_{ij} U + \sigma'_{ij}\,U x_j a_i^T + \delta_{ij} \sum_k \sigma'_{ik}\,
U x_k (A x_k)^T,\qquad \sigma' = M\,\sigma(1 - \sigma),$$

$a_i = A^T x_i$, $A = s\,W_Q W_K^T$, summed over heads: raw second moments, no mean is
subtracted, and biases of keys and values enter, $x_k$ standing for $v_k$ and $k_k$.
"""

from functools import cache

from sympy import KroneckerDelta

from stabcheck.fields import attention
from stabcheck.fields.notation import (
    W_K,
    W_O,
    W_Q,
    a,
    c,
    d,
    h,
    i,
    k,
    mask_tensor,
    n,
    r,
    s,
    scale,
)
from stabcheck.fields.weights import offset
from stabcheck.symbolic import Tensor, indices, inlined, is_zero, total
from stabcheck.symbolic.functions import sigmoid
from stabcheck.symbolic.proving.covariance_form import one_term_changed

THEOREM = "sigmoid-attention-jacobian"

(j,), (b,) = indices("j", "token", n), indices("b", "feature", d)
W_V, v = Tensor("W_V", (h, c, s)), Tensor("v", (h, k, s))
q, key_of = Tensor("q", (h, i, r)), Tensor("k", (h, k, r))
score = Tensor("s", (h, i, k))


def weight(key, masked=False):
    sees = mask_tensor[i, key] if masked else 1
    return sees * sigmoid(score[h, i, key] - offset.symbol)


def slope(key, masked):
    return weight(key, masked) * (1 - weight(key))


def value(key):
    return total(v[h, key, s] * W_O[h, s, a], s)


def block(masked=False):
    """One head of the statement."""
    dense = weight(j, masked) * total(W_V[h, b, s] * W_O[h, s, a], s)
    by_key = scale.symbol * total(q[h, i, r] * W_K[h, b, r], r)
    by_query = scale.symbol * total(key_of[h, k, r] * W_Q[h, b, r], r)
    own = total(slope(k, masked) * value(k) * by_query, k)
    return dense + slope(j, masked) * value(j) * by_key + KroneckerDelta(i, j) * own


@cache
def derived(**options):
    """The derived Jacobian in the scores, queries, keys and values by name."""
    jacobian = attention(heads=2, weights="sigmoid", **options).jacobian()
    return inlined(jacobian, keep=frozenset("sqkv"))


def verdict(head, **options) -> str:
    """On whether the sum of a head's block over heads is the derived Jacobian."""
    return is_zero(derived(**options) - total(head, h)).verdict


def step_1_the_jacobian_is_the_formula_with_raw_moments():
    assert verdict(block()) == "proved"


def step_2_a_mask_multiplies_the_weights_and_their_slopes():
    assert verdict(block(masked=True), mask=True) == "proved"


def step_3_biases_enter_by_the_keys_and_values():
    assert verdict(block(), biases=True) == "proved"


def mutant_some_term_of_the_block_is_dropped_or_flipped():
    return any(verdict(head) != "refuted" for head in one_term_changed(block()))
