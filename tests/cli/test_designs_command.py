"""Designs on the command line: answers exit with 0, bad input with one line and 2."""

import json
from pathlib import Path

import numpy as np
import pytest
from cli.command import stabcheck

ROOT = Path(__file__).resolve().parents[2]
DESIGNS = ROOT / "examples" / "designs"
SOFT = DESIGNS / "soft-pre-norm.toml"


def changed(folder, *replacements, base=SOFT):
    text = base.read_text()
    for old, new in replacements:
        assert old in text
        text = text.replace(old, new, 1)
    file = folder / "changed.toml"
    file.write_text(text)
    return file


def certified(capsys, folder, file, *options):
    out = folder / "out"
    result = stabcheck(capsys, "certify", file, "--out", out, "--json", *options)
    assert result.code == 0, result.err
    return json.loads(result.out), out


def test_the_recommended_design_is_certified(capsys, tmp_path):
    record, out = certified(capsys, tmp_path, SOFT, "--require", "growth<=2.67")
    assert record["checked"] == "exact"
    assert record["claims"] > 50
    assert record["depth"]["growth"] == "2.66374"
    assert record["depth"]["shrink"] == "0.360079"
    assert record["depth"]["growth_formula"] == "(K*h + 1)**L"
    assert record["every_depth"]["growth"]["upper"] == "2.71829"
    bounds = record["layers"][0]["bounds"]["lipschitz"]
    assert bounds["theorem"] == "soft-pre-norm-mixed-norm"
    assert "begin{cases}" in bounds["latex"]
    heun = next(s for s in record["steps"] if s["integrator"] == "heun")
    assert heun["largest_invertible_step"]["formula"] == "(-1 + sqrt(3))/K"
    assert heun["largest_contractive_step"]["value"] is None
    assert stabcheck(capsys, "check", out / "certificate.json").code == 0
    assert stabcheck(capsys, "check", out / "steps" / "heun.json").code == 0


@pytest.mark.parametrize("depth", [12, 1000])
def test_its_depth_may_be_any(depth, capsys, tmp_path):
    file = changed(tmp_path, ("depth = 24", f"depth = {depth}"))
    record, _ = certified(capsys, tmp_path, file)
    assert float(record["depth"]["growth"]) < 10
    assert float(record["depth"]["shrink"]) > 0.05
    assert record["seconds"] < 10


def test_the_tables_name_formulas_and_theorems(capsys, tmp_path):
    result = stabcheck(capsys, "certify", SOFT, "--out", tmp_path / "out")
    assert result.code == 0
    for words in (
        "growth of 24 layers <= 2.66374 = (K*h + 1)^L (design-depth-product)",
        "growth at every depth from 24 on <= 2.71829 = exp(K*T) (design-every-depth)",
        "0.732051 = (-1 + sqrt(3))/K",
        "stabcheck.parametrisations.bounded_attention",
        "accepted",
    ):
        assert words in result.out.replace("\n", " ")


def test_a_good_question_with_the_answer_no_exits_0(capsys, tmp_path):
    file = changed(tmp_path, ('"soft"', '"post-layer"'), ('"1/L"', "1"))
    record, out = certified(capsys, tmp_path, file)
    assert record["certificate"] is None
    assert record["depth"]["growth"] is None
    assert "has a kernel" in record["depth"]["reason"]
    assert not out.exists()
    result = stabcheck(capsys, "certify", file, "--out", out)
    assert result.code == 0
    assert "nothing is promised" in result.out


def test_a_requirement_that_is_not_shown_exits_1(capsys, tmp_path):
    options = ("--out", tmp_path / "out", "--require", "growth<=2")
    result = stabcheck(capsys, "certify", SOFT, *options)
    assert result.code == 1
    assert "growth<=2" in result.line


@pytest.mark.parametrize(
    ("replacements", "words"),
    [
        ([('norm = "soft"', 'norm = "soft"\nleak = -1')], ["negative leak"]),
        ([('"attention"', '"sinkhorn-attention"')], ["no doubly stochastic"]),
        (
            [('"1/2"', "0"), ("value_norm = 1", 'value_norm = 1\ntie = "negative"')],
            ["the caps contradict the tie"],
        ),
        ([('"1/L"', '"x"')], ["size = 'x'"]),
        ([('"forward-euler"', '"rk5"')], ["'rk5'", "rk4"]),
    ],
)
def test_bad_designs_are_refused_in_one_line(replacements, words, capsys, tmp_path):
    file = changed(tmp_path, *replacements)
    result = stabcheck(capsys, "certify", file, "--out", tmp_path / "out")
    assert result.code == 2
    assert result.out == ""
    assert all(word in result.line for word in words)
    assert not (tmp_path / "out").exists()


