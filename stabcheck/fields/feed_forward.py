r"""The feed-forward branch with GELU, declared."""

from __future__ import annotations

from sympy import erf, sqrt

from stabcheck.fields.notation import W_1, W_2, X, a, b_1, b_2, c, g, i
from stabcheck.symbolic import Declaration, Field, total


def feed_forward() -> Field:
    r"""$\mathrm{GELU}(x W_1 + b_1) W_2 + b_2$ with $\mathrm{GELU}(z) = z\,\Phi(z)$.

    The exact GELU, not the approximation by tanh.  Parameters `W_1` `(d, m)`, `b_1`
    `(m,)`, `W_2` `(m, d)`, `b_2` `(d,)`.
    """
    F = Declaration("feed-forward", X, (W_1, b_1, W_2, b_2))
    z = F.let("z", (i, g), total(W_1[c, g] * X[i, c], c) + b_1[g])
    gelu = z[i, g] * (1 + erf(z[i, g] / sqrt(2))) / 2
    y = F.let("y", (i, g), gelu)
    return F.returns((i, a), total(W_2[g, a] * y[i, g], g) + b_2[a])
