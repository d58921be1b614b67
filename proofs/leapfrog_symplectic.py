r"""Theorem leapfrog-symplectic.

$x_{k+1} = 2x_k - x_{k-1} + h^2f(x_k)$ with a frozen symmetric $J$: on an eigenvector
with $z = h^2\lambda$ the step of $(x_{k-1}, x_k)$ has determinant 1 and trace $2 + z$;
its powers are bounded exactly for $-4 < z < 0$.  For any $f = \nabla V$ the step is
symplectic, so its singular values come in pairs $s, 1/s$: the shrink of a stack is
exactly one over its growth.
"""

from sympy import Matrix, Rational, Symbol, eye, symbols

THEOREM = "leapfrog-symplectic"

z = Symbol("z", real=True)
STEP = Matrix([[0, 1], [-1, 2 + z]])
FORM = Matrix([[0, 1], [-1, 0]])


def is_symplectic(step, form) -> bool:
    return (step.T * form * step - form).expand().is_zero_matrix is True


def is_bounded(value) -> bool:
    """Distinct roots on the circle: the discriminant (2 + z)^2 - 4 is negative."""
    return bool((2 + value) ** 2 - 4 < 0)


def step_1_one_step_has_determinant_one_and_trace_two_plus_z():
    assert STEP.det() == 1
    assert STEP.trace() == 2 + z


def step_2_bounded_exactly_between_minus_four_and_zero():
    # z(z + 4) < 0; at the ends a double root -1 or 1 of a step that is no multiple of
    # the identity: powers grow linearly.
    assert ((2 + z) ** 2 - 4 - z * (z + 4)).expand() == 0
    for end, root in ((-4, -1), (0, 1)):
        nilpotent = STEP.subs(z, end) - root * eye(2)
        assert not nilpotent.is_zero_matrix
        assert (nilpotent**2).is_zero_matrix


def step_3_with_a_symmetric_hessian_the_step_is_symplectic():
    # Two features: (old, new) -> (new, 2 new - old + H new) keeps old ^ new.
    a, b, c = symbols("a b c", real=True)
    H = Matrix([[a, b], [b, c]])
    zero, one = Matrix.zeros(2, 2), eye(2)
    step = Matrix.vstack(Matrix.hstack(zero, one), Matrix.hstack(-one, 2 * one + H))
    form = Matrix.vstack(Matrix.hstack(zero, one), Matrix.hstack(-one, zero))
    assert is_symplectic(step, form)


def step_4_singular_values_come_in_reciprocal_pairs():
    # S^T F S = F with F orthogonal gives S^{-1} = F^T S^T F: S^{-1} and S^T have the
    # same singular values, so 1/s is one for every s; products are symplectic too.
    assert (FORM.T * FORM - eye(2)).is_zero_matrix
    assert (
        (STEP.inv() - FORM.T * STEP.T * FORM)
        .applyfunc(lambda entry: entry.simplify())
        .is_zero_matrix
    )


def witness_a_middle_value_turns_by_a_third():
    assert (STEP.subs(z, -3) ** 3).is_diagonal()
    assert is_bounded(-3)


def mutant_1_bounded_a_little_beyond():
    return is_bounded(-4 - Rational(1, 1000))


def mutant_2_bounded_for_a_repelling_field():
    return is_bounded(Rational(1, 1000))


def mutant_3_symplectic_for_a_hessian_that_is_not_symmetric():
    zero, one = Matrix.zeros(2, 2), eye(2)
    H = Matrix([[0, 1], [0, 0]])
    step = Matrix.vstack(Matrix.hstack(zero, one), Matrix.hstack(-one, 2 * one + H))
    form = Matrix.vstack(Matrix.hstack(zero, one), Matrix.hstack(-one, zero))
    return is_symplectic(step, form)
