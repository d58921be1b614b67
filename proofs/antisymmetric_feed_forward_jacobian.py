r"""Theorem antisymmetric-feed-forward-jacobian.

$F = \varphi(K x + b)$ with $K = M - M^T$ has the Jacobian

$$J_{ij} = \delta_{ij}\,\mathrm{diag}(\varphi'(z_i))\,K,\qquad z_i = K x_i + b.$$

It is skew where all slopes are equal, and only there: its symmetric part is

$$\tfrac12 (J + J^T)_{ab} = \tfrac12\,(\varphi'(z_a) - \varphi'(z_b))\,K_{ab}.$$
"""

from functools import cache

from sympy import KroneckerDelta, S, tanh

from stabcheck.fields import antisymmetric_feed_forward
from stabcheck.fields.notation import a, d, i, n
from stabcheck.fields.one_matrix import MONOTONE, M
from stabcheck.symbolic import Tensor, indices, inlined, is_zero
from stabcheck.symbolic.functions import sigmoid, step

THEOREM = "antisymmetric-feed-forward-jacobian"

(j,), (b,) = indices("j", "token", n), indices("b", "feature", d)
z, slope = Tensor("z", (i, a))[i, a], Tensor("slope", (a,))
K = M[a, b] - M[b, a]

SLOPES = {
    "relu": lambda: step(z),
    "sigmoid": lambda: sigmoid(z) * (1 - sigmoid(z)),
    "softplus": lambda: sigmoid(z),
    "tanh": lambda: 1 - tanh(z) ** 2,
}


@cache
def derived(activation):
    """The derived Jacobian with the inner state by name."""
    field = antisymmetric_feed_forward(activation=activation)
    return inlined(field.jacobian(), keep=frozenset("z"))


def verdict(value, activation, matrix=K) -> str:
    """On whether diag(slope) K is the derived Jacobian."""
    formula = KroneckerDelta(i, j) * value * matrix
    return is_zero(derived(activation) - formula).verdict


def is_the_symmetric_part(claim) -> bool:
    """Whether a claim is half of J_ab + J_ba at one token."""
    across = slope[b] * (M[b, a] - M[a, b])
    return is_zero((slope[a] * K + across) / 2 - claim).is_proved


def step_1_the_jacobian_is_the_formula_for_every_activation():
    assert set(SLOPES) == set(MONOTONE)
    for activation, value in SLOPES.items():
        assert verdict(value(), activation) == "proved"


def step_2_its_symmetric_part_has_the_differences_of_slopes():
    assert is_the_symmetric_part((slope[a] - slope[b]) * K / 2)


def mutant_the_matrix_is_not_made_skew():
    return any(verdict(SLOPES[x](), x, M[a, b]) != "refuted" for x in SLOPES)


def mutant_the_matrix_is_transposed():
    return any(verdict(SLOPES[x](), x, -K) != "refuted" for x in SLOPES)


def mutant_the_slope_is_dropped():
    return any(verdict(S.One, x) != "refuted" for x in SLOPES)


def mutant_it_is_always_skew():
    return is_the_symmetric_part(S.Zero)
