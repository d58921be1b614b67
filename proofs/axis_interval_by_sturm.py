r"""Theorem axis-interval-by-sturm.

Let $R = P/Q$ without a common factor.  $|R| \le 1$ on $[-\alpha, 0]$ exactly if
$Q(-x)^2 - P(-x)^2 \ge 0$ on $[0, \alpha]$, and on $i[-\beta, \beta]$ exactly if $E(x)
= |Q(i\sqrt x)|^2 - |P(i\sqrt x)|^2 \ge 0$ on $[0, \beta^2]$.

A polynomial is nonnegative on $[a, b]$ exactly if the product of its distinct factors
of odd multiplicity has no root in $(a, b)$ and one value there is positive; the roots
are counted by the changes of sign in $p, p'$ and the negated remainders (Sturm).
"""

from itertools import pairwise, product

from sympy import I, Poly, Rational, expand, factorial, sign, symbols

from stabcheck.theorems.polynomials import is_nonnegative_on, squared_modulus_on_axis

THEOREM = "axis-interval-by-sturm"

x, y, z = symbols("x y z", real=True)
RK4 = sum(z**k / factorial(k) for k in range(5))


def excess(P, Q=1):
    return expand(
        squared_modulus_on_axis(Q + 0 * z, z, x) - squared_modulus_on_axis(P, z, x)
    )


def real_interval_reaches(P, end) -> bool:
    return is_nonnegative_on(1 - P.subs(z, -x) ** 2, x, 0, end)


def imaginary_interval_reaches(P, end) -> bool:
    return is_nonnegative_on(excess(P), x, 0, end**2)


def changes(signs) -> int:
    kept = [s for s in signs if s]
    return sum(a != b for a, b in pairwise(kept))


def changes_once_whatever_stands_between(outer) -> bool:
    return all(changes((outer[0], e, outer[1])) == 1 for e in (-1, 0, 1))


def count_is_right(p, low, high) -> bool:
    chain = [Poly(p, z), Poly(p, z).diff(z)]
    while chain[-1].degree() > 0:
        chain.append(-chain[-2].rem(chain[-1]))
    signs = [[member.eval(at) for member in chain] for at in (low, high)]
    found = [changes([int(sign(v)) for v in s]) for s in signs]
    return found[0] - found[1] == Poly(p, z).count_roots(low, high)


def step_1_on_the_real_axis_the_excess_has_the_sign_of_one_minus_the_square():
    # At a root of Q the excess is -P^2 < 0: a pole ends the interval as it should.
    P, Q = symbols("P Q", real=True)
    assert expand(Q**2 * (1 - (P / Q) ** 2) - (Q**2 - P**2)) == 0
    assert (Q**2 - P**2).subs(Q, 0) == -(P**2)


def step_2_the_squared_modulus_on_the_imaginary_axis_is_a_polynomial_in_the_square():
    a = symbols("a:6", real=True)
    p = sum(c * z**k for k, c in enumerate(a))
    on_axis = p.subs(z, I * y)
    modulus = expand(on_axis * on_axis.conjugate())
    assert expand(modulus - squared_modulus_on_axis(p, z, x).subs(x, y**2)) == 0


def step_3_only_factors_of_odd_multiplicity_change_the_sign():
    f, g, h = symbols("f g h", real=True)
    assert expand(f * g**2 * h**3 - (f * h) * (g * h) ** 2) == 0


def step_4_a_root_of_an_inner_member_changes_no_count():
    # p_{k-1} = q p_k - p_{k+1}: neighbours have opposite signs where p_k vanishes, and
    # neither is 0, for the members have no common root.
    q, following = symbols("q following")
    assert (q * 0 - following) == -following
    assert all(changes_once_whatever_stands_between((s, -s)) for s in (-1, 1))


def step_5_a_root_of_the_first_member_takes_one_change_away():
    # p p' is negative before a simple root and positive behind it.
    for slope, rest in product((-1, 1), repeat=2):
        before, behind = (-slope, slope, rest), (slope, slope, rest)
        assert changes(before) - changes(behind) == 1


def witness_the_imaginary_interval_of_rk4_is_the_root_of_eight():
    assert excess(RK4) == expand(x**3 * (8 - x) / 576)
    assert is_nonnegative_on(excess(RK4), x, 0, 8)


def witness_a_count():
    assert count_is_right(z**3 - 3 * z + 1, 0, 2)


def mutant_the_imaginary_interval_of_rk4_is_longer():
    return imaginary_interval_reaches(RK4, Rational(28285, 10000))


def mutant_the_real_interval_of_rk4_is_longer():
    return real_interval_reaches(RK4, Rational(27853, 10000))


def mutant_neighbours_of_one_sign_would_do():
    return changes_once_whatever_stands_between((1, 1))
