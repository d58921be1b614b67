r"""Theorem consensus-form-jacobian.

Attention in consensus form, $f_i = \sum_k p_{ik}\,U (x_k - x_i)$, has the Jacobian of
attention, theorem multi-head-jacobian, minus $\delta_{ij} \sum_k p_{ik}\,U =
\delta_{ij}\,U$.  Where all tokens are equal it is $(P - I) \otimes U$.
"""

from functools import cache

from sympy import Indexed, KroneckerDelta

from stabcheck.fields import attention
from stabcheck.fields.notation import W_K, W_O, W_Q, a, c, d, h, i, k, n, r, s, scale
from stabcheck.symbolic import Tensor, indices, inlined, is_zero, total
from stabcheck.symbolic.proving.covariance_form import covariance_form, one_term_changed

THEOREM = "consensus-form-jacobian"

(j,), (b,) = indices("j", "token", n), indices("b", "feature", d)
P, W_V, v = Tensor("P", (h, i, k)), Tensor("W_V", (h, c, s)), Tensor("v", (h, k, s))
q, key_of = Tensor("q", (h, i, r)), Tensor("k", (h, k, r))


def U():
    return total(W_V[h, b, s] * W_O[h, s, a], s)


def block(own=1):
    """One head of the statement, minus a multiple of U where i = j."""
    form = covariance_form(
        i,
        j,
        weight=lambda key: P[h, i, key],
        value=lambda key: total(v[h, key, s] * W_O[h, s, a], s),
        value_slope=lambda key: U(),
        by_key=lambda key: scale.symbol * total(q[h, i, r] * W_K[h, b, r], r),
        by_query=lambda key: scale.symbol * total(key_of[h, key, r] * W_Q[h, b, r], r),
    )
    return form - own * KroneckerDelta(i, j) * U()


@cache
def derived(**options):
    """The derived Jacobian in the weights, queries, keys and values by name."""
    jacobian = attention(heads=2, consensus=True, **options).jacobian()
    return inlined(jacobian, keep=frozenset("Pqkv"))


def verdict(head, **options) -> str:
    """On whether the sum of a head's block over heads is the derived Jacobian."""
    gap = derived(**options) - total(head, h)
    return is_zero(gap, row_stochastic=("P",)).verdict


def at_consensus(expression):
    """The expression with the values of all tokens equal."""
    token = Tensor("token", (h, s))
    return expression.xreplace(
        {
            entry: token[h, entry.indices[2]]
            for entry in expression.atoms(Indexed)
            if entry.base.label.name == "v"
        }
    )


def is_the_jacobian_at_consensus(own) -> bool:
    """Whether P - own I times U is the block of a head where all tokens are equal."""
    formula = (P[h, i, j] - own * KroneckerDelta(i, j)) * U()
    gap = at_consensus(block()) - formula
    return is_zero(gap, row_stochastic=("P",)).is_proved


def step_1_the_jacobian_is_that_of_attention_minus_the_own_value_map():
    assert verdict(block()) == "proved"


def step_2_masks_score_biases_and_projection_biases_change_nothing():
    assert verdict(block(), causal=True, bias=True) == "proved"


def step_3_at_consensus_only_the_value_map_is_left():
    assert is_the_jacobian_at_consensus(1)


def mutant_some_term_of_the_block_is_dropped_or_flipped():
    return any(verdict(head) != "refuted" for head in one_term_changed(block()))


def mutant_at_consensus_the_own_value_is_kept():
    return is_the_jacobian_at_consensus(0)
