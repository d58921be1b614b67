r"""Theorem depth-tube-inverse.

As in `depth-tube-inverse-coupled` and `depth-tube-first-order`, with $E_k =
Q_k[B_{k-1}\delta] + S_k$, $\lVert Q_k[B_{k-1}\delta]\rVert \le q_k$ and $K_k$ the
couplings of $S_k$.  Then $\eta_l$ is also at most

$$\frac1{1 - z_l}\Bigl(\lVert X_l\sqrt r\rVert\Bigl(\lVert\sqrt cZ_l\rVert + \bigl(
\sum_{k > l}\lVert\sqrt{c_k}R_k\rVert^2\eta_k^2\bigr)^{1/2}\Bigr) + \sum_{k \ge l}\lVert
P_{k,l-1}^{-1}\rVert q_k(\lVert Y_k\rVert + [k > l]\eta_k)\Bigr),$$

where $\sqrt r$ stands for the diagonal matrix, and over the tube

$$\lVert D\Phi^{-1}\rVert \le \sup_\delta\lVert B_L^{-1} - B_L^{-1}T_L[\delta]B_L^{-1}
\rVert + \lVert X_1\sqrt r\rVert\Bigl(\lVert\sqrt cZ_1\rVert + \bigl(\sum_k\lVert
\sqrt{c_k}R_k\rVert^2\eta_k^2\bigr)^{1/2}\Bigr) + \sum_k\lVert B_k^{-1}\rVert q_k
\eta_k,$$

and the shrink is at least one over that, or over the bound of the other theorem.
"""

from sympy import Rational, expand, sqrt, symbols

THEOREM = "depth-tube-inverse"


def is_covered(centres, linear, rest, through_moves=True) -> bool:
    """Whether numbers J_k, q_k, s_k of two maps obey the bound of the inverse."""
    (J1, J2), (q1, q2), (s1, s2) = centres, linear, rest
    inverse = 1 / (J1 * J2)
    first = -(q1 / J1 + q2 / J2) * inverse
    second_inverse = 1 / (J2 + q2 + s2)
    eta_2 = abs(second_inverse - 1 / J2)
    eta_1 = abs(second_inverse / (J1 + q1 + s1) - inverse)
    joint = abs(s1 / J1 * inverse) + abs(s2 / (J1 * J2) / J2)
    # The weights in proportion: c_k = s_k B_k^-1/Y_k.
    apart = abs(s1 / J1 / inverse) * eta_1**2 + abs(s2 * inverse * J2) * eta_2**2
    bound = joint + sqrt(joint * apart)
    if through_moves:
        bound += abs(q1 / J1) * eta_1 + abs(q2 / (J1 * J2)) * eta_2
    moved = second_inverse / (J1 + q1 + s1)
    return bool(abs(moved - inverse - first) <= bound)


def step_1_the_telescoped_inverse_in_parts():
    # M_1 - B_L^-1 = -sum_l B_l^-1 E_l M_l (the other theorem), M_l = P_(L,l-1)^-1 + H_l
    # with |H_l| <= eta_l, and E_l = Q_l + S_l.
    A, Q, S, N, H = symbols("A Q S N H", commutative=False)
    parts = A * Q * N + A * S * N + A * S * H + A * Q * H
    assert expand(A * (Q + S) * (N + H) - parts) == 0


def step_2_the_first_order_is_that_of_the_stack():
    # B_l^-1 Q_l P_(L,l-1)^-1 = B_L^-1 (P_(L,l) Q_l B_(l-1)) B_L^-1: with J_k^-1 = a_k
    # for two maps, T = J_2 Q_1 + Q_2 J_1 and B^-1 = a_1 a_2.
    a1, a2, J1, J2, Q1, Q2 = symbols("a1 a2 J1 J2 Q1 Q2", commutative=False)
    whole = expand(a1 * a2 * (J2 * Q1 + Q2 * J1) * a1 * a2)
    reduced = whole.subs(a2 * J2, 1).subs(J1 * a1, 1)
    assert expand(reduced - (a1 * Q1 * a1 * a2 + a1 * a2 * Q2 * a2)) == 0
    # l = 1: B_1^-1 = a_1, P_(2,0)^-1 = a_1 a_2; l = 2: B_2^-1 = a_1 a_2, P_(2,1)^-1 =
    # a_2.


def witness_two_maps():
    centres, linear = (Rational(2), Rational(3)), (-Rational(1, 5), -Rational(1, 7))
    assert is_covered(centres, linear, (-Rational(1, 50), -Rational(1, 70)))
    assert is_covered(centres, linear, (Rational(0), Rational(0)))


def mutant_the_linear_part_does_not_meet_the_moved_inverse():
    centres, linear = (Rational(2), Rational(3)), (-Rational(1, 5), -Rational(1, 7))
    return is_covered(centres, linear, (Rational(0),) * 2, through_moves=False)
