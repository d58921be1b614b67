r"""Attention with other scores on a ball: rotary, soft-capped, sigmoid, normalised.

Their slopes in a key depend on the key, so that mean and keys cannot share the unit as
they do for dot products: $1 + 2\alpha$ takes the place of $\sqrt{1 + \alpha^2} +
\alpha$.
"""

from __future__ import annotations

from fractions import Fraction

from sympy import Expr, Max, Min, exp, sqrt, symbols

from stabcheck.bounds.families.constant import Constant, Record, norms
from stabcheck.bounds.families.softmax import alpha, v

n, R2, g, epsilon = symbols("n R2 g epsilon", positive=True)
W_Q, W_K = symbols("W_Q W_K", nonnegative=True)
bias = symbols("bias", real=True)


def keyed_mixed_norm() -> Expr:
    r"""$v(1 + 2\alpha)$."""
    return v * (1 + 2 * alpha)


def sigmoid_norm() -> Expr:
    r"""$nv\max(u + 2\alpha u(1 - u))$ over the weights $u$ that the logits allow."""
    least, most = (1 / (1 + exp(-bias - sign * alpha)) for sign in (-1, 1))
    peak = (1 + 2 * alpha) / (4 * alpha)
    u = Max(least, Min(most, peak))
    return n * v * (u + 2 * alpha * u * (1 - u))


def constant_weights_norm() -> Expr:
    r"""The same for $\alpha = 0$: every weight is that of the bias."""
    return n * v / (1 + exp(-bias))


def normalised_norm() -> Expr:
    r"""$v(1 + gR(W_Q + W_K)/\sqrt\epsilon)$, in norms of the matrices."""
    return v * (1 + g * sqrt(R2 / epsilon) * (W_Q + W_K))


def constants(field: Record, domain: Record, metric: str) -> list[Constant]:
    """Every constant that a theorem gives."""
    square = {"ball": domain.get("radius_squared"), "sphere": Fraction(1)}.get(
        domain["kind"]
    )
    if square is None or metric != "token-max":
        return []
    kind, caps = field["kind"], {"v": field["value_norm"]}
    theorem = f"{kind}-norm"
    if kind == "qk-norm-attention":
        caps |= {
            "g": field["gain"],
            "R2": square,
            "epsilon": field["epsilon"],
            "W_Q": field["query_norm"],
            "W_K": field["key_norm"],
        }
        return norms(theorem, normalised_norm, caps)
    caps["alpha"] = field["query_key_norm"] * square
    if kind != "sigmoid-attention":
        return norms(theorem, keyed_mixed_norm, caps)
    caps |= {"n": field["most_tokens"], "bias": field["bias"]}
    if caps["alpha"] == 0:
        return norms(theorem, constant_weights_norm, caps)
    return norms(theorem, sigmoid_norm, caps)


def obstacle(field: Record, domain: Record, metric: str, quantity: str) -> str:
    """Why a constant is missing, and what would give it."""
    if quantity.startswith("spectrum"):
        return "its Jacobian is not symmetric; ask for lipschitz or log-norm"
    if domain["kind"] not in ("ball", "sphere"):
        return f"it is unbounded on the domain {domain['kind']}; use the domain ball"
    return "its theorem holds in the metric token-max"
