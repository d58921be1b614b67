"""Exports of small certificates: what is written, what Coq accepts and refuses."""

import json
import re
import shutil
import subprocess
from fractions import Fraction

import pytest
from checker import small
from checker.methods import claim_of
from checker.mutations import mutated

from stabcheck.checker.failures import ClaimRejected
from stabcheck.formal import export
from stabcheck.formal.claims import FLOAT64, FORMULAS, LARGE, OPEN
from stabcheck.formal.main import main
from stabcheck.integrators import get
from stabcheck.integrators.certificates import certificate

needs_coq = pytest.mark.skipif(shutil.which("coqc") is None, reason="coqc is absent")


def accepted_by_coq(text: str, folder) -> bool:
    (folder / "claim.v").write_text(text)
    done = subprocess.run(
        ["coqc", "-q", "claim.v"], cwd=folder, capture_output=True, check=False
    )
    return done.returncode == 0


def method_file(folder, name: str, label: str | None = None):
    document = json.loads(json.dumps(certificate(get(name))))
    document["method"]["name"] = label or name
    path = folder / f"{len(list(folder.iterdir()))}.json"
    path.write_text(json.dumps(document))
    return path


@pytest.fixture(scope="module")
def layer(tmp_path_factory):
    """Texts of a certificate about fields, by quantity and theorem."""
    folder = tmp_path_factory.mktemp("layer")
    path = small.certificate().save(folder / "certificate")
    found = export(path, folder / "coq")
    return {
        found.claims[index]: file.read_text() for index, file in found.files.items()
    }


@pytest.fixture(scope="module")
def methods(tmp_path_factory):
    """Texts of certificates about methods, by method and quantity."""
    folder = tmp_path_factory.mktemp("methods")
    texts = {}
    for name in ("rk4", "radau-iia:2", "rkc2:7"):
        found = export(method_file(folder, name), folder / name)
        for index, file in found.files.items():
            texts[name, found.claims[index].split()[0]] = file.read_text()
    return texts


def test_claims_with_integer_witnesses_are_exported_and_the_others_counted(tmp_path):
    path = small.certificate().save(tmp_path / "certificate")
    found = export(path, tmp_path / "coq")
    theorems = {claim.split("(")[1] for claim in found.claims.values()}
    assert theorems == {
        "spectral-norm-psd)", "log-norm-psd)", "feed-forward-tube)",
    }  # fmt: skip
    assert set(found.left_out) == {FORMULAS}
    assert len(found.files) + found.left_out[FORMULAS] == len(
        json.loads(path.read_text())["claims"]
    )
    assert all(file.name == f"claim_{k}.v" for k, file in found.files.items())


def test_a_claim_at_a_point_is_a_theorem_about_the_jacobian_with_its_bound(layer):
    text = layer["spectral-norm (spectral-norm-psd)"]
    p, q = (
        int(re.search(rf"Definition {name} : Z := \((\d+)\)", text)[1]) for name in "pq"
    )
    assert f"spectral-norm at most {Fraction(p, q)}." in text
    assert "image_square 12 J v <= (IZR p / IZR q) ^ 2 * square 12 v" in text
    assert "Trusted: that the field's Jacobian" in text


@pytest.mark.parametrize(
    "claim",
    [
        "spectral-norm (spectral-norm-psd)",
        "log-norm-lower (log-norm-psd)",
        "log-norm (feed-forward-tube)",
    ],
)
@needs_coq
def test_coq_accepts_the_claims_of_a_layer(claim, layer, tmp_path):
    assert accepted_by_coq(layer[claim], tmp_path)


@needs_coq
def test_coq_refuses_a_stronger_bound(layer, tmp_path):
    text = layer["spectral-norm (spectral-norm-psd)"]
    found = re.search(r"Definition p : Z := \((\d+)\)", text)
    tighter = f"Definition p : Z := ({int(found[1]) * 999 // 1000})"
    assert not accepted_by_coq(text.replace(found[0], tighter), tmp_path)


