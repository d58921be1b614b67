"""Pictures of stability regions: what they show, and what they refuse."""

import io

import numpy as np
import pytest
from matplotlib.colors import same_color
from matplotlib.figure import Figure

from stabcheck.errors import InvalidInput
from stabcheck.integrators import get
from stabcheck.plots import stability_region
from stabcheck.plots.plane import plane_region
from stabcheck.plots.window import windows

METHODS = ["forward-euler", "heun", "ssprk3", "rk4", "implicit-midpoint", "bdf:3"]
CIRCLE = np.exp(2j * np.pi * np.arange(40) / 40)


def labels(figure: Figure) -> list[str]:
    (legend,) = figure.legends
    return [text.get_text() for text in legend.get_texts()]


def shows(axes, points) -> bool:
    left, right = axes.get_xlim()
    bottom, top = axes.get_ylim()
    return bool(
        ((left <= points.real) & (points.real <= right)).all()
        and ((bottom <= points.imag) & (points.imag <= top)).all()
    )


@pytest.mark.parametrize("count", range(2, 7))
def test_two_to_six_methods_are_drawn_and_named(count):
    figure = stability_region(*METHODS[-count:])
    assert labels(figure) == METHODS[-count:]
    figure.savefig(io.BytesIO(), dpi=20)


def test_a_single_method_shows_its_exact_sets_with_their_sizes():
    assert labels(stability_region("rk4")) == [
        "rk4",
        "intervals: real 2.785, imaginary 2.828",
        "largest disc: radius 1.393",
    ]
    assert labels(stability_region("rk4", sets=False)) == ["rk4"]
    assert len(labels(stability_region("rk4", "heun", sets=True))) == 6


def test_methods_of_one_step_and_of_several_share_a_frame():
    figure = stability_region("rk4", "rkc2:10", "bdf:3")
    assert labels(figure) == ["rk4", "rkc2:10", "bdf:3"]
    assert shows(figure.axes[0], plane_region("rkc2:10").extent)
    assert shows(figure.axes[1], plane_region("rk4").extent)


def test_a_method_may_be_given_itself_or_by_name():
    assert labels(stability_region(get("rk4"), "Heun22")) == ["rk4", "heun"]


@pytest.mark.parametrize("name", ["forward-euler", "heun", "ssprk3", "rk4", "ab:3"])
def test_the_window_holds_the_whole_of_a_bounded_region(name):
    boundary = np.concatenate(plane_region(name).curves)
    assert shows(stability_region(name).axes[0], boundary)


def test_an_unbounded_region_is_shown_on_both_sides_of_its_boundary():
    for name in ("implicit-midpoint", "backward-euler", "bdf:6"):
        left, right = stability_region(name).axes[0].get_xlim()
        assert left < -0.5 < 0.5 < right


def test_a_long_thin_region_is_stretched_and_says_so():
    (axes,) = stability_region("rkc1:20").axes
    assert axes.get_aspect() == "auto"
    assert axes.get_ylabel().endswith("(stretched)")


def test_overlays_are_labelled_and_shown_whole():
    figure = stability_region(
        "rk4",
        numerical_range=5 * CIRCLE,
        spectrum=2 * CIRCLE,
        ritz_values=3 * CIRCLE,
        sets=False,
        title="a layer",
    )
    assert labels(figure)[1:] == [
        "numerical range of $hJ$",
        "eigenvalues of $hJ$",
        "outer Ritz values of $hJ$",
    ]
    assert shows(figure.axes[0], 5 * CIRCLE)
    assert figure.get_suptitle() == "a layer"
    closed = [
        line
        for line in figure.axes[0].get_lines()
        if len(line.get_xdata()) == len(CIRCLE) + 1
    ]
    assert len(closed) == 1
    x, y = closed[0].get_data()
    assert (x[0], y[0]) == (x[-1], y[-1])


@pytest.mark.parametrize("scale", [0.05, 60.0])
def test_what_is_much_smaller_gets_a_panel_of_its_own(scale):
    figure = stability_region("rk4", numerical_range=scale * CIRCLE)
    assert len(figure.axes) == 2
    assert shows(figure.axes[0], scale * CIRCLE)
    small = scale * CIRCLE if scale < 1 else plane_region("rk4").extent
    assert shows(figure.axes[1], small)
    assert len(stability_region("rk4", numerical_range=CIRCLE).axes) == 1


def test_methods_with_one_stability_function_differ_in_their_dashes():
    figure = stability_region("heun", "ralston2", "explicit-midpoint")
    handles = figure.legends[0].get_lines()
    assert len({line.get_linestyle() for line in handles}) == 3


def test_six_colours_are_told_apart():
    figure = stability_region(*METHODS)
    colours = [line.get_color() for line in figure.legends[0].get_lines()]
    assert not any(same_color(a, b) for k, a in enumerate(colours) for b in colours[:k])


def test_axes_are_equal_in_scale_and_symmetric_to_the_real_axis():
    (axes,) = stability_region("rk4").axes
    assert axes.get_aspect() == 1
    bottom, top = axes.get_ylim()
    assert bottom == -top


def test_the_picture_uses_no_global_state():
    import sys

    stability_region("rk4")
    assert "matplotlib.pyplot" not in sys.modules


@pytest.mark.parametrize(
    ("methods", "keywords", "message"),
    [
        ((), {}, "name at least one"),
        (("lie-trotter",), {}, "one argument for each field"),
        (("rk5",), {}, "nearest: .*rk4"),
        (("rk4",), {"spectrum": [np.nan]}, "infinite or not a number"),
        (("rk4",), {"numerical_range": ["a"]}, "array of complex numbers"),
        (("rk4",), {"state": np.ones((1, 1))}, "give both"),
    ],
)
def test_what_cannot_be_drawn_is_refused(methods, keywords, message):
    with pytest.raises(InvalidInput, match=message):
        stability_region(*methods, **keywords)


def test_a_window_on_regions_alone_is_one():
    assert len(windows([plane_region("rk4").extent], np.zeros(0))) == 1


def test_a_region_that_is_a_point_gets_no_panel():
    assert len(stability_region("nystrom:2", "nystrom:4").axes) == 1
