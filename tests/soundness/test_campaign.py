"""The campaign: it runs, resumes, and notices a checker that accepts anything."""

from __future__ import annotations

import json

import pytest
from soundness import campaign as campaigns
from soundness.campaign import main

from stabcheck.checker import Verdict


def test_a_few_trials_find_nothing_wrong_and_an_interrupted_campaign_goes_on(
    tmp_path, capsys
):
    counts, page = tmp_path / "counts.json", tmp_path / "page.md"
    arguments = ["--seed", "3", "--resume", str(counts), "--out", str(page)]
    assert main([*arguments, "--trials", "2"]) == 0
    assert json.loads(counts.read_text())["trials"] == 2
    assert main([*arguments, "--trials", "4"]) == 0
    record = json.loads(counts.read_text())
    assert (record["seed"], record["trials"], record["wrong"]) == (3, 4, [])
    assert "seed 3, from trial 2" in capsys.readouterr().out
    assert "Nothing." in page.read_text()


def test_a_checker_that_accepts_anything_is_noticed(monkeypatch, capsys):
    def credulous(path, jobs):
        return Verdict("accepted", "exact", 1)

    monkeypatch.setattr(campaigns, "check", credulous)
    assert main(["--seed", "3", "--trials", "3"]) == 1
    assert "was accepted" in capsys.readouterr().out


def test_unknown_options_are_refused():
    with pytest.raises(SystemExit):
        main(["--hours", "2"])
