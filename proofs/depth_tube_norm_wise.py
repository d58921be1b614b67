r"""Theorem depth-tube-norm-wise.

Let $\hat X_0, \hat X_1, \dots$ be any states, $J_l$ the Jacobian of the map $\phi_l$ at
$\hat X_{l-1}$, $P_{l,k} = J_l\cdots J_{k+1}$, $B_l = P_{l,0}$, and let
$\lVert D\phi_l(X) - J_l\rVert \le \varepsilon_l$ for all $X$ within $r_l$ per token of
$\hat X_{l-1}$, $|\phi_l(\hat X_{l-1}) - \hat X_l| \le \delta_l$.  With $d_0 = z_0 = 0$,

$$d_l = \sum_{k\le l}\lVert P_{l,k}\rVert\varepsilon_k(\lVert B_{k-1}\rVert +
d_{k-1}),\qquad z_l = \sum_{k\le l}\lVert P_{l,k}\rVert(\delta_k + \varepsilon_k
z_{k-1}),$$

let $\rho \le r_1$ and $(\max_i\lVert(B_l)_i\rVert + d_l)\sqrt n\,\rho + z_l \le
r_{l+1}$, $(B_l)_i$ the rows of token i.  Then for all X within $\rho$ per token of
$\hat X_0$ the derivative of the first l maps is within $d_l$ of $B_l$, and the growth
of L maps over this tube is at most $\lVert B_L\rVert + d_L$.

The norms may be replaced by larger numbers: those of the products between anchors, with
norms multiplied around them.
"""

from sympy import Rational, expand, integrate, symbols

from stabcheck.theorems.algebra import (
    is_sum_of_nonnegative_terms,
    moved_product_telescopes,
    product_of,
)

THEOREM = "depth-tube-norm-wise"


def bounds_along(centres, moves, shares=1):
    """The numbers $d_l$ of numbers J_k and E_k; `shares` of d pass through a map."""
    found = [Rational(0)]
    for last in range(1, len(centres) + 1):
        total = Rational(0)
        for k in range(last):
            after = abs(product_of(centres[k + 1 : last]))
            before = abs(product_of(centres[:k])) + shares * found[k]
            total += after * abs(moves[k]) * before
        found.append(total)
    return found


def derivative_is_covered(centres, moves, shares=1) -> bool:
    """Whether numbers J_k and E_k obey the bound on the moved product."""
    moved = product_of([a + b for a, b in zip(centres, moves, strict=True)])
    bound = bounds_along(centres, moves, shares)[-1]
    return bool(abs(moved - product_of(centres)) <= bound)


def drift_is_covered(slopes, offsets, through=True) -> bool:
    """Whether trajectories of x -> J x + a x^2 from the stored 0 obey the bound z.

    `slopes` are pairs (J, a); the next stored state is phi(0) less an offset, so that
    in coordinates about it phi is J x + a x^2 + offset, and 2 |a| r bounds its
    deviation within r; r is taken as 1.
    """
    exact, bound = Rational(0), []
    for last, ((J, a), offset) in enumerate(zip(slopes, offsets, strict=True)):
        exact = J * exact + a * exact**2 + offset
        norms = [
            abs(product_of([J for J, _ in slopes[k + 1 : last + 1]]))
            for k in range(last + 1)
        ]
        forces = [
            abs(offsets[k])
            + (2 * abs(slopes[k][1]) * bound[k - 1] if through and k else 0)
            for k in range(last + 1)
        ]
        bound.append(sum(n * f for n, f in zip(norms, forces, strict=True)))
    return bool(abs(exact) <= bound[-1])


def tokens_move_by_at_most(square, tokens) -> bool:
    """Whether n tokens of squares rho^2 - s_i, seen by rows of norm G, stay within.

    `square` is what the square of G times rho is multiplied with.
    """
    G, rho = symbols("G rho", nonnegative=True)
    slacks = symbols(f"s:{tokens}", nonnegative=True)
    moved = G**2 * sum(rho**2 - slack for slack in slacks)
    return is_sum_of_nonnegative_terms(square * G**2 * rho**2 - moved)


