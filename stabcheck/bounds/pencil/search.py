r"""Multipliers of the pencil by quasi-Newton steps, and the bound they give.

The largest eigenvalue is convex in the logarithms of the multipliers; it is smoothed
over the top of the spectrum.  Between rounds the weights of the displacements follow
what each of them costs.  Any positive multipliers give a true bound, so the search
needs no proof.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import minimize

from stabcheck.bounds.bound import Bound, outward
from stabcheck.bounds.norms import dyadic
from stabcheck.bounds.parameters import Attention
from stabcheck.bounds.pencil.domain import PencilDomain
from stabcheck.bounds.pencil.eigenvalue import Found, SmoothTop, split
from stabcheck.bounds.pencil.heads import pencil_heads
from stabcheck.bounds.pencil.matrix import Multipliers
from stabcheck.bounds.pencil.opening import (
    BITS,
    SMALLEST_SHARE,
    displacement_weights,
    evaluate,
    opening,
    turned,
)
from stabcheck.bounds.validation import Array
from stabcheck.errors import InvalidInput

THEOREM = "attention-pencil"
QUANTITIES = ("spectral-norm", "log-norm", "log-norm-lower")
MOST_ROWS = 2048
"""Rows of the matrix, dilated for the norm: it is kept dense."""
MOST_ENTRIES = 2**26
"""Numbers in one array of rows or of derivatives."""
SHARPNESS = (120.0, 240.0, 480.0)
"""The smoothing of each round, over the value; the last is repeated."""
REACH = 25.0
"""Multipliers are sought within e^25 of those that balance the traces."""
MARGIN = 1e-9
"""Room for the checker's rounding, relative to the matrix."""


@dataclass(frozen=True)
class Effort:
    """The dimensions of the subspace, rounds of a search and turns of the subspace."""

    subspace: int
    rounds: int
    turns: int


MOST_EFFORT, LESS_EFFORT = Effort(64, 3, 4), Effort(24, 2, 1)
"""For states of at most `LARGE` entries, and for larger ones."""
LARGE = 256


def _effort(state: Array) -> Effort:
    return MOST_EFFORT if np.size(state) <= LARGE else LESS_EFFORT


def attention_pencil(
    attention: Attention,
    state: Array,
    radius: float | Array,
    quantity: str,
    *,
    kind: str = "box",
    subspace: int | None = None,
    rounds: int | None = None,
    iterations: int = 25,
    turns: int | None = None,
) -> Bound:
    r"""Bound a quantity of the Jacobian over a small domain.  `attention-pencil`.

    **Arguments:** `state` `(n, d)`; `radius` of the domain, for a box also radii of
    its entries `(n, d)`; `quantity` `spectral-norm`, `log-norm` or `log-norm-lower`;
    `kind` of the domain: `box`, `tube` or `frobenius`; `subspace`, the dimension on
    which the first order is kept as a whole; `rounds` of the search, of so many
    `iterations` each, and so many `turns` of the subspace, a search after each: all
    three follow the size of the state where they are None.

    **Returns:** a bound whose parameters are float64 arrays, read as exact numbers:
    `multipliers` `(12, H, n)`, `subspace` `(m, n d)`, `scales` `(m,)`, `weights`
    `(n, d)`, `shares` `(4, H, n)`, `shift_covariance` and `shift_means` `(H, n, n)`;
    its value is infinite where float64 overflows.

    **Raises:** `InvalidInput` for another quantity or domain, or a state too large.
    """
    domain = PencilDomain.of(kind, radius, np.shape(state))
    effort = _effort(state)
    found = pencil_on(
        attention,
        state,
        domain,
        quantity,
        subspace=subspace,
        rounds=effort.rounds if rounds is None else rounds,
        iterations=iterations,
        turns=effort.turns if turns is None else turns,
    )
    return found.bound


@dataclass(frozen=True, eq=False)
class Part:
    """A bound over a domain and what the moves of each entry cost it, `(n, d)`."""

    bound: Bound
    costs: Array


