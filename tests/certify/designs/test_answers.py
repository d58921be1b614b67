"""What is certified of the catalogue: formulas, numbers, and the checker's verdict."""

import json
from fractions import Fraction
from math import asinh, e, exp, sqrt

import pytest
import sympy

from stabcheck.certify.designs.answers import answer
from stabcheck.certify.designs.catalogue import files
from stabcheck.certify.designs.reading import read
from stabcheck.certify.designs.steps import largest_steps
from stabcheck.checker import check

PATHS = {path.stem: path for path in files()}
BALL = 'kind = "ball"\nradius = 1'
NUMBERS = {"h": Fraction(1, 24), "K": 1, "L": 24, "T": 1}


def design(name):
    return read(PATHS[name])


def bounds(name):
    found = answer(design(name))
    return {k: float(line.value) for k, line in found.depth.items()}


@pytest.mark.parametrize("name", sorted(PATHS))
def test_the_checker_accepts_every_design_of_the_catalogue(name, tmp_path):
    found = answer(design(name))
    path = tmp_path / "certificate.json"
    path.write_text(json.dumps(found.chain.document("a design", {})))
    verdict = check(path, jobs=1)
    assert verdict.reasons == []
    assert verdict.status == "accepted"
    assert found.depth["growth"].value < 100


def test_the_recommended_design_has_its_closed_forms():
    found = answer(design("soft-pre-norm"))
    for line, value in (
        (found.depth["growth"], (1 + 1 / 24) ** 24),
        (found.depth["shrink"], (1 - 1 / 24) ** 24),
        (found.every_depth["growth"], e),
        (found.every_depth["shrink"], (1 - 1 / 24) ** 24),
    ):
        formula = line.formula()
        numbers = {s: NUMBERS[s.name] for s in formula.free_symbols}
        assert float(formula.subs(numbers)) == pytest.approx(value, rel=1e-12)
        assert float(line.value) == pytest.approx(value, rel=1e-12)
        assert sympy.latex(formula)


@pytest.mark.parametrize("depth", [1, 2, 12, 48, 96, 1000])
def test_the_recommended_design_holds_at_every_depth(depth):
    found = answer(design("soft-pre-norm").at_depth(depth))
    assert found.depth["growth"].value < 10
    if depth > 1:
        assert float(found.depth["shrink"].value) > 0.05
        assert found.every_depth["growth"].value >= found.depth["growth"].value


def test_numbers_of_the_catalogue_are_those_of_its_formulas():
    k = sqrt(2) + 1
    h, v, lam = 17 / 100, 1, 2
    row = sqrt((1 - h * lam) ** 2 + 2 * h * (1 - h * lam) * v + (h * k * v) ** 2)
    golden = (1 + sqrt(5)) / 2
    shear = exp(24 * (asinh(1 / 48) + asinh(1.12891 / 48)))
    for name, growth, shrink in (
        ("cosine", (1 + sqrt(2) / 24) ** 24, (1 - sqrt(2) / 24) ** 24),
        ("sinkhorn", (1 + k / 24) ** 24, (1 - k / 24) ** 24),
        ("tied-negative", row**24, (1 - h * (lam + k)) ** 24),
        ("implicit", (1 + 0.5 / 4) ** -24, (1 + (1.5 + 2 + sqrt(5)) / 4) ** -24),
        (
            "sphere",
            ((1 + golden / 24) / (1 - 1 / 24)) ** 24,
            ((sqrt(1 - 1 / 576) - golden / 24) / (1 + 1 / 24)) ** 24,
        ),
    ):
        found = bounds(name)
        assert found["growth"] == pytest.approx(growth, rel=1e-9)
        assert found["shrink"] == pytest.approx(shrink, rel=1e-9)
    found = bounds("reversible")
    assert found["growth"] <= shear
    assert found["growth"] * found["shrink"] == pytest.approx(1, rel=1e-9)


def test_a_design_that_contracts_grows_nothing():
    for name in ("hopfield-memory", "convex-sinkhorn", "leaky-attention"):
        assert bounds(name)["growth"] <= 1


LARGEST = {
    "forward-euler": ("2/(K + lambda)", 2 / 1.9),
    "heun": ("2/(K + lambda)", 2 / 1.9),
    "rk4": (None, 0.6087),
    "backward-euler": (None, None),
    "implicit-midpoint": (None, 2.5),
}


def test_largest_contractive_steps_are_those_of_the_comparison():
    found = {row.method.name: row for row in largest_steps(design("leaky-attention"))}
    for name, (formula, number) in LARGEST.items():
        step = found[name].steps[0]
        assert step.purpose == "contractive"
        if number is None:
            assert step.value is None
            continue
        assert float(step.value) == pytest.approx(number, rel=1e-3)
        if formula:
            assert str(step.formula()) == formula


