"""The comparison of all steps at once agrees with the comparison of each."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from stabcheck.checker.arithmetic.polynomials import polynomial
from stabcheck.checker.steps.comparison import comparison
from stabcheck.checker.steps.comparison_ray import determinant, ray
from stabcheck.integrators import get

NAMES = [
    "forward-euler",
    "heun",
    "ssprk3",
    "rk4",
    "kutta3",
    "sdirk54",
    "implicit-midpoint",
]
SIZES = st.sampled_from([Fraction(k, 8) for k in range(0, 17, 2)])
GRID = 40


def coefficients(name):
    method = get(name)
    return [list(row) for row in method.A], list(method.b)


def holds_at(A, b, step, leak, norm, invertible) -> bool:
    found = comparison(A, b, step * leak, step * norm)
    if found is None:
        return False
    return found.shrink > 0 if invertible else found.growth <= 1


@given(st.sampled_from(NAMES), SIZES, SIZES, st.integers(1, 24), st.booleans())
def test_it_holds_up_to_an_end_where_it_holds_at_every_step(
    name, leak, norm, end, invertible
):
    A, b = coefficients(name)
    last = Fraction(end, 8)
    cells = [last * k / GRID for k in range(1, GRID + 1)]
    found = ray(A, b, leak, norm).holds(cells, invertible=invertible)
    everywhere = all(holds_at(A, b, h, leak, norm, invertible) for h in cells)
    if found:
        assert everywhere
    if not everywhere:
        assert found is False
    # The other way round a failure between two points of the grid is possible.
    if everywhere and found is False:
        finer = (last * k / 4000 for k in range(1, 4001))
        assert any(not holds_at(A, b, h, leak, norm, invertible) for h in finer)


def test_signs_that_change_at_several_places_need_finer_cells():
    A, b = coefficients("rk4")
    all_steps = ray(A, b, Fraction(1), Fraction(1, 100))
    assert all_steps.holds([Fraction(27, 10)], invertible=False) is None
    finer = [Fraction(k, 10) for k in range(1, 28)]
    assert all_steps.holds(finer, invertible=False) is True


def test_the_determinant_of_polynomials_is_that_of_their_values():
    rows = [[[1, 2], [0, 1], [3]], [[0, 1], [1], [1, 1]], [[2], [0, 0, 1], [1, 4]]]
    matrix = [[polynomial(entry) for entry in row] for row in rows]
    found = determinant(matrix)
    for at in (0, 1, -2, 3):
        (a, b, c), (d, e, f), (g, h, i) = [[p(at) for p in row] for row in matrix]
        assert found(at) == a * (e * i - f * h) - b * (d * i - f * g) + c * (
            d * h - e * g
        )
