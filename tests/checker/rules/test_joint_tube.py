"""The rules of the joint norms and of the mixed norm over a tube."""

import dataclasses
from fractions import Fraction

import numpy as np
import pytest
from checker.rules.documents import Document
from checker.small import FEATURES, HEADS, RADIUS, TOKENS, attention, state

from stabcheck import bounds
from stabcheck.certificate import round_down, round_up

SIGNS = {"spectral-norm": 1, "log-norm": 1, "log-norm-lower": -1}


def claimed(field=None, quantity="log-norm", *, joint=True, radius=RADIUS) -> Document:
    """A certificate about one field whose one claim is the prover's."""
    field = field or attention()
    arguments, options = (field, state(), float(radius)), {"joint": joint}
    if quantity == "spectral-norm":
        bound = bounds.attention_norm_joint_tube(*arguments, **options, iterations=5)
    else:
        bound = bounds.attention_log_norm_tube(
            *arguments, quantity, **options, iterations=5
        )
    matrices = bounds.joint_tube_matrices(field, state(), float(radius), bound)
    found = bounds.psd_witnesses(matrices)
    made = Document()
    index, domain = made.field(field, TOKENS), made.tube(state(), radius)
    outward = round_down if quantity == "log-norm-lower" else round_up
    parameters = {
        name: [Fraction(w) for w in value]
        if isinstance(value, list)
        else Fraction(value)
        for name, value in bound.parameters.items()
    }
    made.claim(
        bound.theorem,
        quantity,
        {"branch": [index]},
        domain,
        outward(bound.value),
        **parameters,
    )
    names = [made.array(factor) for factor in found.factors]
    factors = {"factor": names[0]} if joint else {"factors": names}
    witness = factors | {"grid": found.grid, "shift": found.shift}
    return made.changed(witness=witness)


def parameters_of(made: Document, **changes) -> Document:
    return made.changed(parameters=dict(made.claims[-1].parameters) | changes)


@pytest.mark.parametrize("joint", [True, False])
@pytest.mark.parametrize("quantity", [*SIGNS])
@pytest.mark.parametrize("radius", [None, RADIUS, Fraction(1, 2)])
def test_a_true_claim_passes_and_a_stronger_one_does_not(joint, quantity, radius):
    made = claimed(quantity=quantity, joint=joint, radius=radius or Fraction(0))
    if radius is None:
        made.domains[0] = {"kind": "point", "centre": made.domains[0]["centre"]}
    assert made.verdict() == "accepted"
    bound = made.claims[-1].bound
    stronger = bound - SIGNS[quantity] * Fraction(1, 10**5) * abs(bound)
    assert "not shown positive semidefinite" in made.changed(bound=stronger).verdict()


NOT_SHOWN = "not shown positive semidefinite"


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
def test_a_witness_about_another_field_is_refused(change, quantity):
    made = claimed(quantity=quantity)
    other = Document()
    other.field(dataclasses.replace(attention(), **change), TOKENS)
    made.fields, made.arrays = other.fields, made.arrays | other.arrays
    assert NOT_SHOWN in made.verdict()


@pytest.mark.parametrize("joint", [True, False])
def test_a_larger_tube_or_another_centre_is_refused(joint):
    made = claimed(joint=joint)
    made.domains[0]["radius"] = [1, 32]
    assert NOT_SHOWN in made.verdict()
    made = claimed(joint=joint)
    made.domains[0]["centre"] = made.array(1.1 * state())
    assert NOT_SHOWN in made.verdict()


def test_the_quantities_are_not_exchanged():
    assert NOT_SHOWN in claimed().changed(quantity="log-norm-lower").verdict()
    assert "bounds log-norm" in claimed().changed(quantity="spectral-norm").verdict()
    norm = claimed(quantity="spectral-norm")
    assert "bounds spectral-norm" in norm.changed(quantity="log-norm").verdict()
    renamed = norm.changed(theorem="attention-log-norm-tube", quantity="log-norm")
    assert "the witness of log-norm has shape" in renamed.verdict()


@pytest.mark.parametrize("name", ["mixing", "key", "receiver", "moved"])
def test_every_weight_has_to_be_positive_and_there(name):
    made = claimed()
    found = list(made.claims[-1].parameters[name])
    for wrong in ([0, *found[1:]], [-found[0], *found[1:]], found[1:]):
        values = [Fraction(value) for value in wrong]
        refused = parameters_of(made, **{name: values}).verdict()
        assert f"parameter {name}" in refused


