r"""Theorem soft-cap-attention-jacobian.

With logits kept below $c$, $\hat s_{ij} = c \tanh(s_{ij}/c)$ and $s_{ij} = x_i^T A
x_j$, the Jacobian has the covariance form of theorem
attention-jacobian-covariance-form with

$$a_{ij} = \tau_{ij} A^T x_i,\qquad b_{ij} = \tau_{ij} A x_j,\qquad \tau_{ij} = 1 -
\tanh^2(s_{ij}/c) \in (0, 1],$$

$A = s\,W_Q W_K^T$, summed over heads.  As $\tau$ depends on the key, the diagonal term
is $\mathrm{Cov}_i(u, \tau_i\,Ax)$, not $U C_i A^T$.
"""

from functools import cache

from sympy import cosh, symbols, tanh

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
    n,
    r,
    s,
    scale,
)
from stabcheck.fields.scores import cap
from stabcheck.symbolic import Tensor, indices, inlined, is_zero, total
from stabcheck.symbolic.proving.covariance_form import covariance_form, one_term_changed

THEOREM = "soft-cap-attention-jacobian"

(j,), (b,) = indices("j", "token", n), indices("b", "feature", d)
P, W_V, v = Tensor("P", (h, i, k)), Tensor("W_V", (h, c, s)), Tensor("v", (h, k, s))
q, key_of = Tensor("q", (h, i, r)), Tensor("k", (h, k, r))
score = Tensor("s", (h, i, k))


def tau(key):
    return 1 - tanh(score[h, i, key] / cap.symbol) ** 2


def block(by_query_tau=tau):
    """One head of the statement."""
    return covariance_form(
        i,
        j,
        weight=lambda key: P[h, i, key],
        value=lambda key: total(v[h, key, s] * W_O[h, s, a], s),
        value_slope=lambda key: total(W_V[h, b, s] * W_O[h, s, a], s),
        by_key=lambda key: (
            tau(key) * scale.symbol * total(q[h, i, r] * W_K[h, b, r], r)
        ),
        by_query=lambda key: (
            by_query_tau(key)
            * scale.symbol
            * total(key_of[h, key, r] * W_Q[h, b, r], r)
        ),
    )


@cache
def derived(**options):
    """The derived Jacobian in the weights and scores by name."""
    jacobian = attention(heads=2, softcap=True, **options).jacobian()
    return inlined(jacobian, keep=frozenset("Pqkvs"))


def verdict(head, **options) -> str:
    """On whether the sum of a head's block over heads is the derived Jacobian."""
    return is_zero(derived(**options) - total(head, h)).verdict


def step_1_the_jacobian_has_the_covariance_form_with_the_slope_of_the_cap():
    assert verdict(block()) == "proved"


def step_2_masks_and_score_biases_enter_by_the_weights_only():
    assert verdict(block(), causal=True, bias=True) == "proved"


def step_3_the_slope_of_the_cap_is_positive_and_at_most_one():
    # It is one over a square of cosh, which is at least 1.
    x = symbols("x", real=True)
    assert (1 - tanh(x) ** 2 - 1 / cosh(x) ** 2).rewrite("exp").simplify() == 0
    assert (cosh(x) - 1 - 2 * (cosh(x / 2) ** 2 - 1)).rewrite("exp").simplify() == 0


def mutant_some_term_of_the_block_is_dropped_or_flipped():
    return any(verdict(head) != "refuted" for head in one_term_changed(block()))


def mutant_the_diagonal_term_is_that_of_plain_scores():
    return verdict(block(by_query_tau=lambda key: 1)) == "proved"