def step_1_the_product_telescopes():
    # Omega_l = (J_l + E_l)...(J_1 + E_1) = B_l + sum_k P_(l,k) E_k Omega_(k-1), in full
    # for three maps; induction adds J_l Omega_(l-1) + E_l Omega_(l-1).
    assert moved_product_telescopes()


def step_2_norms_multiply_and_what_is_behind_a_map_is_within_its_deviation():
    # |Omega_(k-1)| <= |B_(k-1)| + d_(k-1): b - s is the norm of what is behind.
    # With P - p and E - e nonnegative for the norms p, e that are bounded.
    p, e, b, x, y, z, s = symbols("p e b x y z s", nonnegative=True)
    bounded = (p + x) * (e + y) * (b + z + s)
    assert is_sum_of_nonnegative_terms(expand(bounded - p * e * b))
    for centres, moves in (
        ([Rational(2), Rational(-3), Rational(1, 2)], [Rational(1, 5)] * 3),
        ([Rational(-1, 3), Rational(4)], [Rational(-1), Rational(1, 2)]),
    ):
        assert derivative_is_covered(centres, moves)


def step_3_the_stored_states_are_near_the_trajectory():
    # w_l = Z_l - X_hat_l = (phi_l(Z_(l-1)) - phi_l(X_hat_(l-1))) + (phi_l(X_hat_(l-1))
    # - X_hat_l); the first is the mean of the Jacobian over a segment inside the tube,
    # J_l + E, times w_(l-1).  Unrolled as in step 1.
    J = symbols("J1:4", commutative=False)
    E = symbols("E1:4", commutative=False)
    delta = symbols("delta1:4", commutative=False)
    drift, drifts = 0, [0]
    for j, e, d in zip(J, E, delta, strict=True):
        drift = (j + e) * drift + d
        drifts.append(drift)
    unrolled = sum(
        product_of(J[k + 1 :]) * (delta[k] + E[k] * drifts[k]) for k in range(3)
    )
    assert expand(drift - unrolled) == 0
    tenth = Rational(1, 10)
    assert drift_is_covered([(2, tenth), (-3, tenth), (1, tenth)], [tenth] * 3)


def step_4_the_mean_of_the_jacobian_moves_no_more_than_the_jacobian():
    # |int_0^1 E(t) dt| <= int_0^1 |E(t)| dt, and the norms are e less slacks.
    t, e, s = symbols("t e s", nonnegative=True)
    assert is_sum_of_nonnegative_terms(e - integrate(e - s * t, (t, 0, 1)))


def step_5_every_token_stays_in_its_tube():
    # X_l - Z_l = int_0^1 Omega_l(Z_0 + t(X_0 - Z_0)) (X_0 - Z_0) dt along a segment of
    # the input tube, where maps 1 to l see states in their tubes, by induction; the
    # rows of a token in Omega_l have a norm of at most those of B_l plus d_l.
    for tokens in range(1, 6):
        assert tokens_move_by_at_most(tokens, tokens)


def step_6_norms_between_anchors_multiply():
    P = symbols("P1:4", commutative=False)
    assert expand(product_of(P) - P[2] * (P[1] * P[0])) == 0


def witness_one_map_attains_it():
    assert bounds_along([Rational(2)], [Rational(1, 3)])[-1] == Rational(1, 3)


def witness_positive_numbers_attain_it():
    centres, moves = [Rational(2), Rational(3)], [Rational(1, 5), Rational(1, 7)]
    moved = product_of([a + b for a, b in zip(centres, moves, strict=True)])
    assert moved - 6 == bounds_along(centres, moves)[-1]


def mutant_deviations_do_not_pass_through_later_maps():
    centres, moves = [Rational(2), Rational(3)], [Rational(1, 5), Rational(1, 7)]
    return derivative_is_covered(centres, moves, shares=0)


def mutant_a_drift_is_carried_by_the_centres_alone():
    tenth = Rational(1, 10)
    return drift_is_covered([(2, tenth), (3, tenth)], [tenth] * 2, through=False)


def mutant_the_square_root_of_n_is_forgotten():
    return tokens_move_by_at_most(1, 3)
