r"""Theorem runge-kutta-shrink-lmi.

In the setting of runge-kutta-growth-lmi, if

$$dd^T - \psi^2e_0e_0^T - \sum_i\bigl(\kappa_i(h^2L_i^2y_iy_i^T - e_ie_i^T) +
\lambda_i(h\mu_iy_iy_i^T - \operatorname{sym}e_iy_i^T) +
\nu_i(\operatorname{sym}e_iy_i^T - hm_iy_iy_i^T)\bigr) \succeq 0$$

with $\kappa, \lambda, \nu \ge 0$, then $|\Delta_1| \ge \psi|\Delta_0|$: for $\psi > 0$
the step is injective where it is defined.
"""

from sympy import Matrix, Rational, Symbol, expand, eye, symbols

from stabcheck.theorems.algebra import is_positive_semidefinite

THEOREM = "runge-kutta-shrink-lmi"

HALF = Rational(1, 2)
EULER = (Matrix([[0]]), Matrix([1]))
HEUN = (Matrix([[0, 0], [1, 0]]), Matrix([HALF, HALF]))
BACKWARD_EULER = (Matrix([[1]]), Matrix([1]))


def symmetric(left, right):
    return (left * right.T + right * left.T) / 2


def matrix(method, bounds, square, multipliers):
    """The matrix of the inequality; multipliers, a triple for each stage."""
    A, b = method
    norm, upper, lower = bounds
    units, d = eye(len(b) + 1), Matrix([1, *b])
    found = d * d.T - square * units[:, 0] * units[0, :]
    for i, (p, q, r) in enumerate(multipliers):
        y, e = Matrix([1, *A.row(i)]), units[:, i + 1]
        found -= p * (norm**2 * y * y.T - e * e.T)
        found -= q * (upper * y * y.T - symmetric(e, y))
        found -= r * (symmetric(e, y) - lower * y * y.T)
    return found


def is_proven(method, bounds, square, multipliers) -> bool:
    signs = all(weight >= 0 for weights in multipliers for weight in weights)
    return signs and is_positive_semidefinite(
        matrix(method, bounds, square, multipliers)
    )


def step_1_the_inequality_is_what_the_conditions_leave_of_the_claim():
    # As for the growth, with |D_1|^2 - psi^2|D_0|^2 on the left: a PSD form of vectors
    # is nonnegative, and so is every multiple of a condition.
    A, b = Matrix(2, 2, symbols("a:4")), Matrix(symbols("b:2"))
    start, k = Symbol("start"), Matrix(symbols("k:2"))
    norm, upper, lower, square = symbols("norm upper lower square")
    multipliers = [symbols("p:3"), symbols("q:3")]
    stages, end = Matrix([start, start]) + A * k, start + (b.T * k)[0]
    left = end**2 - square * start**2
    for i, (p, q, r) in enumerate(multipliers):
        Y = stages[i]
        left -= p * (norm**2 * Y**2 - k[i] ** 2) + q * (upper * Y**2 - k[i] * Y)
        left -= r * (k[i] * Y - lower * Y**2)
    v = Matrix([start, *k])
    form = matrix((A, b), (norm, upper, lower), square, multipliers)
    assert expand((v.T * form * v)[0] - left) == 0


def step_2_the_shrink_of_forward_euler_is_one_plus_hm():
    # nu = 2(1 + m) leaves k^2 + ... = (k - m D_0)^2: a square, for m >= -1.
    m = Symbol("m")
    form = matrix(EULER, (1, 1, m), (1 + m) ** 2, [(0, 0, 2 * (1 + m))]).expand()
    line = Matrix([-m, 1])
    assert (form - line * line.T).expand().is_zero_matrix


def step_3_the_shrink_of_backward_euler_with_norm_and_lower_bound():
    # |D_0|^2 = |Y - k|^2 = |Y|^2 - 2<k, Y> + |k|^2 <= (1 - 2m + l^2)|D_1|^2.
    m, norm = symbols("m norm")
    square = 1 / (1 - 2 * m + norm**2)
    form = matrix(BACKWARD_EULER, (norm, 1, m), square, [(square, 0, 2 * square)])
    assert form.applyfunc(lambda entry: entry.simplify()).is_zero_matrix


HEUN_BOUNDS = (HALF, HALF, -Rational(2, 5))
HEUN_SQUARE = Rational(697, 1600)
HEUN_MULTIPLIERS = [
    (Rational(11, 80), 0, Rational(13, 40)),
    (Rational(11, 36), 0, Rational(13, 18)),
]


def witness_a_rotation_attains_the_shrink_of_heun():
    # hm = -2/5, hL = 1/2: z = (-4 + 3i)/10 frozen, |1 + z + z^2/2|^2.
    assert is_proven(HEUN, HEUN_BOUNDS, HEUN_SQUARE, HEUN_MULTIPLIERS)
    real, imaginary = -Rational(4, 10), Rational(3, 10)
    end = (
        1 + real + (real**2 - imaginary**2) / 2,
        imaginary + real * imaginary,
    )
    assert end[0] ** 2 + end[1] ** 2 == HEUN_SQUARE


def mutant_1_a_larger_shrink_of_heun():
    larger = HEUN_SQUARE + Rational(1, 10**6)
    return is_proven(HEUN, HEUN_BOUNDS, larger, HEUN_MULTIPLIERS)


def mutant_2_the_shrink_of_the_exact_flow():
    # exp(-2/5) > 67/100 is what the flow shrinks by.
    return is_proven(HEUN, HEUN_BOUNDS, Rational(67, 100) ** 2, HEUN_MULTIPLIERS)


def mutant_3_forward_euler_below_minus_one():
    # 1 + m = -1/2: the multiplier would be negative.
    m = -Rational(3, 2)
    return is_proven(EULER, (2, 2, m), (1 + m) ** 2, [(0, 0, 2 * (1 + m))])
