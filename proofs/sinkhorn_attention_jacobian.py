r"""Theorem sinkhorn-attention-jacobian.

Let $P = \operatorname{diag}(e^f)\, e^S \operatorname{diag}(e^g)$ with $P\mathbb 1 =
P^T \mathbb 1 = \mathbb 1$ along a path.  Then with $R = P \circ \dot S$

$$\dot P = R + P \circ (\dot f\,\mathbb 1^T + \mathbb 1\,\dot g^T),\qquad
\begin{pmatrix} I & P \\ P^T & I \end{pmatrix} \begin{pmatrix} \dot f \\ \dot g
\end{pmatrix} = - \begin{pmatrix} R \mathbb 1 \\ R^T \mathbb 1 \end{pmatrix}.$$

The matrix is positive semidefinite with kernel spanned by $(\mathbb 1, -\mathbb 1)$,
orthogonal to the right hand side and without effect on $\dot P$: the system is
solvable, $\dot g_1 = 0$ may be fixed, and $\dot P =: \Pi_P(R)$ is well defined.
Attention with these weights has

$$J_{ij} = \sum_h p_{ij}\,U + \sum_k \Pi_P(P \circ \partial S/\partial x_j)_{ik}\,u_k,
\qquad \partial s_{ik}/\partial x_j = \delta_{ij} A x_k + \delta_{jk} A^T x_i .$$
"""

from functools import cache

from sympy import KroneckerDelta, S, Symbol, exp

from stabcheck.fields import attention
from stabcheck.fields.notation import W_K, W_O, W_Q, a, c, d, h, i, k, l, n, r, s, scale
from stabcheck.symbolic import Tensor, indices, inlined, is_zero, total
from stabcheck.symbolic.proving.covariance_form import one_term_changed
from stabcheck.symbolic.sinkhorn import Projected

THEOREM = "sinkhorn-attention-jacobian"

(j, p), (b,) = indices("j p", "token", n), indices("b", "feature", d)
t, shift = Symbol("t", real=True), Symbol("shift", real=True)
logits, moved_logits = Tensor("S", (i, k)), Tensor("S_dot", (i, k))
f, g = Tensor("f", (i,)), Tensor("g", (k,))
f_dot, g_dot = Tensor("f_dot", (i,)), Tensor("g_dot", (k,))
# P by rows and by columns: each sums to one over its last index.
by_row, by_column = Tensor("P", (i, k)), Tensor("P_T", (k, i))
MARGINALS = ("P", "P_T")

P, W_V, v = Tensor("P", (h, i, k)), Tensor("W_V", (h, c, s)), Tensor("v", (h, k, s))
q, key_of = Tensor("q", (h, i, r)), Tensor("k", (h, k, r))


def is_the_tangent(potentials) -> bool:
    """Whether d P = P (d S + potentials) follows from the exponentials."""
    start = logits[i, k] + f[i] + g[k]
    rate = moved_logits[i, k] + f_dot[i] + g_dot[k]
    change = exp(start + t * rate).diff(t).xreplace({t: S.Zero})
    return is_zero(change - exp(start) * (moved_logits[i, k] + potentials)).is_proved


def is_the_row_of_the_system(own) -> bool:
    """Whether own f_i + sum_k p_ik g_k + sum_k r_ik is the change of a row sum."""
    tangent = by_row[i, k] * (moved_logits[i, k] + f_dot[i] + g_dot[k])
    right = total(by_row[i, k] * moved_logits[i, k], k)
    left = own * f_dot[i] + total(by_row[i, k] * g_dot[k], k)
    return is_zero(total(tangent, k) - left - right, MARGINALS).is_proved


def is_the_column_of_the_system(own) -> bool:
    """Whether sum_i p_ik f_i + own g_k + sum_i r_ik is the change of a column sum."""
    tangent = by_column[k, i] * (moved_logits[i, k] + f_dot[i] + g_dot[k])
    right = total(by_column[k, i] * moved_logits[i, k], i)
    left = total(by_column[k, i] * f_dot[i], i) + own * g_dot[k]
    return is_zero(total(tangent, i) - left - right, MARGINALS).is_proved


