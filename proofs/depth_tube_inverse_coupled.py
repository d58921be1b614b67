r"""Theorem depth-tube-inverse-coupled.

Along the trajectories of a tube let $J_k(X) = J_k + E_k$ with invertible $J_k$, let
$P_{l,k} = J_l\cdots J_{k+1}$, $z_{l,k} \ge \lVert P_{k,l-1}^{-1}E_k\rVert$, $y_l =
\lVert P_{L,l-1}^{-1}\rVert$, and $z_{l,l} < 1$ for every l.  Then $J_L(X)\cdots J_l(X)$
is invertible, its inverse is within

$$\eta_l = \frac{z_{l,l}y_l + \sum_{k>l}z_{l,k}(y_k + \eta_k)}{1 - z_{l,l}}$$

of $P_{L,l-1}^{-1}$ (backward in l), and the shrink of the stack over the tube is at
least $1/(y_1 + \eta_1)$.
"""

from sympy import Rational, expand, symbols

from stabcheck.theorems.algebra import is_sum_of_nonnegative_terms

THEOREM = "depth-tube-inverse-coupled"


def is_covered(centres, moves, later=True) -> bool:
    """Whether numbers J_k and E_k obey the bound of the moved inverse."""
    depth = len(centres)
    eta = [Rational(0)] * (depth + 1)
    inverse = [Rational(1)] * (depth + 1)
    for first in range(depth - 1, -1, -1):
        inverse[first] = inverse[first + 1] / centres[first]
    for first in range(depth - 1, -1, -1):
        total, product = Rational(0), Rational(1)
        for k in range(first, depth):
            product *= centres[k]
            z = abs(moves[k] / product)
            if k == first:
                own = z
            if k == first or later:
                total += z * (abs(inverse[k]) + (eta[k] if k > first else 0))
        eta[first] = total / (1 - own)
    moved = Rational(1)
    for a, b in zip(centres, moves, strict=True):
        moved *= a + b
    return bool(abs(1 / moved - inverse[0]) <= eta[0])


def step_1_the_inverse_of_one_map_moves_by_this():
    # K = (J + E)^-1: K - J^-1 = -J^-1 E K, as (J + E) K = I; multiplied by J.
    J, E, K = symbols("J E K", commutative=False)
    identity = (J + E) * K
    assert expand(J * K - identity + E * K) == 0


def step_2_the_inverse_of_a_product_telescopes():
    # With M_l the inverse of J_L(X) ... J_l(X) and N_l of the centre: M_l - N_l = -sum
    # over k >= l of P_(k,l-1)^-1 E_k M_k.  Here a_k = J_k^-1, for two maps: M_2 = K_2,
    # M_1 = K_1 K_2, K_k = a_k - a_k E_k K_k (step 1).
    a1, a2, E1, E2, K1, K2 = symbols("a1 a2 E1 E2 K1 K2", commutative=False)
    moved = K1 * K2 - a1 * a2
    # K_1 = a_1 - a_1 E_1 K_1 in the first factor, then K_2 likewise.
    first = (a1 - a1 * E1 * K1) * K2 - a1 * a2
    second = expand(first).subs(a1 * K2, a1 * (a2 - a2 * E2 * K2))
    telescoped = -a1 * E1 * (K1 * K2) - a1 * a2 * E2 * K2
    assert expand(second - telescoped) == 0
    difference = (K1 - (a1 - a1 * E1 * K1)) * K2
    assert expand(moved - first - difference) == 0


def step_3_solved_for_the_first_it_is_the_bound():
    # eta <= z y + z eta + rest with |M_l| <= y + eta: (1 - z) eta <= z y + rest.
    eta, z, y, rest, slack = symbols("eta z y rest slack", nonnegative=True)
    found = z * y + z * eta + rest - slack
    gap = (z * y + rest) - (found - z * eta)
    assert is_sum_of_nonnegative_terms(gap)


def step_4_with_z_below_one_every_map_stays_invertible():
    # J_l + E_l = J_l (I + J_l^-1 E_l) and |J_l^-1 E_l| <= z < 1: |(I + A) x| >= (1 - z)
    # |x| > 0.  The smallest singular value is one over the norm of the inverse.
    length, z = symbols("length z", nonnegative=True)
    assert expand(length - z * length - (1 - z) * length) == 0


def witness_one_map_attains_it():
    assert is_covered([Rational(2)], [-Rational(1, 3)])
    assert 1 / (2 - Rational(1, 3)) - Rational(1, 2) == Rational(1, 10)
    assert Rational(1, 6) * Rational(1, 2) / (1 - Rational(1, 6)) == Rational(1, 10)


def mutant_later_maps_do_not_count():
    centres, moves = [Rational(2), Rational(3)], [-Rational(1, 5), -Rational(1, 2)]
    return is_covered(centres, moves, later=False)
