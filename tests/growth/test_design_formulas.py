"""Formulas of designs' steps: they have the values that stand in certificates."""

import subprocess
import sys
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sympy import Symbol, latex

from stabcheck.growth import designs
from stabcheck.growth.designs import (
    Inapplicable,
    StepFact,
    Unbounded,
    compare,
    largest_step,
    scheme_bounds,
)
from stabcheck.integrators import get

NAMES = [
    "forward-euler", "heun", "ssprk3", "rk4", "backward-euler", "implicit-midpoint",
]  # fmt: skip
SIZES = st.sampled_from([Fraction(k, 4) for k in (0, 1, 3, 5)])


def part(step=1, leak=0, scale=1):
    exact = {"step": step, "leak": leak, "scale": scale}
    return {key: Fraction(value) for key, value in exact.items()}


def value_of(expression, **known) -> float:
    """The formula at numbers, by the names of its symbols."""
    names = {symbol.name: symbol for symbol in expression.free_symbols}
    return float(expression.subs({names[key]: known[key] for key in names}).evalf(30))


@given(st.sampled_from(NAMES), SIZES, SIZES, SIZES)
def test_the_formula_of_a_step_has_its_value(name, step, leak, K):
    about = part(step + Fraction(1, 8), leak, Fraction(1, 2))
    known = {"lipschitz": 2 * K + 1, "log-norm": 2 * K}
    facts = designs.step_bounds(get(name), about, known, "token-max")
    assert {fact.quantity for fact in facts} <= {"growth", "shrink"}
    for fact in facts:
        found = value_of(
            fact.expression(), h=about["step"], K=K + Fraction(1, 2), mu=K,
            **{"lambda": leak},
        )  # fmt: skip
        assert abs(found - float(fact.value)) <= 1e-12 * max(1, abs(found))


@given(st.sampled_from(NAMES), SIZES, SIZES)
def test_the_formula_of_a_largest_step_has_its_value(name, leak, K):
    about = part(1, leak)
    known = {"lipschitz": K + Fraction(1, 2), "log-norm": K}
    for purpose in ("contractive", "invertible"):
        fact = largest_step(get(name), about, known, "token-max", purpose)
        if isinstance(fact, StepFact):
            found = value_of(
                fact.expression(), K=K + Fraction(1, 2), mu=K, **{"lambda": leak}
            )
            assert abs(found - float(fact.value)) <= 1e-12 * found
            assert fact.value <= fact.exact if fact.exact is not None else True


def test_a_spectrum_gives_the_ends_of_euler():
    known = {"spectrum-lower": Fraction(-2), "spectrum-upper": Fraction(-1)}
    facts = designs.step_bounds(
        get("forward-euler"), part(Fraction(1, 4)), known, "frobenius"
    )
    growth, *_, shrink = facts
    ends = {"nu_-": -2, "nu_+": -1}
    assert value_of(growth.expression(), h=Fraction(1, 4), **ends) == 0.75
    assert (growth.value, shrink.value) == (Fraction(3, 4), Fraction(1, 2))
    reach = largest_step(get("rk4"), part(), known, "frobenius", "contractive")
    assert reach.value >= 1


def test_the_formulas_read_as_the_catalogue_writes_them():
    h, K = Symbol("h", positive=True), Symbol("K", positive=True)
    leak = Symbol("lambda", positive=True)
    known = {"lipschitz": Fraction(1, 2)}
    (growth, *_) = designs.step_bounds(get("heun"), part("1/2", 1), known, "token-max")
    assert growth.expression() == h**2 * (K - leak) ** 2 / 2 + h * (K - leak) + 1
    assert "lambda" in latex(growth.expression())
    for name, text in (("heun", "(-1 + sqrt(3))/K"), ("forward-euler", "1/K")):
        reach = largest_step(get(name), part(), known, "token-max", "invertible")
        assert str(reach.expression()) == text
    reach = largest_step(get("heun"), part(1, 1), known, "token-max", "contractive")
    assert reach.expression() == 2 / (leak + K)


