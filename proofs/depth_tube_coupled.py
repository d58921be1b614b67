r"""Theorem depth-tube-coupled.

On a tube $|\delta_i| \le \varepsilon_i$ round $X^0$ let $J_k(X) = J_k + E_k$ along
every trajectory, $E_k \in L_k\mathcal K_kR_k$ with block norms at most $K_k$, $P_{l,k}
= J_l\cdots J_{k+1}$, $B_l = P_{l,0}$, and $\langle P, K_k, B\rangle$ any bound of
$\lVert PL_k\mathcal K_kR_kB\rVert$ (`weighted-schur-test`).  With $d_0 = 0$ and

$$d_l = \sum_{k \le l}\bigl(\langle P_{l,k}, K_k, B_{k-1}\rangle + \langle P_{l,k}, K_k,
I\rangle d_{k-1}\bigr)$$

the derivative of the first l maps is within $d_l$ of $B_l$, and the growth of the stack
over the tube is at most $\lVert B_L\rVert + d_L$.  The states move by $B_l\delta + w_l$
with $|w_{l,i}|$ at most the smaller of $\tfrac12d_l|\varepsilon|$ and the sum of what
each map adds, pushed forward by $P_{l,k}$: half of what is linear and a third of what
is at least quadratic.
"""

from sympy import Rational, expand, integrate, symbols

THEOREM = "depth-tube-coupled"

t = symbols("t", nonnegative=True)


def product_of(factors):
    """The product of factors given first to last."""
    result = 1
    for factor in factors:
        result = factor * result
    return result


def is_covered(centres, moves, through_deviations=True) -> bool:
    """Whether numbers J_k and E_k obey the bound with |P E B| for the couplings."""
    deviations = [Rational(0)]
    for last in range(1, len(centres) + 1):
        total = Rational(0)
        for k in range(last):
            after = abs(product_of(centres[k + 1 : last]))
            before = abs(product_of(centres[:k]))
            reach = before + (deviations[k] if through_deviations else 0)
            total += after * abs(moves[k]) * reach
        deviations.append(total)
    moved = product_of([a + b for a, b in zip(centres, moves, strict=True)])
    return bool(abs(moved - product_of(centres)) <= deviations[-1])


def step_1_the_product_telescopes():
    # Omega_l = J_l(X) ... J_1(X) = B_l + sum_k P_(l,k) E_k Omega_(k-1), in full for
    # three maps; induction adds (J_l + E_l) Omega_(l-1) = J_l Omega_(l-1) + E_l
    # Omega_(l-1).
    J = symbols("J1:4", commutative=False)
    E = symbols("E1:4", commutative=False)
    moved = [a + b for a, b in zip(J, E, strict=True)]
    telescoped = product_of(J) + sum(
        product_of(J[k + 1 :]) * E[k] * product_of(moved[:k]) for k in range(3)
    )
    assert expand(product_of(moved) - telescoped) == 0


def step_2_what_is_behind_a_map_is_the_centre_and_a_deviation():
    # P E Omega = P E B + P E (Omega - B): the second is at most <P, K, I> d.
    P, E, B, D = symbols("P E B D", commutative=False)
    assert expand(P * E * (B + D) - P * E * B - P * E * D) == 0


def step_3_the_state_moves_by_the_integral_of_the_derivative():
    # X_l - X_l^0 - B_l delta = int_0^1 (Omega_l(X^0 + t delta) - B_l) delta dt, and at
    # t times the radii the bound d_l is at most t d_l: it is made of sums, products
    # and minima of terms at least linear in them.
    assert integrate(t, (t, 0, 1)) == Rational(1, 2)


def step_4_or_by_what_each_map_adds():
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
