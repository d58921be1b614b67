"""A small certificate of every theorem about single fields, made with bounds alone."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import numpy as np

from stabcheck import bounds
from stabcheck.bounds import Attention, Bound, FeedForward
from stabcheck.certificate import Certificate, Claim, rational, round_down, round_up

TOKENS, FEATURES, HEADS, HIDDEN = 3, 4, 2, 6
RADIUS = Fraction(1, 64)
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


def attention_arrays(field: Attention) -> dict[str, np.ndarray]:
    """The arrays of a field that are present, by their names."""
    keys = ("W_Q", "W_K", "W_V", "W_O", "b_Q", "b_K", "b_V", "b_O", "mask", "bias")
    found = {key: getattr(field, key) for key in keys}
    if found["mask"] is not None:
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
        matrices: list[np.ndarray] | None = None,
        parameters: Mapping[str, Any] | None = None,
    ) -> int:
        """Append the claim of a bound; matrices become witnesses."""
        outward = round_down if bound.quantity == "log-norm-lower" else round_up
        given = bound.parameters if parameters is None else parameters
        self.claims.append(
            Claim(
                theorem=bound.theorem,
                quantity=bound.quantity,
                subject={"branch": branch},
                domain=domain,
                bound=outward(bound.value),
                premises=premises,
                witness=self._witness(matrices),
                parameters={key: _exact(value) for key, value in given.items()},
            )
        )
        return len(self.claims) - 1

    def _witness(self, matrices: list[np.ndarray] | None) -> dict[str, Any]:
        if matrices is None:
            return {}
        found = bounds.psd_witnesses(matrices)
        start = len(self.arrays)
        names = [f"factor.{start + k}" for k in range(len(matrices))]
        self.arrays |= dict(zip(names, found.factors, strict=True))
        key = {"factor": names[0]} if len(names) == 1 else {"factors": names}
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
        point = build.add(bound, [0], 1, matrices=[matrix])
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
        # One token needs the plural key all the same: two copies are avoided by size.
        build.add(bound, [1], 0, matrices=matrices)


def certificate() -> Certificate:
    """Attention (field 0) and feed-forward (field 1) on one tube."""
    first, second, centre = attention(), feed_forward(), state()
    build = Builder()
    add_attention(build, first, centre, RADIUS)
    add_feed_forward(build, second, centre, RADIUS)
    names = {key: key for key in attention_arrays(first)}
    weights = {key: getattr(second, key) for key in ("W_1", "b_1", "W_2", "b_2")}
    euler = {"name": "forward-euler", "A": [[[0, 1]]], "b": [[1, 1]]}
    return Certificate(
        statement="Attention and feed-forward on a tube.",
        latex=r"\|J\| \le c",
        provenance={"source": "a test"},
        fields=(
            attention_record(first, TOKENS, names),
            feed_forward_record(second, TOKENS),
        ),
        integrators=(euler,),
        maps=({"kind": "residual", "branch": [0], "integrator": 0, "size": [1, 16]},),
        domains=(
            {"kind": "tube", "centre": "state", "radius": rational(RADIUS)},
            {"kind": "point", "centre": "state"},
        ),
        claims=tuple(build.claims),
        arrays=attention_arrays(first) | weights | build.arrays | {"state": centre},
    )
