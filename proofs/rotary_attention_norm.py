r"""Theorem rotary-attention-norm.

Softmax attention with logits $x_i\cdot A_{ij}x_j$, $\lVert A_{ij}\rVert R^2 \le \alpha$
($A_{ij} = s\,W_QR_{j-i}W_K^{\mathsf T}$ with orthogonal $R$ has $\lVert A_{ij}\rVert
\le s\lVert W_Q\rVert\lVert W_K\rVert$), $\sum_h\lVert V_h\rVert \le v$, has on the
tokens of norm at most $R$, for every number of tokens, mask and score bias,

$$\lVert J\rVert_{\infty,2} \le v\,(1 + 2\alpha).$$

Row $i$ of $Jv$ is $UE_iv + \operatorname{Cov}_i(Ux, a_{ij}\cdot v_j) +
\operatorname{Cov}_i(Ux, b_{ij}\cdot v_i)$ with $a_{ij} = A_{ij}^{\mathsf T}x_i$,
$b_{ij} = A_{ij}x_j$ (theorem rotary-attention-jacobian).
"""

from sympy import Matrix, Rational, cos, expand, simplify, sin, symbols

from stabcheck.theorems.algebra import is_sum_of_nonnegative_terms

THEOREM = "rotary-attention-norm"


def row_is_covered(factor) -> bool:
    """Whether mean, keys and receiver fit into v (1 + factor alpha).

    With |A_ij| R^2 = alpha - room each of keys and receiver is at most v times it.
    """
    v, a, room = symbols("v a room", nonnegative=True)
    alpha = a + room
    return is_sum_of_nonnegative_terms(
        expand(v * (1 + factor * alpha) - (v + v * a + v * a))
    )


def deviation_is_covered(share) -> bool:
    """Whether the variance is at most share times the second moment."""
    variance, mean = symbols("variance mean", nonnegative=True)
    return is_sum_of_nonnegative_terms(expand(share * (variance + mean**2) - variance))


def step_1_a_rotation_keeps_norms():
    t = symbols("t", real=True)
    R = Matrix([[cos(t), -sin(t)], [sin(t), cos(t)]])
    assert simplify(R.T * R) == Matrix.eye(2)


def step_2_a_covariance_by_second_moments():
    # |Cov(w.Ux, psi)| <= sqrt(E (w.Ux)^2) sqrt(E psi^2), |w.Ux_j| <= v R and |psi_j| <=
    # |A_ij| R (theorem attention-norm-split, steps 1 and 2): at most v |A_ij| R^2.
    assert deviation_is_covered(1)


def step_3_mean_keys_and_receiver_add():
    assert row_is_covered(2)


def witness_without_logits_the_mean_is_attained():
    # alpha = 0: J = P (x) U, rows of P sum to one, equal directions are averaged to
    # themselves.
    weights = [Rational(1, 3)] * 3
    assert sum(weights) == 1


def mutant_the_keys_alone():
    return row_is_covered(1)


def mutant_half_of_the_moment():
    return deviation_is_covered(Rational(1, 2))