@pytest.mark.parametrize(
    "key",
    [
        ("radau-iia:2", "A-stable"),
        ("rk4", "circle-contractivity"),
        ("rkc2:7", "real-interval"),  # its modulus touches 1 inside
    ],
)
@needs_coq
def test_coq_accepts_the_facts_of_a_method(key, methods, tmp_path):
    assert accepted_by_coq(methods[key], tmp_path)


@needs_coq
def test_coq_refuses_a_longer_interval(methods, tmp_path):
    text = methods["rk4", "real-interval"]
    cuts = re.search(r"Definition cuts : list Z := \(\[(.*)\]\)%Z", text)
    last = cuts[1].split("; ")[-1]
    longer = str(int(last) * 101 // 100)
    assert text.count(last) >= 3
    assert not accepted_by_coq(text.replace(last, longer), tmp_path)


def test_an_interval_names_the_point_beyond_it(methods):
    text = methods["rk4", "real-interval"]
    upper = Fraction(claim_of(certificate(get("rk4")), "real-interval")["upper"][0])
    assert f"IZR {upper.numerator} / IZR" in text.split("Theorem not_beyond")[1]


def test_no_text_of_the_certificate_reaches_a_file(tmp_path):
    path = method_file(tmp_path, "rk4", "x *) Axiom evil : False. (*")
    found = export(path, tmp_path / "coq")
    assert found.files
    assert not any("evil" in file.read_text() for file in found.files.values())


def test_a_claim_that_the_checker_refuses_is_not_exported(tmp_path):
    path = small.certificate().save(tmp_path / "certificate")

    def stronger(document, _) -> None:
        claim = next(
            c for c in document["claims"] if c["theorem"] == "spectral-norm-psd"
        )
        claim["bound"][0] = claim["bound"][0] * 99 // 100

    changed = mutated(path, tmp_path / "changed", stronger)
    with pytest.raises(ClaimRejected, match=r"claim 2 .* is not accepted"):
        export(changed, tmp_path / "coq")
    assert not (tmp_path / "coq").exists()


def test_a_matrix_that_is_too_large_is_left_out_before_it_is_built(
    tmp_path, monkeypatch
):
    monkeypatch.setattr("stabcheck.formal.claims.MOST_ROWS", 11)
    path = small.certificate().save(tmp_path / "certificate")
    found = export(path, tmp_path / "coq")
    assert found.left_out[LARGE] == 3
    assert "3 claims with a matrix of more than 128 rows" in found.remark()


def test_a_claim_of_the_float64_tier_is_left_out(tmp_path):
    path = small.certificate().save(tmp_path / "certificate")

    def to_float64(document, _) -> None:
        for claim in document["claims"]:
            if claim["theorem"] == "feed-forward-tube":
                claim["tier"] = "float64"
                del claim["witness"]

    found = export(mutated(path, tmp_path / "changed", to_float64), tmp_path / "coq")
    assert found.left_out[FLOAT64] == 3


def test_an_interval_of_one_point_is_left_out(tmp_path):
    found = export(method_file(tmp_path, "heun"), tmp_path / "coq")
    assert found.left_out[OPEN] >= 1
    assert not any("imaginary" in claim for claim in found.claims.values())


def test_nothing_to_export_is_exit_code_2_in_one_line(tmp_path, capsys):
    path = method_file(tmp_path, "bdf:2")
    assert main([str(path), "--out", str(tmp_path / "coq")]) == 2
    assert "found no claim to export; left out: " in capsys.readouterr().err
    assert not (tmp_path / "coq").exists()


def test_an_earlier_export_is_replaced_on_demand_only(tmp_path, capsys):
    path, out = method_file(tmp_path, "rk4"), tmp_path / "coq"
    assert main([str(path), "--out", str(out)]) == 0
    stale = out / "claim_99.v"
    stale.write_text("")
    assert main([str(path), "--out", str(out)]) == 2
    assert "add --force" in capsys.readouterr().err
    assert main([str(path), "--out", str(out), "--force", "--json"]) == 0
    assert not stale.exists()
    printed = json.loads(capsys.readouterr().out)
    assert sorted(printed["files"].values()) == sorted(map(str, out.iterdir()))
