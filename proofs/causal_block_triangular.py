r"""Theorem causal-block-triangular.

With a causal mask $J_{ij} = 0$ for $j > i$, hence $\det(I + hJ) = \prod_i \det(I +
hJ_{ii})$; the first token has $J_{11} = U = \sum_h (W_V^h W_O^h)^T$ at every state.
"""

from sympy import Heaviside, Indexed, KroneckerDelta, Matrix, expand, symbols

from stabcheck.fields import attention
from stabcheck.fields.notation import W_O, a, c, d, h, i, k, l, n, s
from stabcheck.symbolic import (
    Softmax,
    Tensor,
    contract,
    delta_groups,
    indices,
    inlined,
    is_zero,
    total,
)

THEOREM = "causal-block-triangular"

(j,), (b,) = indices("j", "token", n), indices("b", "feature", d)
W_V = Tensor("W_V", (h, c, s))
U = total(W_V[h, b, s] * W_O[h, s, a], h, s)


def causal(query, key):
    return Heaviside(query - key, 1)


def full(query, key):
    return 1


def later_keys_weigh_nothing(allowed) -> bool:
    """Whether the weight of the key `query + 1 + more` is zero."""
    query, more = symbols("query more", integer=True, nonnegative=True)
    scores = Tensor("scores", (h, i, k))
    quotient = Softmax(k, l, scores[h, i, l], allowed(i, l)).as_quotient()
    factors = quotient.args
    at = {i: query, k: query + 1 + more}
    return any(factor.xreplace(at) == 0 for factor in factors)


def blocks():
    """The derived Jacobian: its part without a token delta, and the whole."""
    derived = inlined(attention(heads=2, causal=True).jacobian(), keep=frozenset("P"))
    return delta_groups(derived)


def vanishes_with_the_weight(expression) -> bool:
    """Whether an expression is zero once the weight of key j is."""
    weights = {
        entry: 0
        for entry in expression.atoms(Indexed)
        if entry.base.label.name == "P" and entry.indices[-1] == j
    }
    return is_zero(expression.xreplace(weights)).is_proved


def is_the_value_map_where_a_token_sees_itself(formula) -> bool:
    """Whether J = delta_ij formula for the weights p_ik = delta_ik."""
    derived = inlined(attention(heads=2, causal=True).jacobian(), keep=frozenset("P"))
    own = derived.xreplace(
        {
            entry: KroneckerDelta(entry.indices[1], entry.indices[2])
            for entry in derived.atoms(Indexed)
            if entry.base.label.name == "P"
        }
    )
    return is_zero(contract(own) - KroneckerDelta(i, j) * formula).is_proved


def step_1_a_later_key_has_the_weight_zero():
    assert later_keys_weigh_nothing(causal)


def step_2_off_the_diagonal_every_term_of_the_jacobian_has_the_weight_of_its_key():
    groups = blocks()
    for deltas, rest in groups.items():
        assert KroneckerDelta(i, j) in deltas or vanishes_with_the_weight(rest)


def step_3_the_determinant_of_a_block_triangular_matrix_is_a_product():
    # By induction over tokens from two blocks; I + hJ has the shape of J.
    top, corner, low = (Matrix(2, 2, symbols(f"{name}:4")) for name in "ABC")
    zero = Matrix.zeros(2, 2)
    whole = Matrix.vstack(Matrix.hstack(top, zero), Matrix.hstack(corner, low))
    assert expand(whole.det() - top.det() * low.det()) == 0


def step_4_the_first_token_sees_itself_only():
    # Its admissible keys are those with 0 >= l: itself, of weight 1.  The diagonal
    # block of a row whose weights are p_ik = delta_ik is U, at every state.
    later = symbols("later", integer=True, positive=True)
    assert causal(0, later) == 0
    assert causal(0, 0) == 1
    assert is_the_value_map_where_a_token_sees_itself(U)


def mutant_an_unmasked_layer_is_block_triangular():
    return later_keys_weigh_nothing(full)


def mutant_the_first_block_is_half_the_value_map():
    return is_the_value_map_where_a_token_sees_itself(U / 2)


def mutant_the_diagonal_terms_have_the_weight_too():
    groups = blocks()
    return all(vanishes_with_the_weight(rest) for rest in groups.values())
