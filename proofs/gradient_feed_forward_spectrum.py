r"""Theorem gradient-feed-forward-spectrum.

$f(x) = -W^{\mathsf T}\sigma(Wx + b)$ with slopes of $\sigma$ in $[m, s]$, $m \le 0 \le
s$, has a symmetric Jacobian with eigenvalues in $[-s\lVert W\rVert^2, -m\lVert
W\rVert^2]$, at every state; for $m = 0$ (relu, tanh, softplus, logistic) it is
monotone.  Both ends are attained where the slopes are.
"""

from sympy import Matrix, Rational, expand, symbols

from stabcheck.theorems.algebra import is_sum_of_nonnegative_terms

THEOREM = "gradient-feed-forward-spectrum"

less, more, room = symbols("less more room", nonnegative=True)
y1, y2 = symbols("y1 y2", nonnegative=True)


def upper_end_is_covered(share) -> bool:
    """Whether -sum d_k y_k^2 <= -share m (|y|^2 + room) for d_k >= m = -less.

    |y|^2 = |Wx|^2 <= |W|^2 |x|^2 leaves the room.
    """
    d1, d2 = symbols("d1 d2", nonnegative=True)  # d_k = m + these
    form = -(-less + d1) * y1**2 - (-less + d2) * y2**2
    return is_sum_of_nonnegative_terms(
        expand(share * less * (y1**2 + y2**2 + room) - form)
    )


def lower_end_is_covered(share) -> bool:
    """Whether -sum d_k y_k^2 >= -share s (|y|^2 + room) for d_k <= s = more."""
    e1, e2 = symbols("e1 e2", nonnegative=True)  # d_k = s - these
    form = -(more - e1) * y1**2 - (more - e2) * y2**2
    return is_sum_of_nonnegative_terms(
        expand(form + share * more * (y1**2 + y2**2 + room))
    )


def step_1_the_form_is_a_weighted_sum_of_squares():
    # x.J x = -sum_k d_k (Wx)_k^2, d the slopes; two rows of W.
    d1, d2, a, b, c, d, u, v = symbols("d1 d2 a b c d u v", real=True)
    W, x = Matrix([[a, b], [c, d]]), Matrix([u, v])
    J = -W.T * Matrix([[d1, 0], [0, d2]]) * W
    assert J == J.T
    moved = W * x
    form = -d1 * moved[0] ** 2 - d2 * moved[1] ** 2
    assert expand((x.T * J * x)[0, 0] - form) == 0


def step_2_no_direction_expands_by_more_than_the_falling_slopes():
    assert upper_end_is_covered(1)


def step_3_no_direction_contracts_by_more_than_the_rising_slopes():
    assert lower_end_is_covered(1)


def witness_one_feature_attains_both_ends():
    # W = w: J = -w^2 sigma'(.), and the slope takes every value of its range.
    w, s = symbols("w s", positive=True)
    assert expand((-w * s * w) - (-s * w**2)) == 0


def mutant_falling_slopes_do_not_count():
    return upper_end_is_covered(0)


def mutant_half_of_the_rising_slopes():
    return lower_end_is_covered(Rational(1, 2))
