r"""Theorem momentum-schur-cohn.

Frozen $J$ with an eigenvalue $\lambda$: $v \leftarrow \gamma v + (1 - \gamma)\lambda
x$, $x \leftarrow x + v$ has the characteristic polynomial $\zeta^2 - a\zeta + \gamma$,
$a = 1 + \gamma + (1 - \gamma)\lambda$.  Its roots lie inside the unit circle exactly if
$|\gamma| < 1$ and $|a - \gamma\bar a| < 1 - \gamma^2$, inside that of radius $r$
exactly if $|\gamma| < r^2$ and $r|r^2a - \gamma\bar a| < r^4 - \gamma^2$; for real
$\lambda$, $r = 1$ and $0 \le \gamma < 1$ that is $-2(1 + \gamma)/(1 - \gamma) <
\lambda < 0$.
"""

from sympy import I, Matrix, Rational, conjugate, expand, eye, symbols

THEOREM = "momentum-schur-cohn"

z, gamma, rate, r, s, p, q = symbols("z gamma rate r s p q", real=True)


def decays(g, real, imaginary) -> bool:
    a = 1 + g + (1 - g) * (real + I * imaginary)
    gap = expand(a - g * conjugate(a))
    square = expand(gap * conjugate(gap))
    return bool(abs(g) < 1 and square < (1 - g**2) ** 2)


def is_the_polynomial_of_momentum(a) -> bool:
    step = Matrix([[1 + (1 - gamma) * rate, gamma], [(1 - gamma) * rate, gamma]])
    return expand((z * eye(2) - step).det() - (z**2 - a * z + gamma)) == 0


def step_1_the_characteristic_polynomial():
    assert is_the_polynomial_of_momentum(1 + gamma + (1 - gamma) * rate)


def step_2_the_reduced_polynomial_of_schur_and_cohn():
    # p = z^2 - a z + g, p* = g z^2 - conj(a) z + 1: (p - g p*)/z is of degree one, (1 -
    # g^2) z - (a - g conj a).  For |g| < 1, p is stable exactly if this is (Schur).
    u, v = symbols("u v", real=True)
    a = u + I * v
    g = gamma
    reduced = (z**2 - a * z + g) - g * (g * z**2 - conjugate(a) * z + 1)
    assert expand(reduced - z * ((1 - g**2) * z - (a - g * conjugate(a)))) == 0


def step_3_the_real_interval():
    # (1 - g)|1 + g + (1 - g) rate| < (1 - g)(1 + g) is |1 + (1 - g)/(1 + g) rate| < 1.
    end = -2 * (1 + gamma) / (1 - gamma)
    assert expand(1 + gamma + (1 - gamma) * end.cancel() + 1 + gamma).simplify() == 0
    for g in (0, Rational(1, 2), Rational(9, 10)):
        last = end.subs(gamma, g)
        assert decays(g, last + Rational(1, 1000), 0)
        assert decays(g, -Rational(1, 1000), 0)


def scaled_is_covered(power) -> bool:
    """Whether Schur's condition on zeta/r, times a power of r, is that on r."""
    a, conjugate_a = symbols("a conjugate_a")
    radius = symbols("radius", positive=True)
    # zeta = r w: w^2 - (a/r) w + gamma/r^2.
    gap = a / radius - gamma / radius**2 * conjugate_a / radius
    room = 1 - (gamma / radius**2) ** 2
    same = expand(radius**power * gap - radius * (radius**2 * a - gamma * conjugate_a))
    return same == 0 and expand(radius**power * room - (radius**4 - gamma**2)) == 0


def step_4_another_radius_is_another_scale():
    assert scaled_is_covered(4)


def step_5_the_condition_is_quadratic_in_the_real_part():
    # With y^2 <= L^2 - x^2 the squared gap is largest at the largest y.
    x, y, radius = symbols("x y radius", real=True)
    a = 1 + gamma + (1 - gamma) * (x + I * y)
    gap = expand(radius**2 * a - gamma * conjugate(a))
    real = (radius**2 - gamma) * (1 + gamma + (1 - gamma) * x)
    turned = (radius**2 + gamma) * (1 - gamma) * y
    assert expand(gap * conjugate(gap) - real**2 - turned**2) == 0


def witness_at_the_end_of_the_interval_a_root_is_minus_one():
    a = 1 + gamma + (1 - gamma) * (-2 * (1 + gamma) / (1 - gamma))
    assert ((z**2 - a * z + gamma).subs(z, -1)).simplify() == 0


def mutant_1_the_interval_of_forward_euler_whatever_gamma():
    return not decays(Rational(1, 2), -3, 0)


def mutant_2_twice_the_interval():
    return decays(Rational(1, 2), -7, 0)


def mutant_3_a_polynomial_without_the_factor_of_the_slope():
    return is_the_polynomial_of_momentum(1 + gamma + rate)


def mutant_4_a_condition_scaled_by_the_square_of_the_radius():
    return scaled_is_covered(2)
