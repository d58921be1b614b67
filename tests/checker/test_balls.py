"""Ball arithmetic: enclosures hold, decisions are exact at the ends of a ball."""

from fractions import Fraction

import numpy as np
import pytest
from flint import arb, arb_mat, fmpq
from hypothesis import given, settings
from hypothesis import strategies as st

from stabcheck.checker.arithmetic import balls
from stabcheck.checker.failures import ClaimUndecided

rationals = st.fractions(min_value=-100, max_value=100, max_denominator=1000)


@st.composite
def wide_balls(draw):
    """A ball and a rational that it contains."""
    middle, radius = draw(rationals), abs(draw(rationals))
    share = draw(st.fractions(-1, 1, max_denominator=64))
    value = balls.ball(middle) + arb(0, 1) * balls.ball(radius)
    return value, middle + share * radius


@given(wide_balls(), rationals)
def test_a_decision_never_contradicts_a_number_of_the_ball(drawn, bound):
    value, inside = drawn
    most, least = balls.at_most(value, bound), balls.at_least(value, bound)
    assert most != "accepted" or inside <= bound
    assert most != "rejected" or inside > bound
    assert least != "accepted" or inside >= bound
    assert least != "rejected" or inside < bound


def test_an_exact_ball_is_decided_at_its_very_value():
    half = Fraction(1, 2)
    assert balls.at_most(arb(0.5), half) == "accepted"
    assert balls.at_least(arb(0.5), half) == "accepted"
    assert balls.at_most(arb(0.5), half - Fraction(1, 10**40)) == "rejected"
    third = balls.ball(Fraction(1, 3))
    assert balls.at_most(third, Fraction(1, 3)) == "undecided"


@pytest.mark.parametrize("value", [arb.nan(), arb.pos_inf(), arb(0, arb.pos_inf())])
def test_what_is_not_finite_is_never_accepted(value):
    assert balls.at_most(value, Fraction(10**9)) != "accepted"
    assert balls.at_least(-value, Fraction(-(10**9))) != "accepted"
    assert balls.upper_end(value) is None
    with pytest.raises(ClaimUndecided, match="not finite"):
        balls.binary_size(value)


def test_a_missing_number_spoils_the_largest():
    assert balls.largest([arb(1), arb.nan()]).is_nan()
    assert balls.largest([arb.nan(), arb(1)]).is_nan()
    with pytest.raises(ValueError, match="no balls"):
        balls.largest([])


def test_an_end_of_astronomic_size_is_not_made_a_fraction():
    assert balls.upper_end(arb((1, balls.EXPONENT_LIMIT + 1))) is None
    assert balls.at_most(arb((1, -balls.EXPONENT_LIMIT - 1)), Fraction(1)) != "accepted"


@given(wide_balls(), st.integers(-10, 40))
def test_the_grid_encloses_every_number_of_the_ball(drawn, grid):
    value, inside = drawn
    scaled = inside * Fraction(2) ** grid
    middle, radius = (
        balls.nearest_integer(value, grid),
        balls.radius_on_grid(value, grid) + 1,
    )
    assert abs(scaled - middle) <= radius
    assert balls.ceiling_on_grid(value, grid) >= scaled
    rounded, radii = balls.round_to_grid(arb_mat([[value]]), grid)
    assert (rounded, radii) == ([[middle]], [[radius]])
    assert abs(inside) < Fraction(2) ** balls.binary_size(value)


def test_a_square_root_is_cut_at_zero_and_refuses_negative_numbers():
    assert balls.root(arb(4)).contains(2)
    straddling = balls.root(arb(0, 1))
    assert straddling.contains(0)
    assert straddling.contains(1)
    assert balls.root(arb(-1)).is_nan()


def exact_matrix(array) -> arb_mat:
    return arb_mat([[arb(float(x)) for x in row] for row in array])


def upper(value) -> float:
    return float(balls.upper_end(value))


@given(
    rows=st.integers(1, 5),
    columns=st.integers(1, 5),
    seed=st.integers(0, 2**32 - 1),
    rank_one=st.booleans(),
)
def test_norms_lie_between_the_truth_and_a_few_percent_more(
    rows, columns, seed, rank_one
):
    rng = np.random.default_rng(seed)
    array = rng.standard_normal((rows, columns))
    if rank_one:
        array = np.outer(array[:, 0], rng.standard_normal(columns))
    truth = np.linalg.norm(array, 2)
    matrix = exact_matrix(array)
    room = 1e-9  # float64 knows the truth to about 1e-15
    for bound in (balls.spectral_norm(matrix), balls.gram_bound(matrix)):
        assert truth * (1 - room) <= upper(bound)
        assert upper(bound) <= truth * min(rows, columns) ** (1 / 512) * (1 + room)
    assert upper(balls.frobenius(matrix)) >= np.linalg.norm(array) * (1 - room)
    entrywise = [[arb(float(abs(entry))) for entry in row] for row in array]
    assert upper(balls.nonnegative_norm(entrywise)) >= truth * (1 - room)


@pytest.mark.parametrize("size", [65, 80])
def test_large_matrices_go_through_integers_with_the_same_result(size):
    rng = np.random.default_rng(size)
    array = rng.standard_normal((size, size))
    truth = np.linalg.norm(array, 2)
    found = upper(balls.gram_bound(exact_matrix(array)))
    assert truth * (1 - 1e-9) <= found <= truth * size ** (1 / 512) * (1 + 1e-6)


@settings(max_examples=30)
@given(seed=st.integers(0, 2**32 - 1), error=st.integers(0, 3), size=st.integers(1, 6))
def test_the_norm_of_integers_covers_every_error_of_the_entries(seed, error, size):
    rng = np.random.default_rng(seed)
    array = rng.integers(-(10**6), 10**6, (size, 4))
    found = upper(balls.integer_norm(array.tolist(), error))
    off = array + error * rng.choice([-1, 1], array.shape)
    assert np.linalg.norm(off, 2) * (1 - 1e-9) <= found


@given(seed=st.integers(0, 2**32 - 1), share=st.integers(1, 40))
def test_an_early_stop_of_the_trace_power_still_bounds_the_norm(seed, share):
    rng = np.random.default_rng(seed)
    array = rng.integers(-1000, 1000, (5, 5))
    truth = np.linalg.norm(array, 2)
    limit = balls.ball(Fraction(share, 10)) * arb(truth)
    assert truth * (1 - 1e-9) <= upper(balls.integer_norm(array.tolist(), 0, limit))


def test_the_norm_of_zero_is_zero_or_nearly():
    assert upper(balls.spectral_norm(arb_mat(3, 2))) == 0
    assert upper(balls.gram_norm(arb_mat(0, 0))) == 0


@given(st.fractions())
def test_a_rational_lies_in_its_ball(value):
    found = balls.ball(value)
    assert balls.lower_end(found) <= value <= balls.upper_end(found)
    assert found.contains(arb(fmpq(value.numerator, value.denominator)).mid())
