r"""A row of the mixed norm on a ball, with one covariance in both of its parts.

Row $i$ has $|w|e + |a|\xi\sqrt{1 - e^2} + \xi\eta$ with $\xi^2 = w^TC_iw$, $w = U^Tz$,
and $\eta^2 = v_i^TAC_iA^Tv_i$.  For all $\theta, t > 0$ it is at most

$$\tfrac12\bigl(\theta + \|U\|^2/\theta + R^2\lambda_{\max}((\hat a^2/\theta + t)U^TU +
 A^TA/t)\bigr),\qquad \hat aR = \alpha.$$

Theorem `attention-mixed-norm-ball`.
"""

from __future__ import annotations

import numpy as np

from stabcheck.bounds.ball_heads import BallHeads
from stabcheck.bounds.head_forms import HeadForms
from stabcheck.bounds.norms import dyadic
from stabcheck.bounds.parameters import Attention
from stabcheck.bounds.validation import Array

SEARCH_STEPS = 120


def tied_rows(attention: Attention, heads: BallHeads) -> tuple[Array, Array, Array]:
    r"""The least values found, with $\theta$ and $t$: three arrays `(H,)`."""
    found = [
        _least(
            HeadForms.of(attention, h),
            float(heads.through[h]),
            float(heads.alpha[h]),
            heads.radius,
        )
        for h in range(attention.heads)
    ]
    values, levels, weights = zip(*found, strict=True)
    return np.array(values), np.array(levels), np.array(weights)


def _least(
    forms: HeadForms, norm: float, alpha: float, radius: float
) -> tuple[float, float, float]:
    from scipy.optimize import minimize

    if not (norm > 0 and alpha > 0 and np.isfinite(alpha * norm)):
        return np.inf, 1.0, 1.0
    slope, square = alpha / radius, radius**2

    def value(theta: float, t: float) -> float:
        top = forms.largest(alpha**2 / theta + square * t, square / t)
        return (theta + norm**2 / theta + top) / 2

    start = np.log([norm * np.hypot(1, alpha), slope / norm])
    result = minimize(
        lambda x: value(*np.exp(x)),
        start,
        method="Nelder-Mead",
        options={"maxfev": SEARCH_STEPS, "xatol": 1e-4, "fatol": 1e-7},
    )
    candidates = [dyadic(np.exp(x)) for x in (start, result.x)]
    theta, t = min(candidates, key=lambda pair: value(*pair))
    return value(theta, t), float(theta), float(t)
