"""A run end to end: accepted, resumed, refused; nothing half written, nothing lost."""

import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

import stabcheck as sc
from stabcheck.certify import run as running
from stabcheck.certify import sources
from stabcheck.certify.run import PARTS, claim_folder, run
from stabcheck.errors import InvalidInput, Rejected, Undecided

DESIGN = """
[field]
kind = "block"
tokens = 2
features = 3
heads = 1
hidden = 4
norm = "{norm}"
[parameters]
seed = 3
[step]
integrators = ["heun", "implicit-midpoint"]
size = "1/16"
depth = 2
[domain]
kind = "tube"
radius = "0.1%"
"""


@pytest.fixture
def plan(tmp_path):
    return planned(tmp_path, "pre-rms")


def planned(folder: Path, norm: str):
    file = folder / "design.toml"
    file.write_text(DESIGN.format(norm=norm))
    return sources.plan(str(file), sources.Options())


def certified(plan, folder, **options):
    names = []
    settings = {"jobs": 1, "force": False} | options
    outcome = run(plan, folder, advance=names.append, **settings)
    return outcome, names


@pytest.mark.parametrize("norm", ["none", "pre-layer", "pre-rms", "post-layer"])
def test_every_kind_of_block_is_accepted(tmp_path, norm):
    outcome, _ = certified(planned(tmp_path, norm), tmp_path / "out")
    assert outcome.verdict["status"] == "accepted"
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == ["certificate.json", "certificate.npz", "run.json"]
    for summary in outcome.maps:
        norm_row = summary["bounds"]["spectral-norm"]
        assert float(norm_row["upper"]) >= norm_row["attained"]


def test_small_steps_have_a_positive_shrink_over_the_depth(plan, tmp_path):
    outcome, _ = certified(plan, tmp_path / "out")
    *_, depth = outcome.ranges
    assert 0 < depth.shrink_over_tube.value < 1 < depth.over_tube.value < 2
    assert depth.attained.value <= depth.at_point.value
    assert depth.at_point.value / depth.attained.value < 1 + Fraction(1, 10**7)


def test_growth_at_the_point_is_that_of_the_exact_jacobian(plan, tmp_path):
    outcome, _ = certified(plan, tmp_path / "out")
    states = plan.stack.trajectory(plan.state)
    step = 1e-6
    columns = []
    for unit in np.eye(plan.state.size):
        move = step * unit.reshape(plan.state.shape)
        ends = [plan.stack.trajectory(plan.state + s * move)[-1] for s in (1, -1)]
        columns.append(((ends[0] - ends[1]) / (2 * step)).ravel())
    norm = np.linalg.norm(np.array(columns).T, 2)
    assert abs(float(outcome.ranges[-1].at_point.value) - norm) < 1e-6 * norm
    assert len(states) == len(plan.stack.maps) + 1


def test_post_norm_has_shrink_zero_by_its_theorem(tmp_path):
    outcome, _ = certified(planned(tmp_path, "post-layer"), tmp_path / "out")
    *_, depth = outcome.ranges
    assert depth.shrink_at_point.value == 0
    assert depth.shrink_at_point.theorem == "layer-norm-kernel"


def test_an_interrupted_run_goes_on_where_it_stopped(plan, tmp_path, monkeypatch):
    made = []
    write = running.write_part

    def interrupted(task, stem):
        if len(made) == 2:
            raise KeyboardInterrupt
        made.append(task.map.name)
        write(task, stem)

    monkeypatch.setattr(running, "write_part", interrupted)
    with pytest.raises(KeyboardInterrupt):
        certified(plan, tmp_path / "out")
    assert not (tmp_path / "out" / "certificate.json").exists()
    again = []
    monkeypatch.setattr(
        running,
        "write_part",
        lambda task, stem: (again.append(task.map.name), write(task, stem)),
    )
    outcome, _ = certified(plan, tmp_path / "out")
    assert outcome.verdict["status"] == "accepted"
    assert made == ["layer.0.attention", "layer.0.feed-forward"]
    assert again == ["layer.1.attention", "layer.1.feed-forward"]