def pencil_on(
    attention: Attention,
    state: Array,
    domain: PencilDomain,
    quantity: str,
    *,
    subspace: int | None = None,
    rounds: int = 1,
    iterations: int = 6,
    turns: int = 0,
    start: Bound | None = None,
) -> Part:
    """As `attention_pencil`, where a domain nearby has been searched already.

    **Arguments:** `start`, the bound on such a domain: its multipliers are tried first.
    """
    if quantity not in QUANTITIES:
        raise InvalidInput(
            f"asked for the pencil of {quantity}; it bounds {', '.join(QUANTITIES)}"
        )
    _check_size(attention, state, quantity)
    if subspace is None:
        subspace = _effort(state).subspace
    heads = pencil_heads(attention, state)
    sign = -1 if quantity == "log-norm-lower" else 1
    with np.errstate(all="ignore"):
        try:
            found = opening(heads, domain, quantity, subspace)
            if found is not None and np.isfinite(found.value):
                best = _search(_resumed(found, start), rounds, iterations)
                best = _turned(best, turns, rounds, iterations)
                demand = best.matrix.demand(best.multipliers, best.vectors)
                costs = domain.radii * np.sqrt(demand)
                return Part(_bound(best, quantity, sign), costs)
        except np.linalg.LinAlgError:
            # Overflow that no earlier look has seen.
            pass
    nothing = Bound(THEOREM, quantity, sign * np.inf, tier="float64")
    return Part(nothing, np.array(domain.radii))


def _resumed(found: Found, start: Bound | None) -> Found:
    """The better of an opening and of the multipliers of another bound."""
    if start is None or not start.parameters:
        return found
    given = start.parameters
    if np.shape(given["scales"]) != (len(found.matrix.subspace),):
        return found
    multipliers = Multipliers(given["multipliers"], given["scales"])
    other = evaluate(found.matrix, multipliers)
    return min(found, other, key=lambda each: each.value)


def _check_size(attention: Attention, state: Array, quantity: str) -> None:
    rows = np.size(state) * (2 if quantity == "spectral-norm" else 1)
    entries = attention.heads * len(state) ** 2 * np.size(state)
    if rows > MOST_ROWS or entries > MOST_ENTRIES:
        raise InvalidInput(
            f"asked for the pencil of {attention.heads} heads at a state of shape "
            f"{np.shape(state)}, found a matrix of {rows} rows and {entries} numbers "
            f"in its rows; at most {MOST_ROWS} and {MOST_ENTRIES}"
        )


def _search(found: Found, rounds: int, iterations: int) -> Found:
    for index in range(rounds):
        sharpness = SHARPNESS[min(index, len(SHARPNESS) - 1)]
        if not found.value > 0:
            sharpness = SHARPNESS[0]
        objective = SmoothTop(found.matrix, sharpness / (abs(found.value) or 1.0))
        start = np.log(found.multipliers.flat())
        if iterations:
            minimize(
                objective, start, jac=True, method="L-BFGS-B",
                bounds=[(x - REACH, x + REACH) for x in start],
                options={"maxiter": iterations, "maxfun": 2 * iterations},
            )  # fmt: skip
        else:
            objective(start)
        found = objective.best
        if index + 1 < rounds:
            found = _reweighted(found)
    return found


def _turned(found: Found, turns: int, rounds: int, iterations: int) -> Found:
    """The best of turns of the subspace, each from the one before."""
    best = latest = found
    for _ in range(turns):
        latest = _search(turned(latest), rounds, iterations)
        if best is found and latest.value >= found.value:
            # In small domains many vectors decide: turning to some loses, and goes on.
            break
        best = min(best, latest, key=lambda each: each.value)
    return best


def _reweighted(found: Found) -> Found:
    """Weights of the displacements that follow what they cost; the better are kept."""
    matrix = found.matrix
    if matrix.domain.kind == "frobenius":
        return found
    demand = matrix.demand(found.multipliers, found.vectors)
    wanted = displacement_weights(matrix.domain, demand, np.sqrt(SMALLEST_SHARE))
    between = dyadic(np.sqrt(wanted * matrix.weights), BITS)
    other = evaluate(replace(matrix, weights=between), found.multipliers)
    return min(found, other, key=lambda each: each.value)


def _bound(found: Found, quantity: str, sign: int) -> Bound:
    """The value at multipliers rounded to short numbers, moved outward."""
    matrix = found.matrix
    rounded = split(matrix, dyadic(found.multipliers.flat(), BITS))
    spectrum = np.linalg.eigvalsh(matrix.at(rounded))
    value = float(spectrum[-1]) + MARGIN * float(np.abs(spectrum).max())
    return Bound(
        THEOREM,
        quantity,
        outward(quantity, sign * value),
        {
            "multipliers": rounded.products,
            "subspace": matrix.subspace,
            "scales": rounded.scales,
            "weights": matrix.weights,
            "shares": matrix.taken.shares,
            "shift_covariance": matrix.taken.covariance,
            "shift_means": matrix.taken.means,
        },
        tier="float64",
    )
