"""`stabcheck show`: declared fields and what is derived from them."""

import pytest
from cli.command import stabcheck

from stabcheck.fields import FIELDS


def test_the_list_names_every_declared_field(capsys):
    for arguments in (["show"], ["show", "--list"]):
        assert stabcheck(capsys, *arguments).out.split() == sorted(FIELDS)


@pytest.mark.parametrize(
    ("option", "last"),
    [
        ((), "F[i,a] = "),
        (("--jacobian",), "J[i,a,j,b] = "),
        (("--jvp",), "F_dot[i,a] = "),
        (("--vjp",), "X_bar[i,a] = "),
        (("--hessian",), "H[i,a,j,b,"),
    ],
)
def test_what_is_derived_from_a_field_is_shown(capsys, option, last):
    found = stabcheck(capsys, "show", "hopfield", *option)
    assert found.code == 0
    assert found.out.splitlines()[-1].startswith(last)


def test_the_same_is_shown_as_latex(capsys):
    found = stabcheck(capsys, "show", "attention", "--jacobian", "--format", "latex")
    assert found.out.startswith(r"\begin{aligned}")
    assert r"C_{h i a b}" in found.out
