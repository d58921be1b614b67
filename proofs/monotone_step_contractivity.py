r"""Theorem monotone-step-contractivity.

Let forward Euler with every step up to $h/r$ be non-expansive in some norm, and let a
Runge-Kutta method, with $K$ its A over its b, have $K \ge 0$, $rK(I + rK)^{-1} \ge 0$
and $(I + rK)^{-1}\mathbb 1 \ge 0$.  Then its step h is non-expansive, where the stages
exist.  Of $f = -\lambda x + F$ with $\|\Delta F\| \le K_F\|\Delta\|$ and the
logarithmic norm $\mu$: for $h(\lambda + K_F) \le 2r$ and $h(\lambda^2 + K_F^2 -
2\lambda\mu) \le 2r(\lambda - \mu)$.

The Shu-Osher form with one radius (Gottlieb, Ketcheson, Shu 2011, section 3).
"""

from sympy import Matrix, Rational, cancel, eye, ones, symbols

THEOREM = "monotone-step-contractivity"

HALF, THIRD, SIXTH = Rational(1, 2), Rational(1, 3), Rational(1, 6)
EULER = [[0, 0], [1, 0]]
HEUN = [[0, 0, 0], [1, 0, 0], [HALF, HALF, 0]]
SSPRK3 = [
    [0, 0, 0, 0],
    [1, 0, 0, 0],
    [Rational(1, 4), Rational(1, 4), 0, 0],
    [SIXTH, SIXTH, Rational(2, 3), 0],
]
RK4 = [
    [0, 0, 0, 0, 0],
    [HALF, 0, 0, 0, 0],
    [0, HALF, 0, 0, 0],
    [0, 0, 1, 0, 0],
    [SIXTH, THIRD, THIRD, SIXTH, 0],
]


def is_absolutely_monotonic(rows, radius) -> bool:
    K, one = Matrix(rows), ones(len(rows), 1)
    inverse = (eye(K.rows) + radius * K).inv()
    return bool(min(*K, *(radius * K * inverse), *(inverse * one)) >= 0)


def step_1_the_stages_are_combinations_of_euler_steps():
    # Y = 1 x + h K F is Y = d x + P (Y + (h/r) F): two stages decide the identity.
    K, one = Matrix(2, 2, symbols("k:4")), ones(2, 1)
    F, r, h, start = Matrix(symbols("f:2")), symbols("r"), symbols("h"), symbols("x")
    Y = one * start + h * K * F
    inverse = (eye(2) + r * K).inv()
    combined = inverse * one * start + r * K * inverse * (Y + h / r * F)
    assert all(cancel(entry) == 0 for entry in combined - Y)


def step_2_the_weights_sum_to_one():
    K, one, r = Matrix(2, 2, symbols("k:4")), ones(2, 1), symbols("r")
    inverse = (eye(2) + r * K).inv()
    assert all(cancel(c) == 0 for c in inverse * one + r * K * inverse * one - one)


def step_3_the_distances_solve_a_nonnegative_system():
    # |Delta Y| <= d |Delta_0| + P |Delta Y| because each Euler step is non-expansive;
    # (I - P)^{-1} = I + rK >= 0, and (I + rK) d = 1.
    K, one, r = Matrix(2, 2, symbols("k:4")), ones(2, 1), symbols("r")
    inverse = (eye(2) + r * K).inv()
    P = r * K * inverse
    product = (eye(2) + r * K) * (eye(2) - P)
    assert all(cancel(c) == 0 for c in product - eye(2))
    assert all(cancel(c) == 0 for c in (eye(2) + r * K) * (inverse * one) - one)


def step_4_euler_heun_and_ssprk3_have_the_radius_one():
    assert is_absolutely_monotonic(EULER, 1)
    assert is_absolutely_monotonic(HEUN, 1)
    assert is_absolutely_monotonic(SSPRK3, 1)


def witness_the_radius_of_euler_is_attained():
    # f = -(2/h_0) x is non-expansive for Euler up to h_0; a step of (1 + e) h_0 is not.
    e = symbols("e", positive=True)
    assert abs(1 - 2) == 1
    assert (abs(1 - 2 * (1 + e)) - 1 - 2 * e).simplify() == 0


def mutant_rk4_has_a_positive_radius():
    return is_absolutely_monotonic(RK4, Rational(1, 100))


def mutant_heun_has_a_larger_radius():
    return is_absolutely_monotonic(HEUN, Rational(101, 100))


def mutant_ssprk3_has_a_larger_radius():
    return is_absolutely_monotonic(SSPRK3, Rational(101, 100))
