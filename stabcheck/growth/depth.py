r"""Growth and shrink of a stack from those of its maps.

Products need one common norm.  In the largest-token norm a step of attention costs
no $\sqrt n$; changing from the Frobenius norm and back costs it once for the whole
stack (`depth-mixed-norm`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from stabcheck.bounds.validation import checked_count
from stabcheck.growth.step_bound import StepBound, established, not_established


def depth_product(growths: Sequence[float]) -> StepBound:
    """The product of growths in the Frobenius norm.  Theorem `depth-product`."""
    return established("growth", "depth-product", math.prod(growths))


def depth_shrink(shrinks: Sequence[float]) -> StepBound:
    """The product of shrinks.  Theorem `depth-product`."""
    if any(shrink <= 0 for shrink in shrinks):
        reason = "some map has no positive shrink"
        return not_established("shrink", "depth-product", reason)
    return established("shrink", "depth-product", math.prod(shrinks))


def layer_norm_kernel() -> StepBound:
    """The shrink behind a LayerNorm is exactly 0.  Theorem `layer-norm-kernel`.

    Every output of the Jacobian is, up to gamma, orthogonal to the vector of ones.
    """
    return StepBound("shrink", "layer-norm-kernel", 0.0)


def mixed_step_growth(h: float, mixed_norm: float) -> StepBound:
    """1 + hK in the largest-token norm.  Theorem `family-euler-mixed`."""
    return established("mixed-growth", "family-euler-mixed", 1 + h * mixed_norm)


def depth_mixed_norm(tokens: int, step_growths: Sequence[float]) -> StepBound:
    r"""$\sqrt n\prod(1 + h_lK_l)$ in the Frobenius norm.  `depth-mixed-norm`."""
    root = math.sqrt(checked_count("tokens", tokens))
    return established("growth", "depth-mixed-norm", root * math.prod(step_growths))


def depth_mixed_norm_shrink(tokens: int, step_growths: Sequence[float]) -> StepBound:
    r"""$\prod(1 - h_lK_l)/\sqrt n$, given the growths $1 + h_lK_l$."""
    root = math.sqrt(checked_count("tokens", tokens))
    factors = [2 - growth for growth in step_growths]
    if any(factor <= 0 for factor in factors):
        reason = "some step has h K >= 1: take smaller steps"
        return not_established("shrink", "depth-mixed-norm", reason)
    return established("shrink", "depth-mixed-norm", math.prod(factors) / root)
