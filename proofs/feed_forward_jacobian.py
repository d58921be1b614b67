r"""Theorem feed-forward-jacobian.

A feed-forward branch $\varphi(x W_1 + b_1) W_2 + b_2$ has the Jacobian

$$J_{ij} = \delta_{ij}\,W_2^T\,\mathrm{diag}(\varphi'(z_i))\,W_1^T,\qquad z_i = W_1^T
x_i + b_1,$$

block diagonal over tokens, with $\varphi'$ of

- SiLU: $\sigma + z\,\sigma(1 - \sigma)$;
- GELU by tanh: $\tfrac12(1 + t) + \tfrac12 z\,(1 - t^2)\,w'$, $t = \tanh w$, $w =
  \sqrt{2/\pi}\,(z + 0.044715 z^3)$;
- ReLU squared: $2\max(z, 0)$, unbounded: the branch has no global Lipschitz constant.

(GELU itself: theorem gelu-feed-forward-jacobian.)
"""

from functools import cache

from sympy import KroneckerDelta, Rational, pi, sqrt, symbols, tanh

from stabcheck.fields import feed_forward
from stabcheck.fields.feed_forward import relu_squared
from stabcheck.fields.notation import W_1, W_2, a, d, g, i, n
from stabcheck.symbolic import Tensor, indices, inlined, is_zero, total
from stabcheck.symbolic.functions import relu, sigmoid, step
from stabcheck.symbolic.proving.covariance_form import one_term_changed

THEOREM = "feed-forward-jacobian"

(j,), (b,) = indices("j", "token", n), indices("b", "feature", d)
z = Tensor("z", (i, g))[i, g]


def silu_slope():
    return sigmoid(z) + z * sigmoid(z) * (1 - sigmoid(z))


def gelu_tanh_slope():
    inner = sqrt(2 / pi) * (z + Rational("0.044715") * z**3)
    rate = sqrt(2 / pi) * (1 + 3 * Rational("0.044715") * z**2)
    return (1 + tanh(inner) + z * (1 - tanh(inner) ** 2) * rate) / 2


def relu_squared_slope():
    # The slope of relu is step, and relu times step is relu: both vanish below 0.
    return 2 * relu(z) * step(z)


SLOPES = {
    "silu": silu_slope,
    "gelu-tanh": gelu_tanh_slope,
    "relu-squared": relu_squared_slope,
}


@cache
def derived(activation):
    """The derived Jacobian with the inner state by name."""
    field = feed_forward(activation=activation)
    return inlined(field.jacobian(), keep=frozenset("z"))


def verdict(slope, activation, same_token=True) -> str:
    """On whether W_2^T diag(slope) W_1^T is the derived Jacobian."""
    token = KroneckerDelta(i, j) if same_token else 1
    formula = token * total(W_1[b, g] * slope * W_2[g, a], g)
    return is_zero(derived(activation) - formula).verdict


def grows(bound) -> bool:
    """Whether the slope of relu squared at x > 0 is at least a bound."""
    x = symbols("x", positive=True)
    slope = relu_squared(x).replace(relu, lambda value: value).diff(x)
    return bool((slope - bound(x)).is_nonnegative)


def step_1_the_jacobian_is_the_formula_for_every_activation():
    for activation, slope in SLOPES.items():
        assert verdict(slope(), activation) == "proved"


def step_2_relu_squared_has_no_global_lipschitz_constant():
    # With d = m = 1 and unit weights the Jacobian at x > 0 is 2x.
    assert grows(lambda x: 2 * x)


def mutant_some_term_of_a_slope_is_dropped_or_flipped():
    return any(
        verdict(wrong, activation) != "refuted"
        for activation, slope in SLOPES.items()
        for wrong in one_term_changed(slope())
    )


def mutant_tokens_are_coupled():
    return verdict(silu_slope(), "silu", same_token=False) != "refuted"


def mutant_relu_squared_grows_faster():
    return grows(lambda x: 2 * x + 1)
