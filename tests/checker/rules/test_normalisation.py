"""LayerNorm and RMSNorm on tubes: the exact value at the centre, without a witness."""

from fractions import Fraction

import numpy as np
import pytest
from checker.rules.documents import Document
from flint import arb
from hypothesis import given
from hypothesis import strategies as st
from strategies import norm_cases, radii

from stabcheck.bounds import LayerNorm, RMSNorm, normalisation_tube
from stabcheck.bounds.normalisation import normalisation_deviation_tube
from stabcheck.checker.arithmetic.inertia import (
    negative_eigenvalues,
    negative_eigenvalues_of_update,
)
from stabcheck.checker.failures import ClaimUndecided

QUANTITIES = ("spectral-norm", "log-norm", "log-norm-lower")
GAMMA = np.array([1.0, -0.75, 1.25, 0.5])
STATE = np.random.default_rng(3).standard_normal((3, 4))
NORMS = {
    "layer-norm-tube": LayerNorm(GAMMA, np.zeros(4), Fraction(1, 10**5)),
    "rms-norm-tube": RMSNorm(GAMMA, Fraction(1, 10**5)),
}


def document(norm, state, radius, quantity, **changes):
    """The prover's own claim, with parts of it replaced."""
    bound = normalisation_tube(norm, state, float(radius or 0), quantity)
    made = Document()
    values = {
        "theorem": bound.theorem,
        "quantity": quantity,
        "subject": {"branch": [made.field(norm, len(state))]},
        "domain": made.tube(state, radius),
        "bound": bound.value if np.isfinite(bound.value) else 0,
        "centre": Fraction(bound.parameters.get("centre", 1)),
    } | changes
    made.claim(**values)
    return made


def exact(norm, state, quantity):
    """The largest norm or logarithmic norm over the tokens, or the smallest one."""
    blocks = norm.token_jacobians(state)
    if quantity == "spectral-norm":
        return max(np.linalg.norm(block, 2) for block in blocks)
    values = [np.linalg.eigvalsh((block + block.T) / 2) for block in blocks]
    if quantity == "log-norm":
        return max(value[-1] for value in values)
    return min(value[0] for value in values)


def outward(quantity):
    return -1 if quantity == "log-norm-lower" else 1


@pytest.mark.parametrize("quantity", QUANTITIES)
@pytest.mark.parametrize("theorem", NORMS)
def test_the_provers_bound_is_accepted_on_a_tube_and_at_the_point(theorem, quantity):
    for radius in (Fraction(1, 32), Fraction(0), None):
        made = document(NORMS[theorem], STATE, radius, quantity)
        assert made.verdict() == "accepted"


@pytest.mark.parametrize("quantity", QUANTITIES)
@pytest.mark.parametrize("theorem", NORMS)
def test_a_centre_a_billionth_inside_the_true_value_is_rejected(theorem, quantity):
    norm = NORMS[theorem]
    value = exact(norm, STATE, quantity)
    size = exact(norm, STATE, "spectral-norm")
    for places in (9, 6):
        room = Fraction(outward(quantity) * size) / 10**places
        for sign, expected in ((1, "accepted"), (-1, "rejected")):
            centre = Fraction(value) + sign * room
            made = document(norm, STATE, None, quantity, bound=centre, centre=centre)
            assert made.verdict().startswith(expected)
    assert "beyond parameter centre" in made.verdict()


@given(norm_cases(), radii(8), st.sampled_from(QUANTITIES))
def test_every_proposal_is_accepted_and_a_stronger_centre_is_rejected(
    case, radius, quantity
):
    norm, state = case.field, case.state
    proposed = normalisation_tube(norm, state, float(radius), quantity)
    if not np.isfinite(proposed.value):
        made = document(norm, state, radius, quantity, bound=0)
        assert "may reach variance zero" in made.verdict()
        return
    made = document(norm, state, radius, quantity)
    assert made.verdict() == "accepted"
    size = exact(norm, state, "spectral-norm")
    if size > 1e-6:
        room = Fraction(outward(quantity) * size) / 10**6
        centre = Fraction(exact(norm, state, quantity)) - room
        made = document(norm, state, radius, quantity, centre=centre)
        assert "beyond parameter centre" in made.verdict() or (
            quantity == "spectral-norm" and centre < 0
        )


@pytest.mark.parametrize("quantity", QUANTITIES)
@pytest.mark.parametrize("gamma", [np.ones(3), np.zeros(3), np.array([0.0, 0.0, 2.0])])
@pytest.mark.parametrize("epsilon", [Fraction(0), Fraction(1, 10**12)])
def test_equal_and_zero_gains_and_a_zero_epsilon_are_decided(gamma, epsilon, quantity):
    state = np.random.default_rng(1).standard_normal((2, 3))
    for norm in (LayerNorm(gamma, np.zeros(3), epsilon), RMSNorm(gamma, epsilon)):
        assert document(norm, state, Fraction(1, 64), quantity).verdict() == "accepted"


@pytest.mark.parametrize("quantity", QUANTITIES)
def test_one_feature_works(quantity):
    state = np.array([[0.5], [2.0]])
    for norm in (
        LayerNorm(np.array([3.0]), np.zeros(1), Fraction(1, 4)),
        RMSNorm(np.array([3.0]), Fraction(1, 4)),
    ):
        assert document(norm, state, Fraction(1, 64), quantity).verdict() == "accepted"