def test_a_time_limit_keeps_what_is_done(plan, tmp_path):
    with pytest.raises(Undecided, match="0 of 4 maps certified; run the same"):
        certified(plan, tmp_path / "out", time_limit=-1.0)
    outcome, _ = certified(plan, tmp_path / "out")
    assert outcome.verdict["status"] == "accepted"


def test_another_runs_folder_is_refused_and_kept(plan, tmp_path):
    certified(plan, tmp_path / "out")
    before = (tmp_path / "out" / "certificate.json").read_bytes()
    other = planned(tmp_path, "none")
    with pytest.raises(InvalidInput, match="another run's files"):
        certified(other, tmp_path / "out")
    assert (tmp_path / "out" / "certificate.json").read_bytes() == before
    outcome, _ = certified(other, tmp_path / "out", force=True)
    assert outcome.verdict["status"] == "accepted"


def test_a_broken_mark_of_a_run_is_another_runs(tmp_path):
    (tmp_path / "run.json").write_text("{")
    with pytest.raises(InvalidInput, match="another run's files"):
        claim_folder(tmp_path, ["key"], force=False)


def test_what_the_checker_does_not_accept_is_put_aside(plan, tmp_path, monkeypatch):
    verdict = {
        "status": "rejected",
        "tier": "exact",
        "claims": 1,
        "reasons": [[0, "euler-growth", "the growth is stronger"]],
    }
    monkeypatch.setattr(running, "check_in_a_process", lambda path, jobs: verdict)
    with pytest.raises(Rejected, match=r"claim 0 \(euler-growth\): the growth"):
        certified(plan, tmp_path / "out")
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert "certificate.json" not in names
    assert "not-accepted-certificate.json" in names
    assert PARTS in names


def test_two_processes_give_the_same_certificate_as_one(plan, tmp_path):
    certified(plan, tmp_path / "one", jobs=1)
    certified(plan, tmp_path / "two", jobs=2)
    one, two = (
        json.loads((tmp_path / name / "certificate.json").read_text())
        for name in ("one", "two")
    )
    assert one["claims"] == two["claims"]


def layer(**options):
    rng = np.random.default_rng(5)
    shapes = {"W_Q": (2, 4, 2), "W_K": (2, 4, 2), "W_V": (2, 4, 2), "W_O": (4, 4)}
    weights = {name: rng.standard_normal(shape) for name, shape in shapes.items()}
    field = sc.fields.attention(heads=2, causal=True)
    return sc.Layer(field, weights, **options), rng.standard_normal((3, 4))


def test_a_layer_is_certified_from_python():
    subject, state = layer(integrator="rk4", step_size=Fraction(1, 16))
    certificate = sc.certify(subject, domain=sc.Tube(state, radius="0.001"))
    assert sc.check(certificate).accepted
    assert any(claim.quantity == "growth" for claim in certificate.claims)


def test_a_changed_certificate_is_not_accepted(tmp_path):
    subject, state = layer()
    certificate = sc.certify(subject, domain=sc.Point(state))
    path = certificate.save(tmp_path)
    document = json.loads(path.read_text())
    bound = document["claims"][0]["bound"]
    document["claims"][0]["bound"] = [bound[0], 2 * bound[1]]
    path.write_text(json.dumps(document))
    verdict = sc.check(path)
    assert verdict.status == "rejected"
    assert not verdict.accepted


@pytest.mark.parametrize("domain", [None, "tube:1", sc.Ball(1, 3, 4)])
def test_a_stack_is_certified_on_points_and_tubes_only(domain):
    with pytest.raises(InvalidInput, match="a Point or a Tube"):
        sc.certify(layer()[0], domain=domain)


def test_only_layers_and_stacks_are_certified():
    with pytest.raises(InvalidInput, match="a Layer or a Stack"):
        sc.certify(3, domain=sc.Point(np.ones((1, 1))))
