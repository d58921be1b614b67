"""Normalisations of tokens with nothing to learn, as functions of arrays."""

from __future__ import annotations

from typing import Any


def soft_norm(state: Any, radius: float | None = None) -> Any:
    r"""$x / \sqrt{1 + |x|^2/\rho^2}$ of every token: below $\rho$, 1-Lipschitz.

    The field `stabcheck.fields.soft_norm`; theorem `soft-norm-jacobian`.

    **Arguments:** `state` `(..., d)`; `radius`, $\rho$, $\sqrt d$ unless given.
    """
    square = state.shape[-1] if radius is None else radius**2
    return state / (1 + (state**2).sum(axis=-1, keepdims=True) / square) ** 0.5


def unit(state: Any) -> Any:
    """$x/|x|$ of every token: the retraction to the sphere; no token may be 0."""
    return state / (state**2).sum(axis=-1, keepdims=True) ** 0.5
