"""Steps of irrational tableaux and of multistep methods, up to the checker."""

import pickle
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from certify.test_steps import RADIUS, attention, certified, dissipative

import stabcheck as sc
from stabcheck.certify.decimals import at_least, at_most
from stabcheck.certify.sublayer import Task, certify_map
from stabcheck.errors import InvalidInput
from stabcheck.integrators import certifiable, certifiable_in_rationals, get
from stabcheck.layers import Residual

IRRATIONAL = ("gauss:2", "radau-iia:3", "sdirk2", "kvaerno4", "gill4")
G_STABLE = ("bdf:1", "bdf:2", "am:1", "ndf:2", "dln:2/3", "dln:1")


@pytest.mark.parametrize("name", IRRATIONAL)
def test_the_claims_of_an_irrational_tableau_are_accepted(name):
    certificate, rows = certified(attention(), name, h="1/8")
    assert "generator" in certificate.integrators[0]
    verdict = sc.check(certificate)
    assert verdict.accepted, verdict
    assert float(rows[name]["shrink"]) > 0


def test_an_algebraically_stable_method_contracts_a_dissipative_branch():
    for name in ("gauss:2",):
        certificate, rows = certified(dissipative(), name, h="2")
        assert sc.check(certificate).accepted
        assert float(rows[name]["growth"]) < 1


def one_leg_steps(branch, names, h):
    state = 0.3 * np.random.default_rng(3).standard_normal((2, 3))
    own, size = get("forward-euler"), Fraction(h)
    steps = ((own, size), *((get(name), size) for name in names))
    step = Residual("branch", (branch,), own, size)
    draft, summary = certify_map(Task(0, step, state, RADIUS, steps))
    return draft, summary["steps"][1:]


@pytest.mark.parametrize("h", ["1/8", "2"])
def test_g_stable_methods_contract_a_dissipative_branch_at_any_step(h):
    draft, rows = one_leg_steps(dissipative(), G_STABLE, h)
    assert sc.check(draft.certificate("one-leg steps", "", {})).accepted
    for name, row in zip(G_STABLE, rows, strict=True):
        assert row["integrator"] == f"{name} one-leg, G-norm"
        assert row["theorem"] == "one-leg-g-norm"
        assert float(row["growth"]) <= 1


def test_the_growth_of_attention_is_certified_in_the_norm_of_g():
    draft, rows = one_leg_steps(attention(), ("bdf:2",), "1/8")
    certificate = draft.certificate("a one-leg step", "", {})
    assert sc.check(certificate).accepted
    assert 1 < float(rows[0]["growth"]) < 1.2
    (claim,) = (c for c in certificate.claims if c.quantity == "g-growth")
    stronger = [
        replace(c, bound=c.bound * Fraction(999, 1000)) if c is claim else c
        for c in certificate.claims
    ]
    changed = replace(certificate, claims=tuple(stronger))
    assert not sc.check(changed).accepted


def test_the_spectral_radius_of_momentum_is_certified_at_the_centre():
    names = ("momentum-residual:1/2", "momentum-residual:9/10")
    draft, rows = one_leg_steps(attention(), names, "1/8")
    certificate = draft.certificate("frozen recursions", "", {})
    assert sc.check(certificate).accepted
    for name, row in zip(names, rows, strict=True):
        assert row["integrator"] == f"{name}, frozen radius"
        assert 1 < float(row["growth"]) < 1.2
    claims = [c for c in certificate.claims if c.quantity == "frozen-radius"]
    assert len(claims) == 2
    kinds = {certificate.domains[claim.domain]["kind"] for claim in claims}
    assert kinds == {"point"}


@pytest.mark.parametrize("name", ["gauss:2", "bdf:2", "momentum-residual:1/2"])
def test_a_method_is_sent_to_the_worker_processes(name):
    method = certifiable(get(name))
    assert pickle.loads(pickle.dumps(method)) == method


def test_what_is_shown_is_never_sharper_than_what_is_certified():
    third = Fraction(2, 3)
    assert Fraction(at_least(third)) < third < Fraction(at_most(third))
    assert Fraction(at_least(-third)) < -third < Fraction(at_most(-third))


def test_drafts_merge_with_their_one_leg_claims():
    draft, _ = one_leg_steps(dissipative(), ("bdf:2",), "1/8")
    other, _ = one_leg_steps(attention(), ("bdf:2",), "1/8")
    draft.merge(other)
    assert sc.check(draft.certificate("both", "", {})).accepted


def test_too_large_a_step_gives_a_reason():
    _, (row,) = one_leg_steps(attention(), ("bdf:1",), "64")
    assert row["growth"] is None
    assert "one solution" in row["reason"]


@pytest.mark.parametrize(
    ("name", "match"),
    [
        ("bdf:3", "not G-stable"),
        ("ab:2", "not G-stable"),
        ("gauss:4", "not written in one number field"),
        ("strang", "takes Runge-Kutta and G-stable multistep methods"),
    ],
)
def test_other_methods_are_refused_in_one_line(name, match):
    with pytest.raises(InvalidInput, match=match):
        certifiable(get(name))


@pytest.mark.parametrize(
    ("name", "match"), [("bdf:2", "Runge-Kutta methods only"), ("gauss:2", "rational")]
)
def test_designs_take_rational_tableaux_only(name, match):
    with pytest.raises(InvalidInput, match=match):
        certifiable_in_rationals(get(name))
