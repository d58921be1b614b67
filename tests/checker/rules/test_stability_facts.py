"""Rules about methods: claims of random tableaux hold exactly where they say so."""

from fractions import Fraction

import pytest
from checker.methods import (
    accepts,
    accepts_fact,
    claim_of,
    ends,
    no_longer_interval_is_accepted,
)
from hypothesis import assume, given
from hypothesis import strategies as st
from integrators.drawn import nonnegative_tableaux, rational_methods, tableaux

from stabcheck.checker.steps.tableau import density, trees
from stabcheck.integrators import RationalMethod, get
from stabcheck.integrators.certificates import certificate

SHARES = st.fractions(0, 1, max_denominator=30)
POINTS = st.fractions(-4, 4, max_denominator=6)
INTERVALS = ("real-interval", "imaginary-interval")


def solved(matrix, columns):
    """The solution of a linear system in rationals; None if the matrix is singular."""
    rows = [[*row, *extra] for row, extra in zip(matrix, columns, strict=True)]
    for k in range(len(rows)):
        pivot = next((i for i in range(k, len(rows)) if rows[i][k] != 0), None)
        if pivot is None:
            return None
        rows[k], rows[pivot] = rows[pivot], rows[k]
        rows[k] = [x / rows[k][k] for x in rows[k]]
        for i in range(len(rows)):
            if i != k:
                rows[i] = [
                    x - rows[i][k] * y for x, y in zip(rows[i], rows[k], strict=True)
                ]
    return [row[len(rows) :] for row in rows]


def amplification(method, real, imaginary=Fraction(0)):
    """|R(z)|^2 by solving for the stages in real and imaginary parts; None at poles."""
    A, b, s = method.A, method.b, len(method.b)
    x, y = real, imaginary
    # (I - (x + iy) A)(u + iv) = 1
    block = [
        *(
            [*(int(i == j) - x * A[i][j] for j in range(s)), *(y * a for a in A[i])]
            for i in range(s)
        ),
        *(
            [*(-y * a for a in A[i]), *(int(i == j) - x * A[i][j] for j in range(s))]
            for i in range(s)
        ),
    ]
    found = solved(block, [[Fraction(1)]] * s + [[Fraction(0)]] * s)
    if found is None:
        return None
    u = sum(w * value for w, (value,) in zip(b, found[:s], strict=True))
    v = sum(w * value for w, (value,) in zip(b, found[s:], strict=True))
    return (1 + x * u - y * v) ** 2 + (x * v + y * u) ** 2


def is_stable_at(method, real, imaginary=Fraction(0)) -> bool:
    # A pole of the stages need not be one of R, where both factors cancel.
    value = amplification(method, real, imaginary)
    return value is None or value <= 1


@pytest.mark.theorem("stability-function-rational")
@given(tableaux(), POINTS)
def test_the_accepted_quotient_is_the_amplification(method, z):
    assert accepts_fact(method, "stability-function")
    claim = claim_of(certificate(method), "stability-function")
    P, Q = (sum(Fraction(*c) * z**k for k, c in enumerate(claim[key])) for key in "PQ")
    found = amplification(method, z)
    assume(found is not None)
    assert found * Q * Q == P * P


@pytest.mark.theorem("stability-function-rational", refutes="any other quotient")
@given(tableaux(), st.integers(0, 3))
def test_a_coefficient_that_is_changed_is_refused(method, place):
    P = claim_of(certificate(method), "stability-function")["P"]
    k = place % len(P)
    moved = [*P[:k], [P[k][0] + P[k][1], P[k][1]], *P[k + 1 :]]
    assert not accepts_fact(method, "stability-function", P=moved)
    assert not accepts_fact(method, "stability-function", Q=[[0, 1]])


def test_there_are_as_many_rooted_trees_as_cayley_counted():
    counts = [1, 1, 2, 4, 9, 20, 48, 115, 286, 719, 1842]
    assert [len(set(trees(n))) for n in range(1, 12)] == counts
    assert [len(trees(n)) for n in range(1, 12)] == counts
    assert density(((), ((),))) == 8


@pytest.mark.theorem("order-by-rooted-trees")
@given(tableaux())
def test_the_order_of_a_random_method_is_accepted_and_no_other(method):
    assert accepts_fact(method, "order")
    for other in {1, 2, 3, 4} - {method.order}:
        assert not accepts_fact(method, "order", order=other)


@pytest.mark.theorem("order-by-rooted-trees", refutes="order 5 of RK4")
@pytest.mark.parametrize("name", ["rk4", "dopri5", "radau-iia:2", "dverk78"])
def test_an_order_higher_by_one_is_refused(name):
    method = get(name)
    assert accepts_fact(method, "order")
    assert not accepts_fact(method, "order", order=method.order + 1)
    assert not accepts_fact(method, "order", order=method.order - 1)


@pytest.mark.theorem("axis-interval-by-sturm")
@pytest.mark.parametrize("quantity", INTERVALS)
@given(method=tableaux(), share=SHARES)
def test_on_the_accepted_interval_the_method_is_stable(quantity, method, share):
    assert accepts_fact(method, quantity)
    lower, _ = ends(method, quantity)
    place = share * (100 if lower is None else lower)
    if quantity == "real-interval":
        assert is_stable_at(method, -place)
    else:
        assert is_stable_at(method, Fraction(0), place)