def test_largest_invertible_steps_are_those_of_the_table():
    rows = {row.method.name: row for row in largest_steps(design("soft-pre-norm"))}
    for name, number in (
        ("forward-euler", 1),
        ("heun", sqrt(3) - 1),
        ("ssprk3", 0.69888),
        ("rk4", 0.69390),
        ("backward-euler", 1),
        ("implicit-midpoint", 2),
    ):
        contractive, invertible = rows[name].steps
        assert contractive.value == 0
        assert "is certified to contract" in contractive.reason
        assert float(invertible.value) == pytest.approx(number, rel=1e-4)


def test_a_step_too_long_is_refused_with_the_largest_that_is_not(tmp_path):
    text = PATHS["soft-pre-norm"].read_text()
    text = text.replace('"1/L"', "2").replace("forward-euler", "backward-euler")
    file = tmp_path / "long.toml"
    file.write_text(text)
    found = answer(read(file))
    assert found.depth == {}
    assert "take a step below 1" in found.reasons["growth"]


@pytest.mark.parametrize(
    ("name", "change", "reason"),
    [
        ("sphere", ('"1/L"', "2"), "take a step below 1/v = 1"),
        ("rms-pre-norm", ('"0.5/L"', '"2/L"'), "take a step of at most 1/24"),
        ("soft-pre-norm", ('"soft"', '"post-layer"'), "has a kernel"),
        ("soft-pre-norm", ('"soft"', '"none"'), "use the domain ball"),
        ("tied-negative", ("2\n", "2\nmask = 'causal'\n"), None),
        ("tied-negative-sinkhorn", (BALL, 'kind = "all"'), "ball"),
    ],
)
def test_where_nothing_can_be_promised_the_reason_is_given(
    name, change, reason, tmp_path
):
    text = PATHS[name].read_text()
    file = tmp_path / "other.toml"
    file.write_text(text.replace(*change, 1))
    found = answer(read(file))
    if reason is None:
        assert found.depth
    else:
        assert found.depth == {}
        assert reason in found.reasons["growth"]


def test_a_ball_that_is_left_starts_smaller(tmp_path):
    # Without a leak every layer may push tokens out by a factor 1 + hv.
    text = PATHS["tied-negative"].read_text()
    file = tmp_path / "growing.toml"
    file.write_text(text.replace("leak = 2", "leak = 0").replace("17/100", "1/L"))
    found = answer(read(file))
    assert found.start is not None
    assert float(found.start.value) == pytest.approx((1 + 1 / 24) ** -46, rel=1e-9)


def test_a_ball_is_for_attention_without_a_norm(tmp_path):
    text = PATHS["gradient-feed-forward"].read_text()
    file = tmp_path / "ball.toml"
    file.write_text(text.replace('kind = "all"', 'kind = "ball"\nradius = 1'))
    found = answer(read(file))
    assert found.depth == {}
    assert "the norm 'soft'" in found.reasons["depth"]


def test_a_leak_that_no_depth_divides_has_no_promise_for_every_depth(tmp_path):
    text = PATHS["layer-scale"].read_text()
    file = tmp_path / "leak.toml"
    file.write_text(text.replace("logits", "leak = '1/10'\nlogits"))
    assert answer(design("layer-scale")).every_depth
    assert answer(read(file)).every_depth == {}


def test_a_growth_without_end_is_not_written(tmp_path):
    text = PATHS["soft-pre-norm"].read_text()
    file = tmp_path / "huge.toml"
    file.write_text(text.replace('"1/L"', "1e9").replace("depth = 24", "depth = 1000"))
    found = answer(read(file))
    assert found.depth == {}
    assert "below 10^1000" in found.reasons["depth"]
    text = PATHS["leapfrog"].read_text()
    file.write_text(text.replace('"1/L"', "1e9").replace("depth = 24", "depth = 1000"))
    found = answer(read(file))
    assert found.depth == {}
    assert "below 10^1000" in found.reasons["growth"]


def test_a_shrink_that_is_too_small_to_write_is_zero(tmp_path):
    text = PATHS["leaky-attention"].read_text()
    file = tmp_path / "deep.toml"
    file.write_text(text.replace("depth = 24", "depth = 100000"))
    assert answer(read(file)).depth["shrink"].value == 0


@pytest.mark.parametrize(
    ("name", "changes", "reason"),
    [
        ("reversible", ('"all"', '"ball"\nradius = 1'), "on all states only"),
        ("rms-pre-norm", ("features", "leak = 1\nfeatures"), "without a leak"),
        ("rms-pre-norm", ("size", 'integrator = "rk4"\nsize'), "forward Euler"),
    ],
)
def test_a_scheme_outside_its_theorem_has_a_reason_and_no_claim(
    name, changes, reason, tmp_path
):
    file = tmp_path / "other.toml"
    file.write_text(PATHS[name].read_text().replace(*changes, 1))
    found = answer(read(file))
    assert found.depth == {}
    assert reason in found.reasons["growth"]
