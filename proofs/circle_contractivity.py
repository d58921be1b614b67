r"""Theorem circle-contractivity.

Let a Runge-Kutta method have $b \ge 0$ and $M + B/r \succeq 0$ with $M = BA + A^TB -
bb^T$, $B = \operatorname{diag}(b)$.  If at every stage $h\mu + h^2L^2/(2r) \le 0$, the
step is a contraction: $|\Delta_1| \le |\Delta_0|$.

Write $k_i = h\Delta F_i$ and $\Delta Y_i = \Delta_0 + \sum_ja_{ij}k_j$.  The field's
$J$ may differ from stage to stage: the radius of the largest disc in the stability
region is no substitute for $r$ (Dahlquist, Jeltsch 1979).
"""

from sympy import Matrix, Rational, diag, expand, symbols

from stabcheck.theorems.algebra import (
    is_positive_semidefinite,
    is_sum_of_nonnegative_terms,
)

THEOREM = "circle-contractivity"

HALF, SIXTH, THIRD = Rational(1, 2), Rational(1, 6), Rational(1, 3)
EULER = (Matrix([[0]]), Matrix([1]))
HEUN = (Matrix([[0, 0], [1, 0]]), Matrix([HALF, HALF]))
SSPRK3 = (
    Matrix([[0, 0, 0], [1, 0, 0], [Rational(1, 4), Rational(1, 4), 0]]),
    Matrix([SIXTH, SIXTH, Rational(2, 3)]),
)
RK4 = (
    Matrix([[0, 0, 0, 0], [HALF, 0, 0, 0], [0, HALF, 0, 0], [0, 0, 1, 0]]),
    Matrix([SIXTH, THIRD, THIRD, SIXTH]),
)
MIDPOINT = (Matrix([[0, 0], [HALF, 0]]), Matrix([0, 1]))


def form(A, b, rho):
    """M + rho B with rho = 1/r."""
    B = diag(*b)
    return B * A + A.T * B - b * b.T + rho * B


def is_contractive_on_circles(method, radius) -> bool:
    A, b = method
    return min(b) >= 0 and is_positive_semidefinite(form(A, b, 1 / Rational(radius)))


def circle_condition_gives(share) -> bool:
    """Whether k.Delta Y <= -share rho |k|^2 follows at a stage, V = |Delta Y|^2."""
    # k.Delta Y = h mu V - s and |k|^2 = (hL)^2 V - t by the bounds on J;
    # h mu = -(hL)^2 rho/2 - e by hypothesis.
    V, hL, rho, s, t, e = symbols("V hL rho s t e", nonnegative=True)
    inner = (-(hL**2) * rho / 2 - e) * V - s
    return is_sum_of_nonnegative_terms(-share * rho * (hL**2 * V - t) - inner)


def step_1_the_energy_identity():
    # The coefficient of k_i k_j involves the two stages i and j only, so two stages
    # decide it; one coordinate of the vectors, summed over.
    A, b = Matrix(2, 2, symbols("a:4")), Matrix(symbols("b:2"))
    k, start = Matrix(symbols("k:2")), symbols("start")
    stages = Matrix([start, start]) + A * k
    work = sum(b[i] * k[i] * stages[i] for i in range(2))
    change = (start + (b.T * k)[0]) ** 2 - start**2
    assert expand(change - 2 * work + (k.T * form(A, b, 0) * k)[0]) == 0


def step_2_the_circle_condition_bounds_the_work_at_a_stage():
    assert circle_condition_gives(HALF)


def step_3_the_bounded_work_turns_the_form_into_M_plus_B_over_r():
    # 2 sum b_i (-rho/2)|k_i|^2 - k^T M k = -k^T (M + rho B) k: here b >= 0 enters.
    # A PSD form of the Gram matrix of the k_i is nonnegative (Schur product, trace).
    A, b = Matrix(2, 2, symbols("a:4")), Matrix(symbols("b:2"))
    k, rho = Matrix(symbols("k:2")), symbols("rho")
    bounded = sum(2 * b[i] * (-rho / 2) * k[i] ** 2 for i in range(2))
    total = bounded - (k.T * form(A, b, 0) * k)[0]
    assert expand(total + (k.T * form(A, b, rho) * k)[0]) == 0


def step_4_euler_heun_ssprk3_and_rk4_have_the_radius_one():
    assert is_contractive_on_circles(EULER, 1)
    assert is_contractive_on_circles(HEUN, 1)
    assert is_contractive_on_circles(SSPRK3, 1)
    assert is_contractive_on_circles(RK4, 1)


def witness_the_radius_of_euler_is_attained():
    # F(x) = -(2/h) x: hL = 2, h mu = -2, so r = 1 is met with equality; the factor of
    # the step is -1.  At r = 1 + e the field -(2r/h) x is allowed and expands.
    hL, e = 2, symbols("e", nonnegative=True)
    assert -hL + Rational(hL**2, 2) == 0
    assert abs(1 - hL) == 1
    wider = 1 - 2 * (1 + e)
    assert expand(wider**2 - 1 - (4 * e + 4 * e**2)) == 0


def mutant_the_linear_disc_radius_of_rk4_would_do():
    # The largest disc in the stability region of RK4 has a radius above 139/100.
    return is_contractive_on_circles(RK4, Rational(139, 100))


def mutant_explicit_midpoint_has_a_positive_radius():
    return is_contractive_on_circles(MIDPOINT, Rational(1, 1000))


def mutant_the_condition_gives_twice_the_work():
    return circle_condition_gives(1)
