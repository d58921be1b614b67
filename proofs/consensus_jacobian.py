r"""Theorem consensus-jacobian.

If all tokens are equal, unmasked attention without a score bias has the Jacobian $J =
\tfrac1n 11^T \otimes U$, $U = \sum_h (W_V^h W_O^h)^T$.  For $n \ge 2$ the quadratic
form of $J$ vanishes on the directions whose tokens sum to zero, so $\mu_2(J) \ge 0$: no
attention layer is strictly contractive without damping.

A score bias, rotary positions or a mask leave unequal weights: $J = \sum_h P_h \otimes
U_h$.
"""

from sympy import Indexed, KroneckerDelta

from stabcheck.fields import attention
from stabcheck.fields.notation import W_O, a, c, d, h, i, k, l, n, s
from stabcheck.symbolic import Softmax, Tensor, indices, inlined, is_zero, total

THEOREM = "consensus-jacobian"

(j,), (b,) = indices("j", "token", n), indices("b", "feature", d)
W_V, token = Tensor("W_V", (h, c, s)), Tensor("token", (c,))
P, value = Tensor("P", (h, i, k)), Tensor("value", (h, s))
U = total(W_V[h, b, s] * W_O[h, s, a], h, s)


def at_consensus(expression):
    """The expression with every token equal and every weight 1/n (step 1)."""
    values = {}
    for entry in expression.atoms(Indexed):
        if entry.base.label.name == "X":
            values[entry] = token[entry.indices[1]]
        if entry.base.label.name == "P":
            values[entry] = 1 / n
    return expression.xreplace(values)


def is_the_jacobian_at_consensus(formula) -> bool:
    """Whether a formula is the derived Jacobian where all tokens are equal."""
    derived = inlined(attention(heads=2).jacobian(), keep=frozenset("P"))
    return is_zero(at_consensus(derived) - formula).is_proved


def head_value_map():
    return total(W_V[h, b, s] * W_O[h, s, a], s)


def is_the_weighted_value_map(head, **options) -> bool:
    """Whether the sum over heads is the derived Jacobian where values are equal.

    At consensus all values are equal, whatever the weights are.
    """
    kept = frozenset(("P", "v", "q", "k", "q_turned", "k_turned", "theta"))
    derived = inlined(attention(heads=2, **options).jacobian(), keep=kept)
    equal = {
        entry: value[entry.indices[0], entry.indices[2]]
        for entry in derived.atoms(Indexed)
        if entry.base.label.name == "v"
    }
    gap = derived.xreplace(equal) - total(head, h)
    return is_zero(gap, row_stochastic=("P",)).is_proved


def weights_are_uniform(scores) -> bool:
    """Whether the softmax of these scores is 1/n at every key."""
    return is_zero(Softmax(k, l, scores, 1).as_quotient() - 1 / n).is_proved


def step_1_equal_keys_have_equal_weights():
    # At consensus the score of a query does not depend on the key.
    score = Tensor("score", (h, i))
    assert weights_are_uniform(score[h, i])


def step_2_the_jacobian_is_the_mean_of_the_value_map():
    assert is_the_jacobian_at_consensus(U / n)


def step_3_its_form_vanishes_where_the_tokens_sum_to_zero():
    # v = sum over pairs of e_i w_a with sum_i e_i = 0: v^T J v = (sum_i e_i)(sum_j e_j)
    # w^T U w / n.  Such v exist for n >= 2; so the largest eigenvalue of the symmetric
    # part is at least 0.
    e, w, V = Tensor("e", (i,)), Tensor("w", (a,)), Tensor("V", (a, b))
    form = total(e[i] * w[a] * V[a, b] * e[j] * w[b], i, j, a, b) / n
    square = total(e[i], i) * total(e[j], j)
    assert is_zero(form - square * total(w[a] * V[a, b] * w[b], a, b) / n).is_proved


def step_4_with_biases_positions_or_masks_it_is_the_weights_times_the_value_map():
    for options in (
        {"bias": True},
        {"bias": "head", "biases": True},
        {"rotary": "half"},
        {"causal": True, "alibi": True},
        {"mask": True},
    ):
        assert is_the_weighted_value_map(P[h, i, j] * head_value_map(), **options)


def mutant_the_average_is_forgotten():
    return is_the_jacobian_at_consensus(U)


def mutant_a_token_only_sees_itself():
    return is_the_jacobian_at_consensus(KroneckerDelta(i, j) * U)


def mutant_a_score_bias_is_allowed():
    return weights_are_uniform(Tensor("bias", (i, k))[i, l])


def mutant_a_score_bias_leaves_uniform_weights():
    return is_the_weighted_value_map(head_value_map() / n, bias=True)
