"""Claims about layers and the whole depth, on top of the claims about the maps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from stabcheck import spectra
from stabcheck.bounds import LayerNorm
from stabcheck.certificate import Claim, round_down, round_up
from stabcheck.certify.attained import ATTAINED_ROOM
from stabcheck.certify.centres import dense_jacobian, times
from stabcheck.certify.deep import DeepRange, certify_deep
from stabcheck.certify.draft import Draft
from stabcheck.certify.plans import Established
from stabcheck.layers import Normalise, Residual, Stack

VACUOUS = 10**12
"""A growth above this is also called vacuous in words."""
POINT_MARGIN = 1e-9
"""Relative room for the rounding errors of a verified product of Jacobians."""
UNDERFLOW = 1e-100
"""Far more than what verified arithmetic loses where all products vanish."""
STATE_ROOM = Fraction(1, 10**10)
"""A stored float64 state is far closer than this to the exact trajectory."""


@dataclass(frozen=True)
class Factor:
    """What one map contributes to a product: its claims and its tube."""

    name: str
    growth: Established | None
    shrink: Established | None
    radius: Fraction


@dataclass(frozen=True)
class DepthReport:
    """What is certified of a range of maps."""

    name: str
    first: int
    last: int
    at_point: Established | None
    attained: Established | None
    shrink_at_point: Established | None
    over_tube: Established | None
    shrink_over_tube: Established | None
    input_radius: Fraction | None
    reason: str = ""


def is_explicit(map_: Residual | Normalise) -> bool:
    """Whether the checker can enclose the state behind a map."""
    return isinstance(map_, Normalise) or map_.integrator.is_explicit


def forward_euler_only(stack: Stack) -> bool:
    """Whether the exact Jacobian of every map is a closed form of its input."""
    return all(
        isinstance(map_, Normalise) or map_.integrator.name == "forward-euler"
        for map_ in stack.maps
    )


def map_jacobian(map_: Residual | Normalise, state: np.ndarray) -> np.ndarray:
    """The dense Jacobian of a map, `(n d, n d)`; forward Euler residuals only."""
    if isinstance(map_, Normalise):
        return map_.field.jacobian(state)
    return np.eye(state.size) + float(map_.step_size) * dense_jacobian(
        map_.branch, state
    )


def apply_map(
    map_: Residual | Normalise, state: np.ndarray, product: np.ndarray
) -> np.ndarray:
    """The map's Jacobian times a dense matrix, block by block where it is diagonal."""
    if isinstance(map_, Normalise):
        return times(map_.field, state, product)
    moved = product
    for field in map_.branch:
        moved = times(field, state, moved)
        state = field(state)
    return product + float(map_.step_size) * moved


def range_jacobian(
    stack: Stack, states: Sequence[np.ndarray], first: int, last: int
) -> np.ndarray:
    """The dense Jacobian of the maps `[first, last)` along the trajectory."""
    product = map_jacobian(stack.maps[first], states[first])
    for index in range(first + 1, last):
        product = apply_map(stack.maps[index], states[index], product)
    return product


def norm_and_direction(matrix: np.ndarray) -> tuple[float, np.ndarray]:
    """The largest singular value and its right singular vector."""
    found = spectra.spectral_norm(
        lambda v: matrix @ v, lambda u: matrix.T @ u, len(matrix)
    )
    return found.value, found.vector


def certify_ranges(
    draft: Draft,
    stack: Stack,
    states: Sequence[np.ndarray],
    factors: Sequence[Factor],
    advance: Callable[[str], None],
) -> list[DepthReport]:
    """Certify every layer and, when there are several, the whole stack.

    **Returns:** one report a layer, then one for the whole depth, named `depth`.
    """
    reports = []
    whole: np.ndarray | None = None
    point = forward_euler_only(stack)
    for name, first, last in stack.layers:
        jacobian = range_jacobian(stack, states, first, last) if point else None
        reports.append(
            _certify_range(draft, stack, states, factors, (name, first, last), jacobian)
        )
        if jacobian is not None:
            whole = jacobian if whole is None else jacobian @ whole
        advance(name)
    span = ("depth", 0, len(stack.maps))
    reports.append(_certify_range(draft, stack, states, factors, span, whole))
    advance("depth")
    return reports


def _certify_range(
    draft: Draft,
    stack: Stack,
    states: Sequence[np.ndarray],
    factors: Sequence[Factor],
    span: tuple[str, int, int],
    jacobian: np.ndarray | None,
) -> DepthReport:
    name, first, last = span
    hint = f"{stack.maps[first].name}"
    subject = {"maps": [first, last]}
    domain = draft.point(hint, states[first])
    at_point = attained = shrunk = None
    if jacobian is not None:
        norm, direction = norm_and_direction(jacobian)
        claim = _depth_point(
            subject, domain, round_up(norm * (1 + POINT_MARGIN) + UNDERFLOW)
        )
        at_point = Established(draft.claim(claim), claim.bound, claim.theorem)
        attained = _attained(
            draft, name, subject, domain, norm, direction, states[first]
        )
        shrunk = _shrink_at_point(draft, stack, span, subject, domain, jacobian, norm)
    if last == len(stack.maps) and ends_in_layer_norm(stack):
        kernel = Claim("layer-norm-kernel", "shrink", subject, domain, Fraction(0))
        shrunk = Established(draft.claim(kernel), kernel.bound, kernel.theorem)
    product = _over_tube(draft, hint, stack, states, factors, subject)
    deep = certify_deep(draft, hint, stack, states, subject, factors[first].radius)
    tube, tube_shrink, radius, reason = better(product, deep)
    return DepthReport(
        name, first, last, at_point, attained, shrunk, tube, tube_shrink, radius, reason
    )


