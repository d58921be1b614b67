"""Steps of one branch: every method has its best theorem and its largest steps."""

from fractions import Fraction

import numpy as np
import pytest

import stabcheck as sc
from stabcheck.bounds import Attention, FeedForward
from stabcheck.certify.sublayer import Task, certify_map
from stabcheck.integrators import get
from stabcheck.layers import Residual

RADIUS = Fraction(1, 1 << 20)


def dissipative():
    """x' = -W^T gelu(Wx + 3): minus a gradient, of slopes close to 1."""
    W = np.diag([1.0, 1.2, 0.8]) + 0.1 * np.random.default_rng(2).standard_normal(
        (3, 3)
    )
    return FeedForward(W, np.full(3, 4.0), -W.T, np.full(3, 4.0))


def attention():
    rng = np.random.default_rng(5)
    W = [rng.standard_normal((1, 3, 3)) / 2 for _ in range(3)]
    return Attention(*W, W_O=rng.standard_normal((3, 3)))


def certified(branch, *names, h="1/4", tokens=2):
    state = 0.3 * np.random.default_rng(3).standard_normal((tokens, 3))
    methods = [get(name) for name in names]
    steps = tuple((method, Fraction(h)) for method in methods)
    step = Residual("branch", (branch,), methods[0], Fraction(h))
    draft, summary = certify_map(Task(0, step, state, RADIUS, steps))
    certificate = draft.certificate("steps of a branch", "", {})
    return certificate, {row["integrator"]: row for row in summary["steps"]}


METHODS = (
    "forward-euler",
    "heun",
    "kutta3",
    "rk4",
    "backward-euler",
    "implicit-midpoint",
    "trapezoid",
    "radau-iia:2",
    "lobatto-iiic:2",
)


@pytest.mark.parametrize("name", METHODS)
def test_a_dissipative_branch_contracts_at_a_step_and_its_claims_are_accepted(name):
    certificate, rows = certified(dissipative(), name, h="1/32")
    (row,) = rows.values()
    verdict = sc.check(certificate)
    assert verdict.accepted, verdict
    assert float(row["growth"]) < 1
    assert 0 < float(row["shrink"]) <= float(row["growth"])
    assert Fraction(row["contractive_step"]) > Fraction(1, 10)
    assert Fraction(row["invertible_step"]) > Fraction(1, 4)
    assert ("largest_step" in row) == (not get(name).is_explicit)


def test_no_ceiling_stands_at_a_step_of_one():
    branch = dissipative()
    small = FeedForward(branch.W_1, branch.b_1, branch.W_2 / 1000, branch.b_2)
    _, rows = certified(small, "forward-euler", "rk4", "implicit-midpoint")
    for row in rows.values():
        assert Fraction(row["contractive_step"]) > 100
        assert Fraction(row["invertible_step"]) > 100


def test_forward_euler_is_bisected_to_where_its_theorem_ends():
    certificate, rows = certified(dissipative(), "forward-euler")
    row = rows["forward-euler"]
    L, mu, m = (
        float(next(c.bound for c in certificate.claims if c.quantity == q))
        for q in ("spectral-norm", "log-norm", "log-norm-lower")
    )
    assert 0.999 < float(Fraction(row["contractive_step"])) / (-2 * mu / L**2) <= 1
    assert 0.999 < float(Fraction(row["invertible_step"])) * min(L, -m) <= 1


def test_attention_never_contracts_and_every_method_has_an_invertible_step():
    certificate, rows = certified(attention(), *METHODS, h="1/8")
    assert sc.check(certificate).accepted
    for row in rows.values():
        assert row["contractive_step"] == "0"
        assert Fraction(row["invertible_step"]) > 0
        assert float(row["growth"]) > 1 > float(row["shrink"]) > 0


def test_multipliers_win_over_the_closed_forms_of_explicit_methods():
    _, rows = certified(attention(), "heun", "rk4", "kutta3")
    for row in rows.values():
        assert row["theorem"] == "runge-kutta-growth-lmi"
        assert row["shrink_theorem"] == "runge-kutta-shrink-lmi"


def test_a_step_whose_stages_may_not_exist_says_so():
    _, rows = certified(attention(), "radau-iia:2", h=4)
    (row,) = rows.values()
    assert row["growth"] is None
    assert "stage equations are not known to have one solution" in row["reason"]
    assert "mu_2" not in row["reason"]  # positive: monotone equations were no way
    assert 0 < Fraction(row["largest_step"]) < 4


@pytest.mark.parametrize("name", ["backward-euler", "implicit-midpoint", "radau-iia:2"])
def test_the_stages_of_a_dissipative_branch_exist_at_every_step(name):
    # h |A| L is far above 1: the stage equations are monotone, not contractions.
    certificate, rows = certified(dissipative(), name, h=16)
    verdict = sc.check(certificate)
    assert verdict.accepted, verdict
    (row,) = rows.values()
    assert float(row["growth"]) <= 1
    assert row["theorem"] == "runge-kutta-growth-lmi"
    assert Fraction(row["largest_step"]) >= 16
    assert Fraction(row["contractive_step"]) >= 16
    used = [claim for claim in certificate.claims if "stage_margin" in claim.parameters]
    assert used
