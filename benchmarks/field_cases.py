"""The fields that the benchmarks measure, their hand-written forms, drawn inputs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import plain_fields
from sympy import Symbol

from stabcheck.fields import FIELDS, attention, pre_norm, rms_norm
from stabcheck.symbolic import Field, Tensor


@dataclass(frozen=True)
class Case:
    """A declaration with so many heads, and its form written by hand in JAX.

    Without a form by hand the lowered field takes its place.
    """

    name: str
    declare: Callable[[int], Field]
    plain: Callable[[Mapping[str, Any]], Any] | None = None


CASES = {
    case.name: case
    for case in (
        Case("dot", lambda H: attention(heads=H), plain_fields.attention),
        Case(
            "causal",
            lambda H: attention(heads=H, causal=True),
            plain_fields.causal_attention,
        ),
        Case(
            "grouped-query",
            lambda H: attention(heads=H, groups=max(1, H // 2)),
            plain_fields.grouped_query_attention,
        ),
        Case(
            "rope",
            lambda H: attention(heads=H, rotary="half"),
            plain_fields.rotary_attention,
        ),
        Case(
            "qk-norm",
            lambda H: attention(heads=H, qk_norm="rms"),
            plain_fields.qk_norm_attention,
        ),
        Case("l2", lambda H: attention(heads=H, score="l2"), plain_fields.l2_attention),
        Case(
            "pre-norm",
            lambda H: pre_norm(rms_norm(), attention(heads=H)),
            plain_fields.pre_norm_attention,
        ),
    )
}


def case_named(name: str) -> Case:
    """A case of the table, or any declared field with the heads it declares."""
    return CASES.get(name) or Case(name, lambda _: FIELDS[name]())


def inputs(
    field: Field, tokens: int, features: int, heads: int, seed: int = 0
) -> dict[str, np.ndarray]:
    """A Gaussian state, weights of variance one over the fan-in, masks that see all."""
    rng = np.random.default_rng(seed)
    width = max(1, features // heads)
    named = {"n": tokens, "d": features, "H": heads, "d_k": width, "d_v": width}
    named |= {"d_r": max(1, width // 2), "m": 4 * features}
    named |= {"n_c": tokens, "d_c": features}
    sizes = {
        Symbol(name, integer=True, positive=True): size for name, size in named.items()
    }
    sizes.update(field.sizes)
    drawn = {field.state.name: rng.standard_normal((tokens, features))}
    for parameter in field.parameters:
        if not isinstance(parameter, Tensor):
            if parameter.default is None:
                value = 2.0 if parameter.name == "cap" else 1e-5
                drawn[parameter.name] = np.float64(value)
            continue
        shape = [
            int(np.prod([int(index.size.xreplace(sizes)) for index in part]))
            for part in (a if isinstance(a, tuple) else (a,) for a in parameter.axes)
        ]
        entries = rng.standard_normal(shape) / features**0.5
        drawn[parameter.name] = np.ones(shape) if parameter.zero_one else entries
    return drawn


def by_hand(case: Case, field: Field) -> Callable[[Mapping[str, Any]], Any]:
    """The hand-written form, or the lowered field where there is none."""
    if case.plain is not None:
        return case.plain
    kernel = field.lower("jax")
    return lambda values: kernel.program(kernel.sizes(values))(values)
