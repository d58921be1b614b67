r"""Theorem a-stability-by-e-polynomial.

Let $R = P/Q$ without a common factor.  $|R| \le 1$ for all $\Re z \le 0$ exactly if $E
= |Q(iy)|^2 - |P(iy)|^2 \ge 0$ for all $y$ and all roots of $Q$ have $\Re z > 0$.

Without poles on the left $R$ is holomorphic there, bounded by 1 on the axis and
bounded at infinity, for $E \ge 0$ forbids $\deg P > \deg Q$: the maximum principle.
Conversely a pole on the left, or a value above 1 on the axis, is a failure.

Routh: with $f = az^n + \dots$, $g = bz^{n-1} + \dots$ of alternating powers, $f + g$
has its roots to the left exactly if $ab > 0$ and those of $f + g - (a/b)zg$ are.
"""

from sympy import I, Poly, Rational, cancel, expand, im, symbols

from stabcheck.theorems.polynomials import (
    has_roots_to_the_right_only,
    is_bounded_on_the_left,
)

THEOREM = "a-stability-by-e-polynomial"

t, y = symbols("t y", real=True)
z = symbols("z")
HALF = Rational(1, 2)


def routh_pair(degree):
    """f and g with real coefficients, of degree n and n - 1."""
    a = symbols(f"a:{degree + 1}", real=True, positive=True)
    f = sum(a[k] * z**k for k in range(degree, -1, -2))
    g = sum(a[k] * z**k for k in range(degree - 1, -1, -2))
    return f, g, a


def has_a_common_phase(p, power) -> bool:
    """Whether p(iy) is a real number times i to the power."""
    return expand(im(expand(p.subs(z, I * y) / I**power))) == 0


def step_1_on_the_axis_the_two_parts_have_different_phases():
    # f - t (a/b) z g keeps the phase of f, so that f + g - t (a/b) z g vanishes on
    # the axis only where g = 0 and f = 0: for no t if for t = 0.
    for degree in (2, 3, 4, 5):
        f, g, a = routh_pair(degree)
        moved = f - t * a[degree] / a[degree - 1] * z * g
        assert has_a_common_phase(moved, degree)
        assert has_a_common_phase(g, degree - 1)


def step_2_the_degree_drops_by_one():
    for degree in (2, 3, 4, 5):
        f, g, a = routh_pair(degree)
        reduced = expand(f + g - a[degree] / a[degree - 1] * z * g)
        assert Poly(cancel(reduced), z).degree() == degree - 1


def step_3_the_root_that_escapes_does_so_to_the_left():
    # Near t = 1 it is the root of (1 - t) a z + b, -b/((1 - t) a), with ab > 0; with
    # ab < 0 it is to the right, with b = 0 the sum of the roots is 0.
    a, b, e = symbols("a b e", positive=True)
    assert (-b / (e * a)).is_negative


def step_4_the_excess_decides_the_axis():
    P, Q = symbols("P Q", positive=True)
    assert expand(Q**2 * (1 - (P / Q) ** 2) - (Q**2 - P**2)) == 0


def witness_the_trapezoidal_rule_has_modulus_one_on_the_axis():
    assert is_bounded_on_the_left(1 + z / 2, 1 - z / 2, z)
    on_axis = (1 + z / 2).subs(z, I * y)
    assert expand(on_axis * on_axis.conjugate() - (1 + y**2 / 4)) == 0


def witness_radau_iia_and_backward_euler_are_a_stable():
    assert is_bounded_on_the_left(1 + z / 3, 1 - 2 * z / 3 + z**2 / 6, z)
    assert is_bounded_on_the_left(1 + 0 * z, 1 - z, z)


def mutant_the_excess_alone_would_do():
    # 1/(1 + z): the excess is y^2, the pole is -1.
    return is_bounded_on_the_left(1 + 0 * z, 1 + z, z)


def mutant_the_poles_alone_would_do():
    return is_bounded_on_the_left(1 + 3 * z / 4, 1 - z / 4, z)


def mutant_an_explicit_method_is_a_stable():
    return is_bounded_on_the_left(1 + z, 1 + 0 * z, z)


def mutant_positive_coefficients_make_roots_to_the_left():
    # (1 + z)(1 + z^2) has two roots on the axis.
    return has_roots_to_the_right_only(expand((1 - z) * (1 + z**2)), z)
