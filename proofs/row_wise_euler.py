r"""Theorem row-wise-euler.

Let $\|J\| \le K$ and $\mu(J) \le \mu$ for the Jacobian J of F in the norm $\max_i|v_i|$
of tokens, each with its Euclidean norm (one token: the plain 2-norm).  With $f =
-\lambda x + F$ and $x = h\lambda$ a forward Euler step on a convex set has the growth
$$\sqrt{(1 - x)^2 + 2h\max((1 - x)\mu, -(1 - x)K) + h^2K^2}.$$
It is at most 1 for all steps up to h where $h(\lambda + K) \le 2$ and $h(\lambda^2 +
K^2 - 2\lambda\mu) \le 2(\lambda - \mu)$.

At a token: $|v_i| = 1$, $p = v_i \cdot (Jv)_i$ and $q = |(Jv)_i|$.
"""

from sympy import Matrix, expand, symbols

from stabcheck.theorems.algebra import is_sum_of_nonnegative_terms

THEOREM = "row-wise-euler"

h, kept, lam, K, e, g, q = symbols("h kept lambda K e g q", nonnegative=True)
mu = symbols("mu", real=True)


def squared(factor, p, size):
    """|factor v + h w|^2 with |v| = 1, v.w = p and |w| = size."""
    return factor**2 + 2 * h * factor * p + h**2 * size**2


def early_step_is_at_most(square) -> bool:
    """With 1 - x = kept >= 0, p = mu - e and K = q + g."""
    gap = square(kept, q + g) - squared(kept, mu - e, q)
    return is_sum_of_nonnegative_terms(gap)


def late_step_is_at_most(square) -> bool:
    """With 1 - x = -kept <= 0, p = e - K and K = q + g."""
    gap = square(-kept, q + g) - squared(-kept, e - (q + g), q)
    return is_sum_of_nonnegative_terms(gap)


def step_1_the_square_at_a_token():
    v, w = Matrix(symbols("v:2")), Matrix(symbols("w:2"))
    moved = kept * v + h * w
    found = expand(moved.dot(moved))
    pieces = kept**2 * v.dot(v) + 2 * h * kept * v.dot(w) + h**2 * w.dot(w)
    assert expand(found - pieces) == 0


def step_2_while_the_leak_keeps_the_sign_the_logarithmic_norm_decides():
    # |(I + hJ)v|_i is convex in v: its largest value on the unit ball is taken where
    # every token has |v_j| = 1, and there v_i.(Jv)_i <= mu, because the logarithmic
    # norm of max |v_i| is the largest derivative of a token of full length.
    assert early_step_is_at_most(lambda f, size: squared(f, mu, size))


def step_3_beyond_it_the_norm_decides():
    # v_i.(Jv)_i >= -K by Cauchy and Schwarz.
    assert late_step_is_at_most(lambda f, size: squared(f, -size, size))


def step_4_non_expansive_steps():
    change = squared(1 - h * lam, mu, K) - 1
    slope = -2 * (lam - mu) + h * (lam**2 + K**2 - 2 * lam * mu)
    assert expand(change - h * slope) == 0
    late = squared(1 - h * lam, -K, K) - 1
    assert expand(late - h * (lam + K) * (h * (lam + K) - 2)) == 0


def step_5_shorter_steps_are_non_expansive_too():
    # lambda^2 + K^2 - 2 lambda mu = (lambda - mu)^2 + (K - mu)(K + mu) is nonnegative
    # for |mu| <= K: K = mu + e = -mu + g.
    rest = lam**2 + K**2 - 2 * lam * mu - (lam - mu) ** 2
    assert expand(rest - (K - mu) * (K + mu)) == 0


def witness_a_spiral_attains_the_growth():
    # One token: J = mu I + omega (a quarter turn), mu^2 + omega^2 = K^2.
    omega = symbols("omega", real=True)
    diagonal = 1 - h * lam + h * mu
    step = Matrix([[diagonal, -h * omega], [h * omega, diagonal]])
    gram = (step.T * step).applyfunc(expand)
    size = squared(1 - h * lam, mu, 0) + h**2 * (mu**2 + omega**2)
    assert (gram - size * Matrix([[1, 0], [0, 1]])).applyfunc(expand).is_zero_matrix


def mutant_the_logarithmic_norm_decides_beyond_the_leak():
    return late_step_is_at_most(lambda f, size: squared(f, mu, size))


def mutant_the_norm_costs_half():
    return early_step_is_at_most(lambda f, size: squared(f, mu, 0) + h**2 * size**2 / 2)


def mutant_half_of_the_logarithmic_norm_suffices():
    return early_step_is_at_most(lambda f, size: squared(f, mu / 2, size))
