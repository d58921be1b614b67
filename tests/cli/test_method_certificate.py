"""`stabcheck integrator NAME --certificate FILE`, and `check` on what it wrote."""

import json
import subprocess
import sys

from cli.command import stabcheck


def test_a_certificate_is_written_and_accepted(capsys, tmp_path):
    path = tmp_path / "rk4.json"
    written = stabcheck(capsys, "integrator", "rk4", "--certificate", path)
    assert written.code == 0
    assert written.out == f"{path}: 10 claims; `stabcheck check {path}`\n"
    found = subprocess.run(
        [sys.executable, "-m", "stabcheck.checker", path, "--json"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 0, found.stderr
    assert json.loads(found.stdout)["status"] == "accepted"
    assert stabcheck(capsys, "check", path).code == 0


def test_a_folder_that_is_missing_is_named(capsys, tmp_path):
    path = tmp_path / "absent" / "rk4.json"
    found = stabcheck(capsys, "integrator", "rk4", "--certificate", path)
    assert found.code == 2
    assert "found no folder" in found.line


def test_nothing_is_written_for_a_method_without_a_certificate(capsys, tmp_path):
    path = tmp_path / "splitting.json"
    found = stabcheck(capsys, "integrator", "lie-trotter", "--certificate", path)
    assert found.code == 2
    assert "only methods with one" in found.line
    assert not path.exists()
