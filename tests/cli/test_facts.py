"""`integrators`, `integrator`, `plot region` on the command line."""

import json
from decimal import Decimal

import pytest
import typer
from typer.testing import CliRunner

from stabcheck.cli import facts
from stabcheck.errors import InvalidInput

app = typer.Typer()
app.command("integrators")(facts.integrators)
app.command("integrator")(facts.integrator)
app.command("region")(facts.plot_region)
PNG = b"\x89PNG"


def run(*arguments: str) -> str:
    result = CliRunner().invoke(app, list(arguments), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_the_table_has_a_row_for_every_method():
    lines = run("integrators").splitlines()
    names = [line.split()[0] for line in lines[1:]]
    assert names == [
        record["name"] for record in json.loads(run("integrators", "--json"))
    ]
    assert not any("…" in line for line in lines)


def test_the_facts_of_rk4_as_json():
    record = json.loads(run("integrator", "rk4", "--digits", "50", "--json"))
    assert record["order"] == record["stages"] == 4
    assert record["real_stability_interval"].startswith("2.785293563405281623529759")
    assert len(record["real_stability_interval"].replace(".", "")) == 50
    assert record["circle_contractivity_radius"] == "1"
    assert record["is_A_stable"] is False
    assert record["A_alpha_degrees"] is None
    polynomial = record["minimal_polynomials"]["real_stability_interval"]
    assert polynomial == "x^3 - 4*x^2 + 12*x - 24"
    x = Decimal(record["real_stability_interval"])
    assert abs(x**3 - 4 * x**2 + 12 * x - 24) < Decimal("1e-20")


def test_unbounded_is_inf():
    record = json.loads(run("integrator", "backward-euler", "--json"))
    assert record["largest_disc_radius"] == "inf"
    assert "largest_disc_radius" not in record["minimal_polynomials"]


def test_a_page_of_facts_names_the_source_and_the_polynomial():
    page = run("integrator", "ralston2")
    assert "Ralston" in page
    assert "0.791287847477920  (root of x^2 + 3*x - 3)" in page


def test_an_unknown_method_is_refused_with_the_nearest():
    with pytest.raises(InvalidInput, match="nearest: rk4"):
        run("integrator", "rk5")


def test_a_picture_is_saved(tmp_path):
    path = tmp_path / "region.png"
    assert run("region", "rk4", "heun", "-o", str(path)).strip().endswith("region.png")
    assert path.read_bytes().startswith(PNG)


@pytest.mark.parametrize(
    ("name", "message"),
    [("region.txt", "use .png, .pdf, .svg"), ("missing/region.png", "make it first")],
)
def test_a_picture_that_cannot_be_saved_is_refused(tmp_path, name, message):
    with pytest.raises(InvalidInput, match=message):
        run("region", "rk4", "-o", str(tmp_path / name))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("command", ["integrators", "integrator", "region"])
def test_every_help_has_an_example(command):
    assert "Example: " in run(command, "--help")


def test_a_certificate_that_cannot_be_read_is_refused(tmp_path):
    with pytest.raises(InvalidInput, match="found no readable one"):
        run(
            "region", "rk4", "--certificate", str(tmp_path / "none.json"),
            "-o", str(tmp_path / "region.png"),
        )  # fmt: skip
