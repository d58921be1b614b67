"""The gallery, and what methods show of themselves in a notebook."""

import subprocess
import sys

import pytest

from stabcheck.integrators import get
from stabcheck.integrators.catalogue import rows
from stabcheck.plots.gallery import MOST_METHODS, build, drawn_of

PNG = b"\x89PNG"


def row(number: int):
    return next(row for row in rows() if row.number == number)


def test_the_gallery_has_a_section_and_a_picture_for_a_row(tmp_path):
    page = build(tmp_path / "gallery", [row(1), row(127), row(148)]).read_text()
    assert page.count("\n## ") == 3
    pictures = sorted(path.name for path in (tmp_path / "gallery").glob("*.png"))
    assert len(pictures) == 3
    assert all(f"]({name})" in page for name in pictures)
    assert "Also: `bdf:7`." in page


def test_the_pictures_of_the_gallery_are_small(tmp_path):
    build(tmp_path, [row(30)])
    (image,) = tmp_path.glob("*.png")
    assert image.stat().st_size < 60_000


def test_no_picture_holds_more_methods_than_there_are_colours():
    assert all(len(drawn_of(row(number))) <= MOST_METHODS for number in (50, 62, 114))


@pytest.mark.parametrize("name", ["rk4", "bdf:3", "lie-trotter", "strang", "ars222"])
def test_a_method_shows_its_picture(name):
    assert get(name)._repr_png_().startswith(PNG)


def test_a_tableau_is_shown_as_an_array():
    shown = get("heun")._repr_latex_()
    assert shown == (
        r"$$\begin{array}{c|cc} 0 &  &  \\ 1 & 1 &  \\ \hline  & \tfrac{1}{2} & "
        r"\tfrac{1}{2} \end{array}$$"
    )


def test_irrational_coefficients_are_shown_by_their_first_digits():
    assert r"0.21132487\ldots" in get("gauss:2")._repr_latex_()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("pade:1,2", r"R(z) = \frac{1 + \tfrac{1}{3} z}"),
        ("bdf:2", r"\zeta^2"),
        ("lie-trotter", "(1 + a) (1 + b)"),
        ("rkc2:10", "R(z) = 1 + z"),
    ],
)
def test_other_methods_show_their_stability_function(name, words):
    assert words in get(name)._repr_latex_()


def test_a_method_loads_no_picture_before_it_is_asked_for_one():
    code = (
        "import sys; from stabcheck.integrators import get; m = get('rk4'); "
        "m._repr_latex_(); assert not {'matplotlib', 'numpy'} & set(sys.modules); "
        "assert m._repr_png_()"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
