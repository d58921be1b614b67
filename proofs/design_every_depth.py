r"""Theorem design-every-depth.

A layer is a composition of explicit steps of $\dot x = -\lambda x + cF(x)$ with the
sizes $T/\ell$ at the depth $\ell$, $F$ Lipschitz with $K$; a leak $\lambda > 0$ goes
with forward Euler and $T\lambda \le L$.  If every comparison polynomial $\sum_j
c_j\kappa^j$ has $c_j \le 1/j!$, then for every depth $\ell \ge L$ the growth over the
depth is at most $\exp\sum T(cK - \lambda)$, and the shrink at least what it is at $L$:
$\prod(1 - T(\lambda + cK)/L)^L$ for forward Euler, $\prod(2 - e^{TcK/L})^L$ for others.
Forward Euler of symmetric Jacobians with spectra in $[a, b]$ has $ca - \lambda$, at
least $-L/T$, in place of $-cK - \lambda$, and $cb - \lambda$ for $cK - \lambda$.

The logarithm of a step's bound is $\ell(t)$ with $t = C/L$, and $L\,\ell(C/L)$ has the
derivative $\ell(t) - t\ell'(t)$ in $L$: zero at $t = 0$, of derivative $-t\ell''(t)$.
"""

from sympy import (
    Rational,
    diff,
    exp,
    expand,
    factorial,
    limit,
    log,
    oo,
    simplify,
    symbols,
)

THEOREM = "design-every-depth"

t, u, L, C = symbols("t u L C", positive=True)
v = symbols("v", real=True)

EULER = [1]
HEUN = [1, Rational(1, 2)]
RK4 = [1, Rational(1, 2), Rational(1, 6), Rational(1, 24)]


def stays_below_the_exponential(coefficients) -> bool:
    """Term by term: sum of c_j kappa^j <= sum of kappa^j / j! for kappa >= 0."""
    return all(c * factorial(j) <= 1 for j, c in enumerate(coefficients, 1))


def exponential_of_this_multiple_lies_above_its_tangent(rate) -> bool:
    """exp(rate v) - 1 - v vanishes at 0 with its slope and is convex."""
    gap = exp(rate * v) - 1 - v
    flat = gap.subs(v, 0) == 0 and diff(gap, v).subs(v, 0) == 0
    return bool(flat and diff(gap, v, 2).is_positive)


def rises_with_the_depth(logarithm, root_of_fall) -> bool:
    """-logarithm'' is the square of a real function, and the logarithm is 0 at 0."""
    fall = -diff(logarithm, t, 2) - root_of_fall**2
    return logarithm.subs(t, 0) == 0 and simplify(fall) == 0


def step_1_comparison_polynomials_stay_below_the_exponential():
    for coefficients in (EULER, HEUN, RK4):
        assert stays_below_the_exponential(coefficients)


def step_2_a_leaking_euler_step_stays_below_it_too():
    # 1 - h lambda + h c K = 1 + v with v = h(cK - lambda) of either sign; the growth
    # is |1 - h lambda| + h c K, and h lambda <= 1 from the depth L on.
    assert exponential_of_this_multiple_lies_above_its_tangent(1)


def step_3_a_spectrum_gives_an_euler_step_both_ends():
    # Comparison about the middle of [a, b]: |1 - x| +- kappa with x = -h(a + b)/2 and
    # kappa = h(b - a)/2 is 1 + hb, respectively 1 + ha, where 1 - x >= 0; it is, as
    # 1 + ha >= 0.  Then step 2 with v = hb, and step 5 with t = -ha for a < 0; for a
    # >= 0 the logarithm of 1 + T a / L rises with L as well: (log(1 + t))'' <= 0.
    a, b, h = symbols("a b h", real=True)
    x, kappa = -h * (a + b) / 2, h * (b - a) / 2
    assert expand((1 - x) + kappa - (1 + h * b)) == 0
    assert expand((1 - x) - kappa - (1 + h * a)) == 0
    assert rises_with_the_depth(log(1 + t), 1 / (1 + t))


def step_4_the_exponents_of_all_steps_add_up_to_the_horizon():
    # L steps of size T / L: the depth drops out.
    assert simplify(exp(C / L) ** L - exp(C)) == 0


def step_5_the_shrink_of_euler_rises_with_the_depth():
    assert rises_with_the_depth(log(1 - t), 1 / (1 - t))


def step_6_the_shrink_of_other_methods_rises_with_the_depth():
    root = (2 * exp(t)) ** Rational(1, 2) / (2 - exp(t))
    assert rises_with_the_depth(log(2 - exp(t)), root)


def witness_the_exponential_is_the_limit_of_a_dilation():
    # F(X) = K X: every Euler step is the dilation 1 + TK / L.
    assert limit((1 + u / L) ** L, L, oo) == exp(u)


def mutant_half_of_the_horizon():
    return exponential_of_this_multiple_lies_above_its_tangent(Rational(1, 2))


def mutant_a_polynomial_with_a_larger_square():
    return stays_below_the_exponential([1, Rational(2, 3)])


def mutant_the_growth_falls_with_the_depth():
    return rises_with_the_depth(-log(1 + t), 1 / (1 + t))
