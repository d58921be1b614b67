"""IMEX multistep methods: orders, and strips stable for all of the implicit field."""

from fractions import Fraction
from math import inf

import numpy as np
import pytest

from stabcheck.errors import InvalidInput
from stabcheck.integrators import facts, get
from stabcheck.integrators.memory.characteristic import CharacteristicPolynomial
from stabcheck.integrators.memory.imex_multistep import ImexMultistep


@pytest.mark.parametrize("name", ["sbdf:1", "sbdf:2", "sbdf:3", "sbdf:4", "sbdf:5"])
def test_sbdf_has_the_order_of_its_steps(name):
    method = get(name)
    assert method.order == method.steps
    assert method.is_zero_stable
    assert facts(method)["order"] == method.order


@pytest.mark.parametrize("name", ["cnab2", "mcnab", "cnlf", "arw2:1,0", "arw2:2/3,1/5"])
def test_the_two_step_family_has_order_two(name):
    assert get(name).order == 2


def test_the_known_members_of_the_two_step_family():
    assert get("arw2:1,0").alpha == get("sbdf:2").alpha
    assert get("arw2:1,0").beta == get("sbdf:2").beta
    assert get("cnlf").imaginary_strip == 1
    assert get("cnlf").real_strip == 0
    assert get("sbdf:2").real_strip == Fraction(4, 3)


SECTIONS = [0.0, 0.03, 0.3, 1.0, 3.0, 30.0, 300.0]


def worst(method, z: complex) -> float:
    """The largest root over some g <= 0 at one f."""
    found = 0.0
    for g in SECTIONS:
        rows = zip(method.alpha, method.beta, method.gamma, strict=True)
        values = [float(a) - z * float(b) + g * float(c) for a, b, c in rows]
        found = max(found, *abs(np.roots(values[::-1])))
    return found


@pytest.mark.parametrize("name", ["sbdf:1", "sbdf:2", "sbdf:3", "sbdf:4", "cnab2"])
def test_the_strips_end_where_some_section_fails(name):
    method = get(name)
    for end, unit in ((method.real_strip, -1), (method.imaginary_strip, 1j)):
        if end == 0:
            continue
        inside = [float(end) * part for part in (0.1, 0.5, 0.9, 0.999)]
        assert max(worst(method, unit * size) for size in inside) <= 1 + 1e-9
    assert method.real_strip <= method.explicit_part.closed_real_stability_interval


def test_the_imaginary_strip_of_sbdf4_is_smaller_than_the_interval_of_its_part():
    method = get("sbdf:4")
    end = method.imaginary_strip
    assert end < method.explicit_part.imaginary_stability_interval
    section = CharacteristicPolynomial(
        tuple((a, -b) for a, b in zip(method.alpha, method.gamma, strict=True))
    )
    assert section.closed_real_stability_interval == inf


def test_a_swapped_imex_method_is_refused():
    with pytest.raises(InvalidInput, match="last beta has to be zero"):
        ImexMultistep("refused", [-1, 1], [0, 1], [1, 0])
