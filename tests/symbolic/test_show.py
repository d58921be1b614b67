"""Readable output: every field in LaTeX and text, with letters only."""

import re

import pytest

from stabcheck.fields import FIELDS, attention


@pytest.mark.parametrize("name", sorted(FIELDS))
def test_no_fresh_name_is_shown(name):
    field = FIELDS[name]()
    for shown in (field, field.jacobian(), field.jvp(), field.vjp()):
        for text in (shown.latex(), shown.text()):
            assert not re.search(r"_\d{3}|_step\b|Sum\(|Kronecker|Indexed", text)


def test_the_latex_is_balanced_and_aligned():
    latex = attention(causal=True, biases=True).jacobian().latex()
    assert latex.startswith(r"\begin{aligned}")
    assert latex.endswith(r"\end{aligned}")
    assert latex.count("{") == latex.count("}")
    assert latex.count(r"\left") == latex.count(r"\right")


def test_the_text_of_attention_reads_as_declared():
    assert attention().text().splitlines() == [
        "q[h,i,r] = sum[c](W_Q[h,c,r]*X[i,c])",
        "k[h,k,r] = sum[c](W_K[h,c,r]*X[k,c])",
        "v[h,k,s] = sum[c](W_V[h,c,s]*X[k,c])",
        "P[h,i,k] = softmax[l](scale*sum[r](k[h,l,r]*q[h,i,r]))[k]",
        "F[i,a] = sum[h,k,s](P[h,i,k]*W_O[h,s,a]*v[h,k,s])",
    ]


def test_a_bound_letter_never_repeats_a_letter_used_around_it():
    for line in attention().jacobian().text().splitlines():
        head = line.partition(" = ")[0]
        outer = set(re.findall(r"[a-z]\d*", head.partition("[")[2]))
        bound = set(re.findall(r"sum\[([a-z0-9,]+)\]", line))
        for group in bound:
            assert not outer & set(group.split(","))
