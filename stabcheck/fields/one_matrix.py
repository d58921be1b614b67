r"""Feed-forward branches of one matrix and a monotone activation, declared.

Structure in place of small weights: the first is the negative gradient of a convex
function, the second has a skew matrix before its activation.
"""

from __future__ import annotations

from collections.abc import Callable

from sympy import Expr, tanh

from stabcheck.errors import InvalidInput
from stabcheck.fields.notation import X, a, c, g, i
from stabcheck.symbolic import Declaration, Field, Tensor, total
from stabcheck.symbolic.functions import relu, sigmoid, softplus

W, b = Tensor("W", (c, g)), Tensor("b", (g,))
M, own_bias = Tensor("M", (a, c)), Tensor("b", (a,))

MONOTONE: dict[str, Callable[[Expr], Expr]] = {
    "relu": relu,
    "sigmoid": sigmoid,
    "softplus": softplus,
    "tanh": tanh,
}
"""Activations with a slope between 0 and 1; that of the sigmoid is at most 1/4."""


def gradient_feed_forward(*, activation: str = "tanh") -> Field:
    r"""$-\phi(x W + b) W^{\mathsf T}$, which descends a convex function.

    $F = -\nabla \sum_g \Phi(z_g)$ with $z = x W + b$ and $\Phi' = \phi$ monotone
    (the parabolic layer of Ruthotto and Haber 2018, arXiv:1804.04272).

    **Arguments:** `activation`, one of `relu`, `sigmoid`, `softplus`, `tanh`.

    **Returns:** a field with parameters `W` `(d, m)`, `b` `(m,)`.

    **Raises:** `InvalidInput`.
    """
    F = _declared("gradient-feed-forward", activation, (W, b))
    z = F.let("z", (i, g), total(W[c, g] * X[i, c], c) + b[g])
    y = F.let("y", (i, g), MONOTONE[activation](z[i, g]))
    return F.returns((i, a), -total(W[a, g] * y[i, g], g))


def antisymmetric_feed_forward(*, activation: str = "tanh") -> Field:
    r"""$\phi(K x + b)$ with the skew matrix $K = M - M^{\mathsf T}$.

    Haber and Ruthotto 2017, arXiv:1705.03341; Chang et al. 2019,
    AntisymmetricRNN, arXiv:1902.09689.  The Jacobian is skew only where the activation
    is linear.

    **Arguments:** `activation`, one of `relu`, `sigmoid`, `softplus`, `tanh`.

    **Returns:** a field with parameters `M` `(d, d)`, `b` `(d,)`.

    **Raises:** `InvalidInput`.
    """
    F = _declared("antisymmetric-feed-forward", activation, (M, own_bias))
    skew = total((M[a, c] - M[c, a]) * X[i, c], c)
    z = F.let("z", (i, a), skew + own_bias[a])
    return F.returns((i, a), MONOTONE[activation](z[i, a]))


def _declared(
    name: str, activation: str, parameters: tuple[Tensor, ...]
) -> Declaration:
    if activation not in MONOTONE:
        raise InvalidInput(
            f"asked for {name} with activation={activation!r}; give one of "
            f"{', '.join(MONOTONE)}, whose slopes are not negative"
        )
    return Declaration(name, X, parameters, activation=activation)