def test_options_that_the_file_decides_are_refused(capsys, tmp_path):
    options = ("--domain", "point", "--out", tmp_path / "out")
    result = stabcheck(capsys, "certify", SOFT, *options)
    assert result.code == 2
    assert "--domain" in result.line


def test_another_runs_files_are_kept(capsys, tmp_path):
    certified(capsys, tmp_path, SOFT)
    other = DESIGNS / "l2.toml"
    result = stabcheck(capsys, "certify", other, "--out", tmp_path / "out")
    assert result.code == 2
    assert "another run's files" in result.line
    certified(capsys, tmp_path, other, "--force")


def test_the_catalogue_is_a_table(capsys):
    result = stabcheck(capsys, "designs")
    assert result.code == 0
    for path in DESIGNS.glob("*.toml"):
        assert path.stem in result.out
    records = json.loads(stabcheck(capsys, "designs", "--json").out)
    growth = {record["design"]: record["growth"] for record in records}
    assert len(growth) >= 14
    assert all(float(value) < 100 for value in growth.values())


def test_designs_are_compared(capsys):
    files = (DESIGNS / "layer-scale.toml", DESIGNS / "macaron.toml")
    result = stabcheck(capsys, "design", "compare", *files)
    assert result.code == 0
    assert "macaron against layer-scale: growth times 10^" in result.out
    record = json.loads(stabcheck(capsys, "design", "compare", *files, "--json").out)
    assert [d["design"] for d in record["designs"]] == ["layer-scale", "macaron"]
    assert stabcheck(capsys, "design", "compare", files[0]).code == 2


def test_a_design_gets_advice(capsys):
    file = DESIGNS / "layer-scale.toml"
    result = stabcheck(capsys, "design", "advise", file)
    assert result.code == 0
    assert "kind = 'gradient-feed-forward'" in result.out
    record = json.loads(stabcheck(capsys, "design", "advise", file, "--json").out)
    assert record["changes"][0]["change"] == "as it is"
    assert len(record["changes"]) > 2


def weights(folder, factor=1.0):
    rng = np.random.default_rng(0)

    def capped(*shape):
        matrix = rng.standard_normal(shape)
        norms = np.linalg.norm(matrix, 2, axis=(-2, -1), keepdims=True)
        return 0.999 * matrix / norms

    arrays = {name: capped(2, 64, 3) for name in ("W_Q", "W_K", "W_V")}
    arrays["W_O"] = factor * capped(2, 3, 64).reshape(6, 64) / 2
    arrays["scale"] = np.float64(1 / 128)
    path = folder / "weights.npz"
    np.savez(path, **arrays)
    return path


def test_weights_inside_the_caps_get_the_certificate(capsys, tmp_path):
    options = ("--parameters", weights(tmp_path), "--out", tmp_path / "out")
    result = stabcheck(capsys, "design", "check", SOFT, *options)
    assert result.code == 0
    assert "inside the family" in result.out
    assert "growth <= 2.66374, shrink >= 0.360079 over 24 layers" in result.out
    assert (tmp_path / "out" / "certificate.json").is_file()


def test_weights_outside_the_caps_get_none(capsys, tmp_path):
    path = weights(tmp_path, factor=3)
    options = ("--parameters", path, "--out", tmp_path / "out")
    result = stabcheck(capsys, "design", "check", SOFT, *options, "--json")
    assert result.code == 0
    record = json.loads(result.out)
    assert not record["inside"]
    assert record["certified"] is None
    assert [row["holds"] for row in record["caps"]] == [True, False]
    assert not (tmp_path / "out").exists()
    result = stabcheck(capsys, "design", "check", SOFT, *options)
    assert "outside the family" in result.out


@pytest.mark.parametrize("command", ["compare", "advise", "check"])
def test_every_command_has_help_with_an_example(command, capsys):
    result = stabcheck(capsys, "design", command, "--help")
    assert result.code == 0
    assert "Example" in result.out


def test_names_in_brackets_are_printed(capsys):
    file = DESIGNS / "layer-scale.toml"
    assert (
        "[layer] kind = 'reversible'" in stabcheck(capsys, "design", "advise", file).out
    )
