r"""Theorem leapfrog-comparison.

Let $u^+ = u + hf(x)/\omega$ and $x^+ = x + h\omega u^+$, a step of leapfrog for $x'' =
f(x)$ with the velocity $\omega u$, and let K be a Lipschitz constant of f in any norm.
In $\sqrt{\|u\|^2 + \|x\|^2}$ L layers have the growth and the shrink of
`reversible-two-stream` with $a = hK/\omega$ and $b = h\omega$, attained by $f = Kx$.
At $\omega = \sqrt K$ they are $s(t)^{2L} \le e^{T\sqrt K}$ and its reciprocal, $t =
h\sqrt K$ and $T = hL$.
"""

from sympy import Matrix, Rational, cosh, expand, simplify, sinh, sqrt, symbols

from stabcheck.theorems.algebra import is_sum_of_nonnegative_terms

THEOREM = "leapfrog-comparison"

h, K, omega, e, U, X = symbols("h K omega e U X", positive=True)
t = symbols("t", positive=True)


def rows_bound_the_step(force, drift) -> bool:
    """Whether |u+| <= U + force X and |x+| <= X + drift |u+|."""
    velocity = U + h / omega * K * X - e
    state = X + h * omega * velocity
    bound = U + force * X
    gaps = bound - velocity, X + drift * bound - state
    return all(is_sum_of_nonnegative_terms(expand(omega * gap)) for gap in gaps)


def step_1_the_step_is_a_reversible_pair():
    # The second field is the identity, of Lipschitz constant 1.
    assert rows_bound_the_step(h * K / omega, h * omega)


def step_2_the_frequency_of_the_mean_makes_both_shears_alike():
    a, b = h * K / omega, h * omega
    assert simplify(a.subs(omega, sqrt(K)) - h * sqrt(K)) == 0
    assert simplify(b.subs(omega, sqrt(K)) - h * sqrt(K)) == 0


def step_3_equal_shears_have_a_symmetric_rate():
    # ((1, t), (t, 1 + t^2)) is symmetric: its spectral norm is its largest eigenvalue
    # s^2, and that of its power the power.
    M = Matrix([[1, t], [t, 1 + t**2]])
    s = (t + sqrt(t**2 + 4)) / 2
    assert M == M.T
    found = M * Matrix([1, s]) - s**2 * Matrix([1, s])
    assert found.applyfunc(simplify).is_zero_matrix


def step_4_the_rate_is_below_the_exponential():
    # sinh(log s) = t/2, and log s <= t/2 because sinh(y) >= y: its slope cosh is at
    # least 1.
    y = symbols("y", positive=True)
    s = (t + sqrt(t**2 + 4)) / 2
    assert simplify((s - 1 / s) / 2 - t / 2) == 0
    assert simplify(cosh(y) ** 2 - 1 - sinh(y) ** 2) == 0


def witness_a_repulsive_spring_attains_the_matrix():
    velocity = U + h / omega * K * X
    state = X + h * omega * velocity
    matrix = Matrix([[1, h * K / omega], [h * omega, 1 + h**2 * K]])
    found = matrix * Matrix([U, X]) - Matrix([velocity, state])
    assert found.applyfunc(expand).is_zero_matrix


def mutant_the_force_is_not_divided_by_the_frequency():
    return rows_bound_the_step(h * K / omega / 2, h * omega)


def mutant_the_drift_costs_half():
    return rows_bound_the_step(h * K / omega, Rational(1, 2) * h * omega)
