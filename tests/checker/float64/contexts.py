"""Contexts of the checker for fields and maps of the prover, without a file."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from checker import small
from flint import arb, arb_mat, ctx

from stabcheck.bounds import Attention, FeedForward, LayerNorm, RMSNorm
from stabcheck.checker.context import Context
from stabcheck.checker.float64.norm_ball import NormBall
from stabcheck.checker.reading.archive import Tensor

Field = Attention | FeedForward | LayerNorm | RMSNorm
EULER = {"name": "forward-euler", "A": [[Fraction(0)]], "b": [Fraction(1)]}
MIDPOINT = {"name": "implicit-midpoint", "A": [[Fraction(1, 2)]], "b": [Fraction(1)]}


def tensor(name: str, array: np.ndarray) -> Tensor:
    array = np.ascontiguousarray(array)
    return Tensor(name, array.dtype.str, array.shape, array.tobytes())


def context(
    fields: Sequence[Field],
    state: np.ndarray,
    maps: Sequence[dict[str, Any]] = (),
    integrators: Sequence[dict[str, Any]] = (EULER,),
    radius: Fraction | None = None,
) -> Context:
    """A validated certificate about these fields and one domain round the state."""
    tensors, records = {"state": tensor("state", state)}, []
    for place, field in enumerate(fields):
        record = small.field_record(field, len(state))
        for key, array in small.field_arrays(field).items():
            record[key] = f"{place}.{key}"
            tensors[record[key]] = tensor(record[key], array)
        if "epsilon" in record:
            record["epsilon"] = Fraction(*record["epsilon"])
        if "value" in record.get("scale", {}):
            record["scale"] = {"value": Fraction(*record["scale"]["value"])}
        records.append(record)
    domain = {"kind": "point", "centre": "state"}
    if radius is not None:
        domain = {"kind": "tube", "centre": "state", "radius": radius}
    document = {
        "fields": records,
        "maps": list(maps),
        "integrators": list(integrators),
        "domains": [domain],
        "claims": [],
    }
    return Context(document, tensors)


def residual(*branch: int, size: Fraction = Fraction(1)) -> dict[str, Any]:
    return {"kind": "residual", "branch": list(branch), "integrator": 0, "size": size}


def normalise(field: int) -> dict[str, Any]:
    return {"kind": "normalise", "field": field}


def claim(
    theorem: str,
    quantity: str,
    subject: dict[str, Any],
    bound: Fraction | float,
    **changes: Any,
) -> dict[str, Any]:
    return {
        "theorem": theorem,
        "tier": "float64",
        "premises": [],
        "subject": subject,
        "quantity": quantity,
        "domain": 0,
        "bound": Fraction(bound),
        "witness": {},
        "parameters": {},
    } | changes


def exact_ball(value: Fraction) -> arb:
    return arb(value.numerator) / value.denominator


def dense(ball: NormBall) -> np.ndarray:
    """The midpoint as one matrix."""
    if not ball.is_block_diagonal:
        return ball.midpoint
    blocks, size = ball.midpoint.shape[:2]
    result = np.zeros((blocks, size, blocks, size))
    for i in range(blocks):
        result[i, :, i] = ball.midpoint[i]
    return result.reshape(blocks * size, blocks * size)


def distance(ball: NormBall, truth: arb_mat) -> float:
    """How far the truth is from the midpoint in the spectral norm, to many digits."""
    middle = arb_mat(dense(ball).tolist())
    with ctx.workprec(256):
        difference = truth - middle
    rows = [[float(entry.mid()) for entry in row] for row in difference.tolist()]
    return float(np.linalg.norm(np.array(rows), 2))
