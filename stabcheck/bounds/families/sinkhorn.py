r"""Attention with doubly stochastic weights in the 2-norm: free of the tokens too."""

from __future__ import annotations

from fractions import Fraction

from sympy import Expr, Piecewise, Rational, S

from stabcheck.bounds.families.constant import (
    Constant,
    Record,
    alpha_of,
    norms,
    spectrum,
)
from stabcheck.bounds.families.softmax import alpha, mixed_norm, tied_log_norm, v


def convex_least() -> Expr:
    r"""$-v$ for $\alpha \le 1/4$, else $-v(2\alpha + 1/(8\alpha))$."""
    later = 2 * alpha + 1 / (8 * alpha)
    return -v * Piecewise((S.One, alpha <= Rational(1, 4)), (later, True))


def convex_most() -> Expr:
    """No direction expands."""
    return S.Zero


def constants(field: Record, domain: Record, metric: str) -> list[Constant]:
    """Every constant that a theorem gives."""
    found = alpha_of(field, domain)
    if metric != "frobenius" or found is None or field["normalisation"] == "rms":
        return []
    caps: dict[str, Fraction | int] = {"v": field["value_norm"], "alpha": found}
    given = norms("sinkhorn-attention-norm", mixed_norm, caps)
    if field["normalisation"] == "none" and field["tie"] == "negative":
        theorem = "sinkhorn-tied-log-norm"
        given.append(Constant(theorem, "log-norm", tied_log_norm, caps))
    if field["normalisation"] == "none" and field["tie"] == "convex":
        theorem = "convex-sinkhorn-energy"
        given += spectrum(theorem, convex_least, convex_most, caps)
    return given


def obstacle(field: Record, domain: Record, metric: str, quantity: str) -> str:
    """Why a constant is missing, and what would give it."""
    if metric != "frobenius":
        return "the theorems of Sinkhorn attention hold in the metric frobenius"
    if field["normalisation"] == "rms":
        return "use the soft normalisation, or none on a ball"
    if alpha_of(field, domain) is None:
        return (
            "without a normalisation it is unbounded on the domain "
            f"{domain['kind']}; use the domain ball, or the soft normalisation"
        )
    return (
        "its Jacobian is symmetric for the tie convex without a normalisation only; "
        f"{quantity} needs that"
    )
