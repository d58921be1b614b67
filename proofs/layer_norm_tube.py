r"""Theorem layer-norm-tube.

Let every token have $\rho = \varepsilon/(s\sqrt d) < 1$ and let $c$ bound $\lVert
D\rVert$ (or $\mu_2(D)$, or $\lambda_{\min}(H(D))$ from below) of LayerNorm at the
centre, token by token.  Then on the tube of radius $\varepsilon$ the Jacobian has the
norm at most $c + \delta$ (the logarithmic norm at most $c + \delta$, the lower one at
least $c - \delta$) with $\delta$ the largest $\tfrac{2}{\sqrt
3}\lVert\gamma\rVert_\infty \rho/(s(1 - \rho))$ of a token.

Theorem layer-norm-deviation-tube bounds how far a token's matrix moves.
"""

from sympy import Matrix, Rational, diag, expand, sqrt, symbols

from stabcheck.theorems.algebra import (
    is_positive_semidefinite,
    is_sum_of_nonnegative_terms,
)

THEOREM = "layer-norm-tube"

CONSTANT = 2 / sqrt(3)


def inward_is_covered(deviation_over_scale, rho) -> bool:
    """Whether centre and deviation, times s, cover a token that moves inwards.

    epsilon = 0 and gains one: D = (Pi - z z^T)/s has the norm 1/s for d >= 3, and along
    z the scale falls to s (1 - rho) while z stays.
    """
    return bool(1 / (1 - rho) <= 1 + deviation_over_scale)


def block_is_covered(blocks, bound) -> bool:
    """Whether a block diagonal matrix has its norm below a bound."""
    matrix = diag(*blocks)
    gram = matrix.T * matrix
    return is_positive_semidefinite(bound**2 * Matrix.eye(gram.rows) - gram)


def step_1_the_worst_token_decides():
    # |J V|^2 = sum_i |D_i v_i|^2 <= sum_i (m - s_i)^2 |v_i|^2 <= m^2 |V|^2, and the
    # quotients of Rayleigh are averages: a token adds a term of its own to both sides.
    top, gap, length = symbols("top gap length", nonnegative=True)
    norm = symbols("norm", nonnegative=True)  # of D_i; top = norm + gap
    assert is_sum_of_nonnegative_terms(
        expand((norm + gap) ** 2 * length - norm**2 * length)
    )
    assert is_sum_of_nonnegative_terms(expand(top * length - (top - gap) * length))


def step_2_the_scale_stays_positive_on_the_tube():
    # s(x) >= s (1 - rho) (layer-norm-deviation-tube, step 6) and rho = 1 - room.
    s, room = symbols("s room", positive=True)
    assert expand(s * (1 - (1 - room))).is_positive


def step_3_centre_and_deviation_add():
    # Theorem tube-from-centre, token by token: |D| <= |D_0| + |D - D_0|.
    c, delta, slack, rest = symbols("c delta slack rest", nonnegative=True)
    assert is_sum_of_nonnegative_terms(c + delta - (c - slack + delta - rest))


def step_4_the_matrix_kills_the_constant_vector():
    # D 1 = 0: Pi 1 = 0 and z.1 = 0, so the smallest singular value is 0 at every state
    # and no lower bound of a norm is claimed.  For d = 3 and any z that sums to 0:
    a, b = symbols("a b", real=True)
    z, ones = Matrix([a, b, -a - b]), Matrix([1, 1, 1])
    projection = Matrix.eye(3) - ones * ones.T / 3
    assert ((projection - z * z.T) * ones).applyfunc(expand).is_zero_matrix


def witness_equal_blocks_attain_the_norm_of_the_worst_token():
    assert block_is_covered([Matrix([[2]]), Matrix([[0, 1], [1, 0]])], 2)


def witness_the_tube_covers_a_token_that_moves_inwards():
    rho = Rational(1, 2)
    assert inward_is_covered(CONSTANT * rho / (1 - rho), rho)


def mutant_the_average_token_decides():
    return block_is_covered([Matrix([[2]]), Matrix([[1]])], Rational(3, 2))


def mutant_nine_tenths_for_two_over_root_three():
    rho = Rational(1, 2)
    return inward_is_covered(Rational(9, 10) * rho / (1 - rho), rho)


def mutant_the_factor_of_the_shrinking_scale_is_dropped():
    rho = Rational(1, 2)
    return inward_is_covered(CONSTANT * rho, rho)
