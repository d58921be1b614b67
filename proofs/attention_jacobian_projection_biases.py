r"""Theorem attention-jacobian-projection-biases.

With projection biases the Jacobian of multi-head attention is that of theorem
multi-head-jacobian with

$$a_i^h = A_h^T x_i + s\,W_K^h b_Q^h .$$

$b_K$ shifts the scores of a query by a constant and drops out of $P$ and of $J$; $b_V$
and $b_O$ are constant.
"""

from sympy import KroneckerDelta, exp

from stabcheck.fields import attention
from stabcheck.fields.notation import (
    W_K,
    W_O,
    W_Q,
    X,
    a,
    b_K,
    b_Q,
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
from stabcheck.symbolic import Tensor, indices, inlined, is_zero, rename, total

THEOREM = "attention-jacobian-projection-biases"

(j,), (b,) = indices("j", "token", n), indices("b", "feature", d)
P, W_V = Tensor("P", (h, i, k)), Tensor("W_V", (h, c, s))


def U(row, column):
    return total(W_V[h, column, s] * W_O[h, s, row], s)


def centred(key, feature):
    return X[key, feature] - total(P[h, i, l] * X[l, feature], l)


def covariance(key_bias=0):
    """The diagonal block; b_ik = A x_k + s W_Q b_K, in which b_K is constant in k."""
    key = total(W_K[h, c, r] * centred(k, c), c) + key_bias
    moved = total(U(a, c) * centred(k, c), c)
    slope = scale.symbol * total(W_Q[h, b, r] * key, r)
    return KroneckerDelta(i, j) * total(P[h, i, k] * moved * slope, k)


def is_the_jacobian(query_bias, covariance_block) -> bool:
    """Whether the formula with this bias in a_i is the derived Jacobian."""
    query = total(W_Q[h, c, r] * X[i, c], c) + query_bias
    slope = scale.symbol * total(W_K[h, b, r] * query, r)
    moved = total(U(a, c) * centred(j, c), c)
    head = P[h, i, j] * (U(a, b) + moved * slope) + covariance_block
    field = attention(heads=2, biases=True, bias=True, mask=True)
    derived = inlined(field.jacobian(), keep=frozenset("P"))
    return is_zero(derived - total(head, h), row_stochastic=("P",)).is_proved


def is_unmoved(shift) -> bool:
    """Whether adding this to the scores leaves the weights, two quotients, equal.

    The shift is written at the key l.
    """
    scores = Tensor("scores", (h, i, k))
    before, after = exp(scores[h, i, l]), exp(scores[h, i, l] + shift)
    at_key = {l: k}
    left = rename(after, at_key) * total(before, l)
    right = rename(before, at_key) * total(after, l)
    return is_zero(left - right).is_proved


def step_1_the_query_bias_enters_the_slope_and_no_other_bias_enters():
    assert is_the_jacobian(b_Q[h, r], covariance())


def step_2_a_key_bias_in_the_covariance_is_subtracted_with_the_mean():
    # Already the formula above has no b_K; putting it in changes nothing.
    assert is_the_jacobian(b_Q[h, r], covariance(key_bias=b_K[h, r]))


def step_3_what_is_constant_along_a_row_of_scores_leaves_the_weights():
    # s (W_Q^T x_i + b_Q).b_K does not depend on the key.
    query = total(W_Q[h, c, r] * X[i, c], c) + b_Q[h, r]
    shift = scale.symbol * total(query * b_K[h, r], r)
    constant = Tensor("constant", (h, i))
    assert is_unmoved(constant[h, i])
    assert is_unmoved(shift)


def mutant_the_query_bias_is_dropped():
    return is_the_jacobian(0, covariance())


def mutant_the_key_bias_enters_the_slope():
    return is_the_jacobian(b_Q[h, r] + b_K[h, r], covariance())


def mutant_a_bias_that_depends_on_the_key_leaves_the_weights():
    return is_unmoved(Tensor("bias", (i, k))[i, l])
