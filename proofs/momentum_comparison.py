r"""Theorem momentum-comparison.

Let $v^+ = \gamma v + (1 - \gamma)hF(x)$, $x^+ = x + v^+$ with $0 < \gamma < 1$ and a
Lipschitz constant K of F in any norm; write $c = (1 - \gamma)hK$.  In $\sqrt{\|x\|^2 +
\omega^2\|v\|^2}$ L layers have the growth $\sigma_1(M^L)$ and the shrink
$\sigma_2(M^L) = \gamma^L/\sigma_1(M^L)$,
$$M = \begin{pmatrix}1 + c & \gamma/\omega\\ c\,\omega & \gamma\end{pmatrix},$$
both attained by $F = Kx$ at every depth.  The step is invertible for every h.
"""

from sympy import Matrix, diag, expand, simplify, sqrt, symbols

from stabcheck.theorems.algebra import is_sum_of_nonnegative_terms

THEOREM = "momentum-comparison"

c, gamma, omega = symbols("c gamma omega", positive=True)
e, g, X, Y = symbols("e g X Y", nonnegative=True)
SIGN = diag(1, -1)
M = Matrix([[1 + c, gamma / omega], [c * omega, gamma]])


def are_nonnegative(gaps) -> bool:
    """Whether both are sums of nonnegative terms after clearing denominators."""
    cleared = (expand(omega * gamma * gap) for gap in gaps)
    return all(is_sum_of_nonnegative_terms(gap) for gap in cleared)


def rows_bound_the_step(matrix) -> bool:
    """Whether (|x+|, w|v+|) <= matrix (|x|, w|v|) entry by entry, |x| = X, |v| = Y."""
    velocity = gamma * Y + c * X - e
    state = X + velocity - g
    bound = matrix * Matrix([X, omega * Y])
    return are_nonnegative([bound[0] - state, bound[1] - omega * velocity])


def rows_bound_the_inverse(matrix) -> bool:
    """The same of x = x+ - v+, v = (v+ - (1 - gamma) h F(x))/gamma."""
    state = X + Y - e
    velocity = (Y + c * state - g) / gamma
    bound = matrix * Matrix([X, omega * Y])
    return are_nonnegative([bound[0] - state, bound[1] - omega * velocity])


def step_1_the_matrix_bounds_the_step():
    assert rows_bound_the_step(M)


def step_2_the_inverse_is_bounded_by_the_inverse_with_other_signs():
    inverse = (SIGN * M.inv() * SIGN).applyfunc(simplify)
    assert all(entry.is_positive for entry in inverse)
    assert rows_bound_the_inverse(inverse)


def step_3_the_determinant_is_gamma():
    # With sigma_1 sigma_2 = |det|, and signs that change no singular value, the shrink
    # of L layers is 1/sigma_1(M^{-L}) = sigma_2(M^L) = gamma^L/sigma_1(M^L).
    assert expand(M.det() - gamma) == 0


def step_4_the_rate_is_the_larger_root():
    # The spectral radius, at which powers of M grow: rho^2 - (1 + c + gamma) rho +
    # gamma = 0.
    total = 1 + c + gamma
    rho = (total + sqrt(total**2 - 4 * gamma)) / 2
    assert simplify(M.charpoly().as_expr().subs("lambda", rho)) == 0


def witness_a_dilation_attains_the_matrix():
    velocity = gamma * Y + c * X
    found = M * Matrix([X, omega * Y]) - Matrix([X + velocity, omega * velocity])
    assert found.applyfunc(expand).is_zero_matrix


def mutant_the_state_does_not_feel_the_force_at_once():
    return rows_bound_the_step(Matrix([[1, gamma / omega], [c * omega, gamma]]))


def mutant_the_inverse_does_not_divide_by_gamma():
    inverse = (SIGN * M.inv() * SIGN).applyfunc(simplify)
    return rows_bound_the_inverse(diag(1, gamma) * inverse)


def mutant_the_velocity_is_not_scaled():
    return rows_bound_the_step(M.subs(omega, 1))
