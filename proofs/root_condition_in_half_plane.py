r"""Theorem root-condition-in-half-plane.

Let $r(v) = (1 - v)^k\rho((1 + v)/(1 - v))$ have degree at least $k - 1$ and $h =
\gcd(r(v), r(-v))$.  All k roots of $\rho$ have $|\zeta| \le 1$, and those with
$|\zeta| = 1$ are simple, exactly if $r/h$ has its roots in $\Re v < 0$ only and $h$ is
$1$ or $v$ times a polynomial in $v^2$ whose roots $v^2$ are negative and simple.

A root $v$ with $\Re v = 0$ is a root of $r(-v)$ too, as $r$ is real, so that it is one
of $h$ with its whole multiplicity; a root of $h$ off the axis has a mirror image, and
one of the two is to the right.  $\zeta = -1$ is $v = \infty$, a degree less.
"""

from sympy import I, Poly, cancel, expand, gcd, real_roots, symbols

from stabcheck.theorems.polynomials import has_roots_to_the_right_only

THEOREM = "root-condition-in-half-plane"

v, x, z = symbols("v x zeta")


def in_half_plane(rho):
    ascending = Poly(rho, z).all_coeffs()[::-1]
    k = len(ascending) - 1
    terms = (c * (1 + v) ** j * (1 - v) ** (k - j) for j, c in enumerate(ascending))
    return expand(sum(terms))


def satisfies_root_condition(rho) -> bool:
    r, k = Poly(in_half_plane(rho), v), Poly(rho, z).degree()
    if r.degree() < k - 1:
        return False
    common = Poly(gcd(r.as_expr(), r.as_expr().subs(v, -v)), v)
    rest = cancel(r.as_expr() / common.as_expr())
    if not has_roots_to_the_right_only(rest.subs(v, -v) + 0 * v, v):
        return False
    descending = common.all_coeffs()
    if descending[-1] == 0:
        descending = descending[:-1]
    if descending[-1] == 0:
        return False
    squares = Poly(descending[::2], x)
    roots = real_roots(squares)
    return len(roots) == squares.degree() == len(set(roots)) and all(
        root < 0 for root in roots
    )


def step_1_the_disc_is_the_left_half_plane():
    # |1 + v|^2 - |1 - v|^2 = 4 Re v.
    s, t = symbols("s t", real=True)
    assert expand((1 + s) ** 2 + t**2 - (1 - s) ** 2 - t**2 - 4 * s) == 0


def step_2_a_root_in_zeta_is_a_root_in_v():
    c = symbols("c")
    assert expand(in_half_plane(z - c) - ((1 + v) - c * (1 - v))) == 0
    assert Poly(in_half_plane(z + 1), v).degree() == 0


def step_3_on_the_axis_the_mirror_image_is_the_conjugate():
    a, t = symbols("a:5", real=True), symbols("t", real=True)
    p = sum(c * v**k for k, c in enumerate(a))
    assert expand(p.subs(v, I * t).conjugate() - p.subs(v, -I * t)) == 0


def step_4_what_is_its_own_mirror_image_is_odd_or_even():
    # h(v) and h(-v) have the same roots: they agree up to the sign of the degree.
    for symmetric in (expand((v**2 + 1) * (v**2 - 4)), expand(v * (v**2 + 3))):
        mirrored = symmetric.subs(v, -v)
        assert expand(symmetric**2 - mirrored**2) == 0


def witness_leapfrog_and_adams_methods_are_zero_stable():
    assert satisfies_root_condition(z**2 - 1)
    assert satisfies_root_condition(z**3 - z**2)
    assert satisfies_root_condition(expand((z - 1) * (z**2 + 1)))


def mutant_a_double_root_at_one_is_allowed():
    return satisfies_root_condition(expand((z - 1) ** 2))


def mutant_a_double_root_at_minus_one_is_allowed():
    return satisfies_root_condition(expand((z - 1) * (z + 1) ** 2))


def mutant_a_root_outside_is_allowed():
    return satisfies_root_condition(expand((z - 1) * (z - 2)))


def mutant_roots_that_mirror_each_other_are_allowed():
    return satisfies_root_condition(expand((z - 3) * (3 * z - 1)))