def test_equal_tokens_without_epsilon_have_no_known_scale():
    norm = LayerNorm(np.ones(3), np.zeros(3), Fraction(0))
    made = document(norm, STATE[:1, :3], None, "spectral-norm")
    made.domains[0]["centre"] = made.array(np.full((1, 3), 0.1))
    assert made.verdict().startswith("undecided: the layer-norm scale")


def test_a_tube_that_may_reach_variance_zero_is_rejected():
    norm, radius = NORMS["layer-norm-tube"], Fraction(100)
    small = normalisation_tube(norm, STATE, 0.0, "spectral-norm")
    made = document(
        norm, STATE, radius, "spectral-norm", bound=10**6,
        centre=Fraction(small.parameters["centre"]),
    )  # fmt: skip
    assert "may reach variance zero" in made.verdict()


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"theorem": "rms-norm-tube"}, "single field of kind rms-norm"),
        ({"quantity": "mixed-norm"}, "not mixed-norm"),
        ({"parameters": {}}, "parameter centre"),
        ({"parameters": {"centre": [Fraction(1)]}}, "parameter centre"),
        ({"parameters": {"centre": Fraction(-1)}}, "cannot be -1"),
        ({"bound": Fraction(0)}, "deviation over the tube"),
        ({"subject": {"branch": [0, 0]}}, "single field"),
        ({"domain": 1}, "not on a ball"),
        ({"domain": 2}, "has shape"),
        ({"premises": (0,)}, "no premises"),
    ],
)
def test_each_hypothesis_is_looked_at(changes, reason):
    made = document(NORMS["layer-norm-tube"], STATE, Fraction(1, 32), "spectral-norm")
    made.ball(Fraction(9), 3, 4)
    made.tube(STATE[:2], Fraction(1, 32))
    made.claims.append(made.claims[0])
    assert made.verdict() == "accepted"
    assert reason in made.changed(**changes).verdict()


@pytest.mark.parametrize("theorem", NORMS)
def test_the_deviation_is_accepted_and_a_smaller_one_rejected(theorem):
    norm, radius = NORMS[theorem], Fraction(1, 32)
    bound = normalisation_deviation_tube(norm, STATE, float(radius))
    for factor, expected in ((1, "accepted"), (Fraction(99999, 100000), "rejected")):
        made = Document()
        made.claim(
            "layer-norm-deviation-tube",
            "jacobian-deviation",
            {"branch": [made.field(norm, 3)]},
            made.tube(STATE, radius),
            Fraction(bound.value) * factor,
        )
        assert made.verdict().startswith(expected)


def balls(matrix):
    return [[arb(float(entry)) for entry in row] for row in matrix]


@given(st.integers(0, 2**32 - 1), st.integers(1, 5))
def test_the_count_of_negative_eigenvalues_is_that_of_the_spectrum(seed, size):
    rng = np.random.default_rng(seed)
    vectors = np.linalg.qr(rng.standard_normal((size, size)))[0]
    values = rng.choice([-2.0, -1e-3, 1e-3, 1.0, 5.0], size)
    matrix = (vectors * values) @ vectors.T
    matrix = (matrix + matrix.T) / 2
    if rng.integers(2):  # zero diagonal: pivots of two
        matrix = np.kron(np.array([[0.0, 1.0], [1.0, 0.0]]), np.abs(matrix))
        values = np.linalg.eigvalsh(matrix)
        if np.abs(values).min() < 1e-9:
            return
    assert negative_eigenvalues(balls(matrix)) == int((values < 0).sum())


@pytest.mark.theorem("inertia-of-low-rank-update")
@given(st.integers(0, 2**32 - 1), st.integers(1, 6), st.integers(1, 4))
def test_a_low_rank_update_has_the_inertia_of_the_dense_matrix(seed, size, rank):
    rng = np.random.default_rng(seed)
    diagonal = rng.choice([-1.0, 1.0], size) * rng.uniform(0.25, 2, size)
    columns = rng.integers(-4, 5, (rank, size)) / 4.0
    core = np.diag(rng.choice([-1.0, 1.0], rank) * rng.choice([0.5, 2.0], rank))
    dense = np.diag(diagonal) + columns.T @ core @ columns
    values = np.linalg.eigvalsh(dense)
    if np.abs(values).min() < 1e-9:
        return
    found = negative_eigenvalues_of_update(
        [arb(float(x)) for x in diagonal], balls(columns), balls(np.linalg.inv(core))
    )
    assert found == int((values < 0).sum())


@pytest.mark.theorem("inertia-of-low-rank-update", refutes="the term of -1/K dropped")
def test_the_count_of_the_core_cannot_be_dropped():
    # 1 + 1 * 1 * 1 is positive, and -1 - 1 is negative: without the core, one.
    one = [arb(1)]
    small = [[-arb(1) - arb(1)]]
    assert negative_eigenvalues(small) == 1
    assert negative_eigenvalues_of_update(one, [one], [one]) == 0


@pytest.mark.parametrize("matrix", [[[0.0]], [[1.0, 1.0], [1.0, 1.0]]])
def test_a_singular_matrix_is_undecided(matrix):
    with pytest.raises(ClaimUndecided, match="sign is not known"):
        negative_eigenvalues(balls(matrix))