def ends_in_layer_norm(stack: Stack) -> bool:
    """Whether the last map is a LayerNorm of the residual stream."""
    last = stack.maps[-1]
    return isinstance(last, Normalise) and isinstance(last.field, LayerNorm)


def _depth_point(
    subject: dict[str, Any],
    domain: int,
    bound: Fraction,
    quantity: str = "growth",
) -> Claim:
    return Claim("depth-point", quantity, subject, domain, bound, tier="float64")


def _attained(
    draft: Draft,
    name: str,
    subject: dict[str, Any],
    domain: int,
    norm: float,
    direction: np.ndarray,
    state: np.ndarray,
) -> Established:
    value = round_down(norm * (1 - ATTAINED_ROOM) - UNDERFLOW)
    hint = f"{name}.attained"
    claim = Claim(
        theorem="attained",
        quantity="attained-growth",
        subject=subject,
        domain=domain,
        bound=value,
        parameters={
            "state": draft.array(f"{hint}.state", state),
            "direction": draft.array(
                f"{hint}.direction", direction.reshape(state.shape)
            ),
        },
    )
    return Established(draft.claim(claim), value, "attained")


def _shrink_at_point(
    draft: Draft,
    stack: Stack,
    span: tuple[str, int, int],
    subject: dict[str, Any],
    domain: int,
    jacobian: np.ndarray,
    norm: float,
) -> Established | None:
    """The smallest singular value, where no normalisation of the stream kills it."""
    _, first, last = span
    if any(isinstance(map_, Normalise) for map_ in stack.maps[first:last]):
        return None
    smallest = float(np.linalg.svd(jacobian, compute_uv=False)[-1])
    value = smallest * (1 - POINT_MARGIN) - POINT_MARGIN * norm
    if value <= 0:
        return None
    claim = _depth_point(subject, domain, round_down(value), "shrink")
    return Established(draft.claim(claim), claim.bound, claim.theorem)


OverTube = tuple[Established | None, Established | None, Fraction | None, str]
"""Growth, shrink, the radius of the tube on which they hold, or the reason why not."""


def better(product: OverTube, deep: DeepRange | None) -> OverTube:
    """The propagated product, or what is exact at the first order where that is less.

    On a smaller tube than the product's a smaller growth is no better.
    """
    growth, _, radius, _ = product
    if deep is None:
        return product
    if growth and (deep.growth.value > growth.value or deep.radius < radius):
        return product
    return deep.growth, deep.shrink, deep.radius, ""


def _over_tube(
    draft: Draft,
    hint: str,
    stack: Stack,
    states: Sequence[np.ndarray],
    factors: Sequence[Factor],
    subject: dict[str, Any],
) -> OverTube:
    """Propagated tubes and the product of growths; the input radius that they allow."""
    first, last = subject["maps"]
    chosen = factors[first:last]
    without = [factor.name for factor in chosen if factor.growth is None]
    if without:
        reason = f"no growth is certified for {without[0]}"
        return None, None, None, reason
    implicit = [m.name for m in stack.maps[first : last - 1] if not is_explicit(m)]
    if implicit:
        reason = f"the state behind {implicit[0]}, an implicit step, is not enclosed"
        return None, None, None, reason
    growths = [factor.growth for factor in chosen if factor.growth]
    radius = input_radius(
        len(states[first]),
        [growth.value for growth in growths],
        [factor.radius for factor in chosen],
    )
    if radius <= 0:
        reason = "the tubes leave no room for the rounding of the stored states"
        return None, None, None, reason
    domain = draft.tube(hint, states[first], radius)
    product = Fraction(1)
    for growth in growths:
        product *= growth.value
    claim = Claim(
        theorem="depth-product",
        quantity="growth",
        subject=subject,
        domain=domain,
        bound=round_up(product),
        premises=tuple(growth.claim for growth in growths),
    )
    grown = Established(draft.claim(claim), claim.bound, claim.theorem)
    shrinks = [factor.shrink for factor in chosen]
    if any(shrink is None for shrink in shrinks):
        return grown, None, radius, ""
    lower = Fraction(1)
    for shrink in shrinks:
        lower *= shrink.value
    claim = Claim(
        theorem="depth-product",
        quantity="shrink",
        subject=subject,
        domain=domain,
        bound=round_down(lower),
        premises=(
            *(growth.claim for growth in growths),
            *(shrink.claim for shrink in shrinks),
        ),
    )
    shrunk = Established(draft.claim(claim), claim.bound, claim.theorem)
    return grown, shrunk, radius, ""


def input_radius(
    tokens: int, growths: Sequence[Fraction], radii: Sequence[Fraction]
) -> Fraction:
    """The largest radius whose image stays in every map's tube, rounded down."""
    root = round_up(float(np.sqrt(tokens)) * (1 + 1e-12))
    radius, amplified = radii[0], root
    for growth, allowed in zip(growths, radii[1:], strict=False):
        amplified *= growth
        radius = min(radius, (allowed - STATE_ROOM) / amplified)
    return round_down(radius * (1 - Fraction(1, 10**6)), 20)


def costliest(factors: Sequence[Factor]) -> str:
    """The map with the largest certified factor: the one that spoils the product."""
    known = [factor for factor in factors if factor.growth]
    return max(known, key=lambda factor: factor.growth.value).name
