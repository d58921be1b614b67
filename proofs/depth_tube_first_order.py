r"""Theorem depth-tube-first-order.

As in `depth-tube-coupled`, with $J_k(X) = J_k + Q_k[B_{k-1}\delta] + S_k$, $Q_k$ the
second derivative of map k, $\lVert Q_k[B_{k-1}\delta]\rVert \le q_k$, and $K_k$ the
couplings of $S_k$, which is at least quadratic in $\varepsilon$.  Let $T_l$ be the
second derivative of the first l maps, $\lVert T_l[\delta]\rVert \le t_l$, $d_l = t_l +
\rho_l$, $\rho_0 = 0$ and

$$\rho_l = \sum_{k \le l}\lVert P_{l,k}\rVert q_kd_{k-1} + \lVert
X_l\operatorname{diag}(\sqrt r)\rVert\Bigl(\lVert\operatorname{diag}(\sqrt c)Z_l\rVert +
\bigl(\sum_{k \le l}\lVert\operatorname{diag}(\sqrt{c_k})R_k\rVert^2d_{k-1}^2
\bigr)^{1/2}\Bigr).$$

Then the derivative of the first l maps is within $\rho_l$ of $B_l + T_l[\delta]$, and
the growth over the tube is at most $\sup\lVert B_L + T_L[\delta]\rVert + \rho_L$
(`top-pair-block`).  The states move by $B_l\delta + w_l$ with $|w_{l,i}|$ at most
$\tfrac12\sup|T_l[\delta, \delta]_i|$ plus the smaller of $\tfrac13\rho_l|\varepsilon|$
and what the maps add at the third order, pushed forward by $P_{l,k}$: there
$\sup|Q_k[B_{k-1}\delta, w_{k-1}]_i|$.  Both suprema are over products of balls, of the
parts of both arguments (`product-ball-support`).
"""

from sympy import Rational, expand, integrate, sqrt, symbols

THEOREM = "depth-tube-first-order"

t = symbols("t", nonnegative=True)


def is_covered(centres, linear, rest, through_deviations=True) -> bool:
    """Whether numbers J_k, q_k, s_k of two maps obey the bound of the remainder.

    The weights are in proportion: $r_k = s_kB_{k-1}/P_{2,k}$, $c_k$ the other way.
    """
    (J1, J2), (q1, q2), (s1, s2) = centres, linear, rest
    first = q1 * J2 + q2 * J1
    moved = (J1 + q1 + s1) * (J2 + q2 + s2)
    deviation = abs(q1) + abs(s1)
    joint = abs(s1) * abs(J2) + abs(s2) * abs(J1)
    bound = joint + sqrt(joint) * sqrt(abs(s2) / abs(J1)) * deviation
    if through_deviations:
        bound += abs(q2) * deviation
    return bool(abs(moved - J1 * J2 - first) <= bound)


def step_1_the_second_derivative_of_a_stack():
    # D(J_l(x) Omega_(l-1)) in the direction delta: Q_l[B_(l-1) delta] B_(l-1) + J_l
    # T_(l-1)[delta]; unrolled, the sum of P_(l,k) Q_k[B delta] B_(k-1).
    J = symbols("J1:4", commutative=False)
    Q = symbols("Q1:4", commutative=False)
    T, B = 0, 1
    for a, b in zip(J, Q, strict=True):
        T, B = a * T + b * B, a * B
    unrolled = J[2] * J[1] * Q[0] + J[2] * Q[1] * J[0] + Q[2] * J[1] * J[0]
    assert expand(T - unrolled) == 0


def step_2_the_remainder_has_no_first_order():
    # R_l = Omega_l - B_l - T_l = J_l R_(l-1) + Q_l (T_(l-1) + R_(l-1)) + S_l (B_(l-1) +
    # T_(l-1) + R_(l-1)).
    J, Q, S, B, T, R = symbols("J Q S B T R", commutative=False)
    moved = (J + Q + S) * (B + T + R)
    remainder = moved - J * B - (J * T + Q * B)
    assert expand(remainder - (J * R + Q * (T + R) + S * (B + T + R))) == 0


def step_3_unrolled_it_is_the_sum_of_the_theorem():
    # The recursion R_l = J_l R_(l-1) + N_l with R_0 = 0, in full for three maps.
    J = symbols("J1:4", commutative=False)
    N = symbols("N1:4", commutative=False)
    R = 0
    for a, b in zip(J, N, strict=True):
        R = a * R + b
    assert expand(R - (J[2] * J[1] * N[0] + J[2] * N[1] + N[2])) == 0


def step_4_the_state_moves_by_half_the_second_derivative_and_a_third_of_the_rest():
    # X_l - X_l^0 - B_l delta - T_l[delta, delta]/2 is the integral of the remainder at
    # t delta, which is at most t^2 rho_l.
    assert integrate(t, (t, 0, 1)) == Rational(1, 2)
    assert integrate(t**2, (t, 0, 1)) == Rational(1, 3)


def step_5_or_by_what_the_maps_add_at_the_third_order():
    # w_l = J_l w_(l-1) + Q_l[B delta] B delta/2 + (Q_l[B delta] w + Q_l[w] w/2 + ...):
    # the first part unrolls to T_l[delta, delta]/2, the rest is pushed forward.
    J, Q, b, second, rest = symbols("J Q b second rest")
    before = second / 2 + rest
    after = J * before + Q * b**2 / 2 + Q * b * before + Q * before**2 / 2
    halves = (J * second + Q * b**2) / 2
    assert expand(after - halves - (J * rest + Q * b * before + Q * before**2 / 2)) == 0


def step_6_a_product_of_parts_is_as_long_as_both_lengths_multiplied():
    # T[delta, w]_i = sum_jk M_ijk (delta_j x w_k), |delta_j x w_k| = |delta_j||w_k|: a
    # linear map of a product of balls of the radii eps_j omega_k.
    first, second = symbols("a1:4", real=True), symbols("b1:4", real=True)
    product = sum((a * b) ** 2 for a in first for b in second)
    lengths = sum(a * a for a in first) * sum(b * b for b in second)
    assert expand(product - lengths) == 0


def witness_positive_numbers_attain_it():
    centres, linear = (Rational(2), Rational(3)), (Rational(1, 5), Rational(1, 7))
    rest = (Rational(1, 50), Rational(1, 70))
    assert is_covered(centres, linear, rest)
    less = tuple(-entry for entry in rest)
    assert is_covered(centres, linear, less)


def mutant_the_linear_part_does_not_meet_the_deviation():
    centres, linear = (Rational(2), Rational(3)), (Rational(1, 5), Rational(1, 7))
    rest = (Rational(1, 50), Rational(1, 70))
    return is_covered(centres, linear, rest, through_deviations=False)
