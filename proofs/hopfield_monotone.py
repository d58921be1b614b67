r"""Theorem hopfield-monotone.

Retrieval from fixed memories, $f(x) = \pm\sum_kp_k(\beta x\cdot y_k)\,y_k$ token by
token, has a symmetric Jacobian: $\pm J = \beta\operatorname{Cov}_p(y)$ and, with the
diameter $D$ of the memories,

$$0 \preceq \pm J \preceq \tfrac14\beta D^2 I$$

at every state; both ends are attained.  With the sign $-$ the field is monotone.
"""

from sympy import Matrix, Rational, expand, symbols

from stabcheck.theorems.algebra import is_sum_of_nonnegative_terms

THEOREM = "hopfield-monotone"

QUARTER = Rational(1, 4)


def projection_is_covered(share) -> bool:
    """Whether beta Var(z.y) <= share beta D^2, where z.y ranges over less than D."""
    beta, spread, room = symbols("beta spread room", nonnegative=True)
    # Theorem popoviciu: the variance is at most a quarter of the squared range.
    variance = QUARTER * spread**2
    return is_sum_of_nonnegative_terms(
        expand(share * beta * (spread + room) ** 2 - beta * variance)
    )


def step_1_a_form_of_the_jacobian_is_a_variance():
    # Theorem hopfield-jacobian: beta Cov(y), so z.J z = beta Var(z.y) >= 0; two
    # memories with weights p and 1 - p.
    p, a, b = symbols("p a b", real=True)
    mean = p * a + (1 - p) * b
    variance = p * (a - mean) ** 2 + (1 - p) * (b - mean) ** 2
    assert expand(variance - p * (1 - p) * (a - b) ** 2) == 0


def step_2_it_is_at_most_a_quarter_of_the_squared_diameter():
    # For a unit vector z the numbers z.y_k differ by at most |y_k - y_l| <= D.
    assert projection_is_covered(QUARTER)


def witness_two_memories_attain_both_ends():
    # y = +-D/2 e, x = 0: p = 1/2, Cov = D^2/4 e e^T.
    D = symbols("D", positive=True)
    y = Matrix([D / 2, 0])
    covariance = (y * y.T + (-y) * (-y).T) / 2
    assert covariance == Matrix([[D**2 / 4, 0], [0, 0]])


def mutant_a_fifth_suffices():
    return projection_is_covered(Rational(1, 5))
