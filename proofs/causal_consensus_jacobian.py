r"""Theorem causal-consensus-jacobian.

If $x_1 = \dots = x_n$, causal attention has the Jacobian $L \otimes U$ with the Cesaro
matrix $L_{ij} = 1/i$ for $j \le i$, and $\lVert L \rVert_2 < 2$ for every $n$ (Hardy).

With means $A_i = (a_1 + \dots + a_i)/i$ and $A_0 = 0$: $A_i^2 - 2 A_i a_i = (i - 1)
A_{i-1}^2 - i A_i^2 - (i - 1)(A_i - A_{i-1})^2$, so that $\sum A_i^2 \le 2 \sum A_i a_i
\le 2 |A||a|$.
"""

from itertools import accumulate
from math import isqrt

from sympy import Heaviside, Indexed, Rational, exp, expand, symbols

from stabcheck.fields import attention
from stabcheck.fields.notation import W_O, a, c, d, h, i, k, l, n, s
from stabcheck.symbolic import Softmax, Tensor, indices, inlined, is_zero, total
from stabcheck.theorems.algebra import is_sum_of_nonnegative_terms

THEOREM = "causal-consensus-jacobian"

(j,), (b,) = indices("j", "token", n), indices("b", "feature", d)
P, W_V = Tensor("P", (h, i, k)), Tensor("W_V", (h, c, s))
token = Tensor("token", (c,))
position, mean, before = symbols("i A_i A_before", real=True)


def U():
    return total(W_V[h, b, s] * W_O[h, s, a], s)


def weighs_equally(key_count) -> bool:
    """Whether equal scores give an admissible key one over so many keys."""
    score, sees = Tensor("score", (h, i))[h, i], Heaviside(i - l, 1)
    numerator = Heaviside(i - k, 1) * exp(score)
    denominator = total(sees * exp(score), l)
    # The weight, a quotient, and one over the count: crosswise, both positive.
    assert is_zero(
        Softmax(k, l, score, sees).as_quotient() - numerator / denominator
    ).is_proved
    gap = numerator * key_count - Heaviside(i - k, 1) * denominator
    return is_zero(gap).is_proved


def is_the_jacobian_at_consensus(head) -> bool:
    """Whether the sum over heads of a formula is the derived one for equal tokens."""
    derived = inlined(attention(heads=2, causal=True).jacobian(), frozenset("P"))
    equal = {
        entry: token[entry.indices[1]]
        for entry in derived.atoms(Indexed)
        if entry.base.label.name == "X"
    }
    gap = derived.xreplace(equal) - total(head, h)
    return is_zero(gap, row_stochastic=("P",)).is_proved


def telescopes(share) -> bool:
    """Whether A_i^2 - share A_i a_i is a difference of i A_i^2 less a square."""
    given = position * mean - (position - 1) * before  # a_i by the means
    left = mean**2 - share * mean * given
    step = (position - 1) * before**2 - position * mean**2
    square = (position - 1) * (mean - before) ** 2
    return expand(left - (step - square)) == 0


def step_1_equal_keys_have_equal_weights():
    assert weighs_equally(total(Heaviside(i - l, 1), l))


def step_2_the_jacobian_is_the_weights_times_the_value_map():
    assert is_the_jacobian_at_consensus(P[h, i, j] * U())


def step_3_the_means_telescope():
    # Summed: sum A_i^2 - 2 sum A_i a_i = -n A_n^2 - sum (i - 1)(A_i - A_{i-1})^2 <= 0.
    assert telescopes(2)


def step_4_so_the_means_are_less_than_twice_as_long():
    # 0 <= 2 A.a - |A|^2 <= |A|(2|a| - |A|) by Cauchy and Schwarz.  Equality needs A_n =
    # 0 and all A_i equal, so A = 0: for a != 0 the inequality is strict, and so it is
    # at the maximum over the unit sphere.
    means, given, slack = symbols("A a slack", nonnegative=True)
    inner = means * given - slack
    gap = means * (2 * given - means) - (2 * inner - means**2)
    assert is_sum_of_nonnegative_terms(gap)


def witness_a_norm_of_three_halves_is_passed():
    # a_i near 1/sqrt(i), 128 tokens.
    given = [Rational(8, isqrt(64 * place)) for place in range(1, 129)]
    means = [x / place for place, x in enumerate(accumulate(given), 1)]
    assert sum(x**2 for x in means) > Rational(9, 4) * sum(x**2 for x in given)


def mutant_every_key_has_the_weight_one_over_n():
    return weighs_equally(n)


def mutant_the_average_is_forgotten():
    return is_the_jacobian_at_consensus(U())


def mutant_the_means_telescope_with_a_smaller_constant():
    return telescopes(Rational(19, 10))
