r"""Theorem feed-forward-deviation-tube.

Let a token's Jacobian be $J = \sum_k g_k w_{2,k} w_{1,k}^{\mathsf T}$ with the slopes
$g_k = \operatorname{gelu}'(z_k)$, $z = W_1^{\mathsf T}x + b_1$.  On the tube of radius
$\varepsilon$ round $x_0$ the slope of unit $k$ moves by at most $\delta_k$, the largest
$|\operatorname{gelu}'(z) - \operatorname{gelu}'(z_k)|$ for $|z - z_k| \le
\varepsilon|w_{1,k}|$, taken at the ends of that interval and at those of $\pm\sqrt 2$
inside it; and with $\Delta = \operatorname{diag}(\delta)$

$$\lVert J - J_0\rVert \le \lVert\Delta^{1/2}W_2\rVert\,\lVert\Delta^{1/2}W_1^{\mathsf
 T}\rVert = \sqrt{\lVert W_2^{\mathsf T}\Delta W_2\rVert\,\lVert W_1\Delta
 W_1^{\mathsf T}\rVert} .$$
"""

from sympy import (
    Matrix,
    Rational,
    diff,
    erf,
    exp,
    expand,
    pi,
    simplify,
    solveset,
    sqrt,
    symbols,
)
from sympy import S as Sets

from stabcheck.theorems.algebra import (
    is_positive_semidefinite,
    is_sum_of_nonnegative_terms,
)

THEOREM = "feed-forward-deviation-tube"

z = symbols("z", real=True)
DENSITY = exp(-(z**2) / 2) / sqrt(2 * pi)
SLOPE = (1 + erf(z / sqrt(2))) / 2 + z * DENSITY
TURN = sqrt(2)


def change_is_covered(changes, first, second, bound) -> bool:
    """Whether sum_k e_k w_2k w_1k^T, e = changes, has its norm below a bound."""
    moved = second.T * Matrix.diag(*changes) * first
    gram = moved.T * moved
    return is_positive_semidefinite(bound**2 * Matrix.eye(gram.rows) - gram)


def points_cover(centre, points, inner) -> bool:
    """Whether the largest change of the slope at the points is that at an inner one.

    The numbers are evaluated to 30 digits with their error tracked.
    """
    change = abs(SLOPE.subs(z, inner) - SLOPE.subs(z, centre)).evalf(30)
    found = [abs(SLOPE.subs(z, p) - SLOPE.subs(z, centre)).evalf(30) for p in points]
    return bool(max(found) >= change)


def step_1_a_hidden_value_moves_by_the_length_of_its_column():
    # z_k - z_k(x_0) = w_1k.(x - x_0): Cauchy and Schwarz; p = |a|^2, q = |b|^2, r =
    # a.b.
    p, q, r = symbols("p q r", real=True)
    square = p**2 * q - 2 * p * r * r + r**2 * p
    assert expand(square - p * (p * q - r**2)) == 0


def step_2_the_slope_turns_at_plus_and_minus_root_two_only():
    # gelu'' = phi(z) (2 - z^2), and phi > 0.
    second = diff(SLOPE, z)
    assert simplify(second - DENSITY * (2 - z**2)) == 0
    assert solveset(2 - z**2, z, Sets.Reals) == {-TURN, TURN}


def step_3_so_its_extremes_on_an_interval_are_at_ends_and_turning_points():
    # Between two consecutive points of the list the slope is monotone: values lie
    # between those of the two; f lies between a and a + u + w.
    a, u, w = symbols("a u w", nonnegative=True)
    assert is_sum_of_nonnegative_terms((a + u + w) - (a + u))
    assert is_sum_of_nonnegative_terms((a + u) - a)


def step_4_weighted_cauchy_and_schwarz():
    # (sum d_k a_k^2)(sum d_k b_k^2) - (sum d_k a_k b_k)^2 = sum over pairs k < l of d_k
    # d_l (a_k b_l - a_l b_k)^2: the terms of one unit cancel, a pair gives a square.
    d1, d2, a1, a2, b1, b2 = symbols("d_1 d_2 a_1 a_2 b_1 b_2", real=True)
    assert expand(d1 * a1**2 * d1 * b1**2 - (d1 * a1 * b1) ** 2) == 0
    pair = d1 * a1**2 * d2 * b2**2 + d2 * a2**2 * d1 * b1**2
    cross = 2 * d1 * a1 * b1 * d2 * a2 * b2
    assert expand(pair - cross - d1 * d2 * (a1 * b2 - a2 * b1) ** 2) == 0


def step_5_signs_and_smaller_changes_only_help():
    # |u.(J - J_0) v| = |sum_k e_k a_k b_k| <= sum_k delta_k |a_k||b_k| with a_k =
    # w_2k.u and b_k = w_1k.v, |e_k| = delta_k - s_k.
    delta, a, b, s = symbols("delta a b s", nonnegative=True)
    assert is_sum_of_nonnegative_terms(expand(delta * a * b - (delta - s) * a * b))


def step_6_the_sums_are_quadratic_forms():
    # sum_k delta_k (w_2k.u)^2 = |Delta^(1/2) W_2 u|^2, one unit and one feature pair.
    delta, wa, wb, ua, ub = symbols("delta w_a w_b u_a u_b", positive=True)
    rows = Matrix([[sqrt(delta) * wa, sqrt(delta) * wb]])
    form = (rows * Matrix([ua, ub])).dot(rows * Matrix([ua, ub]))
    assert expand(form - delta * (wa * ua + wb * ub) ** 2) == 0


def witness_one_hidden_unit_attains_the_bound():
    delta = Rational(1, 3)
    first, second = Matrix([[3, 4]]), Matrix([[0, 2]])
    assert change_is_covered([delta], first, second, delta * 5 * 2)


def witness_the_list_of_points_is_enough_where_the_interval_holds_a_turning_point():
    ends = [Rational(13, 10), Rational(47, 10)]
    assert points_cover(Rational(3), [*ends, TURN], TURN)


def mutant_a_smaller_product():
    first, second = Matrix([[3, 4]]), Matrix([[0, 2]])
    return change_is_covered([1], first, second, Rational(99, 100) * 5 * 2)


def mutant_the_ends_of_the_interval_suffice():
    # [1.3, 4.7] about 3: the slope is largest at sqrt 2, which lies inside.
    return points_cover(Rational(3), [Rational(13, 10), Rational(47, 10)], TURN)


def mutant_the_largest_unit_alone_decides():
    # Two equal units: the largest delta |w_1k||w_2k| is 1, the norm of the change 2.
    first, second = Matrix([[1], [1]]), Matrix([[1], [1]])
    return change_is_covered([1, 1], first, second, 1)
