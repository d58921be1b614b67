r"""Theorem attention-mixed-norm-family.

Multi-head softmax attention with $\sum_h\lVert V_h\rVert \le v$ and $\lVert
A_h\rVert R^2 \le \alpha$ for every head has, at every state whose tokens have norm at
most $R$ (on the unit sphere $R = 1$), for any number of tokens, mask and score bias,

$$\lVert J\rVert_{\infty,2} \le v\,k(\alpha),\qquad k(\alpha) = \sqrt{1 + \alpha^2} +
 \alpha ,$$

and no smaller function of $v$ and $\alpha$ will do.  Theorem
attention-mixed-norm-ball gives $\lVert V_h\rVert k(\alpha_h)$ for each head.
"""

from sympy import Rational, expand, simplify, sqrt, symbols

from stabcheck.theorems.algebra import is_sum_of_nonnegative_terms

THEOREM = "attention-mixed-norm-family"

alpha = symbols("alpha", positive=True)


def heads_are_covered(total) -> bool:
    """Whether total(v1, v2) k covers v1 k1 + v2 k2 for k1, k2 <= k."""
    v1, v2, k, less1, less2 = symbols("v1 v2 k less1 less2", nonnegative=True)
    heads = v1 * (k - less1) + v2 * (k - less2)
    return is_sum_of_nonnegative_terms(expand(total(v1, v2) * k - heads))


def member_value(a):
    r"""What the receiver of the extremal member gets, as $n \to \infty$.

    Senders $\pm z$ in equal numbers, $R = v = 1$, $A^T\hat x = \alpha\hat a$ orthogonal
    to $z$, $A^T\hat v = \alpha z$, $Uz = \hat v$; the direction is $ez \pm w\hat a$ at
    the senders, $\hat v$ at the receiver.
    """
    e, w = 1 / sqrt(1 + a**2), a / sqrt(1 + a**2)
    return e + a * w + a  # mean, keys, receiver


def step_1_the_factor_grows_with_the_cap():
    # Both terms do; the root by its square.
    more = symbols("more", nonnegative=True)
    gap = (1 + (alpha + more) ** 2) - (1 + alpha**2)
    assert is_sum_of_nonnegative_terms(expand(gap))


def step_2_heads_add():
    assert heads_are_covered(lambda v1, v2: v1 + v2)


def witness_one_head_attains_the_factor():
    assert simplify(member_value(alpha) - (sqrt(1 + alpha**2) + alpha)) == 0


def mutant_the_first_head_counts_for_both():
    return heads_are_covered(lambda v1, v2: v1)


def mutant_one_percent_less():
    return bool(member_value(1) <= Rational(99, 100) * (1 + sqrt(2)))
