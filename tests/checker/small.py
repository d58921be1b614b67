"""A small certificate of every theorem about single fields, made with bounds alone."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import numpy as np

from stabcheck import bounds
from stabcheck.bounds import Attention, Bound, FeedForward, LayerNorm, RMSNorm
from stabcheck.certificate import Certificate, Claim, rational, round_down, round_up

TOKENS, FEATURES, HEADS, HIDDEN = 3, 4, 2, 6
RADIUS = Fraction(1, 64)
Field = Attention | FeedForward | LayerNorm | RMSNorm
QUANTITIES = ("spectral-norm", "log-norm", "log-norm-lower")


def attention(seed: int = 5, **changes: Any) -> Attention:
    """Two heads with every kind of bias and a mask."""
    rng = np.random.default_rng(seed)
    arrays = {
        "W_Q": rng.standard_normal((HEADS, FEATURES, 2)),
        "W_K": rng.standard_normal((HEADS, FEATURES, 2)),
        "W_V": rng.standard_normal((HEADS, FEATURES, 3)),
        "W_O": rng.standard_normal((HEADS * 3, FEATURES)),
        "b_Q": 2 * rng.standard_normal((HEADS, 2)),
        "b_K": rng.standard_normal((HEADS, 2)),
        "b_V": rng.standard_normal((HEADS, 3)),
        "b_O": rng.standard_normal(FEATURES),
        "bias": rng.standard_normal((HEADS, TOKENS, TOKENS)),
        "mask": np.array([[1, 1, 0], [1, 1, 1], [0, 1, 1]], dtype=np.int8),
    }
    return Attention(**(arrays | changes))


def feed_forward(seed: int = 6) -> FeedForward:
    """A GELU feed-forward branch with biases."""
    rng = np.random.default_rng(seed)
    return FeedForward(
        rng.standard_normal((FEATURES, HIDDEN)),
        rng.standard_normal(HIDDEN),
        rng.standard_normal((HIDDEN, FEATURES)),
        rng.standard_normal(FEATURES),
    )


def state(seed: int = 7) -> np.ndarray:
    """The centre of the domains."""
    return np.random.default_rng(seed).standard_normal((TOKENS, FEATURES))


def attention_record(field: Attention, tokens: int, names: Mapping) -> dict[str, Any]:
    """The record of an attention field whose arrays have these names."""
    heads, features, width = field.W_Q.shape
    scale = {"rsqrt": width} if field.scale is None else None
    return {
        "kind": "attention",
        "tokens": tokens,
        "features": features,
        "heads": heads,
        "key_width": width,
        "value_width": field.W_V.shape[2],
        "scale": scale or {"value": rational(Fraction(field.scale))},
        "causal": field.causal,
    } | dict(names)


def feed_forward_record(field: FeedForward, tokens: int) -> dict[str, Any]:
    """The record of a feed-forward field with arrays named after its weights."""
    return {
        "kind": "feed-forward",
        "activation": "gelu",
        "tokens": tokens,
        "features": field.W_1.shape[0],
        "hidden": field.W_1.shape[1],
        "W_1": "W_1",
        "b_1": "b_1",
        "W_2": "W_2",
        "b_2": "b_2",
    }


def norm_record(field: LayerNorm | RMSNorm, tokens: int) -> dict[str, Any]:
    """The record of a normalisation with arrays named after its weights."""
    return {
        "kind": "layer-norm" if isinstance(field, LayerNorm) else "rms-norm",
        "tokens": tokens,
        "features": len(field.gamma),
        "epsilon": rational(field.epsilon),
    } | {key: key for key in field_arrays(field)}


def field_record(field: Field, tokens: int) -> dict[str, Any]:
    """The record of a field whose arrays are named after its weights."""
    if isinstance(field, Attention):
        names = {key: key for key in field_arrays(field)}
        return attention_record(field, tokens, names)
    if isinstance(field, FeedForward):
        return feed_forward_record(field, tokens)
    return norm_record(field, tokens)


ARRAYS = {
    Attention: (
        "W_Q", "W_K", "W_V", "W_O", "b_Q", "b_K", "b_V", "b_O", "mask", "bias",
    ),
    FeedForward: ("W_1", "b_1", "W_2", "b_2"),
    LayerNorm: ("gamma", "beta"),
    RMSNorm: ("gamma",),
}  # fmt: skip


def field_arrays(field: Field) -> dict[str, np.ndarray]:
    """The arrays of a field that are present, by their names."""
    found = {key: getattr(field, key) for key in ARRAYS[type(field)]}
    if found.get("mask") is not None:
        found["mask"] = found["mask"].astype(np.int8)
    return {key: array for key, array in found.items() if array is not None}


class Builder:
    """Claims that grow, with the arrays of their witnesses."""

    def __init__(self) -> None:
        self.claims: list[Claim] = []
        self.arrays: dict[str, np.ndarray] = {}

    def add(
        self,
        bound: Bound,
        branch: list[int],
        domain: int,
        premises: tuple[int, ...] = (),
        matrices: list[np.ndarray] | np.ndarray | None = None,
    ) -> int:
        """Append the claim of a bound; one matrix or one a token become witnesses."""
        outward = round_down if bound.quantity == "log-norm-lower" else round_up
        self.claims.append(
            Claim(
                theorem=bound.theorem,
                quantity=bound.quantity,
                subject={"branch": branch},
                domain=domain,
                bound=outward(bound.value),
                premises=premises,
                witness=self._witness(matrices),
                parameters={k: _exact(value) for k, value in bound.parameters.items()},
            )
        )
        return len(self.claims) - 1

    def _witness(self, given: list[np.ndarray] | np.ndarray | None) -> dict[str, Any]:
        if given is None:
            return {}
        matrices = given if isinstance(given, list) else [given]
        found = bounds.psd_witnesses(matrices)
        start = len(self.arrays)
        names = [f"factor.{start + k}" for k in range(len(matrices))]
        self.arrays |= dict(zip(names, found.factors, strict=True))
        key = {"factors": names} if isinstance(given, list) else {"factor": names[0]}
        return key | {"grid": found.grid, "shift": found.shift}


def _exact(value: float | list[float]) -> Any:
    if isinstance(value, list):
        return [Fraction(item) for item in value]
    return Fraction(value)


def add_attention(
    build: Builder, field: Attention, centre: np.ndarray, radius: Fraction
) -> None:
    """Norm and deviation on the tube (domain 0), values at the point (domain 1)."""
    build.add(bounds.attention_norm_tube(field, centre, float(radius)), [0], 0)
    deviation = bounds.attention_jacobian_deviation_tube(field, centre, float(radius))
    moves = build.add(deviation, [0], 0)
    jacobian = field.jacobian(centre)
    for quantity in QUANTITIES:
        bound = bounds.point_bound(jacobian, quantity)
        matrix = bounds.point_matrix(jacobian, quantity, bound.value)
        point = build.add(bound, [0], 1, matrices=matrix)
        build.add(bounds.tube_from_centre(bound, deviation), [0], 0, (point, moves))


def add_feed_forward(
    build: Builder, field: FeedForward, centre: np.ndarray, radius: Fraction
) -> None:
    """Norms on the tube, and how far the Jacobian moves."""
    deviation = bounds.feed_forward_deviation_tube(field, centre, float(radius))
    build.add(deviation, [1], 0)
    for quantity in QUANTITIES:
        bound = bounds.feed_forward_tube(field, centre, float(radius), quantity)
        matrices = bounds.feed_forward_centre_matrices(
            field, centre, quantity, bound.parameters["centre"]
        )
        build.add(bound, [1], 0, matrices=matrices)


def certificate_about(
    field: Field,
    centre: np.ndarray,
    radius: Fraction,
    build: Builder,
) -> Certificate:
    """Claims about one field, with its arrays under their own names."""
    arrays = field_arrays(field)
    return Certificate(
        statement="One field on a tube.",
        latex=r"\|J\| \le c",
        provenance={},
        fields=(field_record(field, len(centre)),),
        integrators=(),
        maps=(),
        domains=(
            {"kind": "tube", "centre": "state", "radius": rational(radius)},
            {"kind": "point", "centre": "state"},
        ),
        claims=tuple(build.claims),
        arrays=arrays | build.arrays | {"state": centre},
    )


def certificate() -> Certificate:
    """Attention (field 0) and feed-forward (field 1) on one tube."""
    first, second, centre = attention(), feed_forward(), state()
    build = Builder()
    add_attention(build, first, centre, RADIUS)
    add_feed_forward(build, second, centre, RADIUS)
    euler = {"name": "forward-euler", "A": [[[0, 1]]], "b": [[1, 1]]}
    return Certificate(
        statement="Attention and feed-forward on a tube.",
        latex=r"\|J\| \le c",
        provenance={"source": "a test"},
        fields=(
            field_record(first, TOKENS),
            field_record(second, TOKENS),
        ),
        integrators=(euler,),
        maps=({"kind": "residual", "branch": [0], "integrator": 0, "size": [1, 16]},),
        domains=(
            {"kind": "tube", "centre": "state", "radius": rational(RADIUS)},
            {"kind": "point", "centre": "state"},
        ),
        claims=tuple(build.claims),
        arrays=field_arrays(first)
        | field_arrays(second)
        | build.arrays
        | {"state": centre},
    )
