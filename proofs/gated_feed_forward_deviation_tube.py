r"""Theorem gated-feed-forward-deviation-tube.

A token of $(\phi(xW_g)\circ xW_1)W_2$ has the Jacobian $J = W_2^{\mathsf
T}(\operatorname{diag}(z\circ\phi'(u))W_g^{\mathsf T} +
\operatorname{diag}(\phi(u))W_1^{\mathsf T})$ with $u = xW_g$, $z = xW_1$ (theorem
swiglu-jacobian).  Within $\varepsilon$ of $x_0$ let $\delta$ bound the change of
$\phi'(u)$ for $|u - u_0| \le \varepsilon|w_g|$, unit by unit.  Then

$$\lVert J - J_0\rVert \le \lVert\sqrt\alpha W_2\rVert\lVert\sqrt\alpha W_g^{\mathsf T}
\rVert + \lVert\sqrt\beta W_2\rVert\lVert\sqrt\beta W_1^{\mathsf T}\rVert ,$$

$\alpha = \delta(|z_0| + \varepsilon|w_1|) + |\phi'(u_0)|\varepsilon|w_1|$, $\beta =
\varepsilon|w_g|(|\phi'(u_0)| + \delta)$, diagonal matrices before the others.  $\phi'$
turns at two points (theorems silu-derivative-range, gelu-derivative-range), so that
$\delta$ is its change at an end of the interval or at such a point inside.
"""

from sympy import Rational, exp, expand, integrate, simplify, sqrt, symbols

from stabcheck.theorems.algebra import is_sum_of_nonnegative_terms

THEOREM = "gated-feed-forward-deviation-tube"


def product_change(cross):
    """What is left of z'f' - z f after the three terms behind alpha."""
    z, f, dz, df = symbols("z f dz df", real=True)
    change = (z + dz) * (f + df) - z * f
    return expand(change - df * (z + cross * dz) - f * dz)


def value_change_is_covered(with_turn) -> bool:
    """Whether reach (|f| + delta) covers reach sup |phi'|, phi' moving by delta."""
    reach, f, delta = symbols("reach f delta", nonnegative=True)
    needed = reach * (f + delta)
    return is_sum_of_nonnegative_terms(expand(reach * (f + with_turn * delta) - needed))


def weighted_product_is_covered(power) -> bool:
    """Whether (sum a x y)^2 <= (sum a^power x^2)(sum a^(2 - power) y^2), two terms.

    With roots of the weights on both sides (power 1) the gap is a square.
    """
    a, b, x, y, v, w = symbols("a b x y v w", positive=True)
    total = (a**power * x**2 + b**power * v**2) * (
        a ** (2 - power) * y**2 + b ** (2 - power) * w**2
    )
    gap = total - (a * x * y + b * v * w) ** 2
    return simplify(gap - a * b * (x * w - v * y) ** 2) == 0


def step_1_the_change_of_a_product_has_three_terms():
    # |z'f' - z f| <= delta (|z| + eps |w_1|) + |f| eps |w_1| with f = phi'(u).
    assert product_change(1) == 0


def step_2_the_value_moves_by_its_largest_slope():
    # phi(u') - phi(u) is the integral of phi' between them, and |phi'| <= |phi'(u)| +
    # delta there.
    u, reach, slope = symbols("u reach slope", positive=True)
    assert integrate(slope, (u, 0, reach)) == slope * reach
    assert value_change_is_covered(1)


def step_3_a_sum_over_units_is_a_product_of_two_norms():
    # |y.(W_2^T diag(d) W^T v)| <= sum_k |d_k||w_2k.y||w_k.v|, with |d_k| <= alpha_k
    # <= (sum alpha |w_2.y|^2)^(1/2) (sum alpha |w.v|^2)^(1/2) (Cauchy and Schwarz).
    assert weighted_product_is_covered(1)
    top, room, term = symbols("top room term", nonnegative=True)
    assert is_sum_of_nonnegative_terms(expand(top * term - (top - room) * term))


def witness_one_unit_attains_the_first_order():
    # d = m = 1, unit weights, gate phi(u) = u/(1 + exp(-u)) at 0: phi' = 1/2, z = 1.
    x = symbols("x", real=True)
    field = x / (1 + exp(-x)) * x
    slope = field.diff(x)
    half = Rational(1, 2)
    # At x = 0, J' = 2 phi'(0) = 1: alpha and beta are eps/2 each to first order.
    assert slope.diff(x).subs(x, 0) == half + half
    assert sqrt(half) * sqrt(half) == half


def mutant_the_product_of_the_moves_is_dropped():
    return product_change(0) == 0


def mutant_the_slope_stays_that_of_the_centre():
    return value_change_is_covered(0)


def mutant_one_side_takes_the_weights_alone():
    return weighted_product_is_covered(2)
