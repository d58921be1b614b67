"""Bad input: one clear line on stderr, exit code 2, no traceback, nothing written."""

from pathlib import Path

import numpy as np
import pytest
from cli.command import stabcheck

ROOT = Path(__file__).resolve().parents[2]
DESIGN = ROOT / "examples" / "pre-norm.toml"
FAMILY = ROOT / "examples" / "family.toml"


def assert_refused(result, *words):
    assert result.code == 2
    assert result.out == ""
    assert result.line.startswith("stabcheck: ")
    for word in words:
        assert word in result.line


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["certify", "nothing"], ["'nothing'", "design file", "minilm"]),
        (["certify", "nothing.toml"], ["nothing.toml"]),
        (["certify", DESIGN, "--integrator", "rk5"], ["'rk5'", "rk4"]),
        (["certify", DESIGN, "--integrator", "lie-trotter"], ["Runge-Kutta"]),
        (["certify", DESIGN, "--step", "0"], ["positive"]),
        (["certify", DESIGN, "--step", "nan"], ["'nan'"]),
        (["certify", DESIGN, "--domain", "tube:-1"], ["negative"]),
        (["certify", DESIGN, "--domain", "tube:x"], ["'x'"]),
        (["certify", DESIGN, "--domain", "tube:1e400"], ["beyond the float64"]),
        (["certify", DESIGN, "--text", "x"], ["only a checkpoint"]),
        (["certify", FAMILY, "--layers", "0-1"], ["--layers;", "caps its weights"]),
        (["certify", FAMILY, "--step", "1/2"], ["--step;"]),
        (["certify", DESIGN, "--time-limit", "nan"], ["time limit nan"]),
        (["certify", DESIGN, "--time-limit", "-1"], ["time limit -1"]),
        (["integrator", "rk4", "--certificate", "."], ["a folder of that name"]),
        (["certify", DESIGN, "--domain", "cube:1"], ["cube"]),
        (["certify", DESIGN, "--domain", "ball:1"], ["point or tube"]),
        (["certify", DESIGN, "--layers", "7-9"], ["'7-9'", "0-3"]),
        (["certify", DESIGN, "--layers", "one"], ["'one'"]),
        (["certify", DESIGN, "--require", "growth>=1"], ["growth<=NUMBER"]),
        (["certify", DESIGN, "--jobs", "0"], ["--jobs"]),
        (["certify", DESIGN, "--tokens", "0"], ["--tokens"]),
        (["certify", DESIGN, "--colour"], ["--colour"]),
        (["certify"], ["SOURCE"]),
        (["frobnicate"], ["frobnicate"]),
        (["integrator", "rk5"], ["'rk5'", "rk4"]),
        (["show", "nothing"], ["'nothing'"]),
        (["show", "attention", "--format", "word"], ["'word'", "latex"]),
        (["show", "attention", "--jvp", "--vjp"], ["jvp and vjp at once"]),
        (["theorems", "no-such-theorem"], ["'no-such-theorem'"]),
        (["prove", "no-such-theorem"], ["no-such-theorem"]),
        (["plot", "region", "rk5"], ["'rk5'"]),
        (["plot", "region", "rk4", "lie-trotter"], ["several kinds", "two fields"]),
        (["plot", "region", "rk4", "-o", "region.txt"], [".png, .pdf, .svg"]),
        (["plot", "region", "rk4", "-o", "no/region.png"], ["found no folder"]),
        (["plot", "growth", "rk4"], ["unbounded", "implicit"]),
        (["plot", "star", "bdf:2"], ["one-step method"]),
        (["integrators", "no-such"], ["'no-such'", "from A to J"]),
    ],
    ids=lambda value: " ".join(map(str, value))[-40:],
)
def test_it_is_refused_in_one_line(capsys, monkeypatch, tmp_path, arguments, words):
    monkeypatch.chdir(tmp_path)
    assert_refused(stabcheck(capsys, *arguments), *words)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_with_other_files_is_not_touched(capsys, tmp_path):
    (tmp_path / "mine.txt").write_text("kept")
    result = stabcheck(capsys, "certify", DESIGN, "--out", tmp_path)
    assert_refused(result, "another run's files", "--force")
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_file_in_place_of_the_folder_is_refused(capsys, tmp_path):
    target = tmp_path / "file"
    target.write_text("kept")
    result = stabcheck(capsys, "certify", DESIGN, "--out", target)
    assert_refused(result, "a file of that name")
    assert target.read_text() == "kept"


def design(folder, text):
    file = folder / "design.toml"
    file.write_text(text)
    return file


def test_a_design_with_weights_that_are_not_finite_is_refused(capsys, tmp_path):
    weights = {f"layers.0.{k}": np.ones((1, 2, 2)) for k in ("W_Q", "W_K", "W_V")}
    weights["layers.0.W_O"] = np.full((2, 2), np.inf)
    np.savez(tmp_path / "weights.npz", X=np.ones((2, 2)), **weights)
    file = design(
        tmp_path,
        '[field]\nkind = "attention"\ntokens = 2\nfeatures = 2\nheads = 1\n'
        '[parameters]\nfile = "weights.npz"\n[step]\n[domain]\nkind = "point"\n',
    )
    result = stabcheck(capsys, "certify", file, "--out", tmp_path / "out")
    assert_refused(result, "W_O must be finite")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"schema": 3}', "[" * 100_000, "\x00"]
)
def test_what_is_no_certificate_is_malformed(capfd, tmp_path, content):
    file = tmp_path / "certificate.json"
    file.write_text(content)
    result = stabcheck(capfd, "check", file)
    assert result.code == 2
    assert len(result.err.splitlines()) == 1
    assert result.out == ""


def test_a_missing_certificate_is_named(capfd, tmp_path):
    result = stabcheck(capfd, "check", tmp_path / "none.json")
    assert result.code == 2
    assert "none.json: no such file" in result.line


def test_an_interrupt_is_one_line_and_130(capsys, monkeypatch):
    def interrupted(source, options):
        raise KeyboardInterrupt

    monkeypatch.setattr("stabcheck.certify.sources.plan", interrupted)
    result = stabcheck(capsys, "certify", DESIGN)
    assert result.code == 130
    assert result.line.startswith("stabcheck: interrupted")
