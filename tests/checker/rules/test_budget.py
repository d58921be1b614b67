"""The rules of the budget bounds: the prover's claims pass, what is near them not."""

import dataclasses
from fractions import Fraction

import numpy as np
import pytest
from checker.rules.documents import Document
from checker.small import FEATURES, TOKENS, attention, state

from stabcheck import bounds
from stabcheck.certificate import round_down, round_up

SIGNS = {"spectral-norm": 1, "log-norm": 1, "log-norm-lower": -1}
KINDS = ("tube", "box", "frobenius")
RADIUS = Fraction(1, 4)
CELLS = 3


def claimed(
    quantity="spectral-norm", kind="frobenius", radius=RADIUS, field=None
) -> Document:
    """A certificate about one field whose one claim is the prover's."""
    field = field or attention()
    arguments, options = (field, state(), kind, float(radius)), {"cells": CELLS}
    if quantity == "spectral-norm":
        bound = bounds.attention_norm_budget(*arguments, **options)
    else:
        bound = bounds.attention_log_norm_budget(*arguments, quantity, **options)
    made = Document()
    index, domain = made.field(field, TOKENS), made.round(kind, state(), radius)
    outward = round_down if quantity == "log-norm-lower" else round_up
    parameters = {
        name: [Fraction(x) for x in values] for name, values in bound.parameters.items()
    }
    subject = {"branch": [index]}
    value = outward(bound.value)
    made.claim(bound.theorem, quantity, subject, domain, value, **parameters)
    return made


def parameters_of(made: Document, **changes) -> Document:
    return made.changed(parameters=dict(made.claims[-1].parameters) | changes)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("quantity", [*SIGNS])
@pytest.mark.parametrize("radius", [Fraction(0), Fraction(1, 10**9), RADIUS])
def test_a_true_claim_passes_and_a_stronger_one_does_not(quantity, kind, radius):
    made = claimed(quantity, kind, radius)
    assert made.verdict() == "accepted"
    bound = made.claims[-1].bound
    stronger = bound - SIGNS[quantity] * Fraction(1, 10**6) * abs(bound)
    assert f"the {quantity} on the {kind} is" in made.changed(bound=stronger).verdict()


def test_at_a_point_the_radius_is_zero():
    made = claimed("log-norm", "tube", Fraction(0))
    made.domains[0] = {"kind": "point", "centre": made.domains[0]["centre"]}
    assert made.verdict() == "accepted"


@pytest.mark.parametrize(
    "change",
    [
        {"b_Q": None},
        {"mask": None},
        {"bias": None},
        {"causal": True},
        {"scale": 1.0},
        {"W_V": 2 * attention().W_V},
        {"W_O": attention().W_O[::-1].copy()},
    ],
    ids=lambda change: next(iter(change)),
)
@pytest.mark.parametrize("quantity", ["spectral-norm", "log-norm"])
def test_another_field_has_another_number(change, quantity):
    made = claimed(quantity).changed(bound=SIGNS[quantity] * Fraction(1, 10))
    number = made.verdict()
    assert f"the {quantity} on the frobenius is" in number
    other = Document()
    other.field(dataclasses.replace(attention(), **change), TOKENS)
    made.fields, made.arrays = other.fields, made.arrays | other.arrays
    assert f"the {quantity} on the frobenius is" in made.verdict()
    assert made.verdict() != number


@pytest.mark.parametrize("kind", KINDS)
def test_a_larger_domain_or_a_wider_kind_is_refused(kind):
    made = claimed(kind=kind)
    made.domains[0]["radius"] = [1, 3]
    assert f"on the {kind} is" in made.verdict()
    made = claimed(kind=kind)
    made.domains[0]["centre"] = made.array(1.3 * state())
    assert made.verdict() != "accepted"


def test_a_bound_of_a_frobenius_ball_does_not_hold_on_the_box():
    made = claimed(kind="tube")
    made.domains[0]["kind"] = "box"
    assert "on the box is" in made.verdict()
    made = claimed(kind="frobenius")
    made.domains[0]["kind"] = "tube"
    assert "share no budget" in made.verdict()


