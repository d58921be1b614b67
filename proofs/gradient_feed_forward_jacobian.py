r"""Theorem gradient-feed-forward-jacobian.

$F = -\varphi(x W + b) W^T$ has the Jacobian

$$J_{ij} = -\delta_{ij}\,W\,\mathrm{diag}(\varphi'(z_i))\,W^T,\qquad z_i = W^T x_i +
b,$$

symmetric and block diagonal over tokens, with $\varphi'$ of

- ReLU: 0 or 1;
- sigmoid: $\sigma(1 - \sigma) \in [0, \tfrac14]$;
- softplus: $\sigma \in [0, 1]$;
- tanh: $1 - \tanh^2 \in [0, 1]$.

So $-v^T J v = \sum_g \varphi'(z_g)\,(W^T v)_g^2 \ge 0$: the field descends a convex
function, and $-s\,W W^T \preceq J_{ii} \preceq 0$ with $s = \sup \varphi'$.
"""

from functools import cache

from sympy import KroneckerDelta, S, expand, symbols, tanh

from stabcheck.fields import gradient_feed_forward
from stabcheck.fields.notation import a, c, d, g, i, n
from stabcheck.fields.one_matrix import MONOTONE, W
from stabcheck.symbolic import Tensor, indices, inlined, is_zero, rename, total
from stabcheck.symbolic.functions import sigmoid, step

THEOREM = "gradient-feed-forward-jacobian"

(j,), (b,) = indices("j", "token", n), indices("b", "feature", d)
z, v = Tensor("z", (i, g))[i, g], Tensor("v", (a,))

SLOPES = {
    "relu": lambda: step(z),
    "sigmoid": lambda: sigmoid(z) * (1 - sigmoid(z)),
    "softplus": lambda: sigmoid(z),
    "tanh": lambda: 1 - tanh(z) ** 2,
}


@cache
def derived(activation):
    """The derived Jacobian with the inner state by name."""
    field = gradient_feed_forward(activation=activation)
    return inlined(field.jacobian(), keep=frozenset("z"))


def verdict(slope, activation, sign=-1, same_token=True) -> str:
    """On whether sign W diag(slope) W^T is the derived Jacobian."""
    token = KroneckerDelta(i, j) if same_token else 1
    formula = sign * token * total(W[a, g] * slope * W[b, g], g)
    return is_zero(derived(activation) - formula).verdict


def is_the_form(slope, sign) -> bool:
    """Whether v^T J v at one token is sign times the sum of slope (W^T v)_g^2."""
    block = -total(W[a, g] * slope * W[b, g], g)
    found = total(v[a] * block * v[b], a, b)
    seen = total(W[a, g] * v[a], a) * total(W[c, g] * v[c], c)
    return is_zero(found - sign * total(slope * seen, g)).is_proved


def is_a_square(bound) -> bool:
    """Whether bound - sigma (1 - sigma) is the square of sigma - 1/2."""
    value = symbols("value", real=True)
    return expand(bound - value * (1 - value) - (value - S.Half) ** 2) == 0


def step_1_the_jacobian_is_the_formula_for_every_activation():
    assert set(SLOPES) == set(MONOTONE)
    for activation, slope in SLOPES.items():
        assert verdict(slope(), activation) == "proved"


def step_2_it_is_symmetric():
    for activation in SLOPES:
        turned = rename(derived(activation), {a: b, b: a})
        assert is_zero(derived(activation) - turned).is_proved


def step_3_its_form_is_a_sum_of_squares():
    for slope in SLOPES.values():
        assert is_the_form(slope(), -1)


def step_4_the_slopes_are_between_zero_and_their_supremum():
    # step is 0 or 1; 0 < sigma < 1, so sigma (1 - sigma) > 0; |tanh| < 1.
    assert is_a_square(S(1) / 4)


def mutant_the_sign_is_lost():
    return any(
        verdict(slope(), activation, sign=1) != "refuted"
        for activation, slope in SLOPES.items()
    )


def mutant_the_slope_is_dropped():
    return any(verdict(S.One, activation) != "refuted" for activation in SLOPES)


def mutant_tokens_are_coupled():
    return verdict(SLOPES["tanh"](), "tanh", same_token=False) != "refuted"


def mutant_the_field_climbs():
    return is_the_form(SLOPES["tanh"](), 1)


def mutant_the_slope_of_the_sigmoid_is_at_most_a_fifth():
    return is_a_square(S(1) / 5)