def test_what_never_ends_and_what_never_begins():
    known = {"lipschitz": Fraction(1)}
    backward, midpoint = get("backward-euler"), get("implicit-midpoint")
    found = largest_step(backward, part(1, 1), known, "token-max", "contractive")
    assert isinstance(found, Unbounded)
    found = largest_step(midpoint, part(1, 2), known, "token-max", "contractive")
    assert isinstance(found, Unbounded)
    found = largest_step(get("rk4"), part(1, 1), known, "token-max", "contractive")
    assert isinstance(found, Inapplicable)
    assert "the leak has to exceed" in found.reason
    found = largest_step(get("gauss:2"), part(1, 3), known, "token-max", "contractive")
    assert isinstance(found, Inapplicable)
    assert "irrational" in found.reason


@pytest.mark.parametrize("name", ["gauss:2", "radau-iia:2", "lobatto-iiic:3", "gill4"])
def test_irrational_tableaux_have_a_growth_too(name):
    known = {"lipschitz": Fraction(1, 4)}
    about = part(Fraction(1, 2), 1)
    facts = designs.step_bounds(get(name), about, known, "token-max")
    growth = next(fact for fact in facts if fact.theorem == "leak-comparison")
    exact = compare(get(name), Fraction(1, 2), Fraction(1, 8)).growth
    assert 0 <= growth.value - exact <= Fraction(1, 2**60)


def test_the_stages_of_a_step_say_how_far_it_reaches():
    # |F(Y)| <= v|Y| with v = leak: forward Euler and Heun keep a ball, RK4 does not.
    for name, farthest in (
        ("forward-euler", Fraction(1)),
        ("heun", Fraction(1)),
        ("rk4", Fraction(137, 128)),
    ):
        found = compare(get(name), Fraction(1, 4), Fraction(1, 4))
        assert max(found.stages) == farthest
    assert found.growth > 1


@pytest.mark.parametrize("kind", ["reversible", "leapfrog", "momentum"])
@pytest.mark.parametrize("depth", [None, 3])
def test_the_simple_rate_of_streams_is_a_little_weaker(kind, depth):
    known = {"field": 0, "method": 0}
    one = part(Fraction(1, 4)) | known
    layer = {"kind": kind, "parts": [one] * (2 if kind == "reversible" else 1)}
    layer |= {"frequency": Fraction(1), "gamma": Fraction(1, 2)}
    constants = [{"lipschitz": Fraction(2)}] * len(layer["parts"])
    numbers = {"h": Fraction(1, 4), "K": 2, "K_1": 2, "K_2": 2, "L": depth or 1}
    numbers |= {"omega": 1, "gamma": Fraction(1, 2)}
    for fact in scheme_bounds(layer, constants, {"kind": "all"}, depth):
        rate = value_of(fact.expression(), **numbers)
        if fact.quantity == "growth":
            assert float(fact.value) <= rate * (1 + 1e-12)
        else:
            assert rate * (1 - 1e-12) <= float(fact.value)


def test_the_other_schemes_have_their_formulas():
    one = part(Fraction(1, 4))
    known = [{"lipschitz": Fraction(2), "value": Fraction(1)}]
    sphere = {"kind": "sphere", "parts": [one]}
    rows = {"kind": "composition", "parts": [one]}
    floor = {"kind": "token-rms", "floor": Fraction(2)}
    for layer, domain, depth in ((sphere, {"kind": "sphere"}, None), (rows, floor, 4)):
        for fact in scheme_bounds(layer, known, domain, depth):
            expression = fact.expression().doit()
            names = {symbol.name: symbol for symbol in expression.free_symbols}
            numbers = {"h": Fraction(1, 4), "K": 2, "v": 1, "s_0": 2, "L": 4}
            at = {names[key]: numbers[key] for key in names}
            found = float(expression.subs(at).doit().evalf(30))
            assert abs(found - float(fact.value)) < 1e-12
    assert scheme_bounds(sphere | {"parts": [part(1)]}, known, {}, None) == []
    assert scheme_bounds(rows, known, floor, 40) == []
    assert scheme_bounds(sphere, [{}], {"kind": "sphere"}) == []


def test_sympy_is_loaded_only_for_formulas():
    code = (
        "import sys, stabcheck.growth.designs; "
        "sys.exit('sympy' in sys.modules or 'jax' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
