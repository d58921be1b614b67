r"""Norm and logarithmic norm of attention on large tubes, boxes and Frobenius balls.

Nothing is expanded about the centre, so that the bounds do not explode with the radius.
The free choices are searched; any choice gives a true bound.
"""

from __future__ import annotations

import numpy as np

from stabcheck.bounds.bound import Bound, outward
from stabcheck.bounds.budget_head import BudgetHead
from stabcheck.bounds.budget_reach import Reach
from stabcheck.bounds.budget_search import BITS, BudgetSearch, ChosenRows
from stabcheck.bounds.norms import dyadic
from stabcheck.bounds.parameters import Attention
from stabcheck.bounds.validation import Array, checked_nonnegative, checked_state
from stabcheck.errors import InvalidInput

METRICS = (0.0, 0.5, 1.0, 2.0, 4.0)
"""Values of nu |a_i|^2 that are tried."""
CELLS = {4: 48, 8: 24, 16: 12}
"""Cells of a Frobenius ball for at most so many tokens; beyond them FEWEST_CELLS."""
FEWEST_CELLS = 8
SIGNS = {"spectral-norm": None, "log-norm": 1, "log-norm-lower": -1}


def attention_norm_budget(
    attention: Attention,
    state: Array,
    kind: str,
    radius: float,
    *,
    cells: int | None = None,
) -> Bound:
    r"""Bound $\sup\|J\|_2$.  `attention-norm-budget`.

    **Arguments:** `state` `(n, d)`, the centre; `kind` of the domain, `tube`, `box` or
    `frobenius`; `radius`; `cells` of the budget in a Frobenius ball (absent: by size).

    **Returns:** parameters `edges`, the lower ends of the cells; `metric`, `balance`,
    `self_share`, `mixing_share` (heads times tokens); `value_level`, `self_level`,
    `price` (heads times tokens times cells).
    """
    return _bound(
        "attention-norm-budget", "spectral-norm", attention, state, kind, radius, cells
    )


def attention_log_norm_budget(
    attention: Attention,
    state: Array,
    kind: str,
    radius: float,
    quantity: str,
    *,
    cells: int | None = None,
) -> Bound:
    r"""Bound $\sup\mu_2(J)$ or $\inf\lambda_{\min}$.  `attention-log-norm-budget`.

    **Arguments:** `quantity` `log-norm` or `log-norm-lower`; the others as
    `attention_norm_budget`.

    **Returns:** as there, with `mixing` (heads times tokens) instead of the shares.
    """
    if quantity not in ("log-norm", "log-norm-lower"):
        raise InvalidInput(
            f"asked for {quantity}; this theorem bounds log-norm, log-norm-lower"
        )
    return _bound(
        "attention-log-norm-budget", quantity, attention, state, kind, radius, cells
    )


def _bound(
    theorem: str,
    quantity: str,
    attention: Attention,
    state: Array,
    kind: str,
    radius: float,
    cells: int | None,
) -> Bound:
    state = checked_state(state, attention.features)
    radius = checked_nonnegative("radius", radius)
    sign = SIGNS[quantity]
    with np.errstate(all="ignore"):
        reach = Reach.of(
            kind, radius, state.shape[1], _edges(kind, radius, len(state), cells)
        )
        heads = BudgetHead.all_of(attention, state, reach)
        rows = [ChosenRows.of(head, sign) for head in heads]
        searches = [BudgetSearch.of(rows, metric) for metric in METRICS]
        found = [search.best() for search in searches if search.is_finite]
    lower = -1 if quantity == "log-norm-lower" else 1
    if not found:
        return Bound(theorem, quantity, lower * np.inf)
    best = min(found, key=lambda choice: choice.value)
    value = outward(quantity, lower * best.value)
    return Bound(theorem, quantity, value, best.parameters())


def _edges(kind: str, radius: float, tokens: int, cells: int | None) -> list[float]:
    """The edges of the cells, short rationals up to the radius."""
    if kind != "frobenius" or radius == 0:
        return [0.0, radius]
    if cells is None:
        cells = next((c for n, c in CELLS.items() if tokens <= n), FEWEST_CELLS)
    inner = dyadic(radius * np.arange(1, cells) / cells, BITS)
    return [0.0, *inner.tolist(), radius]
