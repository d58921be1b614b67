r"""Fields that act on each token by itself: the same constants in both metrics."""

from __future__ import annotations

from fractions import Fraction

from sympy import Expr, S, symbols

from stabcheck.bounds.families.constant import (
    Constant,
    Record,
    norms,
    spectrum,
)

beta, diameter_squared = symbols("beta D2", nonnegative=True)
W_1, W_2, W, K = symbols("W_1 W_2 W K", nonnegative=True)
m = symbols("m", nonpositive=True)
s = symbols("s", positive=True)

SLOPES = {
    "relu": (Fraction(0), Fraction(1)),
    "tanh": (Fraction(0), Fraction(1)),
    "softplus": (Fraction(0), Fraction(1)),
    "sigmoid": (Fraction(0), Fraction(1, 4)),
    "gelu": (Fraction(-12891, 100000), Fraction(112891, 100000)),
    "silu": (Fraction(-9984, 100000), Fraction(109984, 100000)),
}
"""The range $[m, s]$ of each activation's derivative, outward; $|m| \\le s$."""


def retrieval() -> Expr:
    r"""$\beta D^2/4$, attained by two memories."""
    return beta * diameter_squared / 4


def feed_forward_norm() -> Expr:
    r"""$s\lVert W_1\rVert\lVert W_2\rVert$."""
    return s * W_1 * W_2


def gradient_least() -> Expr:
    r"""$-s\lVert W\rVert^2$."""
    return -s * W**2


def gradient_most() -> Expr:
    r"""$-m\lVert W\rVert^2$, zero where the activation never falls."""
    return -m * W**2


def antisymmetric_norm() -> Expr:
    r"""$s\lVert K\rVert$."""
    return s * K


def antisymmetric_log_norm() -> Expr:
    r"""$\tfrac12(s - m)\lVert K\rVert$, attained."""
    return (s - m) * K / 2


def zero() -> Expr:
    """An end of the spectrum that no direction passes."""
    return S.Zero


def constants(field: Record, domain: Record, metric: str) -> list[Constant]:
    """Every constant that a theorem gives, on every domain, in both metrics."""
    kind = field["kind"]
    if kind == "hopfield":
        caps = {"beta": field["beta"], "D2": field["diameter_squared"]}
        theorem = "hopfield-monotone"
        if field["sign"] == 1:
            return spectrum(theorem, zero, retrieval, caps)
        return spectrum(theorem, lambda: -retrieval(), zero, caps)
    least, most = SLOPES[field["activation"]]
    slopes = {"m": least, "s": most}
    if kind == "feed-forward":
        if field["normalisation"] == "rms":
            return []
        caps = slopes | {"W_1": field["in_norm"], "W_2": field["out_norm"]}
        return norms("feed-forward-family", feed_forward_norm, caps)
    if kind == "gradient-feed-forward":
        caps = slopes | {"W": field["matrix_norm"]}
        theorem = "gradient-feed-forward-spectrum"
        return spectrum(theorem, gradient_least, gradient_most, caps)
    caps = slopes | {"K": field["matrix_norm"]}
    theorem = "antisymmetric-feed-forward-log-norm"
    return [
        Constant(theorem, "lipschitz", antisymmetric_norm, caps),
        Constant(theorem, "log-norm", antisymmetric_log_norm, caps),
    ]


def obstacle(field: Record, domain: Record, metric: str, quantity: str) -> str:
    """Why a constant is missing, and what would give it."""
    if field.get("normalisation") == "rms":
        return "the derivative of RMSNorm is unbounded; use the soft normalisation"
    return "its Jacobian is not symmetric; ask for lipschitz or log-norm"