def is_the_form(sign) -> bool:
    """Whether the form of the system is the mean of (f_i + sign g_k)^2 under P."""
    # sum p_ik f_i^2 by rows, sum p_ik g_k^2 by columns: the same entries of P.
    cross = 2 * total(by_row[i, k] * f_dot[i] * g_dot[k], i, k)
    form = total(f_dot[i] ** 2, i) + cross + total(g_dot[k] ** 2, k)
    rows = total(by_row[i, k] * f_dot[i] ** 2, i, k)
    columns = total(by_column[k, i] * g_dot[k] ** 2, i, k)
    mean = rows + sign * cross + columns
    square = total(by_row[i, k] * (f_dot[i] + sign * g_dot[k]) ** 2, i, k)
    opened = rows + sign * cross + total(by_row[i, k] * g_dot[k] ** 2, i, k)
    return (
        is_zero(form - mean, MARGINALS).is_proved and is_zero(square - opened).is_proved
    )


def is_unmoved(first, second) -> bool:
    """Whether adding these to f and g leaves every f_i + g_k."""
    after = (f_dot[i] + first) + (g_dot[k] + second)
    return is_zero(after - (f_dot[i] + g_dot[k])).is_proved


def score_slope():
    """The slope of s_pl by x_j, with q and k in place of the tokens."""
    own = KroneckerDelta(p, j) * total(W_Q[h, b, r] * key_of[h, l, r], r)
    other = KroneckerDelta(l, j) * total(W_K[h, b, r] * q[h, p, r], r)
    return scale.symbol * (own + other)


def block(slope):
    """One head of the statement."""
    change = Projected(i, k, p, l, P[h, p, l], P[h, p, l] * slope)
    moved = total(change * total(v[h, k, s] * W_O[h, s, a], s), k)
    return P[h, i, j] * total(W_V[h, b, s] * W_O[h, s, a], s) + moved


@cache
def derived(**options):
    """The derived Jacobian in the weights, queries, keys and values by name."""
    jacobian = attention(heads=2, weights="sinkhorn", **options).jacobian()
    return inlined(jacobian, keep=frozenset("Pqkv"))


def is_the_jacobian(head, **options) -> bool:
    """Whether the sum of a formula over heads is the derived Jacobian."""
    return is_zero(derived(**options) - total(head, h)).is_proved


def step_1_the_tangent_of_the_weights_has_two_potentials():
    assert is_the_tangent(f_dot[i] + g_dot[k])


def step_2_constant_row_and_column_sums_are_the_linear_system():
    # The row sums and the column sums of the tangent are zero.
    assert is_the_row_of_the_system(1)
    assert is_the_column_of_the_system(1)


def step_3_its_matrix_is_positive_semidefinite():
    assert is_the_form(1)


def step_4_its_kernel_is_one_line():
    # P > 0: where the form vanishes f_i = -g_k for all i and k, so both are constant.
    # (1, -1) is in it: its row is 1 - sum_k p_ik, its column sum_i p_ik - 1.
    row, column = total(by_row[i, k], k), total(by_column[k, i], i)
    assert is_zero(1 - row, MARGINALS).is_proved
    assert is_zero(column - 1, MARGINALS).is_proved


def step_5_the_right_hand_side_is_orthogonal_to_it():
    # So the symmetric system has a solution.
    given = by_row[i, k] * moved_logits[i, k]
    gap = total(total(given, k), i) - total(total(given, i), k)
    assert is_zero(gap).is_proved


def step_6_the_kernel_does_not_enter_the_tangent():
    # So shift = the first entry of g makes it zero.
    assert is_unmoved(shift, -shift)


def step_7_the_jacobian_is_the_formula():
    assert is_the_jacobian(block(score_slope()))


def step_8_projection_biases_enter_by_the_queries_and_keys():
    assert is_the_jacobian(block(score_slope()), biases=True)


def mutant_one_potential_is_enough():
    return is_the_tangent(f_dot[i])


def mutant_the_system_counts_a_row_twice():
    return is_the_row_of_the_system(2)


def mutant_the_system_counts_a_column_twice():
    return is_the_column_of_the_system(2)


def mutant_the_form_is_that_of_a_difference():
    return is_the_form(-1)


def mutant_both_potentials_may_be_raised():
    return is_unmoved(shift, shift)


def mutant_some_term_of_the_score_slope_is_dropped_or_flipped():
    # Converged weights have no value at a rational point: refused, not refuted.
    return any(is_the_jacobian(block(x)) for x in one_term_changed(score_slope()))


def mutant_the_weights_are_constant():
    return is_the_jacobian(block(S.Zero))
