"""The heads of theorem `attention-pencil` rounded to float64, outward."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from flint import arb

from stabcheck.checker.float64.definite import sharp_norm
from stabcheck.checker.float64.midpoint_radius import (
    MidpointRadius,
    add,
    exact,
    from_arb,
    multiply,
    outward,
    subtract,
)
from stabcheck.checker.float64.norms import nonnegative_norm
from stabcheck.checker.pencil.heads import PencilHead


@dataclass(frozen=True)
class HeadArrays:
    """One head enclosed: (d, d) matrices, (n, n) weights, (n, n, d) values, (n, n, nd).

    `linear` holds the coefficients $z_{ik}$ of the changes of the centred logits.
    """

    form: MidpointRadius
    through: MidpointRadius
    weight: MidpointRadius
    value: MidpointRadius
    linear: MidpointRadius


def head_arrays(head: PencilHead) -> HeadArrays:
    """Round a head's balls to float64, outward."""
    tokens, features = head.weight.nrows(), head.form.nrows()

    def table(lines: Sequence[Sequence[Sequence[arb]]]) -> MidpointRadius:
        flat = [x for row in lines for line in row for x in line]
        return from_arb(flat, (tokens, tokens, features))

    weight = from_arb(head.weight.entries(), (tokens, tokens))
    query = from_arb([x for line in head.query for x in line], (tokens, features))
    centring = subtract(exact(np.eye(tokens)[None]), weight[:, None, :])
    linear = multiply(centring[..., None], query[:, None, None, :])
    key, own = table(head.key), np.arange(tokens)
    turned = add(linear[own, :, own], key)
    linear.midpoint[own, :, own] = turned.midpoint
    linear.radius[own, :, own] = turned.radius
    return HeadArrays(
        form=from_arb(head.form.entries(), (features, features)),
        through=from_arb(head.through.entries(), (features, features)),
        weight=weight,
        value=table(head.value),
        linear=linear.reshape(tokens, tokens, tokens * features),
    )


def form_norm(head: HeadArrays) -> arb:
    """An upper bound of the norm of a head's bilinear form."""
    return _norm(head.form)


def steepness(head: HeadArrays, token: int, keys: list[int]) -> arb:
    r"""An upper bound of $\lVert\operatorname{diag}(\sqrt p)Z_i\rVert_2$."""
    weight = head.weight[token][keys]
    # An upper bound of the root, as an exact number: it only enlarges the matrix.
    roots = outward(np.sqrt(outward(np.maximum(weight.midpoint + weight.radius, 0.0))))
    return _norm(multiply(exact(roots[:, None]), head.linear[token][keys]))


def _norm(enclosure: MidpointRadius) -> arb:
    spread = nonnegative_norm(enclosure.radius) if enclosure.radius.any() else 0.0
    return arb(float(outward(sharp_norm(enclosure.midpoint) + spread)))


def transposed(enclosure: MidpointRadius) -> MidpointRadius:
    """Swap the last two axes."""
    axes = (*range(len(enclosure.shape) - 2), -1, -2)
    return enclosure.transpose(*(axis % len(axes) for axis in axes))
