"""Steps of designs that contract, implicit ones, and gradient feed-forward steps."""

from fractions import Fraction

import numpy as np
import pytest
from checker.designs import accepts, claim, document, method, pair, part
from growth.step_fields import SIZES, bounded_fields, linear_step, ratios
from hypothesis import given
from hypothesis import strategies as st
from strategies import SEEDS, generator
from theorems.stage_fields import (
    drawn,
    frobenius,
    largest_rows,
    lipschitz,
    with_fields,
)

from stabcheck.growth import designs
from stabcheck.growth.designs import largest_step
from stabcheck.integrators import get

ROUNDING = 1e-9
LITTLE = Fraction(1, 10**9)
ONE = {"part": 0}
SHARES = st.sampled_from([Fraction(k, 8) for k in (0, 1, 3, 8, 11, 16, 21)])


def contracts(name: str, fact, leak: float, K: float, seed: int) -> None:
    """Steps up to the fact's length contract, with fields of their own at stages."""
    rng = generator(seed)
    for share in (0.3, 0.9, 1.0):
        h = float(fact.value) * share
        fields = [drawn(rng, 3, h * K * (1 - 1e-12), "frobenius")] * get(name).stages
        grown, _ = frobenius(with_fields(name, h * leak, fields))
        assert grown <= 1 + ROUNDING


CONTRACTIVE = [
    "forward-euler",
    "heun",
    "ssprk3",
    "rk4",
    "ssprk104",
    "implicit-midpoint",
]


@pytest.mark.theorem("monotone-step-contractivity")
@given(st.sampled_from(CONTRACTIVE), st.floats(0, 0.999), SEEDS)
def test_absolutely_monotonic_steps_contract_in_any_norm(name, ratio, seed):
    about = {"step": Fraction(1), "leak": Fraction(1), "scale": Fraction(1)}
    known = {"lipschitz": Fraction(ratio)}
    fact = largest_step(get(name), about, known, "token-max", "contractive")
    if not hasattr(fact, "value"):
        return
    contracts(name, fact, 1.0, ratio, seed)
    rng = generator(seed)
    h = float(fact.value)
    stages = get(name).stages
    fields = [
        drawn(rng, 3, h * ratio * (1 - 1e-12), "token-max") for _ in range(stages)
    ]
    grown, _ = largest_rows(with_fields(name, h, fields))
    assert grown <= 1 + ROUNDING


@pytest.mark.theorem("monotone-step-contractivity", refutes="2r/(leak + K) + a little")
def test_a_longer_euler_step_does_not_contract():
    leak, K = Fraction(1), Fraction(1, 2)
    step = 2 / (leak + K)
    assert abs(1 - (step + LITTLE) * (leak + K)) > 1
    record = claim(
        "monotone-step-contractivity", "contractive-step", ONE, step, 0, radius=[1, 1]
    )
    layer = {"kind": "composition", "parts": [part(leak=[1, 1])]}
    assert accepts(document(*lipschitz(K), record, layer=layer))
    record["bound"] = pair(step + LITTLE)
    assert not accepts(document(*lipschitz(K), record, layer=layer))


@pytest.mark.theorem("leak-circle-contractivity")
@given(
    st.sampled_from([*CONTRACTIVE, "gauss:2", "kutta3"]),
    bounded_fields(),
    SHARES,
    SEEDS,
)
def test_steps_within_the_circle_contract(name, field, leak, seed):
    about = {"step": Fraction(1), "leak": leak, "scale": Fraction(1)}
    known = {"lipschitz": Fraction(field.L), "log-norm": Fraction(field.mu)}
    fact = largest_step(get(name), about, known, "frobenius", "contractive")
    if not hasattr(fact, "value"):
        return
    leaky = type(field)(field.J - float(leak) * np.eye(field.size), field.W, field.c)
    h = float(fact.value)
    if get(name).is_explicit:
        assert max(ratios(get(name), leaky, h, seed)) <= 1 + ROUNDING
    if field.is_linear:
        assert frobenius(linear_step(get(name), leaky, h))[0] <= 1 + ROUNDING


@pytest.mark.theorem(
    "leak-circle-contractivity", refutes="a circle of radius 1 + LITTLE"
)
def test_a_step_beyond_the_circle_expands():
    # F = -K x: Euler has the factor 1 - h(leak + K).
    field = {
        "kind": "gradient-feed-forward",
        "activation": "relu",
        "matrix_norm": [1, 1],
    }
    ends = [
        claim("gradient-feed-forward-spectrum", "spectrum-lower", {"field": 0}, -1),
        claim("gradient-feed-forward-spectrum", "spectrum-upper", {"field": 0}, 0),
    ]
    for name, radius in (("heun", 1), ("rk4", 1), ("ssprk3", 1)):
        steps = claim(
            "leak-circle-contractivity",
            "contractive-step",
            ONE,
            2,
            0,
            1,
            radius=[radius, 1],
        )
        found = document(*ends, steps, fields=[field], methods=[method(name)])
        assert accepts(found)
        found["claims"][-1]["bound"] = pair(2 + LITTLE)
        assert not accepts(found)
    assert abs(1 - (2 + 1e-9)) > 1


