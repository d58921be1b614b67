r"""Theorem attained.

Let $J$ be the Jacobian at a state of the domain and $v \ne 0$ a direction.  $|Jv| \ge
a|v|$ gives $\lVert J\rVert \ge a$; $v^{\mathsf T}Jv \ge a|v|^2$ gives $\mu_2(J) \ge a$;
$v^{\mathsf T}Jv \le a|v|^2$ gives $\lambda_{\min}(H(J)) \le a$; and $|D\Phi\,v| \ge
a|v|$ gives every Lipschitz constant of the map $\Phi$ near the state at least $a$.
"""

from sympy import Matrix, Rational, eye, limit, sqrt, symbols

from stabcheck.theorems.algebra import is_positive_semidefinite

THEOREM = "attained"

length, excess, slack = symbols("length excess slack", positive=True)
a = symbols("a", nonnegative=True)


def norm_is_at_least(matrix: Matrix, value) -> bool:
    """Whether no c below the value bounds the norm: c^2 I - J^T J just below it."""
    below = value * Rational(999, 1000)
    return not is_positive_semidefinite(
        below**2 * eye(matrix.cols) - matrix.T * matrix
    )


def evidence_is_sound(matrix, direction, value, length_of=None) -> bool:
    """Whether |Jv| >= a |v| at this direction says the truth about the norm."""
    image, start = matrix * direction, length_of or direction
    shown = image.dot(image) >= value**2 * start.dot(start)
    return not shown or norm_is_at_least(matrix, value)


def step_1_a_bound_below_the_attained_value_is_contradicted():
    # Suppose |J| <= c = a - excess.  Then a |v| <= |Jv| <= c |v|: the difference of
    # the two ends is excess |v| > 0, although it should be <= 0.
    c = a - excess
    gap = (a * length - c * length).expand()
    assert gap == excess * length
    assert gap.is_positive


def step_2_the_same_for_the_quotients_of_rayleigh():
    # mu_2(J) <= c means v^T J v <= c |v|^2 (theorem log-norm-psd), and the lower
    # companion v^T J v >= c |v|^2: the first with c = a - excess, the second with
    # c = a + excess.
    for c, sign in ((a - excess, 1), (a + excess, -1)):
        gap = (sign * (a - c) * length**2).expand()
        assert gap == excess * length**2
        assert gap.is_positive


def step_3_a_lipschitz_constant_bounds_the_derivative():
    # Phi is twice differentiable: t |DPhi v| - K t^2 <= |Phi(x + t v) - Phi(x)| <= G t
    # |v| for small t > 0.  Divided by t, the limit gives |DPhi v| <= G |v|, and step 1
    # applies.  Where x is on the boundary of a convex domain with inner points, DPhi is
    # the limit of its values inside.
    t, K, derivative = symbols("t K derivative", positive=True)
    assert limit((t * derivative - K * t**2) / t, t, 0, "+") == derivative


def witness_the_leading_singular_vector_attains_the_norm():
    matrix, direction = Matrix([[0, 5], [0, 0]]), Matrix([0, 3])
    assert evidence_is_sound(matrix, direction, 5)
    assert (matrix * direction).norm() == 5 * direction.norm()


def witness_the_length_of_the_direction_does_not_matter():
    image = Matrix([3 * length, 4 * length])
    assert sqrt(image.dot(image)) == 5 * length


def mutant_the_direction_may_be_zero():
    # |J 0| >= a |0| holds for every a.
    return evidence_is_sound(Matrix([[1]]), Matrix([0]), 5)


def mutant_the_length_is_that_of_another_direction():
    # Were |J(1.1 v)| >= a |v| enough, the norm of J = 1 would be at least 1.1.
    longer = Rational(11, 10)
    return evidence_is_sound(
        Matrix([[1]]), Matrix([longer]), longer, length_of=Matrix([1])
    )
