r"""Scores of attention: how a query and a key are compared, and who may see whom.

A score is a function of a query and a key, SymPy expressions over the indices `width`
of their features; it returns the logit before scaling.
"""

from __future__ import annotations

from collections.abc import Callable

from sympy import Expr, Heaviside, Integer, tanh

from stabcheck.fields.heads import Heads, merged
from stabcheck.fields.notation import i, mask_tensor
from stabcheck.symbolic import Index, Scalar, Tensor, total
from stabcheck.symbolic.functions import absolute

Score = Callable[[Expr, Expr, tuple[Index, ...]], Expr]

cap = Scalar("cap")


def dot(query: Expr, key: Expr, width: tuple[Index, ...]) -> Expr:
    """The dot product."""
    return total(query * key, *width)


def distance(query: Expr, key: Expr, width: tuple[Index, ...]) -> Expr:
    """Minus the square of the distance (Kim et al. 2020, arXiv:2006.04710)."""
    return -total((query - key) ** 2, *width)


SCORES: dict[str, Score] = {"dot": dot, "l2": distance}
"""The scores by the names that the option `score` takes."""


def capped(logit: Expr) -> Expr:
    r"""$c\,\tanh(s/c)$, below the number `cap` (Gemma 2, arXiv:2408.00118)."""
    return cap.symbol * tanh(logit / cap.symbol)


def slopes(heads: Heads) -> Tensor:
    """The slopes of a penalty on distance, one for each head of queries."""
    return Tensor("slopes", (merged(*heads.query),))


def penalty(heads: Heads, key: Index) -> Expr:
    """$-m_h |i - k|$ (ALiBi, Press et al. 2021, arXiv:2108.12409)."""
    return -slopes(heads)[heads.query] * absolute(i - key)


def admissible(key: Index, *, causal: bool, window: int | None, mask: bool) -> Expr:
    """1 where a token sees a key, 0 elsewhere.

    A token sees itself and earlier ones (`causal`), those less than `window` positions
    away, and those where the parameter `mask` is 1.
    """
    sees = Integer(1)
    if causal:
        sees *= Heaviside(i - key, 1)
    if window is not None:
        sees *= Heaviside(window - 1 - absolute(i - key), 1)
    return sees * mask_tensor[i, key] if mask else sees
