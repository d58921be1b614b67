r"""Theorem von-neumann-disc.

If $\|hJ + rI\| \le r$ and the disc $\{|z + r| \le r\}$ lies in the stability region of
$R$, then $\|R(hJ)\| \le 1$.

$T = (hJ + rI)/r$ is a contraction and $p(w) = R(rw - r)$ is analytic near the closed
unit disc, where $|p| \le 1$; its Taylor polynomials converge uniformly, so polynomials
of any degree $N$ will do.  $T$ is the corner of a unitary matrix $U$ of $N + 1$ blocks
whose powers up to $N$ have the powers of $T$ as their corner (Egervary 1954).  A
unitary matrix is normal: $\|p(T)\| \le \|p(U)\| \le \max_{|w| = 1}|p(w)|$.

$T, T^*$ do not commute; $D = (I - T^*T)^{1/2}$, $D_* = (I - TT^*)^{1/2}$.
"""

from sympy import Matrix, Poly, Rational, expand, factorial, symbols

THEOREM = "von-neumann-disc"

T, T_star = symbols("T T_star", commutative=False)
D, D_star = symbols("D D_star", commutative=False)
x, r = symbols("x r", real=True)


def dilation(size):
    """Egervary's U of `size` + 1 blocks, first row T, 0, ..., 0, D_star."""
    U = Matrix.zeros(size + 1, size + 1)
    U[0, 0], U[0, size] = T, D_star
    U[1, 0], U[1, size] = D, -T_star
    for k in range(2, size + 1):
        U[k, k - 1] = 1
    return U


def adjoint(U):
    swap = {T: T_star, T_star: T, D: D, D_star: D_star}
    return U.T.applyfunc(lambda entry: entry.xreplace(swap))


def reduced(expression):
    """Use D^2 = 1 - T*T, D_*^2 = 1 - TT* and D T* = T* D_*, D_* T = T D."""
    rules = (
        (D * T_star, T_star * D_star),
        (D_star * T, T * D),
        (D**2, 1 - T_star * T),
        (D_star**2, 1 - T * T_star),
    )
    expression = expand(expression)
    for _ in range(3):
        for old, new in rules:
            expression = expand(expression.subs(old, new))
    return expression


def corner_of_power(size, power):
    return expand((dilation(size) ** power)[0, 0])


def disc_lies_in_region(coefficients, radius) -> bool:
    """Whether |R| <= 1 on |z + r| = r, for a polynomial R: then inside, by maximum."""
    # z = 2r/w with w = -1 + it runs over the circle: multiply by |w|^(2s).
    t = symbols("t", real=True)
    real, imaginary, powers = 1, 0, []
    for _ in coefficients:
        powers.append((real, imaginary))
        real, imaginary = -real - t * imaginary, -imaginary + t * real
    terms = list(zip(coefficients, reversed(powers), range(9), strict=False))
    P_real = sum(c * (2 * radius) ** k * a for c, (a, _), k in terms)
    P_imaginary = sum(c * (2 * radius) ** k * b for c, (_, b), k in terms)
    gap = (1 + t**2) ** (len(coefficients) - 1) - P_real**2 - P_imaginary**2
    gap = Poly(expand(gap), t)
    if gap.is_zero:
        return True
    # Nonnegative on the line: positive leading term, no real root of odd multiplicity.
    odd = [factor for factor, m in gap.factor_list()[1] if m % 2]
    return bool(gap.LC() > 0) and not any(f.count_roots() for f in odd)


EULER = [1, 1]
RK4 = [Rational(1, factorial(k)) for k in range(5)]


def step_1_the_defects_intertwine():
    # T*(1 - TT*) = (1 - T*T)T*; hence for polynomials of the defects, and in the limit
    # for their square roots: T* D_* = D T*.
    gap = T_star * (1 - T * T_star) - (1 - T_star * T) * T_star
    assert expand(gap) == 0


def step_2_the_dilation_is_unitary():
    for size in range(1, 6):
        U = dilation(size)
        for product in (adjoint(U) * U, U * adjoint(U)):
            identity = Matrix.eye(size + 1)
            assert (product.applyfunc(reduced) - identity).is_zero_matrix


def step_3_its_powers_have_the_powers_of_T_as_corner():
    # A walk from block 0 back to block 0 other than the loop T passes all the N blocks
    # 1, ..., N in turn and then D_star: it is longer than N.
    for size in range(1, 6):
        for power in range(size + 1):
            assert expand(corner_of_power(size, power) - T**power) == 0


def step_4_the_unit_disc_lies_in_the_region_of_euler():
    assert disc_lies_in_region(EULER, 1)


def step_5_a_disc_of_radius_139_hundredths_lies_in_the_region_of_rk4():
    assert disc_lies_in_region(RK4, Rational(139, 100))


def witness_the_bound_is_attained_by_euler_at_the_far_end_of_the_disc():
    z = -2
    assert abs(z + 1) == 1  # |hJ + rI| = r with r = 1
    assert abs(1 + z) == 1


def mutant_a_larger_disc_lies_in_the_region_of_euler():
    return disc_lies_in_region(EULER, Rational(101, 100))


def mutant_a_disc_of_radius_seven_fifths_lies_in_the_region_of_rk4():
    return disc_lies_in_region(RK4, Rational(7, 5))
