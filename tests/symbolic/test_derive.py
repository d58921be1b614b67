"""Derivation: right Jacobians are proven, wrong ones refused, and what is derived.

The self-proofs of every field are in tests/agreement.
"""

from dataclasses import replace

import pytest
from sympy import Add

from stabcheck.errors import InvalidInput
from stabcheck.fields import attention, feed_forward, layer_norm, rms_norm
from stabcheck.fields.notation import X, a, c, d, i, k, n
from stabcheck.symbolic import (
    Declaration,
    Tensor,
    adjoint_identity,
    indices,
    inlined,
    is_zero,
    jacobian_identity,
    rename,
    total,
)


def mutants(field):
    """The Jacobian with each single term dropped, and with each one flipped."""
    derived = field.jacobian()
    *tape, output = derived.definitions
    for term in Add.make_args(output.body.expand()):
        for factor in (1, 2):
            body = output.body - factor * term
            definitions = (*tape, replace(output, body=body))
            yield replace(derived, definitions=definitions)


@pytest.mark.parametrize(
    "declare", [attention, layer_norm, rms_norm, feed_forward], ids=lambda f: f.__name__
)
def test_a_jacobian_with_a_term_dropped_or_flipped_is_refused(declare):
    field = declare()
    found = list(mutants(field))
    assert len(found) >= 2
    for mutant in found:
        assert not jacobian_identity(field, mutant).is_proved


def test_a_wrong_jacobian_is_refuted_by_a_rational_state():
    field = rms_norm()
    wrong = next(mutants(field))
    answer = jacobian_identity(field, wrong)
    assert answer.verdict == "refuted"
    assert any(name == "X" for name, _ in answer.counterexample.entries)


@pytest.mark.parametrize("declare", [attention, rms_norm])
def test_a_jacobian_is_a_field_again_with_a_derivative_of_its_own(declare):
    field = declare()
    first = field.jacobian()
    second = first.jacobian()
    _, _, j, b, l, e = second.output.indices  # noqa: E741
    written = inlined(second)
    # Mixed derivatives of one component are equal.
    swapped = {j: l, l: j, b: e, e: b}
    assert is_zero(written - rename(written, swapped)).is_proved


def test_the_jvp_is_the_jacobian_applied_to_the_direction():
    field = layer_norm()
    forward, dense = field.jvp(), field.jacobian()
    direction = forward.directions[-1]
    (i, a), (j, b) = dense.output.indices[:2], dense.output.indices[2:]
    applied = total(inlined(dense) * direction[j, b], j, b)
    assert forward.output.indices == (i, a)
    assert is_zero(inlined(forward) - applied).is_proved


def test_no_new_letter_is_the_states_own():
    # The lines name i and a only: j and b look free, but the state is declared there.
    (j,), (b,) = indices("j", "token", n), indices("b", "feature", d)
    Y = Tensor("Y", (j, b))
    field = Declaration("renamed", Y).returns((i, a), total(Y[k, a] * Y[i, a], k))
    derived = field.jacobian()
    assert not {j, b} & set(derived.output.indices)
    assert jacobian_identity(field, derived).is_proved


@pytest.mark.parametrize("name", ["J", "V", "C", "F_dot", "F_bar", "X_bar", "y_dot"])
def test_a_parameter_keeps_its_name_from_what_is_derived(name):
    # It was once read in place of the direction of the same name.
    weight = Tensor(name, (a, c))
    F = Declaration("shadowed", X, (weight,))
    y = F.let("y", (i, a), total(weight[a, c] * X[i, c], c))
    field = F.returns((i, a), total(weight[a, c] * y[i, c], c) * X[i, a])
    assert jacobian_identity(field).is_proved
    assert adjoint_identity(field).is_proved


def test_a_field_that_does_not_depend_on_the_state_has_a_zero_jacobian():
    B = Tensor("B", (i, a))
    constant = Declaration("constant", X, (B,)).returns((i, a), B[i, a])
    assert constant.jacobian().output.body == 0


def test_a_name_may_not_be_defined_twice():
    F = Declaration("twice", X)
    F.let("y", (i, a), X[i, a])
    with pytest.raises(InvalidInput, match="found it defined already"):
        F.let("y", (i, a), X[i, a])


def test_a_body_may_not_use_what_was_not_declared():
    F, loose = Declaration("loose", X), Tensor("W", (a, c))
    with pytest.raises(InvalidInput, match="found W undeclared"):
        F.let("y", (i, a), total(loose[a, c] * X[i, c], c))
    with pytest.raises(InvalidInput, match="found k undeclared"):
        F.let("y", (i, a), X[k, a])


def test_a_composition_refuses_parameters_that_would_be_shared():
    F = Declaration("shared", X)
    y = F.include(rms_norm(), X, "y")
    with pytest.raises(InvalidInput, match="a parameter of both"):
        F.include(layer_norm(), y, "z")
