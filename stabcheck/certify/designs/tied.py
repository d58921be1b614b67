r"""Ties between weights: $V_h = -\kappa A_h^{\mathsf T}$ exactly, with $\kappa \ge 0$.

With $A_h = sW_Q^hW_K^{h\mathsf T}$ the values are keys and the outputs queries: $W_V =
W_K$ and $W_O = -\kappa s\,W_Q^{\mathsf T}$, in blocks.  Rounding breaks that equation
unless $\kappa s$ is a power of two; a file that names `kappa` in place of `W_V` and
`W_O` satisfies it by definition.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np

from stabcheck.certify.designs.weights import Arrays
from stabcheck.errors import InvalidInput


def tied_by_kappa(path: Path, tie: str, arrays: Arrays) -> dict[str, np.ndarray]:
    """The arrays with keys for values and queries for outputs, not yet scaled.

    **Raises:** `InvalidInput` for other arrays beside `kappa`, or a negative one.
    """
    beside = sorted({"W_V", "W_O"} & set(arrays))
    needed = ("W_Q", "scale", *(("W_K",) if tie == "negative" else ()))
    missing = [name for name in needed if name not in arrays]
    if beside or missing:
        raise InvalidInput(
            f"asked {path} for tied weights with kappa, found "
            f"{'also ' + beside[0] if beside else 'no ' + missing[0]}; give "
            f"{', '.join(needed)} and kappa"
        )
    for name in ("kappa", "scale"):
        if arrays[name].ndim or (arrays[name] < 0 and name == "kappa"):
            raise InvalidInput(
                f"asked {path} for {name}, found {arrays[name].tolist()!r:.40}; give a "
                f"number{' >= 0' if name == 'kappa' else ''}"
            )
    W_Q = arrays["W_Q"]
    W_K = arrays.get("W_K", W_Q)
    return {**arrays, "W_K": W_K, "W_V": W_K, "W_O": _stacked(W_Q)}


def _stacked(W_Q: np.ndarray) -> np.ndarray:
    """The heads of W_Q', one below the other."""
    if W_Q.ndim != 3:
        return W_Q
    return W_Q.swapaxes(-1, -2).reshape(-1, W_Q.shape[1])


def broken_tie(tie: str, arrays: Arrays) -> str:
    """Why the tie does not hold exactly; nothing where it does."""
    W_Q, W_K, W_V = (arrays[name] for name in ("W_Q", "W_K", "W_V"))
    scale = arrays.get("scale", np.float64(1))
    reasons = []
    if tie == "convex" and not np.array_equal(W_Q, W_K):
        reasons.append("W_Q is not W_K")
    if tie == "convex" and scale < 0:
        reasons.append("the scale is negative")
    if not np.array_equal(W_V, W_K):
        reasons.append("W_V is not W_K")
    if "kappa" not in arrays and not _is_negative_multiple(
        arrays.get("W_O"), W_Q, int(np.sign(scale))
    ):
        reasons.append(
            "W_O is no negative multiple of W_Q'; save kappa in place of W_V, W_O"
        )
    return "; ".join(reasons)


def _is_negative_multiple(W_O: np.ndarray | None, W_Q: np.ndarray, sign: int) -> bool:
    """Whether W_O is -kappa s times the stacked W_Q', for kappa >= 0 and s's sign.

    Without logits, s = 0, nothing but values of zero are tied to them.
    """
    stacked = _stacked(W_Q)
    if W_O is None or stacked.shape != W_O.shape:
        return False
    pairs = [
        (Fraction(float(o)), Fraction(float(q)))
        for o, q in zip(W_O.ravel(), stacked.ravel(), strict=True)
    ]
    ratios = {o / q for o, q in pairs if q != 0}
    zeros = all(o == 0 for o, q in pairs if q == 0)
    signed = all(ratio * sign < 0 or ratio == 0 for ratio in ratios)
    return zeros and len(ratios) <= 1 and signed
