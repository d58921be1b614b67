r"""Theorem runge-kutta-growth-lmi.

Let $L_i$, $\mu_i$, $m_i$ bound $\|J\|$, $\mu_2(J)$ from above and $\lambda_{\min}((J +
J^T)/2)$ from below on a convex set that holds stage $i$ of two Runge-Kutta steps.  With
$d = (1, b)$, $y_i = (1, a_{i1}, \dots, a_{is})$ and unit vectors $e_0, \dots, e_s$, if

$$\phi^2e_0e_0^T - dd^T - \sum_i\bigl(\kappa_i(h^2L_i^2y_iy_i^T - e_ie_i^T) +
\lambda_i(h\mu_iy_iy_i^T - \operatorname{sym}e_iy_i^T) +
\nu_i(\operatorname{sym}e_iy_i^T - hm_iy_iy_i^T)\bigr) \succeq 0$$

with $\kappa, \lambda, \nu \ge 0$, then $|\Delta_1| \le \phi|\Delta_0|$.  The field may
be nonlinear and another one at every stage.  Stages of an implicit method exist, once
each, in sets that $T(Y)_i = X + h\sum_ja_{ij}F(Y_j)$ maps into themselves where $w = (I
- h|A|L)^{-1}\mathbb 1 > 0$; or within $|DA^{-1}(\mathbb 1(X - X_0) + \delta)|/\beta$
of centres with the defects $\delta$ where $\operatorname{sym}(DA^{-1}) -
h\operatorname{diag}(d_i\mu_i) \succeq \beta I$, $\beta > 0$.

Write $k_i = h\Delta f_i$, $v = (\Delta_0, k_1, \dots, k_s)$: $\Delta Y_i = y_iv$,
$\Delta_1 = dv$.
"""

from sympy import I, Matrix, Rational, Symbol, diag, expand, eye, symbols

from stabcheck.theorems.algebra import is_positive_semidefinite

THEOREM = "runge-kutta-growth-lmi"

HALF = Rational(1, 2)
EULER = (Matrix([[0]]), Matrix([1]))
HEUN = (Matrix([[0, 0], [1, 0]]), Matrix([HALF, HALF]))
BACKWARD_EULER = (Matrix([[1]]), Matrix([1]))
TRAPEZOID = (Matrix([[0, 0], [HALF, HALF]]), Matrix([HALF, HALF]))
RADAU = (
    Matrix([[Rational(5, 12), -Rational(1, 12)], [Rational(3, 4), Rational(1, 4)]]),
    Matrix([Rational(3, 4), Rational(1, 4)]),
)


def rows(method):
    """d, the y_i and the e_i, as columns."""
    A, b = method
    stages = len(b)
    units = eye(stages + 1)
    y = [Matrix([1, *A.row(i)]) for i in range(stages)]
    return Matrix([1, *b]), y, [units[:, i] for i in range(stages + 1)]


def symmetric(left, right):
    return (left * right.T + right * left.T) / 2


def conditions(method, norm, upper, lower):
    """The three forms of every stage, with hL, h mu, h m the same at all."""
    _, y, e = rows(method)
    for k, stage in enumerate(y, start=1):
        yield (
            norm**2 * stage * stage.T - e[k] * e[k].T,
            upper * stage * stage.T - symmetric(e[k], stage),
            symmetric(e[k], stage) - lower * stage * stage.T,
        )


def matrix(method, bounds, square, multipliers):
    """The matrix of the inequality; multipliers, a triple for each stage."""
    d, _, e = rows(method)
    found = square * e[0] * e[0].T - d * d.T
    pairs = zip(multipliers, conditions(method, *bounds), strict=True)
    for weights, forms in pairs:
        for weight, form in zip(weights, forms, strict=True):
            found -= weight * form
    return found


def is_proven(method, bounds, square, multipliers) -> bool:
    signs = all(weight >= 0 for weights in multipliers for weight in weights)
    return signs and is_positive_semidefinite(
        matrix(method, bounds, square, multipliers)
    )