def test_the_quantities_are_not_exchanged():
    norm, upper = claimed(), claimed("log-norm")
    assert "bounds spectral-norm" in norm.changed(quantity="log-norm").verdict()
    assert "bounds log-norm" in upper.changed(quantity="spectral-norm").verdict()
    assert "parameter mixing" in (
        norm.changed(theorem="attention-log-norm-budget", quantity="log-norm").verdict()
    )
    lower = claimed("log-norm-lower")
    bound = lower.claims[-1].bound
    assert "the log-norm on" in (
        lower.changed(quantity="log-norm", bound=abs(bound) / 2).verdict()
    )


POSITIVE = ("balance", "self_share", "mixing_share")
NONNEGATIVE = ("metric", "self_level", "value_level", "price")


@pytest.mark.parametrize("name", [*POSITIVE, *NONNEGATIVE])
def test_every_choice_is_there_and_of_its_sign(name):
    made = claimed()
    found = list(made.claims[-1].parameters[name])
    wrong = [[Fraction(-1), *found[1:]], found[1:]]
    if name in POSITIVE:
        wrong.append([Fraction(0), *found[1:]])
    for values in wrong:
        assert f"parameter {name}" in parameters_of(made, **{name: values}).verdict()
    single = parameters_of(made, **{name: Fraction(1)})
    assert f"parameter {name}" in single.verdict()


def test_shares_beyond_one_are_refused():
    made = claimed()
    shares = list(made.claims[-1].parameters["self_share"])
    shares[0] += Fraction(1, 2)
    refused = parameters_of(made, self_share=shares).verdict()
    assert "the shares of token 0 add up to more than 1" in refused


@pytest.mark.parametrize(
    "edges",
    [
        [Fraction(1, 100)],
        [Fraction(0), Fraction(1, 5), Fraction(1, 10)],
        [Fraction(0), Fraction(1, 10), Fraction(1, 3)],
        [Fraction(0)] * 65,
        Fraction(0),
    ],
    ids=["not-from-zero", "falling", "beyond", "too-many", "no-list"],
)
def test_edges_ascend_from_zero_to_the_radius(edges):
    refused = parameters_of(claimed(), edges=edges).verdict()
    assert "parameter edges has to be a list of at most 64" in refused


def test_a_box_has_one_cell():
    made = parameters_of(claimed(kind="box"), edges=[Fraction(0), Fraction(1, 8)])
    assert "has to be [0]" in made.verdict()


def attained(quantity: str) -> float:
    """The value at the centre, which no choice can bring a bound below."""
    jacobian = attention().jacobian(state())
    if quantity == "spectral-norm":
        return float(np.linalg.norm(jacobian, 2))
    values = np.linalg.eigvalsh((jacobian + jacobian.T) / 2)
    return float(values[-1] if quantity == "log-norm" else values[0])


@pytest.mark.parametrize("quantity", [*SIGNS])
@pytest.mark.parametrize("seed", range(3))
def test_no_choice_proves_less_than_what_is_attained(quantity, seed):
    rng = np.random.default_rng(seed)
    made = claimed(quantity)
    parameters = {
        name: [x * Fraction(int(rng.integers(1, 9)), 4) for x in values]
        if name not in ("edges", "self_share", "mixing_share")
        else values
        for name, values in made.claims[-1].parameters.items()
    }
    value = Fraction(attained(quantity))
    bound = value - SIGNS[quantity] * abs(value) / 1000
    refused = made.changed(parameters=parameters, bound=bound).verdict()
    assert refused.startswith("rejected")


def test_a_premise_and_a_ball_are_refused():
    made = claimed()
    ball = made.ball(Fraction(1), TOKENS, FEATURES)
    assert "not on a ball" in made.changed(domain=ball).verdict()
    first = made.claims[-1]
    made.claims = [first, dataclasses.replace(first, premises=(0,))]
    assert "has no premises" in made.verdict()
