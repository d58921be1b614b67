"""`integrators`, `integrator` and `plot` on the command line."""

import json
from decimal import Decimal

import pytest
import typer
from typer.testing import CliRunner

from stabcheck.cli import facts, plot
from stabcheck.cli.method_table import group_of, lines_of, open_rows, record_of
from stabcheck.errors import InvalidInput
from stabcheck.integrators.catalogue import rows
from stabcheck.integrators.registry import Row

app = typer.Typer()
app.command("integrators")(facts.integrators)
app.command("integrator")(facts.integrator)
app.command("region")(plot.region)
app.command("star")(plot.star)
app.command("modulus")(plot.modulus)
app.command("growth")(plot.growth)
PNG = b"\x89PNG"


def run(*arguments: str) -> str:
    result = CliRunner().invoke(app, list(arguments), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_the_table_has_a_line_for_every_row_in_its_group():
    lines = run("integrators", "C").splitlines()
    records = json.loads(run("integrators", "C", "--json"))
    rows = [line for line in lines if line[:3].strip().isdigit()]
    assert [line.split()[1] for line in rows] == [r["name"] for r in records]
    assert [int(line.split()[0]) for line in rows] == list(range(65, 78))
    assert lines[2] == "C  Strong stability preserving and low storage"


def test_the_table_fits_a_hundred_columns_and_cuts_nothing():
    for group in "AGJ":
        lines = run("integrators", group).splitlines()
        assert max(map(len, lines)) <= 100
        assert not any("…" in line for line in lines)


def test_every_row_of_the_registry_is_in_one_group():
    found = [group_of(row) for row in rows()]
    assert [row.number for row in rows()] == list(range(1, 167))
    assert len(set(found)) == 10


def test_a_text_chooses_rows_and_all_shows_every_method_of_them():
    records = json.loads(run("integrators", "sbdf", "--all", "--json"))
    assert [record["name"] for record in records][-5:] == [
        f"sbdf:{k}" for k in range(1, 6)
    ]


def test_a_line_of_the_table_reads_as_a_method():
    line = next(x for x in run("integrators", "rk38").splitlines() if "rk38" in x)
    assert " ".join(line.split()) == (
        "31 rk38 +1 explicit RK 4 4 2.7853 2.8284 1.3926 - - -"
    )
    (line,) = (x for x in run("integrators", "tr-bdf2").splitlines() if "107" in x)
    assert line.endswith("A L -")


def test_decimals_two_fields_and_oscillators_are_marked():
    text = run("integrators", "tsit5") + run("integrators", "A")
    assert " 5* " in text
    assert "osc 2" in text
    assert "box 2" in text


def test_a_text_without_rows_is_refused():
    with pytest.raises(InvalidInput, match="found none; give a part of a name"):
        run("integrators", "no-such-method")


def test_an_open_row_is_named_with_its_reason():
    row = Row(999, "lost-method", "A method lost", open="only quoted from memory")
    record = record_of(row, None, 5)
    assert "lost-method" in "\n".join(lines_of([record]))
    assert open_rows([record]) == ["open: 999 A method lost: only quoted from memory"]


def test_the_facts_of_rk4_as_json():
    record = json.loads(run("integrator", "rk4", "--digits", "50", "--json"))
    assert record["order"] == record["stages"] == 4
    assert record["real_stability_interval"].startswith("2.785293563405281623529759")
    assert len(record["real_stability_interval"].replace(".", "")) == 50
    assert record["circle_contractivity_radius"] == "1"
    assert record["is_A_stable"] is False
    assert record["A_alpha_degrees"] == "0"
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
    with pytest.raises(InvalidInput, match=r"nearest: .*rk4"):
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


@pytest.mark.parametrize(
    ("command", "name"),
    [("star", "pade:1,2"), ("modulus", "rk4"), ("growth", "backward-euler")],
)
def test_the_other_pictures_are_saved(tmp_path, command, name):
    path = tmp_path / "picture.svg"
    run(command, name, "-o", str(path))
    assert b"<svg" in path.read_bytes()


def test_a_page_of_facts_draws_the_tableau():
    lines = run("integrator", "heun").splitlines()
    assert lines[-4:] == ["0 | ", "1 |   1", "--+---------", "  | 1/2  1/2"]


@pytest.mark.parametrize(
    "command", ["integrators", "integrator", "region", "star", "modulus", "growth"]
)
def test_every_help_has_an_example(command):
    assert "Example: " in run(command, "--help")


def test_a_certificate_that_cannot_be_read_is_refused(tmp_path):
    with pytest.raises(InvalidInput, match="found no readable one"):
        run(
            "region", "rk4", "--certificate", str(tmp_path / "none.json"),
            "-o", str(tmp_path / "region.png"),
        )  # fmt: skip


def test_what_is_too_long_to_read_is_rounded_for_people_and_exact_for_machines():
    shown = run("integrator", "tsit5", "--digits", "8")
    assert "0.0014322113 z^6" in shown
    assert "e-8" in shown.split("order_residual")[1].splitlines()[0]
    assert max(map(len, shown.splitlines())) <= 100
    exact = json.loads(run("integrator", "tsit5", "--json"))
    assert len(exact["A"][2][0]) > 100