def is_condition_for(power) -> bool:
    """Whether a form of J, Y is that of the logarithmic norm of the first power."""
    # <JY, Y> = <(J + J^T)/2 Y, Y>: between m|Y|^2 and mu|Y|^2; two dimensions show
    # every kind of entry.
    J, Y = Matrix(2, 2, symbols("j:4")), Matrix(symbols("y:2"))
    symmetric_part = (J + J.T) / 2
    return expand(((J * Y).T * Y - Y.T * symmetric_part**power * Y)[0]) == 0


def step_1_the_bounds_on_the_jacobian_are_conditions_on_the_slopes():
    # k = h J Delta Y with J the mean of the Jacobian on the segment between the two
    # stages, which keeps all three bounds because they are convex; |JY| <= L|Y|.
    assert is_condition_for(1)


def step_2_stages_and_end_are_rows_times_the_start_and_the_slopes():
    A, b = Matrix(2, 2, symbols("a:4")), Matrix(symbols("b:2"))
    start, k = Symbol("start"), Matrix(symbols("k:2"))
    v = Matrix([start, *k])
    d, y, _ = rows((A, b))
    stages = Matrix([start, start]) + A * k
    assert all(expand((y[i].T * v)[0] - stages[i]) == 0 for i in range(2))
    assert expand((d.T * v)[0] - start - (b.T * k)[0]) == 0


def step_3_the_inequality_is_what_the_conditions_leave_of_the_claim():
    # v^T M v summed over coordinates is the trace of M times a Gram matrix, >= 0 for M
    # PSD.  So phi^2|D_0|^2 - |D_1|^2 >= sum of multipliers times conditions >= 0.
    A, b = Matrix(2, 2, symbols("a:4")), Matrix(symbols("b:2"))
    start, k = Symbol("start"), Matrix(symbols("k:2"))
    v, method = Matrix([start, *k]), (A, b)
    norm, upper, lower, square = symbols("norm upper lower square")
    multipliers = [symbols("p:3"), symbols("q:3")]
    stages, end = Matrix([start, start]) + A * k, start + (b.T * k)[0]
    left = square * start**2 - end**2
    for i, (p, q, r) in enumerate(multipliers):
        Y = stages[i]
        left -= p * (norm**2 * Y**2 - k[i] ** 2) + q * (upper * Y**2 - k[i] * Y)
        left -= r * (k[i] * Y - lower * Y**2)
    form = matrix(method, (norm, upper, lower), square, multipliers)
    assert expand((v.T * form * v)[0] - left) == 0


def step_4_algebraic_stability_and_circles_are_special_multipliers():
    # lambda = 2b, kappa = b/r: the block of the slopes is BA + A^T B - bb^T + B/r, the
    # first row vanishes at phi = 1 for h mu + (hL)^2/(2r) = 0.
    A, b = Matrix(2, 2, symbols("a:4")), Matrix(symbols("b:2"))
    rho, norm = symbols("rho norm")
    B = diag(*b)
    bounds = norm, -(norm**2) * rho / 2, 0
    multipliers = [(weight * rho, 2 * weight, 0) for weight in b]
    form = matrix((A, b), bounds, 1, multipliers).expand()
    assert form[0, :].is_zero_matrix
    assert form[1:, 1:] == (B * A + A.T * B - b * b.T + rho * B).expand()


def step_5_closed_forms_of_forward_and_backward_euler():
    # kappa = 1, lambda = 2 leave nothing at phi^2 = 1 + 2x + l^2.
    x, norm = symbols("x norm")
    square = 1 + 2 * x + norm**2
    form = matrix(EULER, (norm, x, 0), square, [(1, 2, 0)]).expand()
    assert form.is_zero_matrix
    # lambda = 2 phi at phi = 1/(1 - x) leaves a square.
    phi = 1 / (1 - x)
    form = matrix(BACKWARD_EULER, (0, x, 0), phi**2, [(0, 2 * phi, 0)])
    assert form.det().simplify() == 0
    assert (form[1, 1] - phi**2 * (1 - 2 * x + x**2)).simplify() == 0


def step_6_the_stages_of_an_implicit_method_contract():
    # (I - K)w = 1 and w > 0 are Kw = w - 1 < w: T contracts in max |.|_i/w_i.  And D =
    # (I - K)^{-1} c is the fixed point c + KD: distances up to D are kept.
    K = Matrix(2, 2, symbols("k:4"))
    c = Matrix(symbols("c:2"))
    D = (eye(2) - K).inv() * c
    assert (c + K * D - D).applyfunc(lambda entry: entry.simplify()).is_zero_matrix


