r"""Multipliers of the pencil by quasi-Newton steps, and the bound they give.

The largest eigenvalue is convex in the logarithms of the multipliers; it is smoothed
over the top of the spectrum.  Between rounds the weights of the displacements follow
what each of them costs.  Any positive multipliers give a true bound, so the search
needs no proof.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.optimize import minimize

from stabcheck.bounds.bound import Bound, outward
from stabcheck.bounds.norms import dyadic
from stabcheck.bounds.parameters import Attention
from stabcheck.bounds.pencil.domain import Movement, PencilDomain, movement
from stabcheck.bounds.pencil.eigenvalue import Found, SmoothTop, split
from stabcheck.bounds.pencil.heads import PencilHeads, pencil_heads
from stabcheck.bounds.pencil.matrix import (
    Multipliers,
    PencilMatrix,
    anchor_matrix,
    leading_subspace,
)
from stabcheck.bounds.pencil.products import (
    Products,
    middle_anchor,
    products,
)
from stabcheck.bounds.validation import Array
from stabcheck.errors import InvalidInput

THEOREM = "attention-pencil"
QUANTITIES = ("spectral-norm", "log-norm", "log-norm-lower")
MOST_ROWS = 2048
"""Rows of the matrix, dilated for the norm: it is kept dense."""
MOST_ENTRIES = 2**26
"""Numbers in one array of rows or of derivatives."""
SUBSPACE = 24
WHOLE_VALUES, WHOLE_KEYS = 0.3, 0.6
"""Where logits move by less, the pencil takes the first order of moved values, keys."""
SHARPNESS = (120.0, 240.0, 480.0)
"""The smoothing of each round, over the value; the last is repeated."""
REACH = 25.0
"""Multipliers are sought within e^25 of those that balance the traces."""
DEAD = 2.0**40
"""The multiplier that makes one side of a product vanish in float64."""
BITS = 24
"""Significant bits of the chosen multipliers: any values near the optimum do."""
FLOOR = 2.0**-400
SMALLEST_SHARE = 1e-4
MARGIN = 1e-9
"""Room for the checker's rounding, relative to the matrix."""


def attention_pencil(
    attention: Attention,
    state: Array,
    radius: float,
    quantity: str,
    *,
    kind: str = "box",
    subspace: int = SUBSPACE,
    rounds: int = 3,
    iterations: int = 25,
) -> Bound:
    r"""Bound a quantity of the Jacobian over a small domain.  `attention-pencil`.

    **Arguments:** `state` `(n, d)`; `radius` of the domain; `quantity`
    `spectral-norm`, `log-norm` or `log-norm-lower`; `kind` of the domain: `box`,
    `tube` or `frobenius`; `subspace`, the dimension on which the first order is kept
    as a whole; `rounds` of the search, of so many `iterations` each.

    **Returns:** a bound whose parameters are float64 arrays, read as exact numbers:
    `multipliers` `(12, H, n)`, `subspace` `(m, n d)`, `scales` `(m,)`, `weights`
    `(n, d)`, `shares` `(4, H, n)`, `shift_covariance` and `shift_means` `(H, n, n)`;
    its value is infinite where float64 overflows.

    **Raises:** `InvalidInput` for another quantity or domain, or a state too large.
    """
    if quantity not in QUANTITIES:
        raise InvalidInput(
            f"asked for the pencil of {quantity}; it bounds {', '.join(QUANTITIES)}"
        )
    _check_size(attention, state, quantity)
    heads = pencil_heads(attention, state)
    domain = PencilDomain(kind, float(radius), heads.shape[2])
    sign = -1 if quantity == "log-norm-lower" else 1
    with np.errstate(all="ignore"):
        try:
            start = _start(heads, domain, quantity, subspace)
            if start is not None and np.isfinite(start.value):
                best = _search(start, rounds, iterations)
                return _bound(best, quantity, sign)
        except np.linalg.LinAlgError:
            # Overflow that no earlier look has seen.
            pass
    return Bound(THEOREM, quantity, sign * np.inf, tier="float64")


