r"""Theorem kim-l2-mixed-norm.

Attention by distance with tied queries, keys and values, $u = W^{\mathsf T}x$, logits
$-|u_i - u_j|^2/T$, output $\sum_jp_{ij}Bu_j$, has for every state of at most $n$
tokens, every $T > 0$ and every mask under which a token sees itself

$$\lVert J\rVert_{\infty,2} \le \lVert B\rVert\lVert W\rVert\,(1 + 4c),\qquad
c\,e^{c+1} = n - 1 .$$

Write $b = \lVert B\rVert$, $w = \lVert W\rVert$, $|v_j| \le 1$ and $\sigma^2 =
E_i|u_j - u_i|^2$.  A mask that hides a token from itself leaves nothing: with keys at
$\pm t$ from the query, equally far, the covariance is $t^2$ for every $t$.
"""

from sympy import Rational, expand, symbols

from stabcheck.theorems.algebra import is_sum_of_nonnegative_terms

THEOREM = "kim-l2-mixed-norm"

b, w, T, c, rest = symbols("b w T c rest", nonnegative=True)


def row_is_covered(factor) -> bool:
    """Whether mean, keys and receiver fit into b w (1 + factor c).

    sigma^2 = T c - rest; keys and receiver are each at most (2/T) b w sigma^2; the
    comparison is multiplied by T.
    """
    square = T * c - rest
    row = b * w * T + 2 * (2 * b * w * square)
    return is_sum_of_nonnegative_terms(expand(b * w * (1 + factor * c) * T - row))


def deviation_is_covered(share) -> bool:
    """Whether Var u <= share E|u - u_i|^2, which is Var u + |E u - u_i|^2."""
    variance, offset = symbols("variance offset", nonnegative=True)
    return is_sum_of_nonnegative_terms(
        expand(share * (variance + offset**2) - variance)
    )


def step_1_the_slopes_of_the_logits():
    # d(-|u_i - u_j|^2/T) = (2/T)(u_i - u_j).(W^T v_j - W^T v_i), one feature.
    ui, uj, vi, vj, t, size = symbols("ui uj vi vj t T", real=True)
    logit = -((ui + t * vi - uj - t * vj) ** 2) / size
    slope = logit.diff(t).subs(t, 0)
    assert expand(slope - 2 * (ui - uj) * (vj - vi) / size) == 0


def step_2_the_constant_part_drops_out_of_the_covariance():
    # Cov_i(Bu, (2/T) u_i.W^T v_i) = 0: two keys with weights p and 1 - p.
    p, x, y, k = symbols("p x y k", real=True)
    mean = p * x + (1 - p) * y
    covariance = p * (x - mean) * k + (1 - p) * (y - mean) * k
    assert expand(covariance) == 0


def step_3_a_covariance_is_at_most_the_moments_about_the_query():
    # |Cov(w.Bu, psi)| <= b sqrt(Var u) sqrt(E psi^2), |psi_j| <= (2/T) w |u_j - u_i|.
    assert deviation_is_covered(1)


def step_4_the_moment_about_the_query_is_at_most_T_c():
    # Theorem kim-weighted-exponential with r_j = |u_i - u_j|^2/T: the query itself has
    # r = 0, and fewer keys have a smaller c since c e^(c+1) increases.
    assert row_is_covered(4)


def witness_one_token_attains_the_constant():
    # n = 1: c = 0 and J = B W^T; with B = W = 1 its norm is 1.
    assert c.subs(c, 0) == 0
    assert expand((1 + 4 * c).subs(c, 0)) == 1


def mutant_three_times_c():
    return row_is_covered(3)


def mutant_half_of_the_moment():
    return deviation_is_covered(Rational(1, 2))
