"""A tube with a radius for each token, from the draft to the verdict."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from stabcheck.bounds import Attention, LayerNorm
from stabcheck.certificate import Claim, round_up
from stabcheck.certify.draft import Draft
from stabcheck.checker.main import check
from stabcheck.growth.deep import along, curvature_of, deep_growth
from stabcheck.integrators import get
from stabcheck.layers import Residual

STATE = np.array([[1.0, 0.0, -2.0], [0.5, 1.5, 0.0]])
RADII = np.array([1e-4, 2e-4])


def step() -> Residual:
    rng = np.random.default_rng(1)
    attention = Attention(*rng.standard_normal((3, 1, 3, 3)))
    norm = LayerNorm(np.ones(3), np.zeros(3), Fraction(1, 100))
    return Residual("step", (norm, attention), get("forward-euler"), Fraction(1))


def saved(folder: Path, bound: float, radii: np.ndarray = RADII) -> Path:
    draft = Draft()
    draft.map(step(), len(STATE))
    domain = draft.tubes("step", STATE, RADII)
    draft.arrays[draft.domains[domain]["radii"]] = radii
    claim = Claim(
        "depth-tube-first-order",
        "growth",
        {"maps": [0, 1]},
        domain,
        round_up(bound),
        tier="float64",
    )
    draft.claim(claim)
    return draft.certificate("a step on a tube", "", {}).save(folder)


@pytest.fixture(scope="module")
def bound() -> float:
    path = along([step()], STATE)
    return deep_growth(path, curvature_of(path), RADII).claimed


def test_the_claim_is_accepted_and_names_its_radii(tmp_path, bound):
    verdict = check(saved(tmp_path, bound), jobs=1)
    assert verdict.status == "accepted", verdict.text()
    assert "on the tube of radii step.radii round step.state" in verdict.text()


def test_larger_radii_are_not_accepted(tmp_path, bound):
    verdict = check(saved(tmp_path, bound, 1.01 * RADII), jobs=1)
    assert verdict.status == "rejected"
    assert "is not proved" in verdict.text()


@pytest.mark.parametrize(
    ("radii", "reason"),
    [
        (-RADII, "holds a negative radius"),
        (RADII[:1], "a float64 number for each token"),
        (RADII.astype(np.float32), "a float64 number for each token"),
    ],
)
def test_radii_that_are_none_are_malformed(tmp_path, bound, radii, reason):
    verdict = check(saved(tmp_path, bound, radii), jobs=1)
    assert verdict.status == "malformed"
    assert reason in verdict.text()
