r"""The feed-forward branch, declared: one activation between two linear maps."""

from __future__ import annotations

from sympy import Expr, Rational, erf, pi, sqrt, tanh

from stabcheck.errors import InvalidInput
from stabcheck.fields.notation import W_1, W_2, W_g, X, a, b_1, b_2, c, g, i
from stabcheck.symbolic import Declaration, Field, total
from stabcheck.symbolic.functions import relu, sigmoid


def gelu(z: Expr) -> Expr:
    r"""$z\,\Phi(z)$ (Hendrycks and Gimpel 2016, arXiv:1606.08415)."""
    return z * (1 + erf(z / sqrt(2))) / 2


def gelu_tanh(z: Expr) -> Expr:
    r"""$\tfrac z2 (1 + \tanh \sqrt{2/\pi}\,(z + 0.044715 z^3))$ (ibid.)."""
    return z * (1 + tanh(sqrt(2 / pi) * (z + Rational("0.044715") * z**3))) / 2


def relu_squared(z: Expr) -> Expr:
    r"""$\max(z, 0)^2$ (So et al. 2021, Primer, arXiv:2109.08668)."""
    return relu(z) ** 2


def silu(z: Expr) -> Expr:
    r"""$z\,\sigma(z)$ (Ramachandran et al. 2017, arXiv:1710.05941, $\beta = 1$)."""
    return z * sigmoid(z)


ACTIVATIONS = {
    "gelu": gelu,
    "gelu-tanh": gelu_tanh,
    "relu-squared": relu_squared,
    "silu": silu,
}


def feed_forward(*, activation: str = "gelu") -> Field:
    r"""$\phi(x W_1 + b_1) W_2 + b_2$ with an activation $\phi$.

    **Arguments:** `activation`, one of `gelu` (exact), `gelu-tanh` (its approximation),
    `relu-squared`, `silu`.

    **Returns:** a field with parameters `W_1` `(d, m)`, `b_1` `(m,)`, `W_2` `(m, d)`,
    `b_2` `(d,)`.

    **Raises:** `InvalidInput`.
    """
    phi = _activation(activation)
    name = "feed-forward" if phi is gelu else f"{activation}-feed-forward"
    F = Declaration(name, X, (W_1, b_1, W_2, b_2), activation=activation)
    z = F.let("z", (i, g), total(W_1[c, g] * X[i, c], c) + b_1[g])
    y = F.let("y", (i, g), phi(z[i, g]))
    return F.returns((i, a), total(W_2[g, a] * y[i, g], g) + b_2[a])


def gated_feed_forward(*, activation: str = "silu") -> Field:
    r"""$(\phi(x W_g) \odot x W_1) W_2$, SwiGLU for `silu` and GeGLU for `gelu`.

    Shazeer 2020, GLU Variants Improve Transformer, arXiv:2002.05202; no biases.

    **Returns:** a field with parameters `W_g`, `W_1` `(d, m)` and `W_2` `(m, d)`.

    **Raises:** `InvalidInput`.
    """
    phi = _activation(activation)
    short = {"silu": "swiglu", "gelu": "geglu"}.get(activation, f"{activation}-gated")
    F = Declaration(f"{short}-feed-forward", X, (W_g, W_1, W_2), activation=activation)
    u = F.let("u", (i, g), total(W_g[c, g] * X[i, c], c))
    z = F.let("z", (i, g), total(W_1[c, g] * X[i, c], c))
    y = F.let("y", (i, g), phi(u[i, g]) * z[i, g])
    return F.returns((i, a), total(W_2[g, a] * y[i, g], g))


def _activation(name: str):
    if name not in ACTIVATIONS:
        raise InvalidInput(
            f"asked for a feed-forward branch with activation={name!r}; give one of "
            f"{', '.join(ACTIVATIONS)}"
        )
    return ACTIVATIONS[name]
