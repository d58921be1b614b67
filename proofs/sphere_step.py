r"""Theorem sphere-step.

Let $X^+ = N(X + hF(X))$ with $N(x) = x/|x|$ token by token, $|x_i| = 1$, $|F_i| \le v$
and $hv < 1$, and let $\|J\| \le K$ in the norm $\max_i|v_i|$, or in the Frobenius norm,
at all such states.  On tangent vectors, $v_i \perp x_i$, the derivative of the step has
the growth $(1 + hK)/(1 - hv)$ and the shrink $(\sqrt{1 - h^2v^2} - hK)/(1 + hv)$.

$DN(y) = \Pi/|y|$ with $\Pi$ the projection along y.  Write $u = hv$.
"""

from sympy import Matrix, Rational, expand, simplify, sqrt, symbols

from stabcheck.theorems.algebra import is_sum_of_nonnegative_terms

THEOREM = "sphere-step"

u, kappa, D, e, g, w = symbols("u kappa D e g w", nonnegative=True)


def growth_is_at_most(numerator) -> bool:
    """Whether |y| |DPhi v| <= numerator D with |y| >= 1 - u."""
    moved = D + kappa * D - e
    return is_sum_of_nonnegative_terms(numerator * D - moved)


def shrink_is_at_least(numerator) -> bool:
    """The same from below; the projection keeps w |v_i|."""
    kept = w * D - (kappa * D - e) + g
    return is_sum_of_nonnegative_terms(kept - numerator * D)


def length_is_at_least(length) -> bool:
    """Whether |x + h f|^2 >= length^2 for |x| = 1, |h f| = u, at a cosine 2 c - 1."""
    c = symbols("c", nonnegative=True)
    square = 1 + 2 * u * (2 * c - 1) + u**2
    return is_sum_of_nonnegative_terms(expand(square - length**2))


def step_1_the_derivative_of_the_projection():
    y, d = Matrix(symbols("y:2", real=True)), Matrix(symbols("d:2", real=True))
    length = sqrt(y.dot(y))
    derivative = Matrix([(y[i] / length).diff(y[j]) for i in (0, 1) for j in (0, 1)])
    moved = derivative.reshape(2, 2) * d
    found = moved - (d - y * y.dot(d) / y.dot(y)) / length
    assert found.applyfunc(simplify).is_zero_matrix


def step_2_the_state_in_between_is_between_one_minus_and_one_plus_hv():
    assert length_is_at_least(1 - u)
    c = symbols("c", nonnegative=True)
    above = (1 + u) ** 2 - (1 + 2 * u * (1 - 2 * c) + u**2)
    assert is_sum_of_nonnegative_terms(expand(above))


def step_3_the_angle_between_start_and_middle_is_small():
    # y.v_i = h f.v_i for v_i perpendicular to x_i: with f = v(cos x + sin n), the sine
    # of the angle of y and x, (u sin)/|y|, is at most u: |y|^2 - sin^2 is a square.
    cosine = symbols("cosine", real=True)
    square = 1 + 2 * u * cosine + u**2 - (1 - cosine**2)
    assert expand(square - (u + cosine) ** 2) == 0


def step_4_growth_and_shrink():
    # For a vector whose largest token is v_i, |Pi v_i| >= sqrt(1 - u^2)|v_i|; in the
    # Frobenius norm the same token by token.
    assert growth_is_at_most(1 + kappa)
    assert shrink_is_at_least(w - kappa)


def witness_a_state_pulled_inwards_attains_the_growth():
    # f = -v x at every token: |y| = 1 - u, the projection keeps all of v_i, and J = K
    # on the tangent space gives 1 + hK.
    inward = 1 + 2 * u * -1 + u**2
    assert expand(inward - (1 - u) ** 2) == 0
    assert expand((D + kappa * D) - (1 + kappa) * D) == 0


def mutant_the_middle_is_never_shorter_than_the_start():
    return length_is_at_least(1)


def mutant_half_of_hK():
    return growth_is_at_most(1 + kappa / 2)


def mutant_the_projection_keeps_everything():
    return shrink_is_at_least(1 - kappa)


def mutant_the_middle_shrinks_by_half_as_much():
    return length_is_at_least(1 - Rational(1, 2) * u)
