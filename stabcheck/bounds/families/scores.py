r"""Attention that is bounded on the whole space: cosine scores, and distances."""

from __future__ import annotations

from sympy import E, Expr, LambertW, Max, sqrt, symbols

from stabcheck.bounds.families.constant import Constant, Record, norms

W_Q, W_K, W_V = symbols("W_Q W_K W_V", nonnegative=True)
tau, nu, epsilon = symbols("tau nu epsilon", positive=True)
w, b, n = symbols("w b n", positive=True)


def cosine_norm() -> Expr:
    r"""$(\nu/\sqrt\epsilon)\sqrt{W_V^2 + \tau^2\max(W_Q, W_K)^2}$, in norms."""
    return nu / sqrt(epsilon) * sqrt(W_V**2 + tau**2 * Max(W_Q, W_K) ** 2)


def distance_norm() -> Expr:
    r"""$bw(1 + 4c)$ with $c = W_0((n - 1)/e)$, that is $ce^{c + 1} = n - 1$."""
    return b * w * (1 + 4 * LambertW((n - 1) / E))


def constants(field: Record, domain: Record, metric: str) -> list[Constant]:
    """Every constant that a theorem gives, on every domain."""
    if metric != "token-max":
        return []
    if field["kind"] == "l2-attention":
        if field["mask"] == "any":
            return []
        caps = {
            "w": field["feature_norm"],
            "b": field["value_norm"],
            "n": field["most_tokens"],
        }
        return norms("kim-l2-mixed-norm", distance_norm, caps)
    caps = {
        "W_Q": field["query_norm"],
        "W_K": field["key_norm"],
        "W_V": field["value_norm"],
        "tau": field["temperature"],
        "nu": field["output"],
        "epsilon": field["epsilon"],
    }
    return norms("cosine-attention-norm", cosine_norm, caps)


def obstacle(field: Record, domain: Record, metric: str, quantity: str) -> str:
    """Why a constant is missing, and what would give it."""
    if metric != "token-max":
        return "its 2-norm grows with the number of tokens; use the metric token-max"
    if field["mask"] == "any":
        return (
            "it is unbounded where a token does not see itself; use the mask none or "
            "causal"
        )
    return "its Jacobian is not symmetric; ask for lipschitz or log-norm"
