"""Averages over softmax weights: central moments, closed under differentiation."""

from dataclasses import replace

import pytest
from agreement.cases import VARIANTS
from sympy import KroneckerDelta, Symbol

from stabcheck.fields import attention, layer_norm
from stabcheck.symbolic import Softmax, Tensor, indices, is_zero, jacobian_identity
from stabcheck.symbolic.contraction import contract
from stabcheck.symbolic.enclosing.average import Cumulant, Deviation, Weight
from stabcheck.symbolic.enclosing.averaging import averaged
from stabcheck.symbolic.enclosing.enclosure_form import central_form, enclosure_form

n, d = (Symbol(name, integer=True, positive=True) for name in "nd")
i, j, k, l, m = indices("i j k l m", "token", n)  # noqa: E741
(a, b) = indices("a b", "feature", d)
u, f, g, w = (
    Tensor("u", (i, k)),
    Tensor("f", (k,)),
    Tensor("g", (k,)),
    Tensor("w", (k,)),
)
ROW = (l, u[i, l], 1)

SMALL = [
    variant
    for variant in VARIANTS
    if variant.name in ("attention", "causal-biased", "one-head", "layer-norm", "sink")
]


def proved(expression) -> bool:
    return is_zero(expression, counterexamples=False).is_proved


@pytest.mark.parametrize("values", [(f[l],), (f[l], g[l]), (f[l], g[l], w[l])])
def test_the_derivative_of_a_cumulant_is_that_of_its_moments(values):
    node = Cumulant(*ROW, *values)
    written = node.as_quotient()
    for entry in (u[i, j], f[j]):
        assert proved(contract(node.diff(entry)) - contract(written.diff(entry)))
        assert not proved(contract(node.diff(entry)))


def test_the_derivatives_of_a_deviation_and_of_a_weight_are_those_of_the_quotient():
    for node in (Deviation(k, *ROW, f[l]), Weight(k, *ROW)):
        written = node.as_quotient()
        for entry in (u[i, j], f[j]):
            assert proved(contract(node.diff(entry)) - contract(written.diff(entry)))


@pytest.mark.parametrize("order", [1, 2, 3])
def test_deltas_come_out_of_a_cumulant_as_the_quotient_says(order):
    values = [KroneckerDelta(l, j) * f[j], KroneckerDelta(l, m) * g[m], w[l]]
    node = Cumulant(*ROW, *values[-order:])
    assert proved(contract(node) - contract(node.as_quotient()))


def test_a_deviation_of_a_delta_is_a_delta_less_a_weight():
    node = Deviation(k, *ROW, KroneckerDelta(l, j))
    assert contract(node) == KroneckerDelta(j, k) - Weight(j, *ROW)


def test_constants_have_no_cumulant_but_the_first():
    assert Cumulant(*ROW, f[j]) == f[j]
    assert Cumulant(*ROW, f[j], g[l]) == 0
    assert Deviation(k, *ROW, f[j]) == 0


@pytest.mark.parametrize("variant", SMALL, ids=lambda variant: variant.name)
def test_the_form_for_enclosures_is_proved_to_be_the_jacobian(variant):
    field = variant.declare()
    jacobian = field.jacobian()
    assert jacobian_identity(field, central_form(jacobian)).is_proved
    assert jacobian_identity(field, enclosure_form(jacobian)).is_proved


def test_a_wrong_form_is_not_proved():
    field = attention()
    form = enclosure_form(field.jacobian())
    last = form.output
    wrong = replace(last, body=2 * last.body)
    altered = replace(form, definitions=(*form.definitions[:-1], wrong))
    assert jacobian_identity(field, altered).verdict == "refuted"


def test_averages_are_recognised_and_weights_with_a_sink_are_left_alone():
    assert averaged(attention()).output.body.has(Cumulant)
    assert not averaged(attention(sink="zero")).output.body.has(Cumulant)
    assert averaged(layer_norm()).output.body == layer_norm().output.body


def test_parameters_meet_each_other_before_they_meet_the_state():
    # K^T Q x instead of K^T q: no definition of a projection is left.
    names = {d.name for d in enclosure_form(attention().jacobian()).definitions}
    assert names == {"J"}


def test_the_weights_of_a_node_are_a_softmax_in_its_index():
    node = Cumulant(*ROW, f[l])
    assert isinstance(node.weights, Softmax)
    assert node.weights.at == l
    assert node.free_symbols >= {i}
    assert l not in node.free_symbols
