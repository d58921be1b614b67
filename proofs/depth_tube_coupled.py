r"""Theorem depth-tube-coupled.

On a tube $|\delta_i| \le \varepsilon_i$ round $X^0$ let $J_k(X) = J_k + E_k$ along
every trajectory, $E_k \in L_k\mathcal K_kR_k$ with block norms at most $K_k$, $P_{l,k}
= J_l\cdots J_{k+1}$ and $B_l = P_{l,0}$.  Put the maps beside each other, $X_l =
[P_{l,1}L_1, \dots, P_{l,l}L_l]$ and $Z_l = [R_1B_0; \dots; R_lB_{l-1}]$, and let $r$,
$c$ be the weights of `weighted-schur-test` for all their groups.  With $d_0 = 0$ and

$$d_l = \lVert X_l\operatorname{diag}(\sqrt r)\rVert\Bigl(\lVert\operatorname{diag}(
\sqrt c)Z_l\rVert + \bigl(\sum_{k \le l}\lVert\operatorname{diag}(\sqrt{c_k})R_k
\rVert^2d_{k-1}^2\bigr)^{1/2}\Bigr)$$

the derivative of the first l maps is within $d_l$ of $B_l$, and the growth of the stack
over the tube is at most $\lVert B_L\rVert + d_L$.  The states move by $B_l\delta + w_l$
with $|w_{l,i}|$ at most the smaller of $\tfrac12d_l|\varepsilon|$ and the sum of what
each map adds, pushed forward by $P_{l,k}$: half of what is linear and a third of what
is at least quadratic.
"""

from sympy import Matrix, Rational, diag, expand, integrate, sqrt, symbols

from stabcheck.theorems.algebra import moved_product_telescopes, product_of

THEOREM = "depth-tube-coupled"

t = symbols("t", nonnegative=True)


def is_covered(centres, moves, through_deviations=True) -> bool:
    """Whether numbers J_k and E_k obey the bound, the weights in proportion."""
    depth = len(centres)
    ends = [abs(product_of(centres[k + 1 :])) for k in range(depth)]
    starts = [abs(product_of(centres[:k])) for k in range(depth)]
    r = [abs(moves[k]) * starts[k] / ends[k] for k in range(depth)]
    c = [abs(moves[k]) * ends[k] / starts[k] for k in range(depth)]
    deviations = [Rational(0)]
    for last in range(1, depth + 1):
        after = [product_of(centres[k + 1 : last]) for k in range(last)]
        left = sqrt(sum(r[k] * after[k] ** 2 for k in range(last)))
        before = sqrt(sum(c[k] * starts[k] ** 2 for k in range(last)))
        if through_deviations:
            apart = sum(c[k] * deviations[k] ** 2 for k in range(last))
            before += sqrt(apart)
        deviations.append(left * before)
    moved = product_of([a + b for a, b in zip(centres, moves, strict=True)])
    return bool(abs(moved - product_of(centres)) <= deviations[-1])


def step_1_the_product_telescopes():
    # Omega_l = J_l(X) ... J_1(X) = B_l + sum_k P_(l,k) E_k Omega_(k-1), in full for
    # three maps; induction adds (J_l + E_l) Omega_(l-1) = J_l Omega_(l-1) + E_l
    # Omega_(l-1).
    assert moved_product_telescopes()


def step_2_what_is_behind_a_map_is_the_centre_and_a_deviation():
    # P E Omega = P E B + P E (Omega - B).
    P, E, B, D = symbols("P E B D", commutative=False)
    assert expand(P * E * (B + D) - P * E * B - P * E * D) == 0


def step_3_the_maps_stand_beside_each_other():
    # sum_k X_k K_k Z_k is one product, with the couplings on the diagonal: the Schur
    # test holds for all groups at once, with Z_k = R_k B or R_k (Omega - B).
    X, K, Z = (Matrix(symbols(f"{name}1:4")) for name in "xkz")
    apart = sum(X[k] * K[k] * Z[k] for k in range(3))
    assert expand((X.T * diag(*K) * Z)[0] - apart) == 0


def step_4_deviations_below_each_other_add_their_squares():
    # |[Z_1 v; Z_2 v]|^2 = |Z_1 v|^2 + |Z_2 v|^2 <= sum_k |sqrt(c_k) R_k|^2 d^2 for a
    # unit vector v.
    z = Matrix(symbols("z1:4", real=True))
    assert expand((z.T * z)[0] - sum(entry**2 for entry in z)) == 0


def step_5_the_state_moves_by_the_integral_of_the_derivative():
    # X_l - X_l^0 - B_l delta = int_0^1 (Omega_l(X^0 + t delta) - B_l) delta dt, and at
    # t times the radii the bound d_l is at most t d_l: it is made of sums, products
    # and minima of terms at least linear in them.
    assert integrate(t, (t, 0, 1)) == Rational(1, 2)


def step_6_or_by_what_each_map_adds():
    # w_l = J_l w_(l-1) + int_0^1 E_l(t) Delta dt, Delta the move of the state before:
    # what is linear in the move gives a half, what is at least quadratic a third.
    assert integrate(t**2, (t, 0, 1)) == Rational(1, 3)
    # The linear part is half of Q[B d + w](B d + w), Q symmetric in its arguments:
    # Q[Bd] w counts once, Q[w] w a half.
    b, w, Q = symbols("b w Q")
    assert expand(Q * (b + w) ** 2 / 2 - Q * b**2 / 2 - Q * b * w - Q * w**2 / 2) == 0


def witness_one_map_attains_it():
    assert is_covered([Rational(2)], [Rational(1, 3)])


def witness_positive_numbers_attain_it():
    centres, moves = [Rational(2), Rational(3)], [Rational(1, 5), Rational(1, 7)]
    assert is_covered(centres, moves)
    moved = product_of([a + b for a, b in zip(centres, moves, strict=True)])
    assert moved - 6 == 3 * moves[0] + moves[1] * (2 + moves[0])


def mutant_deviations_do_not_pass_through_later_maps():
    centres, moves = [Rational(2), Rational(3)], [Rational(1, 5), Rational(1, 7)]
    return is_covered(centres, moves, through_deviations=False)
