r"""Theorem sigmoid-attention-norm.

Attention with the weights $\sigma_{ij} = \sigma(x_i\cdot Ax_j + b)$, not normalised,
$\sum_h\lVert V_h\rVert \le v$, $\lVert A_h\rVert R^2 \le \alpha$, has on at most $n$
tokens of norm at most $R$, for every mask,

$$\lVert J\rVert_{\infty,2} \le n\,v\,\max_{u \in [\sigma(b - \alpha), \sigma(b +
\alpha)]}u\,(1 + 2\alpha(1 - u)).$$

The maximum is at the end or at $u = (1 + 2\alpha)/(4\alpha)$.  Row $i$ of $Jv$ is
$\sum_j[\sigma_{ij}Uv_j + \sigma_{ij}'Ux_j(a_i\cdot v_j + x_j\cdot A^{\mathsf T}v_i)]$
(theorem sigmoid-attention-jacobian), $\sigma' = \sigma(1 - \sigma)$.
"""

from sympy import Rational, diff, exp, expand, simplify, solve, symbols

from stabcheck.theorems.algebra import is_sum_of_nonnegative_terms

THEOREM = "sigmoid-attention-norm"

u, alpha = symbols("u alpha", positive=True)


def gain(weight, size):
    """What one key adds, for v = 1."""
    return weight + 2 * size * weight * (1 - weight)


def key_is_covered(factor) -> bool:
    """Whether u + u (1 - u)(|x_j||a_i| + |x_j||A||x_j|) <= u + factor alpha u (1 - u).

    With rest = 1 - u >= 0 and |A| R^2 = alpha = size + room.
    """
    weight, rest, size, room = symbols("weight rest size room", nonnegative=True)
    one = weight * rest * 2 * size
    return is_sum_of_nonnegative_terms(
        expand(factor * (size + room) * weight * rest - one)
    )


def member_is_covered(share) -> bool:
    r"""Whether all tokens at R e, A = alpha e e^T/R^2, stay below share of the bound.

    b = -alpha - log 3, so that u = 1/4 is the largest weight; alpha = 1, v = 1.
    """
    value = gain(Rational(1, 4), 1)
    member = Rational(1, 4) + 2 * Rational(1, 4) * Rational(3, 4)
    return bool(member <= share * value)


def step_1_the_logistic_function():
    s = symbols("s", real=True)
    weight = 1 / (1 + exp(-s))
    assert simplify(diff(weight, s) - weight * (1 - weight)) == 0


def step_2_each_key_adds_at_most_its_gain():
    # |sigma' x_j (a_i.v_j)| <= sigma' R |A| R, and the same for the receiver.
    assert key_is_covered(2)


def step_3_a_parabola_has_its_peak_where_said():
    assert solve(diff(gain(u, alpha), u), u) == [(1 + 2 * alpha) / (4 * alpha)]
    assert diff(gain(u, alpha), u, 2) == -4 * alpha


def step_4_the_logits_bound_the_weights():
    # |x_i.Ax_j| <= alpha, and the logistic function increases: sigma' >= 0.
    rest, weight = symbols("rest weight", nonnegative=True)
    assert is_sum_of_nonnegative_terms(expand(weight * rest))


def witness_equal_tokens_attain_the_bound():
    assert member_is_covered(1)
    assert not member_is_covered(Rational(99, 100))


def mutant_the_receiver_is_dropped():
    return key_is_covered(1)


def mutant_one_percent_less():
    return member_is_covered(Rational(99, 100))
