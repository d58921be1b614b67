r"""Theorem attention-norm-joint-tube.

In the setting of theorem attention-log-norm-tube let $K$ be the form at the weights $m$
with the covariances times their shares, and let every product $ab$ there have $a$ from
the left direction $u$ and $b$ from the right direction $w$: $a^2 = u^{\mathsf T}A_gu$,
$b^2 = w^{\mathsf T}B_gw$.  Then for all positive weights $g$, with $A = \sum gA_g$ and
$B = \sum g^{-1}B_g$,

$$\lVert J'\rVert \le \lambda_{\max}\begin{pmatrix}A & K\\ K^{\mathsf T} & B
 \end{pmatrix}.$$

The steps 1 to 8 of that theorem never use $u = w$: $f = z^O(u)\cdot v$ comes from the
output side, $z^V(w)$, $\psi(w)$ and $\varphi(w)$ from the input side.  So $u^{\mathsf
T}J'w \le u^{\mathsf T}Kw + \tfrac12(u^{\mathsf T}Au + w^{\mathsf T}Bw)$.
"""

from sympy import Matrix, Rational, expand, symbols

from stabcheck.theorems.algebra import (
    is_positive_semidefinite,
    is_sum_of_nonnegative_terms,
)

THEOREM = "attention-norm-joint-tube"

HALF = Rational(1, 2)
a11, a12, a22, b11, b12, b22 = symbols("a11 a12 a22 b11 b12 b22", real=True)
k11, k12, k21, k22 = symbols("k11 k12 k21 k22", real=True)
u1, u2, w1, w2 = symbols("u1 u2 w1 w2", real=True)
A, B = Matrix([[a11, a12], [a12, a22]]), Matrix([[b11, b12], [b12, b22]])
K = Matrix([[k11, k12], [k21, k22]])
U, W = Matrix([u1, u2]), Matrix([w1, w2])


def bound_is_half_of_the_dilation(coupling) -> bool:
    """Whether u^T K w + (u^T A u + w^T B w)/2 is half of the form at (u, w)."""
    dilation = Matrix.vstack(
        Matrix.hstack(A, coupling * K), Matrix.hstack(coupling * K.T, B)
    )
    both = Matrix.vstack(U, W)
    value = U.T * K * W + (U.T * A * U + W.T * B * W) / 2
    return expand((value - both.T * dilation * both / 2)[0, 0]) == 0


def value_is_covered(length) -> bool:
    """Whether half of the form at (u, w) is at most its top for |u|^2 + |w|^2 = length.

    The form is (top - slack) times that length.
    """
    top, slack = symbols("top slack", nonnegative=True)
    return is_sum_of_nonnegative_terms(expand(top - HALF * (top - slack) * length))


def norm_is_covered(diagonal) -> bool:
    """Whether 1 covers the dilation of K = (3/5) with products a b, a = |u|, b = |w|.

    The products bring the norm from 3/5 to 3/5 + 2/5; A = B = `diagonal` is claimed.
    """
    dilation = Matrix([[diagonal, Rational(3, 5)], [Rational(3, 5), diagonal]])
    return is_positive_semidefinite(Matrix.eye(2) - dilation)


def step_1_the_bound_is_half_of_the_form_of_the_dilation():
    assert bound_is_half_of_the_dilation(1)


def step_2_two_unit_vectors_have_the_length_two():
    # |u| = |w| = 1, so (u, w) has the squared length 2; the norm is the supremum of
    # u^T J' w.
    assert value_is_covered(2)


def step_3_a_product_is_at_most_half_of_both_weighted_squares():
    g = symbols("g", positive=True)
    form = Matrix([[HALF * g, -HALF], [-HALF, HALF / g]])
    assert is_positive_semidefinite(form)


def witness_without_products_the_dilation_has_the_norm_of_the_anchor():
    # A = B = 0, K = k: the eigenvalues are +-k.
    k = symbols("k", positive=True)
    assert Matrix([[0, k], [k, 0]]).eigenvals() == {k: 1, -k: 1}


def witness_products_add_to_the_anchor():
    # u^T K w + a b <= 3/5 + 2/5 with the weights g = 1: A = B = 2/5.
    assert norm_is_covered(Rational(2, 5))


def mutant_half_of_the_coupling():
    return bound_is_half_of_the_dilation(HALF)


def mutant_three_unit_vectors():
    return value_is_covered(3)


def mutant_more_than_the_products_allow():
    return norm_is_covered(Rational(41, 100))
