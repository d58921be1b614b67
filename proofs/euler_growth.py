r"""Theorem euler-growth.

On a convex set where $\|J\| \le L$ and $\mu_2(J) \le \mu$, a forward Euler step
$\Phi(X) = X + hF(X)$ has the Lipschitz constant at most
$\min(1 + hL, \sqrt{1 + 2h\mu + h^2L^2})$, and both are attained.

By the mean value theorem on the segment the constant is $\sup\|I + hJ\|$.  Write $v$
for a direction, $w = Jv$, $V = |v|^2$.  A slack symbol is what an inequality gives
away: $v\cdot w = \mu V - a$ with $a \ge 0$.
"""

from sympy import Matrix, Rational, expand, eye, symbols

from stabcheck.theorems.algebra import is_sum_of_nonnegative_terms

THEOREM = "euler-growth"

V, h, L, a, b = symbols("V h L a b", nonnegative=True)
mu = symbols("mu", real=True)


def square_of_step(inner, square):
    """|v + hw|^2 by v.w and |w|^2."""
    return V + 2 * h * inner + h**2 * square


def log_norm_route_bounds(factor_square) -> bool:
    """Whether v.w = mu V - a and |w|^2 = L^2 V - b give |v + hw|^2 <= factor^2 V."""
    gap = factor_square * V - square_of_step(mu * V - a, L**2 * V - b)
    return is_sum_of_nonnegative_terms(gap)


def norm_route_bounds(factor_square) -> bool:
    """The same with v.w <= |v||w| <= L V alone, by Cauchy and Schwarz."""
    gap = factor_square * V - square_of_step(L * V - a, L**2 * V - b)
    return is_sum_of_nonnegative_terms(gap)


def step_1_the_square_of_the_step_expands():
    # A sum over coordinates of the same identity.
    v, w = symbols("v w", real=True)
    assert expand((v + h * w) ** 2 - (v**2 + 2 * h * v * w + h**2 * w**2)) == 0


def step_2_the_norm_alone_gives_one_plus_hL():
    assert norm_route_bounds((1 + h * L) ** 2)


def step_3_the_logarithmic_norm_gives_the_root():
    assert log_norm_route_bounds(1 + 2 * h * mu + h**2 * L**2)


def witness_one_plus_hL_is_attained_by_a_dilation():
    assert expand((1 + h * L) ** 2 - square_of_step(L, L**2).subs(V, 1)) == 0


def witness_the_root_is_attained_by_a_spiral():
    # J = [[mu, -t], [t, mu]] has mu_2 = mu, and J^T J = (mu^2 + t^2) I.
    t = symbols("t", real=True)
    J = Matrix([[mu, -t], [t, mu]])
    assert ((J + J.T) / 2 - mu * eye(2)).is_zero_matrix
    assert (J.T * J - (mu**2 + t**2) * eye(2)).expand().is_zero_matrix
    step = eye(2) + h * J
    claimed = 1 + 2 * h * mu + h**2 * (mu**2 + t**2)
    assert (step.T * step - claimed * eye(2)).expand().is_zero_matrix


def mutant_the_square_of_the_norm_is_not_needed():
    return log_norm_route_bounds(1 + 2 * h * mu)


def mutant_half_of_the_square_of_the_norm_suffices():
    return log_norm_route_bounds(1 + 2 * h * mu + Rational(1, 2) * h**2 * L**2)


def mutant_one_plus_half_hL():
    return norm_route_bounds((1 + h * L / 2) ** 2)
