"""Checks of masks: zeros and ones, and a key for every query."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from sympy import Indexed, Symbol

from stabcheck.errors import InvalidInput
from stabcheck.symbolic.field import Field
from stabcheck.symbolic.index import free_indices
from stabcheck.symbolic.lowering.backend import Backend
from stabcheck.symbolic.lowering.evaluation import tensors
from stabcheck.symbolic.lowering.walk import Walk
from stabcheck.symbolic.softmax import Softmax


def check_masks(
    field: Field,
    sizes: Mapping[Symbol, int],
    values: Mapping[str, Any],
    backend: Backend,
) -> None:
    """Refuse given masks of other values, or that leave a query without a key."""
    masks = [tensor for tensor in tensors(field) if tensor.zero_one]
    if not masks or not all(_is_concrete(values[mask.name]) for mask in masks):
        return
    arrays = {mask.name: np.asarray(values[mask.name], dtype=float) for mask in masks}
    for name, array in arrays.items():
        if not np.isin(array, (0, 1)).all():
            raise InvalidInput(
                f"asked for {name} of zeros and ones, found other values; round it"
            )
    check_rows(field, sizes, arrays, backend)


def check_rows(
    field: Field,
    sizes: Mapping[Symbol, int],
    arrays: Mapping[str, np.ndarray] | None,
    backend: Backend,
) -> None:
    """Refuse masks of softmax without an admissible key: given ones, or by position.

    With a sink every key may be masked.
    """
    walk = Walk(backend, sizes, dict(arrays or {}))
    for definition in field.definitions:
        for node in definition.body.atoms(Softmax):
            if node.mask == 1 or node.mask.has(Indexed) != (arrays is not None):
                continue
            queries = sorted(free_indices(node.mask) - {node.over}, key=str)
            seen = walk.finished(walk.value(node.mask), (*queries, node.over))
            if not (node.has_sink or seen.any(axis=-1).all()):
                raise InvalidInput(
                    f"asked for {field.name} with a mask that leaves some query "
                    "without an admissible key; relax the mask"
                )
            if not np.isin(seen, (0, 1)).all():
                raise InvalidInput(
                    f"asked for {field.name} with masks that combine to other values "
                    "than zeros and ones; combine them by products"
                )


def _is_concrete(value: Any) -> bool:
    """Whether a value holds numbers (a traced array has only a shape)."""
    try:
        np.asarray(value)
    except Exception:  # every tracer refuses in its own way
        return False
    return True
