"""The rules of the float64 tier: their hypotheses, and both sides of the truth."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from checker.float64 import contexts
from checker.float64.contexts import claim, context, normalise, residual
from checker.small import attention, feed_forward, state

from stabcheck import bounds
from stabcheck.bounds import LayerNorm
from stabcheck.checker.failures import ClaimRejected, ClaimUndecided
from stabcheck.checker.float64 import feed_forward as tube
from stabcheck.checker.float64.decide import decide
from stabcheck.checker.float64.depth import range_jacobian
from stabcheck.checker.float64.jacobian import branch_jacobian
from stabcheck.checker.float64.norm_ball import NormBall, multiply
from stabcheck.checker.rules import float64
from stabcheck.checker.rules.feed_forward import feed_forward_tube
from stabcheck.checker.rules.float64 import depth_point, psd_floating_point_cholesky

NORM = LayerNorm(np.array([1.0, -0.5, 2.0, 0.25]), np.ones(4), Fraction(1, 100))
FIELDS = [attention(), feed_forward(), NORM]
STACK = [residual(0, size=Fraction(1, 4)), residual(2, 1), residual(2, 0)]
POST = [residual(0), normalise(2), residual(1), normalise(2)]


def values(matrix: np.ndarray) -> dict[str, float]:
    symmetric = np.linalg.eigvalsh((matrix + matrix.T) / 2)
    singular = np.linalg.svd(matrix, compute_uv=False)
    return {
        "spectral-norm": singular[0],
        "growth": singular[0],
        "shrink": singular[-1],
        "log-norm": symmetric[-1],
        "log-norm-lower": symmetric[0],
    }


def branch_value(branch: list[int], quantity: str) -> float:
    ctx = context(FIELDS, state())
    ball = branch_jacobian(ctx, branch, ctx.arb_matrix("state", 3, 4))
    return values(contexts.dense(ball))[quantity]


def range_value(maps: list, first: int, last: int, quantity: str) -> float:
    ball = range_jacobian(context(FIELDS, state(), maps), first, last, "state")
    return values(contexts.dense(ball))[quantity]


def point(quantity: str, bound: float, branch: list[int], **changes) -> dict:
    return claim(
        "psd-floating-point-cholesky", quantity, {"branch": branch}, bound, **changes
    )


def depth(quantity: str, bound: float, first: int, last: int, **changes) -> dict:
    return claim("depth-point", quantity, {"maps": [first, last]}, bound, **changes)


@pytest.mark.parametrize("branch", [[0], [1], [2], [2, 0], [2, 1]])
@pytest.mark.parametrize("quantity", ["spectral-norm", "log-norm", "log-norm-lower"])
def test_a_branch_is_decided_on_both_sides_of_the_truth(branch, quantity):
    truth, ctx = branch_value(branch, quantity), context(FIELDS, state())
    outward = -1 if quantity == "log-norm-lower" else 1
    room = 1e-10 * branch_value(branch, "spectral-norm")
    above, below = truth + outward * room, truth - outward * room
    psd_floating_point_cholesky(ctx, point(quantity, above, branch), [])
    with pytest.raises(ClaimRejected, match="is not proved"):
        psd_floating_point_cholesky(ctx, point(quantity, below, branch), [])


@pytest.mark.parametrize("maps", [STACK, POST])
@pytest.mark.parametrize("ends", [(0, 1), (0, 2), (1, 3), (0, 3)])
def test_a_range_is_decided_on_both_sides_of_the_truth(maps, ends):
    truth, ctx = range_value(maps, *ends, "growth"), context(FIELDS, state(), maps)
    depth_point(ctx, depth("growth", truth * (1 + 1e-9), *ends), [])
    with pytest.raises(ClaimRejected, match="is not proved"):
        depth_point(ctx, depth("growth", truth * (1 - 1e-9), *ends), [])


@pytest.mark.parametrize("ends", [(0, 1), (0, 2), (1, 3), (0, 3)])
def test_the_shrink_of_a_range_is_decided_on_both_sides(ends):
    truth, ctx = range_value(STACK, *ends, "shrink"), context(FIELDS, state(), STACK)
    depth_point(ctx, depth("shrink", truth * (1 - 1e-9), *ends), [])
    with pytest.raises(ClaimRejected, match="is not proved"):
        depth_point(ctx, depth("shrink", truth * (1 + 1e-9), *ends), [])
    depth_point(ctx, depth("shrink", 0, *ends), [])


def test_a_jacobian_is_computed_once_for_three_quantities(monkeypatch):
    calls = []

    def counted(*arguments):
        calls.append(arguments)
        return branch_jacobian(*arguments)

    monkeypatch.setattr(float64, "branch_jacobian", counted)
    ctx = context(FIELDS, state())
    for quantity in ("spectral-norm", "log-norm"):
        psd_floating_point_cholesky(ctx, point(quantity, 1e3, [0]), [])
    assert len(calls) == 1
    psd_floating_point_cholesky(ctx, point("log-norm", 1e3, [1]), [])
    assert len(calls) == 2


@pytest.mark.parametrize("name", ["W_Q", "W_K", "W_V", "W_O", "b_Q", "bias"])
def test_other_weights_are_rejected(name):
    changed = replace(FIELDS[0], **{name: getattr(FIELDS[0], name) * 1.25})
    stacks = [context([first, *FIELDS[1:]], state(), STACK) for first in (
        FIELDS[0], changed,
    )]  # fmt: skip
    growths = [range_of(ctx) for ctx in stacks]
    # Whichever of the two stacks grows more is refused with the growth of the other.
    assert [refused(stacks[0], growths[1]), refused(stacks[1], growths[0])] == [
        growths[0] > growths[1],
        growths[1] > growths[0],
    ]
    assert growths[0] != growths[1]


def range_of(ctx) -> float:
    return values(contexts.dense(range_jacobian(ctx, 0, 3, "state")))["growth"]


def refused(ctx, truth: float) -> bool:
    try:
        depth_point(ctx, depth("growth", truth * (1 + 1e-9), 0, 3), [])
    except ClaimRejected:
        return True
    return False


def test_another_state_is_rejected():
    truth = range_value(STACK, 0, 3, "growth")
    moved = next(
        other
        for other in (state(8), state(9), state(10))
        if range_of(context(FIELDS, other, STACK)) > truth * (1 + 1e-6)
    )
    assert refused(context(FIELDS, moved, STACK), truth)


def test_only_forward_euler_steps_have_a_closed_form():
    ctx = context(FIELDS, state(), STACK, [contexts.MIDPOINT])
    with pytest.raises(ClaimRejected, match="map 0 is a step of 'implicit-midpoint'"):
        depth_point(ctx, depth("growth", 1e6, 0, 3), [])
    named = contexts.MIDPOINT | {"name": "forward-euler"}
    ctx = context(FIELDS, state(), STACK, [named])
    with pytest.raises(ClaimRejected, match="forward Euler"):
        depth_point(ctx, depth("growth", 1e6, 0, 3), [])


@pytest.mark.parametrize("rule", [psd_floating_point_cholesky, depth_point])
def test_each_hypothesis_is_checked(rule):
    first = rule is psd_floating_point_cholesky
    good = point("spectral-norm", 1e6, [0]) if first else depth("growth", 1e6, 0, 3)
    other = {"maps": [0, 3]} if first else {"branch": [0]}
    ctx = context(FIELDS, state(), STACK)
    rule(ctx, good, [])
    for changes, reason in (
        ({"tier": "exact"}, "float64 tier only"),
        ({"quantity": "mixed-norm"}, "not mixed-norm"),
        ({"subject": other}, "speaks about a"),
    ):
        with pytest.raises(ClaimRejected, match=reason):
            rule(ctx, good | changes, [])
    with pytest.raises(ClaimRejected, match="no premises"):
        rule(ctx, good, [good])
    with pytest.raises(ClaimRejected, match="at a point, the domain is a tube"):
        rule(context(FIELDS, state(), STACK, radius=Fraction(1)), good, [])
    with pytest.raises(ClaimRejected, match="shape"):
        rule(_other_shape(), good, [])


def _other_shape():
    ctx = context(FIELDS, state(), STACK)
    ctx.tensors["state"] = contexts.tensor("state", np.ones((4, 3)))
    return ctx


def test_a_huge_state_is_undecided_not_accepted():
    ctx = context(FIELDS, 1e300 * state(), STACK)
    with pytest.raises((ClaimUndecided, ClaimRejected)):
        depth_point(ctx, depth("growth", 1e300, 0, 3), [])


RADIUS = Fraction(1, 64)


def tube_claim(quantity: str, bound: float, centre: float) -> dict:
    return claim(
        "feed-forward-tube",
        quantity,
        {"branch": [1]},
        bound,
        parameters={"centre": Fraction(centre)},
    )


@pytest.mark.parametrize("quantity", ["spectral-norm", "log-norm", "log-norm-lower"])
def test_the_prover_s_tube_bound_is_accepted_without_a_witness(quantity):
    found = bounds.feed_forward_tube(FIELDS[1], state(), float(RADIUS), quantity)
    ctx = context(FIELDS, state(), radius=RADIUS)
    centre = found.parameters["centre"]
    feed_forward_tube(ctx, tube_claim(quantity, found.value, centre), [])
    outward = -1 if quantity == "log-norm-lower" else 1
    room = abs(found.value - centre)
    truth = branch_value([1], quantity)
    for bound, value, reason in (
        # Less than the deviation is left beyond the centre.
        (centre + outward * room * 0.8, centre, "the deviation over the tube"),
        # The value at the centre is beyond the truth.
        (found.value, truth - outward * 1e-9, "is not proved"),
    ):
        with pytest.raises(ClaimRejected, match=reason):
            feed_forward_tube(ctx, tube_claim(quantity, bound, value), [])


def test_a_tube_claim_needs_its_centre_value():
    ctx = context(FIELDS, state(), radius=RADIUS)
    with pytest.raises(ClaimRejected, match="parameter centre"):
        feed_forward_tube(ctx, tube_claim("log-norm", 9, 8) | {"parameters": {}}, [])


def test_a_deviation_that_overflows_is_undecided():
    field = replace(FIELDS[1], W_1=FIELDS[1].W_1 * 1e200)
    ctx = context([FIELDS[0], field], state(), radius=RADIUS)
    with pytest.raises(ClaimUndecided, match="overflows float64"):
        tube.check(ctx, tube_claim("log-norm", 9, 8), [])


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_radius_or_midpoint_that_is_not_finite_is_undecided(bad):
    sound = NormBall(np.eye(2), 0.0)
    for ball in (NormBall(np.eye(2), bad), NormBall(np.full((2, 2), bad), 0.0)):
        for found in (ball, multiply(sound, ball), multiply(ball, sound)):
            for quantity, bound in (("growth", 10**6), ("shrink", 0)):
                with pytest.raises(ClaimUndecided, match="overflows"):
                    decide(found, quantity, Fraction(bound), "a test")
