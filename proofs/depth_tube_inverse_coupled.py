r"""Theorem depth-tube-inverse-coupled.

Along the trajectories of a tube let $J_k(X) = J_k + E_k$ with invertible $J_k$, let
$P_{l,k} = J_l\cdots J_{k+1}$, $Y_l = P_{L,l-1}^{-1}$, $z_l \ge \lVert J_l^{-1}E_l
\rVert$, and $z_l < 1$ for every l.  Let $E_k \in L_k\mathcal K_kR_k$ with block norms
at most $K_k$, and $r$, $c$ the weights of `weighted-schur-test` for the groups of all
maps.  With $X_l = [P_{k,l-1}^{-1}L_k]_{k \ge l}$ and $Z_l = [R_kY_k]_{k \ge l}$ beside
and below each other the product $J_L(X)\cdots J_l(X)$ is invertible, its inverse is
within

$$\eta_l = \frac{\lVert X_l\operatorname{diag}(\sqrt r)\rVert}{1 - z_l}\Bigl(\lVert
\operatorname{diag}(\sqrt c)Z_l\rVert + \bigl(\sum_{k > l}\lVert\operatorname{diag}(
\sqrt{c_k})R_k\rVert^2\eta_k^2\bigr)^{1/2}\Bigr)$$

of $Y_l$ (backward in l), and the shrink of the stack over the tube is at least
$1/(\lVert Y_1\rVert + \eta_1)$.
"""

from sympy import Rational, expand, sqrt, symbols

from stabcheck.theorems.algebra import is_sum_of_nonnegative_terms

THEOREM = "depth-tube-inverse-coupled"


def is_covered(centres, moves, later=True) -> bool:
    """Whether numbers J_k and E_k obey the bound, the weights in proportion."""
    depth = len(centres)
    eta = [Rational(0)] * depth
    after, before = [Rational(1)] * (depth + 1), [Rational(1)] * (depth + 1)
    for k in range(depth):
        after[depth - k - 1] = after[depth - k] / abs(centres[depth - k - 1])
        before[k + 1] = before[k] / abs(centres[k])
    r = [abs(moves[k]) * after[k] / before[k + 1] for k in range(depth)]
    c = [abs(moves[k]) * before[k + 1] / after[k] for k in range(depth)]
    for first in range(depth - 1, -1, -1):
        counted = range(first, depth if later else first + 1)
        left = sqrt(sum(r[k] * (before[k + 1] / before[first]) ** 2 for k in counted))
        behind = sqrt(sum(c[k] * after[k] ** 2 for k in counted))
        behind += sqrt(sum(c[k] * eta[k] ** 2 for k in counted[1:]))
        own = abs(moves[first] / centres[first])
        eta[first] = left * behind / (1 - own)
    moved = centre = Rational(1)
    for a, b in zip(centres, moves, strict=True):
        moved, centre = moved * (a + b), centre * a
    return bool(abs(1 / moved - 1 / centre) <= eta[0])


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


def step_3_its_terms_are_coupled_at_once():
    # With M_k = Y_k + H_k, |H_k| <= eta_k: all terms with Y_k and all later ones with
    # H_k are two products of the frames beside and below each other; what the maps
    # move times H_k has squares that add up.
    A, E, Y, H = symbols("A E Y H", commutative=False)
    assert expand(A * E * (Y + H) - A * E * Y - A * E * H) == 0


def step_4_solved_for_the_first_it_is_the_bound():
    # eta <= rest + z eta, the first map's own H_l alone: (1 - z) eta <= rest.
    eta, z, rest, slack = symbols("eta z rest slack", nonnegative=True)
    found = z * eta + rest - slack
    assert is_sum_of_nonnegative_terms(rest - (found - z * eta))


def step_5_with_z_below_one_every_map_stays_invertible():
    # J_l + E_l = J_l (I + J_l^-1 E_l) and |J_l^-1 E_l| <= z < 1: |(I + A) x| >= (1 - z)
    # |x| > 0.  The smallest singular value is one over the norm of the inverse.
    length, z = symbols("length z", nonnegative=True)
    assert expand(length - z * length - (1 - z) * length) == 0


def witness_one_map_attains_it():
    assert is_covered([Rational(2)], [-Rational(1, 3)])
    assert 1 / (2 - Rational(1, 3)) - Rational(1, 2) == Rational(1, 10)
    assert Rational(1, 6) * Rational(1, 2) / (1 - Rational(1, 6)) == Rational(1, 10)


def witness_more_maps():
    assert is_covered([Rational(2), Rational(3)], [-Rational(1, 5), -Rational(1, 2)])


def mutant_later_maps_do_not_count():
    centres, moves = [Rational(2), Rational(3)], [-Rational(1, 5), -Rational(1, 2)]
    return is_covered(centres, moves, later=False)