def _check_size(attention: Attention, state: Array, quantity: str) -> None:
    rows = np.size(state) * (2 if quantity == "spectral-norm" else 1)
    entries = attention.heads * len(state) ** 2 * np.size(state)
    if rows > MOST_ROWS or entries > MOST_ENTRIES:
        raise InvalidInput(
            f"asked for the pencil of {attention.heads} heads at a state of shape "
            f"{np.shape(state)}, found a matrix of {rows} rows and {entries} numbers "
            f"in its rows; at most {MOST_ROWS} and {MOST_ENTRIES}"
        )


def _is_finite(found: Products) -> bool:
    arrays = (found.blocks, found.on_rows, found.on_keys, found.on_tokens)
    return all(np.isfinite(array).all() for array in arrays)


def _start(
    heads: PencilHeads, domain: PencilDomain, quantity: str, subspace: int
) -> Found | None:
    """The matrix with weights from the gradient of the leading value, balanced."""
    moves = movement(heads, domain)
    shares = _shares(moves)
    taken = middle_anchor(heads, moves, shares)
    found = products(heads, domain, moves, taken)
    anchor = anchor_matrix(heads, taken, quantity)
    if not _is_finite(found) or not np.isfinite(anchor).all():
        return None
    dilated = quantity == "spectral-norm"
    vectors = leading_subspace(anchor, subspace, dilated=dilated)
    derivatives = np.stack([heads.first_derivative(f, shares) for f in vectors])
    lead = anchor @ vectors[0]
    slope = np.abs(lead @ derivatives[0]).reshape(heads.state.shape)
    if not np.isfinite(derivatives).all():
        return None
    matrix = PencilMatrix(
        heads, domain, found, taken, anchor, vectors, derivatives,
        _weights(domain, slope**2, 0.3), dilated,
    )  # fmt: skip
    return _evaluate(matrix, _balanced(matrix))


def _shares(moves: Movement) -> Array:
    """Shares of the first order: all of it where logits hardly move, else less."""
    most = moves.total.max(axis=2)
    weights = np.clip(1.2 - 0.6 * most, 0, 1)
    values = np.where(most < WHOLE_VALUES, 1.0, 0.0)
    keys = np.where(most < WHOLE_KEYS, 1.0, 0.0)
    return np.stack([weights, weights, values, keys])


def _weights(domain: PencilDomain, demand: Array, least: float) -> Array:
    """Weights that a demand by displacement makes best, of mean logarithm 0."""
    if domain.kind == "frobenius" or not demand.any():
        return np.ones_like(demand)
    if domain.kind == "tube":
        demand = np.broadcast_to(demand.sum(axis=1, keepdims=True), demand.shape)
    root = np.sqrt(demand)
    root = np.maximum(root, least * root.mean())
    return dyadic(np.exp(np.log(root).mean()) / root, BITS)


def _balanced(matrix: PencilMatrix) -> Multipliers:
    """Multipliers that balance the two sides of each product on average."""
    size = matrix.heads.state.size
    even = np.eye(size) / np.sqrt(size)
    stacked = np.concatenate([even, even]) if matrix.dilated else even
    rising, falling = matrix.slopes(stacked)
    count = len(matrix.subspace)
    live = (rising > 0) & (falling > 0)
    ratio = np.where(live, falling, 1.0) / np.where(live, rising, 1.0)
    # A product with a side 0 is 0: its multiplier makes the other side small.
    dead = np.where(rising > 0, 1 / DEAD, np.where(falling > 0, DEAD, 1.0))
    start = np.where(live, np.sqrt(ratio), dead)
    tops = np.linalg.norm(matrix.grams[0], 2) or 1.0
    scales = np.full(count, np.sqrt(matrix.budget / tops))
    return Multipliers(
        start[:-count].reshape(matrix.products.on_receivers.shape),
        np.maximum(scales, FLOOR),
    )


def _evaluate(matrix: PencilMatrix, multipliers: Multipliers) -> Found:
    objective = SmoothTop(matrix, 1.0)
    objective(np.log(multipliers.flat()))
    return objective.best


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


def _reweighted(found: Found) -> Found:
    """Weights of the displacements that follow what they cost; the better are kept."""
    matrix = found.matrix
    if matrix.domain.kind == "frobenius":
        return found
    demand = matrix.demand(found.multipliers, found.vectors)
    wanted = _weights(matrix.domain, demand, np.sqrt(SMALLEST_SHARE))
    between = dyadic(np.sqrt(wanted * matrix.weights), BITS)
    other = _evaluate(replace(matrix, weights=between), found.multipliers)
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
