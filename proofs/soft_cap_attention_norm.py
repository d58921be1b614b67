r"""Theorem soft-cap-attention-norm.

Softmax attention with logits $c\tanh(x_i\cdot Ax_j/c)$, $\lVert A\rVert R^2 \le
\alpha$, $\sum_h\lVert V_h\rVert \le v$, has on the tokens of norm at most $R$, for
every number of tokens, mask and score bias,

$$\lVert J\rVert_{\infty,2} \le v\,(1 + 2\alpha).$$

The slopes are $a_{ij} = \tau_{ij}A^{\mathsf T}x_i$ and $b_{ij} = \tau_{ij}Ax_j$ with
$\tau = 1 - \tanh^2 \in (0, 1]$ (theorem soft-cap-attention-jacobian); they depend on
the key, so mean and keys do not share the unit as they do in theorem
attention-mixed-norm-point.
The cap does not bound the constant: at $x_i = 0$ all $\tau_{ij} = 1$.
"""

from sympy import Rational, diff, expand, symbols, tanh

from stabcheck.theorems.algebra import is_sum_of_nonnegative_terms

THEOREM = "soft-cap-attention-norm"

s, c = symbols("s c", positive=True)


def slope_is_covered(share) -> bool:
    """Whether tau |A| R <= share |A| R for tau = 1 - t^2."""
    t, size = symbols("t size", nonnegative=True)
    # share size - (1 - t^2) size
    return is_sum_of_nonnegative_terms(expand(share * size - (1 - t**2) * size))


def row_is_covered(factor) -> bool:
    """Whether v + 2 v a <= v (1 + factor (a + room))."""
    v, a, room = symbols("v a room", nonnegative=True)
    return is_sum_of_nonnegative_terms(
        expand(v * (1 + factor * (a + room)) - (v + 2 * v * a))
    )


def step_1_the_slope_of_the_cap():
    assert expand(diff(c * tanh(s / c), s) - (1 - tanh(s / c) ** 2)) == 0
    assert slope_is_covered(1)


def step_2_mean_keys_and_receiver_add():
    # As in theorem rotary-attention-norm, steps 2 and 3.
    assert row_is_covered(2)


def witness_at_the_zero_token_the_cap_does_nothing():
    assert (1 - tanh(0) ** 2) == 1


def mutant_slopes_of_one_half():
    return slope_is_covered(Rational(1, 2))


def mutant_the_receiver_is_dropped():
    return row_is_covered(1)
