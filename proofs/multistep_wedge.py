r"""Theorem multistep-wedge.

Let all roots of $\rho + \sigma$ have $|\zeta| < 1$ and let no $z = \rho(\zeta)/\sigma
(\zeta)$, $|\zeta| = 1$, have $\Re z < 0$ and $(\Im z)^2 < w(\Re z)^2$.  Then all roots
of $\rho - z\sigma$ have $|\zeta| < 1$ in that wedge.

The wedge is connected and holds -1.  Along a path from there the k roots move on the
sphere continuously and would have to cross the circle, where $z = \rho/\sigma$.
Conversely a crossing takes a root outside on one side of the locus, which is smooth
but for finitely many points.

With $\zeta = (1 + v)/(1 - v)$, $v = iy$, $x = y^2$, $\rho$ and $\sigma$ become $a +
iyb$ and $c + iyd$, and $z$ has the signs of $X = ac + xbd$ and of $y(bc - ad)$.
"""

from sympy import I, Poly, Rational, expand, im, re, symbols

from stabcheck.theorems.polynomials import (
    has_roots_to_the_right_only,
    is_nonnegative_on,
)

THEOREM = "multistep-wedge"

v, zeta = symbols("v zeta")
x, y = symbols("x y", real=True)
BDF2 = zeta**2 * Rational(3, 2) - 2 * zeta + Rational(1, 2), zeta**2
BDF3 = (
    Rational(11, 6) * zeta**3 - 3 * zeta**2 + Rational(3, 2) * zeta - Rational(1, 3),
    zeta**3,
)
EULER = zeta - 1, 1 + 0 * zeta


def pulled_back(p, degree):
    terms = (
        Poly(p, zeta).coeff_monomial(zeta**j) * (1 + v) ** j * (1 - v) ** (degree - j)
        for j in range(degree + 1)
    )
    return expand(sum(terms))


def parts(p):
    ascending = Poly(p, v).all_coeffs()[::-1]
    even = sum((-1) ** k * c * x**k for k, c in enumerate(ascending[::2]))
    odd = sum((-1) ** k * c * x**k for k, c in enumerate(ascending[1::2]))
    return even, odd


def locus(method):
    degree = Poly(method[0], zeta).degree()
    (a, b), (c, d) = (parts(pulled_back(p, degree)) for p in method)
    return expand(a * c + x * b * d), expand(b * c - a * d)


def is_stable_at_minus_one(method) -> bool:
    degree = Poly(method[0], zeta).degree()
    p = pulled_back(sum(method), degree)
    full = Poly(p, v).degree() == degree
    return full and has_roots_to_the_right_only(p.subs(v, -v), v)


def is_a_stable(method) -> bool:
    return is_stable_at_minus_one(method) and is_nonnegative_on(locus(method)[0], x, 0)


def bdf3_avoids_the_wedge(w) -> bool:
    """Its real part is negative for x < 3/5 only: there the gap has to be >= 0."""
    real, odd = locus(BDF3)
    end = Rational(3, 5)
    assert is_nonnegative_on(-real, x, 0, end)
    assert is_nonnegative_on(real, x, end)
    return is_nonnegative_on(expand(x * odd**2 - w * real**2), x, 0, end)


def step_1_the_signs_along_the_locus():
    a, b, c, d = symbols("a b c d", real=True)
    product = expand((a + I * y * b) * (c - I * y * d))
    assert expand(re(product) - (a * c + y**2 * b * d)) == 0
    assert expand(im(product) - y * (b * c - a * d)) == 0


def step_2_on_the_circle_v_is_imaginary():
    s, t = symbols("s t", real=True)
    assert expand((1 + s) ** 2 + t**2 - (1 - s) ** 2 - t**2) == 4 * s


def step_3_the_pulled_back_parts_are_those_of_the_polynomial():
    p = pulled_back(BDF3[0], 3)
    even, odd = parts(p)
    assert (
        expand(p.subs(v, I * y) - even.subs(x, y**2) - I * y * odd.subs(x, y**2)) == 0
    )


def witness_bdf2_is_a_stable():
    assert is_a_stable(BDF2)


def witness_bdf3_is_stable_up_to_86_degrees():
    # The squared tangent of 86.03 degrees is 207.87...
    assert is_stable_at_minus_one(BDF3)
    assert bdf3_avoids_the_wedge(207)


def mutant_bdf3_is_a_stable():
    return is_a_stable(BDF3)


def mutant_bdf3_is_stable_in_a_wider_wedge():
    return bdf3_avoids_the_wedge(208)


def mutant_the_locus_alone_would_do_for_euler():
    # It is stable at -1: the locus |z + 1| = 1 runs through the wedge.
    return is_a_stable(EULER)