@pytest.mark.theorem("backward-euler-comparison")
@pytest.mark.theorem("implicit-midpoint-comparison")
@given(
    st.sampled_from(["backward-euler", "implicit-midpoint"]),
    bounded_fields(),
    st.floats(0, 0.9),
    SHARES,
    SEEDS,
)
def test_implicit_steps_with_a_leak_stay_between(name, field, size, leak, seed):
    h = size / (field.L + float(leak) + 1e-6)
    about = {"step": Fraction(h), "leak": leak, "scale": Fraction(1)}
    known = {"lipschitz": Fraction(field.L), "log-norm": Fraction(field.mu)}
    facts = designs.step_bounds(get(name), about, known, "frobenius")
    leaky = type(field)(field.J - float(leak) * np.eye(field.size), field.W, field.c)
    grown = min(float(f.value) for f in facts if f.quantity == "growth")
    kept = max([float(f.value) for f in facts if f.quantity == "shrink"], default=0.0)
    for ratio in ratios(get(name), leaky, h, seed):
        assert kept * (1 - ROUNDING) - ROUNDING <= ratio
        assert ratio <= grown * (1 + ROUNDING) + ROUNDING


@pytest.mark.theorem("backward-euler-comparison")
@pytest.mark.theorem("implicit-midpoint-comparison")
@given(st.floats(-1, 1), st.floats(0, 3), st.floats(0.01, 8), SIZES, SEEDS)
def test_rows_of_implicit_steps_stay_within_for_any_length(mu, leak, h, tokens, seed):
    # Off the diagonal nonnegative rows: mu_inf is the largest row sum.
    rng = generator(seed)
    J = np.abs(rng.standard_normal((tokens, tokens)))
    J -= np.diag(J.sum(axis=1) - mu)
    K = np.abs(J).sum(axis=1).max()
    about = {"step": Fraction(h), "leak": Fraction(leak), "scale": Fraction(1)}
    known = {"lipschitz": Fraction(K), "log-norm": Fraction(mu)}
    for name in ("backward-euler", "implicit-midpoint"):
        facts = designs.step_bounds(get(name), about, known, "token-max")
        growths = [float(f.value) for f in facts if f.quantity == "growth"]
        if growths:
            step = with_fields(name, h * leak, [h * J])
            assert largest_rows(step)[0] <= min(growths) * (1 + 1e-6)


@pytest.mark.theorem("backward-euler-comparison", refutes="0.999 of mu and of K")
@pytest.mark.theorem("implicit-midpoint-comparison", refutes="0.999 of mu and of K")
def test_scalar_fields_attain_the_implicit_growths_and_shrinks():
    layer = {"kind": "composition", "parts": [part(leak=[1, 2], step=[1, 1])]}
    # F = x and F = -x with h = 1 and the leak 1/2.
    found = {
        "backward-euler": {"growth": Fraction(2), "shrink": Fraction(2, 5)},
        "implicit-midpoint": {"growth": Fraction(5, 3), "shrink": Fraction(1, 7)},
    }
    for name, exact in found.items():
        for slope, quantity, sign in ((1.0, "growth", 1), (-1.0, "shrink", -1)):
            step = with_fields(name, 0.5, [np.array([[slope]])])[0, 0]
            assert abs(step - float(exact[quantity])) < 1e-12
            about = claim(f"{name}-comparison", quantity, ONE, exact[quantity], 0)
            made = document(*lipschitz(1), about, layer=layer, methods=[method(name)])
            assert accepts(made)
            made["claims"][-1]["bound"] = pair(exact[quantity] - sign * LITTLE)
            assert not accepts(made)


@pytest.mark.theorem("gradient-feed-forward-step")
@given(st.integers(1, 4), st.integers(1, 6), st.sampled_from(["relu", "tanh"]), SEEDS)
def test_gradient_feed_forward_steps_are_non_expansive(features, hidden, name, seed):
    rng = generator(seed)
    W, c = rng.standard_normal((hidden, features)), rng.standard_normal(hidden)
    act = np.tanh if name == "tanh" else lambda z: np.maximum(z, 0.0)

    def field(X):
        return -act(X @ W.T + c) @ W

    h = 2 / np.linalg.norm(W, 2) ** 2
    X, Y = rng.standard_normal((2, 3, features))
    start = np.linalg.norm(X - Y, axis=1)
    for method_name in ("forward-euler", "heun", "ssprk3", "rk4"):
        tableau = get(method_name)
        ends = []
        for Z in (X, Y):
            slopes: list[np.ndarray] = []
            for row in tableau.A:
                weights = zip(row, slopes, strict=False)
                slopes.append(
                    h * field(Z + sum((float(a) * k for a, k in weights), 0 * Z))
                )
            weights = zip(tableau.b, slopes, strict=True)
            ends.append(Z + sum(float(b) * k for b, k in weights))
        moved = np.linalg.norm(ends[0] - ends[1], axis=1)
        assert (moved <= start * (1 + ROUNDING) + ROUNDING).all()


@pytest.mark.theorem("gradient-feed-forward-step", refutes="h = 2.001/(s |W|^2)")
def test_a_longer_gradient_step_expands():
    assert abs(1 - 2.001) > 1