@pytest.mark.parametrize("name", ["key_share", "receiver_share", "joint"])
@pytest.mark.parametrize("value", [Fraction(-1, 8), Fraction(9, 8)])
def test_shares_lie_between_zero_and_one(name, value):
    refused = parameters_of(claimed(), **{name: value}).verdict()
    assert f"parameter {name} has to be" in refused


def test_half_a_joint_matrix_is_refused():
    refused = parameters_of(claimed(), joint=Fraction(1, 2)).verdict()
    assert "joint has to be 0 or 1" in refused


def test_without_the_joint_matrix_the_keys_have_no_share():
    made = claimed(joint=False)
    refused = parameters_of(made, key_share=Fraction(1, 2)).verdict()
    assert "their share has to be 0" in refused


def test_other_shares_need_another_witness():
    made = claimed()
    share = made.claims[-1].parameters["key_share"]
    assert NOT_SHOWN in parameters_of(made, key_share=1 - share / 2).verdict() or (
        share == 0
    )


def test_the_witness_has_as_many_factors_as_matrices():
    joint, single = claimed(), claimed(joint=False)
    factors = single.claims[-1].witness["factors"]
    witness = dict(single.claims[-1].witness) | {"factors": factors[:-1]}
    assert "has to name 3 factors" in single.changed(witness=witness).verdict()
    assert "has to name 1 factors" in joint.changed(witness={}).verdict()
    swapped = dict(single.claims[-1].witness) | {"factors": factors[::-1]}
    assert NOT_SHOWN in single.changed(witness=swapped).verdict()


def test_a_ball_and_a_premise_are_refused():
    made = claimed()
    ball = made.ball(Fraction(1), TOKENS, FEATURES)
    assert "not on a ball" in made.changed(domain=ball).verdict()
    first = made.claims[-1]
    made.claims = [first, dataclasses.replace(first, premises=(0,))]
    assert "has no premises" in made.verdict()


def test_a_joint_matrix_that_is_too_large_is_refused():
    made = claimed()
    tokens, features = 65, 16
    rng = np.random.default_rng(0)
    large = bounds.Attention(*rng.standard_normal((3, HEADS, features, 2)), W_O=(
        rng.standard_normal((HEADS * 2, features))
    ))  # fmt: skip
    other = Document()
    index = other.field(large, tokens)
    domain = other.tube(rng.standard_normal((tokens, features)), RADIUS)
    ones = [Fraction(1)] * (HEADS * tokens)
    other.arrays |= made.arrays
    first = made.claims[-1]
    other.claims = [
        dataclasses.replace(
            first,
            subject={"branch": [index]},
            domain=domain,
            parameters=dict(first.parameters)
            | {"mixing": ones, "key": ones, "receiver": ones},
        )
    ]
    assert "the matrix has 1040 rows" in other.verdict()


def mixed() -> Document:
    """The mixed norm on the same tube."""
    made = Document()
    index, domain = made.field(attention(), TOKENS), made.tube(state(), RADIUS)
    bound = bounds.attention_mixed_norm_tube(attention(), state(), float(RADIUS))
    subject = {"branch": [index]}
    made.claim(bound.theorem, "mixed-norm", subject, domain, round_up(bound.value))
    return made


def test_the_mixed_norm_passes_and_a_stronger_one_does_not():
    made = mixed()
    assert made.verdict() == "accepted"
    stronger = made.claims[-1].bound * (1 - Fraction(1, 10**6))
    refused = made.changed(bound=stronger).verdict()
    assert "the mixed norm on the tube is" in refused


def test_the_mixed_norm_notices_a_dropped_bias_and_a_larger_tube():
    made = mixed()
    made.domains[0]["radius"] = [1, 32]
    assert "the mixed norm on the tube is" in made.verdict()
    made = mixed()
    other = Document()
    other.field(dataclasses.replace(attention(), b_Q=3 * attention().b_Q), TOKENS)
    made.fields, made.arrays = other.fields, made.arrays | other.arrays
    assert "the mixed norm on the tube is" in made.verdict()


def test_the_mixed_norm_is_its_only_quantity():
    refused = mixed().changed(quantity="spectral-norm").verdict()
    assert "bounds mixed-norm" in refused
