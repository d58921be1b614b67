r"""Theorem circle-contractivity-radius.

Let $b \ge 0$, $M = BA + A^TB - bb^T$, $B = \operatorname{diag}(b)$.  If $M + B/r
\succeq 0$ then $M + B/s \succeq 0$ for every $0 < s \le r$; it holds for all $r$
exactly if $M \succeq 0$.  Elimination with the largest diagonal entry decides it.
"""

from sympy import Matrix, Rational, diag, expand, symbols

from stabcheck.theorems.algebra import is_positive_semidefinite

THEOREM = "circle-contractivity-radius"

HALF = Rational(1, 2)
LITTLE = Rational(1, 10**9)
RK4 = (
    Matrix([[0, 0, 0, 0], [HALF, 0, 0, 0], [0, HALF, 0, 0], [0, 0, 1, 0]]),
    Matrix([1, 2, 2, 1]) / 6,
)
RADAU_IIA_2 = (
    Matrix([[Rational(5, 12), Rational(-1, 12)], [Rational(3, 4), Rational(1, 4)]]),
    Matrix([Rational(3, 4), Rational(1, 4)]),
)
MIDPOINT = (Matrix([[0, 0], [HALF, 0]]), Matrix([0, 1]))


def form(A, b, rho):
    B = diag(*b)
    return (B * A + A.T * B - b * b.T + rho * B).applyfunc(expand)


def reaches(method, radius) -> bool:
    A, b = method
    return min(b) >= 0 and is_positive_semidefinite(form(A, b, 1 / Rational(radius)))


def step_1_smaller_radii_add_a_semidefinite_diagonal():
    # 1/s = 1/r + e with e >= 0: the difference is e B, diagonal, entries e b_i >= 0.
    A, b = Matrix(2, 2, symbols("a:4")), Matrix(symbols("b:2", nonnegative=True))
    rho, e = symbols("rho e", nonnegative=True)
    gap = (form(A, b, rho + e) - form(A, b, rho)).applyfunc(expand)
    assert gap == diag(*(e * weight for weight in b))
    assert all(entry.is_nonnegative for entry in gap.diagonal())


def step_2_the_limit_of_semidefinite_matrices_is_one():
    # M = lim (M + B/r) as r grows; conversely M + B/r >= M by step 1.
    A, b = Matrix(2, 2, symbols("a:4")), Matrix(symbols("b:2"))
    rho = symbols("rho")
    assert form(A, b, rho).subs(rho, 0) == form(A, b, 0)


def step_3_a_positive_pivot_splits_off_a_square():
    a, c, d, u, w = symbols("a c d u w")
    quadratic = a * u**2 + 2 * c * u * w + d * w**2
    split = a * (u + c * w / a) ** 2 + (d - c**2 / a) * w**2
    assert expand(quadratic - split) == 0


def step_4_without_a_positive_pivot_the_matrix_has_to_vanish():
    # A zero on the diagonal with c beside it: the minor is -c^2.
    c, d = symbols("c d", real=True)
    assert Matrix([[0, c], [c, d]]).det() == -(c**2)


def witness_the_radius_of_rk4_is_one():
    assert reaches(RK4, 1)
    assert not reaches(RK4, 1 + LITTLE)


def witness_radau_iia_has_every_radius():
    assert is_positive_semidefinite(form(*RADAU_IIA_2, 0))


def mutant_the_radius_of_rk4_is_larger():
    return reaches(RK4, 1 + LITTLE)


def mutant_explicit_midpoint_has_a_radius():
    return reaches(MIDPOINT, LITTLE)


def mutant_rk4_has_every_radius():
    return is_positive_semidefinite(form(*RK4, 0))
