"""Integer witnesses: what they prove is true, and the truth itself is out of reach."""

from fractions import Fraction

import numpy as np
import pytest
from checker.small import Builder, certificate_about
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from strategies import SEEDS, attention_cases, feed_forward_cases, generator, norm_cases
from theorems.search import QUANTITIES

from stabcheck import bounds
from stabcheck.bounds import Bound
from stabcheck.checker import check
from stabcheck.checker.kernel import gram, psd_ball, psd_exact
from stabcheck.errors import Undecided


@st.composite
def positive_matrices(draw, most: int = 6) -> np.ndarray:
    size = draw(st.integers(1, most))
    rng = generator(draw(SEEDS))
    factor = rng.standard_normal((size, size))
    scale = draw(st.sampled_from([1e-6, 1.0, 1e6]))
    room = draw(st.sampled_from([1e-6, 1e-3, 1.0]))
    return scale * (factor @ factor.T + room * np.eye(size))


def on_grid(matrix: np.ndarray, grid: int) -> list[list[int]]:
    """The integers nearest to a matrix of floats on a dyadic grid."""
    return [[round(Fraction(x) * 2**grid) for x in row] for row in matrix.tolist()]


@pytest.mark.theorem("psd-integer-witness")
@given(positive_matrices())
def test_a_witness_of_a_positive_matrix_is_accepted_with_radii_of_one(matrix):
    matrix = (matrix + matrix.T) / 2
    witness = bounds.psd_witness(matrix)
    size = len(matrix)
    middle = on_grid(matrix, witness.grid)
    product = gram([[int(x) for x in row] for row in np.tril(witness.factor)])
    ones = [[1] * size for _ in range(size)]
    assert psd_ball(middle, ones, product, witness.shift)
    assert psd_exact(middle)


@pytest.mark.theorem("psd-integer-witness", refutes="a diagonal smaller by one")
@given(st.integers(1, 5), st.integers(1, 9))
def test_a_diagonal_that_just_dominates_is_the_limit(size, radius):
    zero = [[0] * size for _ in range(size)]
    radii = [[radius] * size for _ in range(size)]
    least = [[radius * size * (i == j) for j in range(size)] for i in range(size)]
    assert psd_ball(least, radii, zero, 0)
    worst = [[entry - radius for entry in row] for row in least]
    assert psd_exact(worst)
    for i in range(size):
        least[i][i] -= 1
        worst[i][i] -= 1
    assert not psd_ball(least, radii, zero, 0)
    assert not psd_exact(worst)


@given(positive_matrices())
def test_no_witness_is_made_for_a_matrix_that_is_not_positive(matrix):
    values, vectors = np.linalg.eigh(matrix)
    values[0] = -values[-1] * 1e-3
    indefinite = (vectors * values) @ vectors.T
    with pytest.raises(Undecided, match="no witness"):
        bounds.psd_witness((indefinite + indefinite.T) / 2)


CASES = st.one_of(attention_cases(3, 3, 2), feed_forward_cases(), norm_cases())


@pytest.mark.theorem("spectral-norm-psd")
@pytest.mark.theorem("log-norm-psd")
@settings(max_examples=40)
@given(CASES)
def test_the_checker_accepts_the_value_at_a_point_and_refuses_one_below(
    tmp_path_factory, case
):
    field, state = case.field, case.state
    jacobian = field.jacobian(state)
    size = np.abs(jacobian).max()
    assume(size > 1e-9)
    build = Builder()
    for quantity, value_of in QUANTITIES.items():
        bound = bounds.point_bound(jacobian, quantity)
        sign = -1 if quantity == "log-norm-lower" else 1
        assert sign * value_of(jacobian) <= sign * bound.value
        matrix = bounds.point_matrix(jacobian, quantity, bound.value)
        build.add(bound, [0], 1, matrices=matrix)
    folder = tmp_path_factory.mktemp("point")
    path = certificate_about(field, state, Fraction(1), build).save(folder)
    assert check(path, jobs=1).status == "accepted"


@pytest.mark.theorem("spectral-norm-psd", refutes="a norm smaller by a millionth")
@pytest.mark.theorem("log-norm-psd", refutes="a value stronger by a millionth")
@settings(max_examples=40)
@given(CASES, st.sampled_from(list(QUANTITIES)), st.sampled_from([1e-6, 1e-3, 0.5]))
def test_a_point_value_beyond_the_truth_has_no_witness(
    tmp_path_factory, case, quantity, share
):
    field, state = case.field, case.state
    jacobian = field.jacobian(state)
    norm = QUANTITIES["spectral-norm"](jacobian)
    assume(norm > 1e-9)
    honest = bounds.point_bound(jacobian, quantity)
    sign = -1 if quantity == "log-norm-lower" else 1
    stronger = Bound(honest.theorem, quantity, honest.value - sign * share * norm)
    assume(quantity != "spectral-norm" or stronger.value >= 0)
    # The witness of the honest claim, and one made for a matrix shifted to be positive.
    for matrix in (
        bounds.point_matrix(jacobian, quantity, honest.value),
        bounds.point_matrix(jacobian, quantity, honest.value + sign * norm),
    ):
        build = Builder()
        build.add(stronger, [0], 1, matrices=matrix)
        folder = tmp_path_factory.mktemp("beyond")
        path = certificate_about(field, state, Fraction(1), build).save(folder)
        assert check(path, jobs=1).status == "rejected"


def test_the_zero_jacobian_has_a_witness_too(tmp_path):
    field = bounds.FeedForward(
        np.zeros((2, 1)), np.zeros(1), np.zeros((1, 2)), np.zeros(2)
    )
    state = np.ones((1, 2))
    build = Builder()
    for quantity in QUANTITIES:
        bound = bounds.point_bound(field.jacobian(state), quantity)
        matrix = bounds.point_matrix(field.jacobian(state), quantity, bound.value)
        build.add(bound, [0], 1, matrices=matrix)
    path = certificate_about(field, state, Fraction(1), build).save(tmp_path)
    assert check(path, jobs=1).status == "accepted"


def test_a_negative_norm_is_refused_whatever_its_square(tmp_path):
    field = bounds.FeedForward(
        np.zeros((1, 1)), np.zeros(1), np.zeros((1, 1)), np.zeros(1)
    )
    state, build = np.ones((1, 1)), Builder()
    negative = Bound("spectral-norm-psd", "spectral-norm", -1.0)
    build.add(negative, [0], 1, matrices=np.eye(1))
    path = certificate_about(field, state, Fraction(1), build).save(tmp_path)
    verdict = check(path, jobs=1)
    assert verdict.status == "rejected"
    assert "a norm cannot be at most" in verdict.reasons[0][2]
