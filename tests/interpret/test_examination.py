"""Examining a declaration: a right one passes, a wrong one is told where it fails."""

from dataclasses import replace

import numpy as np
import pytest

import stabcheck as sc
from stabcheck.errors import InvalidInput
from stabcheck.fields import FIELDS, attention, hopfield, layer_norm
from stabcheck.interpret import examination
from stabcheck.interpret.drawing import drawn_inputs
from stabcheck.symbolic import jacobian_identity
from stabcheck.symbolic.proving.mutations import accepted_mutants, mutants


def answers(found):
    return {finding.question: finding.passed for finding in found.findings}


@pytest.mark.parametrize("declare", [hopfield, layer_norm])
def test_a_declared_field_passes_every_question(declare):
    found = sc.examine(declare(), tokens=2, features=2)
    assert set(answers(found).values()) == {True}
    assert found.passed
    assert str(found).splitlines()[0] == declare().name
    assert "proved, for every size" in str(found)


def test_a_field_of_one_token_and_one_feature_passes():
    assert sc.examine(hopfield(), tokens=1, features=1).passed


def test_a_wrong_derivative_fails_the_examination(monkeypatch):
    field = hopfield()
    right = field.jacobian()
    output = replace(right.output, body=2 * right.output.body)
    wrong = replace(right, definitions=(*right.definitions[:-1], output))
    monkeypatch.setattr(type(field), "jacobian", lambda self: wrong)
    monkeypatch.setattr(examination, "_enclosure", lambda *_: ("", True, None))
    found = sc.examine(field, tokens=2, features=2)
    assert not found.passed
    questions = answers(found)
    assert questions["J is the derivative of the field"] is False
    assert questions["automatic differentiation agrees"] is False
    assert "NO" in str(found)


def test_what_is_derived_is_not_examined():
    with pytest.raises(InvalidInput, match="give the field as it was declared"):
        sc.examine(attention().jacobian())


def test_converged_sinkhorn_has_reasons_instead_of_answers():
    found = sc.examine(FIELDS["sinkhorn-attention"](), tokens=2, features=2)
    assert found.passed
    skipped = [f.answer for f in found.findings if f.passed is None]
    assert skipped == [examination.REASONS["implicit"]] * 3


@pytest.mark.parametrize("name", sorted(FIELDS))
def test_drawn_inputs_fit_every_field(name):
    field = FIELDS[name]()
    for tokens, features in ((1, 1), (3, 2)):
        given = drawn_inputs(field, tokens, features)
        value = field.lower("numpy")(given.state, **given.parameters)
        assert value.shape == (tokens, features)
        assert np.isfinite(value).all()


def test_a_dropped_or_flipped_term_is_refuted_and_a_vanishing_one_is_no_mutant():
    field = layer_norm()
    jacobian = field.jacobian()
    wrong = list(mutants(jacobian))
    assert [m.change for m in wrong] == ["drops", "flips"] * (len(wrong) // 2)
    assert len(wrong) >= 4
    assert accepted_mutants(field, jacobian) == (len(wrong), [])
    for mutant in wrong:
        verdict = jacobian_identity(field, mutant.jacobian).verdict
        assert verdict == "refuted"
