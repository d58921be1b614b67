r"""LayerNorm and RMSNorm over a tube, token by token.

The Jacobian of a token is $D = \operatorname{diag}(\gamma)(\Pi - \hat z\hat z^T)/s$
with $\hat z = (x - \bar x)/(s\sqrt d)$, $|\hat z| \le 1$, $\Pi = I - \mathbb 1\mathbb
1^T/d$ (RMSNorm: $I$ and no mean).  Along a segment of length $\varepsilon$, with
$\rho = \varepsilon/(s\sqrt d) < 1$: $s(t) \ge s(1 - \rho t)$ and $\|D'\| \le
\tfrac{2}{\sqrt3}\|\gamma\|_\infty\varepsilon/(\sqrt d\,s(t)^2)$.

The constant: for $u = \Pi\delta$ of length 1, $D'$ is $-\operatorname{diag}(\gamma)
/(s^2\sqrt d)$ times $(\hat z\cdot u)(\Pi - \hat z\hat z^T) + u'\hat z^T + \hat
zu'^T$, $u' = u - \hat z(\hat z\cdot u)$.  In an orthonormal basis of
$\hat z/r$ and the rest of $u$, with $r = |\hat z|$, $q = 1 - r^2$ and $(c, \sqrt{1-
c^2})$ the coordinates of $u$, this is $r\begin{pmatrix}3cq & \sqrt{1-c^2}\\
\sqrt{1-c^2} & c\end{pmatrix}$, and $kI$ minus that matrix over $r$ has determinant
$(1+3q)(c - k/2)^2 \ge 0$ for $k = 2/(r\sqrt3)$.
"""

from __future__ import annotations

import math

import numpy as np

from stabcheck.bounds.bound import OUTWARD, Bound, outward
from stabcheck.bounds.token_wise import LayerNorm, RMSNorm
from stabcheck.bounds.validation import Array, checked_nonnegative
from stabcheck.bounds.witness import centre_and_deviation, token_wise_centre

DEVIATION_CONSTANT = 2 / math.sqrt(3)
ROUNDING = 2.0**-50
"""Of an entry of a token's Jacobian, relative to its terms."""


def normalisation_tube(
    norm: LayerNorm | RMSNorm, state: Array, radius: float, quantity: str
) -> Bound:
    """Bound the norm or logarithmic norm over a tube.

    Theorems `layer-norm-tube` and `rms-norm-tube`: the exact value at the centre,
    worst token, and the deviation.

    **Arguments:** `state` `(n, d)`; `radius` of every token; `quantity` one of
    `spectral-norm`, `log-norm`, `log-norm-lower`.

    **Returns:** parameter `centre`.  The value is infinite where a token of the tube
    may have variance 0.
    """
    theorem = "layer-norm-tube" if isinstance(norm, LayerNorm) else "rms-norm-tube"
    sign = -1 if quantity == "log-norm-lower" else 1
    centre = token_wise_centre(norm.token_jacobians(state), OUTWARD)[quantity]
    centre += sign * normalisation_rounding(norm, state)
    deviation = normalisation_deviation_tube(norm, state, radius).value
    if not math.isfinite(deviation):
        return Bound(theorem, quantity, sign * math.inf)
    return centre_and_deviation(theorem, quantity, centre, deviation)


def normalisation_rounding(norm: LayerNorm | RMSNorm, state: Array) -> float:
    """What the rounding of token Jacobians in float64 is at most, in the norm.

    Terms cancel in them: of two features, or of one, a Jacobian is as small as epsilon
    makes it.
    """
    _, deviation = norm.centred(state)
    lengths = np.abs(state).max(axis=1) / np.ravel(deviation)
    worst = float(((1 + lengths) / np.ravel(deviation)).max())
    return ROUNDING * norm.features * float(np.abs(norm.gamma).max()) * worst


def normalisation_deviation_tube(
    norm: LayerNorm | RMSNorm, state: Array, radius: float
) -> Bound:
    """Bound the change of the Jacobian.  Theorem `layer-norm-deviation-tube`.

    Holds for RMSNorm too.  Infinite if rho >= 1 for some token.
    """
    radius = checked_nonnegative("radius", radius)
    _, deviation = norm.centred(state)
    quantity, theorem = "jacobian-deviation", "layer-norm-deviation-tube"
    rho = radius / (deviation * math.sqrt(norm.features))
    if (rho >= 1).any():
        return Bound(theorem, quantity, math.inf)
    size = float(np.abs(norm.gamma).max())
    worst = float((rho / (deviation * (1 - rho))).max())
    value = DEVIATION_CONSTANT * size * worst
    return Bound(theorem, quantity, outward(quantity, value))
