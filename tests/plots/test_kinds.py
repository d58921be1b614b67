"""Pictures of methods of two fields, of oscillators, order stars, growth."""

import io
from fractions import Fraction

import numpy as np
import pytest

from stabcheck.errors import InvalidInput
from stabcheck.integrators import get
from stabcheck.plots import error_growth, modulus_contours, order_star, picture
from stabcheck.plots.growth import growth_values
from stabcheck.plots.oscillations import spectral_radius
from stabcheck.plots.plane import plane_region
from stabcheck.plots.pseudospectra import Pseudospectra, smallest_singular_values
from stabcheck.plots.two_fields import exponential_values, two_fields
from stabcheck.spectra import numerical_range

JORDAN = -np.eye(6) + 1.5 * np.eye(6, k=1)


def legend(figure) -> list[str]:
    return [text.get_text() for text in figure.legends[0].get_texts()]


@pytest.mark.parametrize(
    "names",
    [
        ["rk4", "bdf:2"], ["lie-trotter"], ["ars222", "sbdf:2"], ["etd1", "etdrk4"],
        ["strang", "yoshida4"], ["stormer-verlet-kdk"], ["nystrom4-rkn"],
        ["reversible-heun"], ["average-vector-field"], ["ros2"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_methods_of_one_kind_have_a_picture(names):
    file = io.BytesIO()
    picture(*names).savefig(file, dpi=20)
    assert file.getvalue().startswith(b"\x89PNG")


def test_methods_of_several_kinds_are_refused_with_their_kinds():
    with pytest.raises(InvalidInput, match=r"rk4: one argument; lie-trotter: two fie"):
        picture("rk4", "lie-trotter")


def test_compositions_of_exact_flows_have_no_picture():
    with pytest.raises(InvalidInput, match="its region is the left half-plane"):
        picture("magnus2")


def test_options_of_the_plane_are_refused_for_other_kinds():
    with pytest.raises(InvalidInput, match="over methods of one argument"):
        picture("lie-trotter", sets=True)


@pytest.mark.parametrize("name", ["lie-trotter", "ars222", "cnlf", "etd1"])
def test_the_modulus_of_two_fields_is_that_of_the_method(name):
    method = get(name)
    grid = np.array([[-0.5, -0.25]]), np.array([[-0.75, -0.75]])
    found = two_fields(method).modulus(*grid)
    assert found.shape == (1, 2)
    assert (found <= 1).all()
    if name == "lie-trotter":
        assert found == pytest.approx(np.array([[0.5 * 0.25, 0.75 * 0.25]]), rel=1e-15)


def test_a_corner_of_the_exact_box_is_on_the_boundary_of_the_slice():
    method = get("lie-trotter")
    size = float(method.stable_box)
    corner = np.array([[-size]])
    assert two_fields(method).modulus(corner, corner) == pytest.approx(1, rel=1e-14)


def test_exponential_polynomials_are_evaluated_near_and_far_from_zero():
    for R in get("etdrk4").stability_polynomial:
        z = np.array([-10.0, -2.1, -1.9, -1e-9, 0.0, 1.9, 2.1])
        expected = [complex(R(complex(x))) for x in z]
        # The closed form cancels by up to |z|^-3 at the edge of the series.
        assert exponential_values(R, z) == pytest.approx(np.array(expected), abs=1e-12)


def test_the_spectral_radius_leaves_one_at_the_end_of_the_interval():
    method = get("strang")
    end = float(method.oscillator_stability_interval)
    inside, outside = spectral_radius(method.oscillator, np.array([0.9, 1.01]) * end)
    assert inside == pytest.approx(1, abs=1e-14)
    assert outside > 1.01


def test_the_order_star_names_its_sectors_zeros_and_poles():
    assert legend(order_star("pade:1,2")) == [
        "$|R(z)| > |e^z|$: 4 sectors at 0",
        "zeros of $R$",
        "poles of $R$",
    ]


@pytest.mark.parametrize("name", ["backward-euler", "implicit-midpoint", "gauss:2"])
def test_the_growth_curve_is_the_exact_growth_at_rationals(name):
    region = plane_region(name)
    for x in (Fraction(-2), Fraction(-1, 2), Fraction(1, 2)):
        exact = float(get(name).error_growth(x))
        sampled = growth_values(region, np.array([float(x)]))[0]
        # A sample never exceeds the supremum; a grid misses little of it.
        assert exact * (1 - 1e-3) <= sampled <= exact * (1 + 1e-12)


def test_growth_of_an_explicit_method_is_refused():
    with pytest.raises(InvalidInput, match="unbounded on every half-plane"):
        error_growth("rk4")
    with pytest.raises(InvalidInput, match="give a one-step method"):
        error_growth("bdf:2")


@pytest.mark.parametrize("name", ["rk4", "bdf:3", "rkc2:10"])
def test_contours_of_the_modulus_have_a_scale(name):
    axes, bar = modulus_contours(name).axes
    assert axes.get_title() == name
    assert "growth" in bar.get_ylabel() + bar.get_xlabel()


def test_smallest_singular_values_are_those_of_a_dense_decomposition():
    z = np.array([[-1 + 0.5j, 0.3j], [2.0, -1.2]])
    found = smallest_singular_values(JORDAN, z)
    for value, point in zip(found.ravel(), z.ravel(), strict=True):
        exact = np.linalg.svd(point * np.eye(6) - JORDAN, compute_uv=False)[-1]
        assert exact * (1 - 1e-9) <= value <= 1.2 * exact


def test_pseudospectra_are_drawn_over_a_region():
    boundary = numerical_range(JORDAN)
    contours = Pseudospectra.of(JORDAN, boundary)
    figure = picture("rk4", numerical_range=boundary, pseudospectra=contours)
    assert any("pseudospectra" in label for label in legend(figure))
    assert contours.levels == tuple(sorted(contours.levels))
