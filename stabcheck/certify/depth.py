"""Claims about layers and the whole depth, on top of the claims about the maps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np

from stabcheck import spectra
from stabcheck.bounds import LayerNorm
from stabcheck.certificate import Claim, round_down, round_up
from stabcheck.certify.attained import ATTAINED_ROOM
from stabcheck.certify.costliest import LeftOut, leave_one_out
from stabcheck.certify.deep import DeepRange, certify_deep
from stabcheck.certify.depth_product import (
    DepthProduct,
    Factor,
    OverTube,
    plan_product,
)
from stabcheck.certify.draft import Draft
from stabcheck.certify.map_jacobians import MapJacobians
from stabcheck.certify.norm_wise import MOST_OVER_POINT, certify_norm_wise
from stabcheck.certify.plan_writer import Established
from stabcheck.layers import Normalise, Stack

VACUOUS = 10**12
"""A growth above this is also called vacuous in words."""
POINT_MARGIN = 1e-9
"""Relative room for the rounding errors of a verified product of Jacobians."""
UNDERFLOW = 1e-100
"""Far more than what verified arithmetic loses where all products vanish."""


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
    shortest_token: float = 0.0
    left_out: LeftOut | None = None


def forward_euler_only(stack: Stack) -> bool:
    """Whether the exact Jacobian of every map is a closed form of its input."""
    return all(
        isinstance(map_, Normalise) or map_.integrator.name == "forward-euler"
        for map_ in stack.maps
    )


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
    jacobians = MapJacobians(stack, states) if forward_euler_only(stack) else None
    ranges = _Ranges(draft, stack, states, factors, jacobians)
    for name, first, last in stack.layers:
        jacobian = jacobians.product(first, last) if jacobians else None
        reports.append(ranges.certify((name, first, last), jacobian))
        if jacobian is not None:
            whole = jacobian if whole is None else jacobian @ whole
        advance(name)
    depth = ranges.certify(("depth", 0, len(stack.maps)), whole)
    left_out = leave_one_out(stack, states) if jacobians else None
    reports.append(replace(depth, left_out=left_out))
    advance("depth")
    return reports


@dataclass(frozen=True)
class _Ranges:
    """What all ranges of maps have in common."""

    draft: Draft
    stack: Stack
    states: Sequence[np.ndarray]
    factors: Sequence[Factor]
    jacobians: MapJacobians | None

    def certify(
        self, span: tuple[str, int, int], jacobian: np.ndarray | None
    ) -> DepthReport:
        """Claim what is known of a range at its state and over a tube round it."""
        name, first, last = span
        draft, stack, state = self.draft, self.stack, self.states[first]
        subject = {"maps": [first, last]}
        domain = draft.point(stack.maps[first].name, state)
        at_point = attained = shrunk = None
        norm = 0.0
        if jacobian is not None:
            norm, direction = norm_and_direction(jacobian)
            claim = _depth_point(
                subject, domain, round_up(norm * (1 + POINT_MARGIN) + UNDERFLOW)
            )
            at_point = Established(draft.claim(claim), claim.bound, claim.theorem)
            attained = _attained(draft, name, subject, domain, norm, direction, state)
            shrunk = _shrink_at_point(
                draft, stack, span, subject, domain, jacobian, norm
            )
        if last == len(stack.maps) and ends_in_layer_norm(stack):
            kernel = Claim("layer-norm-kernel", "shrink", subject, domain, Fraction(0))
            shrunk = Established(draft.claim(kernel), kernel.bound, kernel.theorem)
        tube = self.over_tube(name, subject, norm)
        return DepthReport(
            name, first, last, at_point, attained, shrunk,
            tube.growth, tube.shrink, tube.radius, tube.reason,
            float(np.linalg.norm(state, axis=1).min()),
        )  # fmt: skip

    def over_tube(self, name: str, subject: dict[str, Any], norm: float) -> OverTube:
        """The best of the theorems about tubes; `norm` is the growth at the point.

        What is exact at the first order where it applies, unless the propagated
        product is less on a larger tube; the norm-wise theorem for the whole depth
        where the product is more than twice the growth at the point.
        """
        first = subject["maps"][0]
        draft, state = self.draft, self.states[first]
        hint = self.stack.maps[first].name
        product = plan_product(self.stack, len(state), self.factors, subject)
        radius = self.factors[first].radius
        deep = certify_deep(draft, hint, self.stack, self.states, subject, radius)
        if deep is not None and not _keeps(product, deep):
            return OverTube(deep.growth, deep.shrink, deep.radius)
        useful = isinstance(product, DepthProduct) and deep is not None
        if isinstance(product, DepthProduct):
            useful = useful or product.growth <= MOST_OVER_POINT * norm
        wanted = name == "depth" and norm > 0 and radius > 0
        if self.jacobians is not None and wanted and not useful:
            found = certify_norm_wise(draft, hint, self.jacobians, radius, norm)
            if found.growth is not None:
                return found
        if isinstance(product, DepthProduct):
            return product.write(draft, hint, state)
        return OverTube(None, None, None, product)


def _keeps(product: DepthProduct | str, deep: DeepRange) -> bool:
    """Whether the product is less, or holds on a larger tube: no worse either way."""
    if isinstance(product, str):
        return False
    return deep.growth.value > product.growth or deep.radius < product.radius


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
    value = max(Fraction(0), round_down(norm * (1 - ATTAINED_ROOM) - UNDERFLOW))
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