@pytest.mark.theorem("axis-interval-by-sturm", refutes="a longer interval")
@pytest.mark.parametrize("quantity", INTERVALS)
@given(method=st.one_of(tableaux(), rational_methods()))
def test_no_longer_and_no_shorter_interval_is_accepted(quantity, method):
    assert no_longer_interval_is_accepted(method, quantity)


@pytest.mark.theorem("disc-in-stability-region")
@given(tableaux(), SHARES, st.fractions(-5, 5, max_denominator=8))
def test_on_the_accepted_disc_the_method_is_stable(method, share, tangent):
    assert accepts_fact(method, "largest-disc")
    lower, _ = ends(method, "largest-disc")
    radius = share * (100 if lower is None else lower)
    # A rational point of the circle: the tangent of half the angle.
    cosine = (1 - tangent**2) / (1 + tangent**2)
    sine = 2 * tangent / (1 + tangent**2)
    assert is_stable_at(method, radius * (cosine - 1), radius * sine)


@pytest.mark.theorem("disc-in-stability-region", refutes="a larger disc")
@given(st.one_of(tableaux(), rational_methods()))
def test_no_larger_and_no_smaller_disc_is_accepted(method):
    assert no_longer_interval_is_accepted(method, "largest-disc")


def test_a_disc_round_a_pole_is_refused_though_its_boundary_is_stable():
    # |1/(1 + z)| = 1 on the circle round the pole.
    method = RationalMethod("pole", [1, Fraction(1, 2)], [1, Fraction(-1, 2)])
    document = certificate(method)
    document["method"] |= {"P": [[1, 1]], "Q": [[1, 1], [1, 1]]}
    claim = {"theorem": "disc-in-stability-region", "quantity": "largest-disc"}
    claim |= {"lower": [1, 1], "upper": "infinity"}
    assert not accepts(document | {"claims": [claim]})


@pytest.mark.theorem("a-stability-by-e-polynomial")
@pytest.mark.parametrize("quantity", ["A-stable", "L-stable"])
@given(method=tableaux(), x=st.fractions(0, 9, max_denominator=6), y=POINTS)
def test_a_method_that_is_accepted_as_a_stable_is_stable_on_the_left(
    quantity, method, x, y
):
    assert accepts_fact(method, quantity)
    if claim_of(certificate(method), "A-stable")["holds"]:
        assert is_stable_at(method, -x, y)


@pytest.mark.theorem("a-stability-by-e-polynomial", refutes="the other answer")
@pytest.mark.parametrize("quantity", ["A-stable", "L-stable"])
@given(method=st.one_of(tableaux(), rational_methods()))
def test_the_other_answer_is_refused(quantity, method):
    holds = claim_of(certificate(method), quantity)["holds"]
    assert not accepts_fact(method, quantity, holds=not holds)


@pytest.mark.theorem("circle-contractivity-radius")
@given(
    nonnegative_tableaux(),
    st.lists(POINTS, min_size=3, max_size=3),
    st.fractions(1, 9, max_denominator=4),
)
def test_within_the_accepted_radius_the_form_is_nonnegative(method, vector, divisor):
    assert accepts_fact(method, "circle-contractivity")
    lower, _ = ends(method, "circle-contractivity")
    assume(lower != 0)
    inverse = Fraction(0) if lower is None else divisor / lower
    A, b, k = method.A, method.b, vector[: len(method.b)]
    inner = [sum(a * x for a, x in zip(row, k, strict=True)) for row in A]
    form = sum(
        w * (2 * x * z + inverse * x * x) for w, x, z in zip(b, k, inner, strict=True)
    )
    assert form - sum(w * x for w, x in zip(b, k, strict=True)) ** 2 >= 0


@pytest.mark.theorem("circle-contractivity-radius", refutes="a larger radius")
@given(st.one_of(tableaux(), nonnegative_tableaux()))
def test_no_larger_and_no_smaller_radius_of_contractivity_is_accepted(method):
    assert no_longer_interval_is_accepted(method, "circle-contractivity")


@pytest.mark.theorem("algebraic-stability", refutes="A-stability in its place")
def test_the_trapezoidal_rule_is_refused_as_algebraically_stable():
    assert accepts_fact(get("trapezoid"), "algebraically-stable", holds=False)
    assert not accepts_fact(get("trapezoid"), "algebraically-stable", holds=True)
    assert accepts_fact(get("radau-iia:2"), "algebraically-stable", holds=True)


@pytest.mark.theorem("absolute-monotonicity-by-resolvent")
@given(st.one_of(nonnegative_tableaux(), tableaux(explicit=False)), SHARES)
def test_within_the_accepted_radius_a_step_mixes_euler_steps(method, share):
    assert accepts_fact(method, "absolute-monotonicity")
    lower, _ = ends(method, "absolute-monotonicity")
    rho = share * (10 if lower is None else lower)
    K = [[*row, Fraction(0)] for row in (*method.A, method.b)]
    size = range(len(K))
    shifted = [[int(i == j) + rho * K[i][j] for j in size] for i in size]
    inverse = solved(shifted, [[Fraction(int(i == j)) for j in size] for i in size])
    assert inverse is not None
    assert all(sum(row) >= 0 for row in inverse)
    assert all(int(i == j) - inverse[i][j] >= 0 for i in size for j in size)


@pytest.mark.theorem("absolute-monotonicity-by-resolvent", refutes="a larger radius")
@given(st.one_of(nonnegative_tableaux(), tableaux()))
def test_no_larger_and_no_smaller_radius_of_monotonicity_is_accepted(method):
    assert no_longer_interval_is_accepted(method, "absolute-monotonicity")