def is_monotone(a, h_mu, margin) -> bool:
    """One stage, D = 1: whether 1/a - h mu >= beta > 0."""
    return bool(margin > 0 and 1 / Rational(a) - h_mu >= margin)


def step_7_or_the_stage_equations_are_monotone():
    # <D(G(Y) - G(Y')), Y - Y'> for G = A^{-1}Y - hF is the form of sym(DA^{-1}) minus
    # h d_i <dF_i, dY_i>; one coordinate of the differences y, slopes f.
    P = Matrix(2, 2, symbols("p:4"))  # A^{-1}
    d, y, f = (Matrix(symbols(f"{name}:2")) for name in "dyf")
    D = diag(*d)
    left = ((P * y - f).T * D * y)[0]
    form = (y.T * (D * P + P.T * D) * y)[0] / 2 - sum(
        d[i] * f[i] * y[i] for i in range(2)
    )
    assert expand(left - form) == 0
    # Hence beta|dY|^2 <= |D dG||dY|.  At the centres A^{-1}1X - G is A^{-1}(1(X - X_0)
    # + delta): the solution moves by |D dG|/beta along the segment of right sides, in
    # balls inside the tubes, where G' is invertible (implicit function theorem).
    X, X0 = symbols("X X0")
    delta = Matrix([X0, X0]) + P.inv() * f - y
    gap = P * Matrix([X, X]) - (P * y - f)
    moved = P * (Matrix([X - X0, X - X0]) + delta)
    assert (gap - moved).applyfunc(lambda entry: entry.simplify()).is_zero_matrix


def step_8_one_stage_is_monotone_up_to_h_mu_equal_to_one_over_a():
    assert is_monotone(HALF, Rational(199, 100), Rational(1, 100))
    assert is_monotone(1, Rational(99, 100), Rational(1, 100))


HEUN_BOUNDS = (1, 0, -1)
HEUN_MULTIPLIERS = [
    (Rational(3, 4), Rational(3, 2), 0),
    (Rational(3, 8), Rational(3, 4), 0),
]


def witness_heun_grows_by_three_halves():
    # h mu = 0, hL = 1.  Rotations by a quarter turn, one way and then the other.
    assert is_proven(HEUN, HEUN_BOUNDS, Rational(9, 4), HEUN_MULTIPLIERS)
    first = I
    second = -I * (1 + first)
    assert expand(1 + (first + second) / 2) == Rational(3, 2)


def mutant_1_the_stability_function_bounds_the_growth():
    # |1 + i + i^2/2|^2 = 5/4 is the growth of Heun for one frozen rotation.
    return is_proven(HEUN, HEUN_BOUNDS, Rational(5, 4), HEUN_MULTIPLIERS)


def mutant_2_a_smaller_growth_of_heun():
    smaller = Rational(9, 4) - Rational(1, 10**6)
    return is_proven(HEUN, HEUN_BOUNDS, smaller, HEUN_MULTIPLIERS)


def mutant_3_a_negative_multiplier_would_do():
    # Forward Euler with x = 0, l = 1, m = -1 grows by sqrt 2; here phi = 1.
    return is_proven(EULER, (1, 0, -1), 1, [(1, 0, -2)])


def mutant_4_the_trapezoidal_rule_is_contractive():
    return is_proven(TRAPEZOID, (10, 0, -10), 1, [(0, 1, 0), (0, 1, 0)])


def mutant_5_radau_is_bounded_by_its_error_growth_function():
    # phi_R(-1) = 0.408...; the multipliers 2b.
    weights = [(0, 2 * weight, 0) for weight in RADAU[1]]
    return is_proven(RADAU, (10, -1, -10), Rational(409, 1000) ** 2, weights)


def mutant_6_the_condition_of_the_squared_jacobian():
    return is_condition_for(2)


def mutant_7_midpoint_has_one_stage_beyond_h_mu_equal_to_two():
    return is_monotone(HALF, Rational(201, 100), Rational(1, 100))
