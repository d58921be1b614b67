r"""Theorem multistep-order-conditions.

The defect of $\sum_j\alpha_jy_{n+j} = h\sum_j\beta_jf_{n+j}$ on a smooth solution is
$\sum_q C_qh^qy^{(q)}$ with $C_0 = \sum_j\alpha_j$ and $q!\,C_q = \sum_j(\alpha_jj^q -
q\beta_jj^{q-1})$; the order is $p$ exactly if $C_0 = \dots = C_p = 0$.
"""

from sympy import Rational, expand, factorial, symbols

THEOREM = "multistep-order-conditions"

h = symbols("h")
BDF2 = ([Rational(1, 2), -2, Rational(3, 2)], [0, 0, 1])
ADAMS_BASHFORTH_2 = ([0, -1, 1], [-Rational(1, 2), Rational(3, 2), 0])


def condition(method, q):
    alpha, beta = method
    pairs = list(zip(alpha, beta, strict=True))
    if q == 0:
        return sum(alpha)
    return sum(a * j**q - q * b * j ** (q - 1) for j, (a, b) in enumerate(pairs))


def has_order(method, p) -> bool:
    return all(condition(method, q) == 0 for q in range(p + 1))


def step_1_the_defect_by_taylor_expansion():
    # y(jh) and h y'(jh), each to the power 4 of h, with y^(q) for the derivatives.
    y = symbols("y:6")
    method = symbols("alpha:3"), symbols("beta:3")
    defect = 0
    for j, (a, b) in enumerate(zip(*method, strict=True)):
        defect += a * sum((j * h) ** q / factorial(q) * y[q] for q in range(5))
        defect -= b * h * sum((j * h) ** q / factorial(q) * y[q + 1] for q in range(4))
    for q in range(5):
        found = expand(defect).coeff(h, q)
        assert expand(found - condition(method, q) * y[q] / factorial(q)) == 0


def step_2_the_derivatives_are_free():
    # y(t) = t^q has one of them at 0 only: each C_q has to vanish by itself.
    t, q = symbols("t"), 3
    assert [(t**q).diff(t, k).subs(t, 0) for k in range(5)] == [0, 0, 0, 6, 0]


def witness_bdf_and_adams_bashforth_of_two_steps_have_order_two():
    assert has_order(BDF2, 2)
    assert has_order(ADAMS_BASHFORTH_2, 2)


def mutant_bdf_of_two_steps_has_order_three():
    return has_order(BDF2, 3)


def mutant_the_newest_slope_may_be_the_middle_one():
    return has_order((BDF2[0], [0, 1, 0]), 2)
