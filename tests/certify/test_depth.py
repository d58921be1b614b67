"""The whole depth over an input tube, and the layer that costs most."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from stabcheck.bounds import Attention, FeedForward, LayerNorm
from stabcheck.certify.costliest import leave_one_out
from stabcheck.certify.map_jacobians import MapJacobians
from stabcheck.certify.report import to_json
from stabcheck.certify.run import Plan, run
from stabcheck.integrators import get
from stabcheck.layers import Normalise, Residual, Stack


def post_norm(tokens: int, features: int, layers: int) -> tuple[Stack, np.ndarray]:
    """A post-norm encoder with Gaussian weights, and a state."""
    rng = np.random.default_rng(0)
    euler, maps, names = get("forward-euler"), [], []
    for layer in range(layers):
        attention = Attention(*rng.standard_normal((3, 1, features, features)))
        hidden = FeedForward(
            rng.standard_normal((features, 2 * features)) / features,
            rng.standard_normal(2 * features),
            rng.standard_normal((2 * features, features)) / features,
            rng.standard_normal(features),
        )
        norm = LayerNorm(
            np.ones(features), rng.standard_normal(features), Fraction(1, 10**5)
        )
        for part, field in (("attention", attention), ("feed-forward", hidden)):
            name = f"layer.{layer}.{part}"
            maps += [
                Residual(name, (field,), euler, Fraction(1)),
                Normalise(f"{name}-norm", norm),
            ]
        names.append((f"layer.{layer}", 4 * layer, 4 * layer + 4))
    return Stack("post-norm", tuple(maps), tuple(names)), rng.standard_normal(
        (tokens, features)
    )


def report_of(stack: Stack, state: np.ndarray, radius: Fraction, folder):
    plan = Plan(stack, state, lambda _: radius, (), "a stack", {"source": "test"})
    outcome = run(plan, folder, jobs=1, force=False, advance=lambda _: None)
    assert outcome.verdict["status"] == "accepted"
    return to_json(outcome, "here", 0.0)["depth"]


@pytest.mark.parametrize(("tokens", "layers"), [(1, 2), (2, 1)])
def test_the_growth_over_a_tube_is_at_most_twice_that_at_the_point(
    tokens, layers, tmp_path
):
    stack, state = post_norm(tokens, 3, layers)
    found = report_of(stack, state, Fraction(1, 100), tmp_path / "run")
    assert found["composition"] == "depth-tube-norm-wise"
    centre, growth = float(found["at_point"]["growth"]), float(found["growth"])
    assert centre < growth <= 2.001 * centre
    radius = float(found["input_radius"])
    assert 0 < radius <= 0.01
    shortest = np.linalg.norm(state, axis=1).min()
    assert found["relative_input_radius"] == pytest.approx(radius / shortest, rel=0.01)


def test_tokens_of_one_feature_behind_a_layer_norm_have_no_growth_at_all(tmp_path):
    stack, state = post_norm(1, 1, 1)
    found = report_of(stack, state, Fraction(1, 10**4), tmp_path / "run")
    assert float(found["at_point"]["attained"]) == 0
    assert found["at_point"]["slack"] is None
    assert found["growth"] is not None


def test_the_costliest_layer_is_the_one_without_which_the_growth_is_least():
    stack, state = post_norm(3, 4, 3)
    states = stack.trajectory(state)
    found = leave_one_out(stack, states)
    jacobians = MapJacobians(stack, states)
    for place, (name, _, _) in enumerate(stack.layers):
        product = np.eye(state.size)
        for other, (_, first, last) in enumerate(stack.layers):
            if other != place:
                product = jacobians.product(first, last) @ product
        norm = np.linalg.norm(product, 2)
        assert found.growths[name] == pytest.approx(norm, rel=1e-3)
    assert found.growths[found.costliest] == min(found.growths.values())


def test_of_a_single_layer_maps_are_left_out():
    stack, state = post_norm(2, 3, 1)
    found = leave_one_out(stack, stack.trajectory(state))
    assert list(found.growths) == [map_.name for map_ in stack.maps]
