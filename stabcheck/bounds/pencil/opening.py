r"""Where the search of the pencil starts: shares, weights and balanced multipliers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from stabcheck.bounds.norms import dyadic
from stabcheck.bounds.pencil.domain import PencilDomain
from stabcheck.bounds.pencil.eigenvalue import Found, SmoothTop
from stabcheck.bounds.pencil.heads import PencilHeads
from stabcheck.bounds.pencil.matrix import (
    Multipliers,
    PencilMatrix,
    anchor_matrix,
    leading_subspace,
)
from stabcheck.bounds.pencil.movement import Movement, movement
from stabcheck.bounds.pencil.products import (
    Anchor,
    Products,
    means_width,
    middle_anchor,
    products,
)
from stabcheck.bounds.validation import Array

WHOLE_VALUES, WHOLE_KEYS = 0.3, 0.6
"""Where logits move by less, the pencil takes the first order of moved values, keys."""
WHOLE_MEANS = 0.8
"""And of the means where it leaves at most this share of what the middle leaves."""
LEAST_LENGTH = 1e-2
"""Top vectors are told apart down to this share of the longest."""
DEAD = 2.0**40
"""The multiplier that makes one side of a product vanish in float64."""
BITS = 24
"""Significant bits of the chosen multipliers: any values near the optimum do."""
FLOOR = 2.0**-400
SMALLEST_SHARE = 1e-4


def _is_finite(found: Products) -> bool:
    arrays = (found.blocks, found.on_rows, found.on_keys, found.on_tokens)
    return all(np.isfinite(array).all() for array in arrays)


def opening(
    heads: PencilHeads, domain: PencilDomain, quantity: str, subspace: int
) -> Found | None:
    """The matrix with weights from the gradient of the leading value, balanced."""
    moves = movement(heads, domain)
    taken = chosen_anchor(heads, moves)
    found = products(heads, domain, moves, taken)
    anchor = anchor_matrix(heads, taken, quantity)
    if not _is_finite(found) or not np.isfinite(anchor).all():
        return None
    dilated = quantity == "spectral-norm"
    vectors = leading_subspace(anchor, subspace, dilated=dilated)
    derivatives, weights = _first_order(heads, domain, taken, anchor, vectors)
    if not np.isfinite(derivatives).all():
        return None
    matrix = PencilMatrix(
        heads, domain, found, taken, anchor, vectors, derivatives, weights, dilated
    )
    return evaluate(matrix, balanced(matrix))


def turned(found: Found) -> Found:
    """The subspace turned: first what the top vectors of the matrix act on.

    The first order of one vector is exact, of several only in a sum: the vectors that
    decide the bound are to be among them.
    """
    matrix = found.matrix
    _, right = matrix.parts(found.vectors)
    lead, lengths, _ = np.linalg.svd(right, full_matrices=False)
    lead = lead[:, lengths > LEAST_LENGTH * lengths[0]]
    basis = np.linalg.qr(np.concatenate([lead, matrix.subspace.T], axis=1))[0]
    vectors = basis[:, : len(matrix.subspace)].T
    derivatives, weights = _first_order(
        matrix.heads, matrix.domain, matrix.taken, matrix.anchor, vectors
    )
    other = replace(matrix, subspace=vectors, derivatives=derivatives, weights=weights)
    return evaluate(other, balanced(other))


def _first_order(
    heads: PencilHeads,
    domain: PencilDomain,
    taken: Anchor,
    anchor: Array,
    vectors: Array,
) -> tuple[Array, Array]:
    """The derivatives along vectors, and weights from the gradient of the first."""
    derivatives = np.stack([heads.first_derivative(f, taken.shares) for f in vectors])
    slope = np.abs((anchor @ vectors[0]) @ derivatives[0]).reshape(heads.state.shape)
    return derivatives, displacement_weights(domain, slope**2, 0.3)


def chosen_anchor(heads: PencilHeads, moves: Movement) -> Anchor:
    """The middle, but the first order of the means whole where that leaves less."""
    taken = middle_anchor(heads, moves, first_order_shares(moves))
    whole = moves.curved + moves.reweighted
    are_whole = whole < WHOLE_MEANS * means_width(heads, moves, taken).sum(axis=2)
    shares = taken.shares.copy()
    shares[1] = np.where(are_whole, 1.0, shares[1])
    means = np.where(are_whole[..., None], 0.0, taken.means)
    return Anchor(taken.covariance, means, shares)


def first_order_shares(moves: Movement) -> Array:
    """Shares of the first order: all of it where logits hardly move, else less."""
    most = moves.total.max(axis=2)
    weights = np.clip(1.2 - 0.6 * most, 0, 1)
    values = np.where(most < WHOLE_VALUES, 1.0, 0.0)
    keys = np.where(most < WHOLE_KEYS, 1.0, 0.0)
    return np.stack([weights, weights, values, keys])


def displacement_weights(domain: PencilDomain, demand: Array, least: float) -> Array:
    """Weights that a demand by displacement makes best, of mean logarithm 0."""
    if domain.kind == "frobenius" or not demand.any():
        return np.ones_like(demand)
    if domain.kind == "tube":
        demand = np.broadcast_to(demand.sum(axis=1, keepdims=True), demand.shape)
    # The best weight of an entry is its radius over the root of its demand.
    radii = domain.radii / (domain.radii.max() or 1.0)
    root = np.sqrt(demand) / np.maximum(radii, SMALLEST_SHARE)
    root = np.maximum(root, least * root.mean())
    return dyadic(np.exp(np.log(root).mean()) / root, BITS)


def balanced(matrix: PencilMatrix) -> Multipliers:
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


def evaluate(matrix: PencilMatrix, multipliers: Multipliers) -> Found:
    """The matrix at multipliers, its top eigenvalue and its eigenvectors."""
    objective = SmoothTop(matrix, 1.0)
    objective(np.log(multipliers.flat()))
    return objective.best
