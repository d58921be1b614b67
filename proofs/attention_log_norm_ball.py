r"""Theorem attention-log-norm-ball.

In the setting of the theorems attention-norm-ball and attention-norm-ball-masked let
$h$ bound every $p_{ij}(1 + |a_i|^2\lambda_{\max}(C_i))$.  Then

$$\mu_2(J) \le \tfrac12\lVert U\rVert\bigl(\sqrt{1+\alpha^2} + \sqrt{nh}\bigr) +
 R^2\omega(U, A),$$

half of the root of $n$ in the bound of the norm: a token that sends to many cannot be
the one that receives.  For $\lambda_{\min}(H(J))$ the same with $-U$.

Let $u_i = |v_i|$, $\sum u_i^2 = 1$.  By theorem attention-norm-column-mass the first
part of $v^{\mathsf T}Jv$ is at most $\lVert U\rVert\sum_iu_i(\sum_jw_{ij}u_j^2)^{1/2}$
with $0 \le w_{ij} \le h$, $\sum_jw_{ij} \le s = 1 + \alpha^2$.  Let $g$ be the largest
$\sum_jw_ju_j^2$ over such rows, attained by $w$; $\theta_j = w_j/h \in [0, 1]$, $k =
\sum\theta_j \le \min(s/h, n)$ and $M = \sum\theta_ju_j^2 = g/h \in [0, 1]$.
"""

from sympy import Matrix, Rational, expand, sqrt, symbols

from stabcheck.theorems.algebra import (
    is_positive_semidefinite,
    is_sum_of_nonnegative_terms,
)

THEOREM = "attention-log-norm-ball"

a, gap = symbols("a gap", positive=True)
"""a = sqrt(k), and sqrt(n) = a + gap: k is at most n."""


def sender_and_receiver_are_covered(factor, root, more) -> bool:
    r"""Whether $\sqrt k c^2 + \sqrt{n-k}\,cs \le$ factor $(\sqrt k + \sqrt n)$.

    For all $c^2 + s^2 = 1$ ($c^2 = M$): a quadratic form in c and s, with $\sqrt k$ the
    `root` and $\sqrt n$ the root and `more`.
    """
    total = factor * (2 * root + more)
    coupling = sqrt((root + more) ** 2 - root**2) / 2
    return is_positive_semidefinite(
        Matrix([[total - root, -coupling], [-coupling, total]])
    )


def weighted_sum_is_covered(factor) -> bool:
    """Whether (x u + y v)^2 <= factor (x + y)(x u^2 + y v^2), up to x y (u - v)^2."""
    x, y, u, v = symbols("x y u v", nonnegative=True)
    product = (x + y) * (x * u**2 + y * v**2)
    square = (x * u + y * v) ** 2
    return is_sum_of_nonnegative_terms(
        expand(factor * product - square - x * y * (u - v) ** 2)
    )


def step_1_every_row_sees_at_most_the_best_row():
    # sum_i u_i (sum_j w_ij u_j^2)^(1/2) <= (sum_i u_i) sqrt(g).
    u, g, room = symbols("u g room", nonnegative=True)
    assert is_sum_of_nonnegative_terms(expand(u * (g + room) - u * g))


def step_2_the_sum_of_the_lengths_splits_into_senders_and_receivers():
    # sum u = sum theta u + sum (1 - theta) u <= sqrt(k M) + sqrt((n - k)(1 - M)),
    # since sum theta = k, sum theta u^2 = M and sum u^2 = 1.
    theta, u = symbols("theta u", nonnegative=True)
    assert expand(theta * u + (1 - theta) * u - u) == 0
    # Both by Cauchy and Schwarz, pair by pair of tokens.
    assert weighted_sum_is_covered(1)


def step_3_the_best_split_is_half_of_both_roots():
    # sqrt(g) = sqrt(h M): the product is sqrt(h)(sqrt(k) M + sqrt((n - k) M (1 - M))).
    assert sender_and_receiver_are_covered(Rational(1, 2), a, gap)


def step_4_the_roots_are_those_of_s_and_n_h():
    # sqrt(h) sqrt(k) <= sqrt(s) as h k <= s.
    h, k, room = symbols("h k room", nonnegative=True)
    s = h * k + room
    assert is_sum_of_nonnegative_terms(expand(s - h * k))


def step_5_the_receivers_by_the_extremal_form():
    # v^T blkdiag(U C_i A^T) v <= max mu_2(U C_i A^T) |v|^2 <= R^2 omega(U, A): theorem
    # covariance-extremal-forms; omega >= 0 since C = 0 is allowed.
    top, room, first, second = symbols("top room first second", nonnegative=True)
    value = top * first + (top - room) * second
    assert is_sum_of_nonnegative_terms(expand(top * (first + second) - value))


def witness_one_sender_and_many_receivers_attain_the_split():
    # k = 1, n = 4, h = s = 1: c^2 + sqrt(3) c s at the angle pi/6 is (1 + 2)/2.
    c, s = sqrt(3) / 2, Rational(1, 2)
    assert expand(c**2 + sqrt(3) * c * s) == Rational(3, 2)


def witness_at_consensus_the_bound_is_attained():
    # alpha = 0, h = 1/n: (1 + sqrt(n/n))/2 = 1 = mu_2((1/n) 1 1^T).
    assert Rational(1, 2) * (1 + sqrt(4 * Rational(1, 4))) == 1


def mutant_less_than_half():
    return sender_and_receiver_are_covered(Rational(49, 100), 1, 1)


def mutant_nine_tenths_of_the_weighted_sum():
    return weighted_sum_is_covered(Rational(9, 10))
