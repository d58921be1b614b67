r"""Theorem tube-from-centre.

Let $\lVert J(X) - J(X_0)\rVert_2 \le \Delta$ for every $X$ of a tube.  Then on the tube
$\lVert J\rVert \le \lVert J_0\rVert + \Delta$, $\mu_2(J) \le \mu_2(J_0) + \Delta$ and
$\lambda_{\min}(H(J)) \ge \lambda_{\min}(H(J_0)) - \Delta$ (Weyl).

Write $J = J_0 + E$ and take unit vectors $v$; inner products of the vectors that occur
are plain numbers, so the steps hold in every dimension.
"""

from sympy import Rational, expand, symbols

from stabcheck.theorems.algebra import is_sum_of_nonnegative_terms

THEOREM = "tube-from-centre"

u, w, deviation, slack, room = symbols("u w deviation slack room", nonnegative=True)
centre = symbols("centre", real=True)


def is_bounded(value, bound, sign: int = 1) -> bool:
    """Whether a value is at most the bound, or at least it for a lower one."""
    return is_sum_of_nonnegative_terms(expand(sign * (bound - value)))


def step_1_an_inner_product_is_at_most_the_product_of_lengths():
    # p = |a|^2, q = |b|^2, r = a.b: | p b - r a |^2 = p (p q - r^2), and it is >= 0.
    p, q, r = symbols("p q r", real=True)
    square = p**2 * q - 2 * p * r * r + r**2 * p
    assert expand(square - p * (p * q - r**2)) == 0


def step_2_lengths_add_at_most():
    # (|a| + |b|)^2 - |a + b|^2 = 2 (|a||b| - a.b), and a.b = |a||b| - slack by step 1.
    inner = u * w - slack
    assert is_sum_of_nonnegative_terms((u + w) ** 2 - (u**2 + 2 * inner + w**2))


def step_3_the_norm_grows_by_at_most_the_deviation():
    # |Jv| = |J_0 v| + |E v| - slack, |J_0 v| = centre - room, |Ev| = deviation - u.
    norm = symbols("norm", nonnegative=True)
    value = (norm - room) + (deviation - u) - slack
    assert is_bounded(value, norm + deviation)


def step_4_the_quotients_of_rayleigh_move_by_at_most_the_deviation():
    # v^T J v = v^T J_0 v + v^T E v and |v^T E v| <= |E v| <= deviation by step 1:
    # v^T E v = deviation - u = -deviation + w.
    upper = (centre - room) + (deviation - u)
    assert is_bounded(upper, centre + deviation)
    lower = (centre + room) + (-deviation + w)
    assert is_bounded(lower, centre - deviation, sign=-1)


def step_5_the_extremes_over_unit_vectors_are_the_quantities():
    # sup |Jv|, sup v^T J v and inf v^T J v over |v| = 1: theorems spectral-norm-psd and
    # log-norm-psd.  A bound of each value bounds its supremum.
    assert is_bounded(centre - slack, centre)


def witness_multiples_of_the_identity_attain_all_three():
    # J_0 = centre I and E = +-deviation I: upper and lower values are the bounds.
    for sign in (-1, 1):
        value = centre + sign * deviation  # v^T J v of J = value I, for every unit v
        assert is_bounded(value, centre + sign * deviation, sign=sign)
        assert is_bounded(centre + sign * deviation, value, sign=sign)


def mutant_half_of_the_deviation_suffices():
    return is_bounded(centre + deviation, centre + Rational(1, 2) * deviation)


def mutant_a_lower_bound_loses_only_half():
    return is_bounded(centre - deviation, centre - deviation / 2, sign=-1)


def mutant_the_centre_alone_suffices():
    return is_bounded(centre + deviation, centre)
