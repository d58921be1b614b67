"""The campaign itself: it runs, it resumes, and it sees a rule that is unsound."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest
from soundness import campaign, changes, kinds
from soundness.campaign import Campaign, main, read_any
from soundness.design_instances import design
from soundness.design_oracle import design_refutation
from soundness.instances import Declined
from soundness.oracle import refutation
from soundness.single_instances import one_quantity
from soundness.stack_instances import whole_tube

from stabcheck.checker.rules import RULES, rule_of

QUICK = {
    "one quantity": (kinds.one_quantity, 0.3),
    "whole tube": (kinds.whole_tube, 0.2),
    "design": (kinds.design, 0.3),
    "method": (kinds.method, 0.1),
    "family on balls": (kinds.family_on_balls, 0.1),
}


@pytest.fixture
def quick():
    """Every kind but whole stacks, which take a second each."""
    with patch.object(campaign, "KINDS", QUICK):
        yield


def test_a_handful_of_trials_finds_nothing_and_resumes(quick, tmp_path, capsys):
    kept, table = tmp_path / "counts.json", tmp_path / "table.md"
    options = ["--seed", "7", "--resume", str(kept), "--out", str(table)]
    assert main([*options, "--trials", "6"]) == 0
    first = json.loads(kept.read_text())
    assert (first["seed"], first["trials"], first["wrong"]) == (7, 6, [])
    assert main([*options, "--trials", "9"]) == 0
    resumed = Campaign.from_json(json.loads(kept.read_text()))
    assert "from trial 6" in capsys.readouterr().out
    whole = Campaign(7)
    for _ in range(9):
        whole.trial()
    assert resumed.counts == whole.counts
    assert "Seed 7, 9 trials" in table.read_text()


def test_a_rule_that_accepts_everything_is_caught(quick, capsys):
    planted = Campaign(7)
    rule_of("attention-mixed-norm-ball")
    accepting = dict.fromkeys(RULES, lambda ctx, claim, premises: None)
    only = {"family on balls": (kinds.family_on_balls, 1.0)}
    with (
        patch.object(campaign, "KINDS", only),
        patch.dict(RULES, accepting),
        patch.object(campaign, "CHANGES_A_TRIAL", 2),
    ):
        for _ in range(3):
            planted.trial()
    assert any("broken" in line for line in planted.wrong)
    assert all("seed 7, trial" in line for line in planted.wrong)


@pytest.mark.parametrize("draw", [one_quantity, whole_tube, design])
def test_halved_claims_are_exceeded_at_some_state(draw, tmp_path):
    # The oracle alone, without the checker: it has to see claims that are far too good.
    seen = tried = 0
    for trial in range(12):
        rng = np.random.default_rng([3, trial])
        try:
            path: Path = draw(rng, tmp_path / str(trial), traps=False)
        except Declined:
            continue
        document, arrays = read_any(path)
        assert refutation(document, arrays, rng) is None
        for claim in document["claims"]:
            changes.strengthened(claim, Fraction(1, 2))
        tried += 1
        seen += refutation(document, arrays, rng) is not None
    assert 2 * seen >= tried > 6


def test_a_scheme_with_too_good_a_growth_is_exceeded(tmp_path):
    seen = 0
    for trial in range(80):
        rng = np.random.default_rng([4, trial])
        document, _ = read_any(design(rng, tmp_path / str(trial), traps=False))
        if document["layer"]["kind"] in ("composition", "sphere"):
            continue
        for claim in document["claims"]:
            if "layer" in claim["subject"] or "depth" in claim["subject"]:
                changes.strengthened(claim, Fraction(1, 2))
        seen += design_refutation(document, rng) is not None
    assert seen >= 5


def test_the_theorem_broken_least_often_is_broken_next():
    made = Campaign(1)
    made.count("broken prover", "euler-growth", "rejected")
    made.count("broken prover", "euler-growth", "undecided")
    made.count("broken prover", "attained", "rejected")
    assert made.times_broken("euler-growth") == 2
    assert made.times_broken("attained") == 1
    assert made.times_broken("depth-product") == 0
