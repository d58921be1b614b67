"""`stabcheck export`, and `python -m stabcheck`."""

import subprocess
import sys

from cli.command import stabcheck


def test_a_certificate_of_a_method_is_exported(capfd, tmp_path):
    path, out = tmp_path / "rk4.json", tmp_path / "coq"
    assert stabcheck(capfd, "integrator", "rk4", "--certificate", path).code == 0
    found = stabcheck(capfd, "export", path, "--to", "coq", "--out", out)
    assert found.code == 0
    assert "claim_2.v: real-interval (axis-interval-by-sturm)" in found.out
    assert "left out: " in found.out
    assert sorted(file.name for file in out.iterdir())[0] == "claim_2.v"


def test_another_language_is_refused_in_one_line(capsys, tmp_path):
    found = stabcheck(capsys, "export", tmp_path / "none.json", "--to", "lean")
    assert found.code == 2
    assert "asked to export to 'lean', found no such language" in found.line


def test_a_file_that_is_no_certificate_is_named_in_one_line(capfd, tmp_path):
    path = tmp_path / "none.json"
    found = stabcheck(capfd, "export", path)
    assert found.code == 2
    assert found.line == f"stabcheck: {path}: no such file; give a certificate.json"


def test_python_runs_the_package_as_the_command():
    found = subprocess.run(
        [sys.executable, "-m", "stabcheck", "export", "--help"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "stabcheck export" in found.stdout
