r"""Softmax attention in the largest-token norm: free of the number of tokens.

$v$ caps $\sum_h\lVert V_h\rVert$ and $\alpha$ caps $\lVert A_h\rVert\rho^2$, $\rho$
the largest norm of a token where logits are formed.
"""

from __future__ import annotations

from fractions import Fraction

from sympy import Expr, Piecewise, Rational, S, sqrt, symbols

from stabcheck.bounds.families.constant import Constant, Record, alpha_of, norms

v, alpha = symbols("v alpha", positive=True)


def mixed_norm() -> Expr:
    r"""$v(\sqrt{1 + \alpha^2} + \alpha)$, attained as $n \to \infty$."""
    return v * (sqrt(1 + alpha**2) + alpha)


def soft_mixed_norm() -> Expr:
    r"""$v$ for $\alpha \le 1/2$ (attained), else $v(\alpha + 1/(4\alpha))$."""
    later = alpha + 1 / (4 * alpha)
    return v * Piecewise((S.One, alpha <= Rational(1, 2)), (later, True))


def tied_log_norm() -> Expr:
    r"""$v$ for $\alpha \le 2$, else $v(\alpha/4 + 1/\alpha)$."""
    return v * Piecewise((S.One, alpha <= 2), (alpha / 4 + 1 / alpha, True))


def constants(field: Record, domain: Record, metric: str) -> list[Constant]:
    """Every constant that a theorem gives."""
    if metric != "token-max":
        return []
    found = alpha_of(field, domain)
    if found is None:
        return []
    caps: dict[str, Fraction | int] = {"v": field["value_norm"], "alpha": found}
    normalisation = field["normalisation"]
    if normalisation == "soft":
        return norms("soft-pre-norm-mixed-norm", soft_mixed_norm, caps)
    if normalisation == "rms":
        if domain["kind"] != "token-rms":
            return []
        return norms("rms-pre-norm-mixed-norm", mixed_norm, caps)
    given = norms("attention-mixed-norm-family", mixed_norm, caps)
    if field["tie"] == "negative":
        theorem = "tied-negative-mixed-log-norm"
        given.append(Constant(theorem, "log-norm", tied_log_norm, caps))
    return given


def obstacle(field: Record, domain: Record, metric: str, quantity: str) -> str:
    """Why a constant is missing, and what would give it."""
    if metric != "token-max":
        return (
            "the 2-norm of softmax attention grows with the number of tokens; use the "
            "metric token-max, or Sinkhorn attention"
        )
    if quantity.startswith("spectrum"):
        return "its Jacobian is not symmetric; ask for lipschitz or log-norm"
    if field["normalisation"] == "rms":
        return (
            "the derivative of RMSNorm is unbounded near the zero token; use the "
            "domain token-rms, or the soft normalisation"
        )
    return (
        f"without a normalisation it is unbounded on the domain {domain['kind']}; use "
        "the domain ball, or the soft normalisation"
    )
