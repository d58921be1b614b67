"""Readable output: every field in LaTeX and text, with letters only."""

import re

import numpy as np
import pytest

from stabcheck.fields import FIELDS, attention, hopfield, layer_norm
from stabcheck.interpret.drawing import drawn_inputs
from stabcheck.interpret.examination import parses
from stabcheck.symbolic import inlined, is_zero
from stabcheck.symbolic.printing.readable import readable


def assert_readable(field):
    latex, text = field.latex(), field.text()
    for output in (latex, text):
        assert not re.search(r"_\d{3}|_step\b|Sum\(|Kronecker|Indexed", output)
    lines = latex.splitlines()
    assert (lines[0], lines[-1]) == (r"\begin{aligned}", r"\end{aligned}")
    assert latex.count("{") == latex.count("}")
    assert latex.count(r"\left") == latex.count(r"\right")
    assert [line for line in lines[1:-1] if not parses(line)] == []


@pytest.mark.parametrize("name", sorted(FIELDS))
def test_no_fresh_name_is_shown_and_mathtext_sets_every_line(name):
    field = FIELDS[name]()
    assert_readable(field)
    assert_readable(field.jacobian())


@pytest.mark.parametrize(
    "name",
    ["causal-attention", "cosine-attention", "layer-norm", "swiglu-feed-forward"],
)
def test_products_with_the_jacobian_are_as_readable(name):
    # Of all fields: in `stabcheck.examine`, with which the table of fields is made.
    assert_readable(FIELDS[name]().jvp())
    assert_readable(FIELDS[name]().vjp())


def test_mathtext_refuses_what_is_no_formula():
    assert not parses(r"  x &= \frac{1} \\")


@pytest.mark.parametrize("name", sorted(FIELDS))
def test_the_readable_jacobian_has_the_values_of_the_derived_one(name):
    field = FIELDS[name]()
    jacobian = field.jacobian()
    given = drawn_inputs(field, 3, 2)
    true = jacobian.lower("numpy")(given.state, **given.parameters)
    found = readable(jacobian).lower("numpy")(given.state, **given.parameters)
    room = 2**12 * np.finfo(float).eps * (1 + np.abs(true).max())
    assert np.abs(found - true).max() <= room


@pytest.mark.parametrize(
    "name", ["attention", "causal-attention", "hopfield", "layer-norm", "feed-forward"]
)
def test_the_readable_jacobian_is_the_derived_one_for_every_size(name):
    jacobian = FIELDS[name]().jacobian()
    gap = inlined(jacobian) - inlined(readable(jacobian))
    assert is_zero(gap, counterexamples=False).is_proved


def test_the_text_of_attention_reads_as_declared():
    assert attention().text().splitlines() == [
        "q[h,i,r] = sum[c](X[i,c]*W_Q[h,c,r])",
        "k[h,k,r] = sum[c](X[k,c]*W_K[h,c,r])",
        "v[h,k,s] = sum[c](X[k,c]*W_V[h,c,s])",
        "P[h,i,k] = softmax[l](scale*sum[r](q[h,i,r]*k[h,l,r]))[k]",
        "F[i,a] = sum[h,k,s](P[h,i,k]*v[h,k,s]*W_O[h,s,a])",
    ]


def test_the_jacobian_of_attention_reads_as_in_a_paper():
    text = attention().jacobian().text().splitlines()
    assert text[-2:] == [
        "C[h,i,a,c] = sum[k](P[h,i,k]*k_Q[h,k,c]*(v_O[h,k,a] - mean_v_O[h,i,a]))",
        "J[i,a,j,b] = sum[h](P[h,i,j]*(W_VO[h,b,a] + scale*q_K[h,i,b]"
        "*(v_O[h,j,a] - mean_v_O[h,i,a])) + scale*delta[i,j]*C[h,i,a,b])",
    ]
    latex = attention().jacobian().latex()
    assert r"\langle v^{O} \rangle_{h i a} &= \sum_{k} P_{h i k} v^{O}_{h k a}" in latex
    assert r"\delta_{i j} C_{h i a b}" in latex


def test_the_jacobian_of_layer_norm_has_no_sum_that_vanishes():
    (*_, last) = layer_norm().jacobian().text().splitlines()
    assert last == (
        "J[i,a,j,b] = delta[i,j]*gamma[a]*(delta[a,b] - (X[i,a] - mu[i])"
        "*(X[i,b] - mu[i])/(d*(var[i] + epsilon)) - 1/d)/sqrt(var[i] + epsilon)"
    )


def test_the_second_derivative_is_shown_too():
    text = hopfield().jacobian().jacobian().text()
    assert text.splitlines()[-1].startswith("H[i,a,j,b,")
    assert not re.search(r"_\d{3}", text)


def test_a_bound_letter_never_repeats_a_letter_used_around_it():
    for line in attention().jacobian().text().splitlines():
        head = line.partition(" = ")[0]
        outer = set(re.findall(r"[a-z]\d*", head.partition("[")[2]))
        bound = set(re.findall(r"sum\[([a-z0-9,]+)\]", line))
        for group in bound:
            assert not outer & set(group.split(","))
