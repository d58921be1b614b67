"""Explicit tableaus: their orders are exact, and a wrong coefficient shows in them."""

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from integrators.catalogue_orders import DECIMAL, EXACT

from stabcheck.errors import InvalidInput
from stabcheck.integrators import get
from stabcheck.integrators.algebra.number_field import square_root
from stabcheck.integrators.catalogue import (
    explicit,
    high_order,
    low_storage,
    pairs,
    rows,
    ssp,
)
from stabcheck.integrators.catalogue.printed import FOLDER, number, tableau
from stabcheck.integrators.runge_kutta.order import ElementaryWeights

MODULES = (explicit, pairs, high_order, low_storage, ssp)
NAMES = [name for module in MODULES for row in module.ROWS for name in row.methods]

# Coefficients of stages that the orders do not see: the stage serves the continuous
# extension, or the method has more of them than its order needs.
UNSEEN = {
    "owren-zennaro3": {(3, 0), (3, 1), (3, 2)},
    "owren-zennaro4": {(5, j) for j in range(5)},
    "owren-zennaro5": {(7, j) for j in range(7)},
    "lambert65": {(1, 0)},
    "nssp32": {(1, 0)},
    "nssp53": {(1, 0), (2, 0), (2, 1)},
}
SLOW = {name for name, (_, order, _) in EXACT.items() if order == 9}
"""Of 136 entries over a number field each: every twentieth is tried."""


def has_order(A, b, order: int) -> bool:
    """Whether all conditions up to the order hold."""
    weights = ElementaryWeights({"f": (A, b)})
    return all(
        defect == 0
        for nodes in range(1, order + 1)
        for _, defect in weights.defects(nodes)
    )


def entries(method):
    """The places of an explicit tableau, the row of weights as the last one."""
    size = method.stages
    return [(i, j) for i in range(size + 1) for j in range(min(i, size))]


def changed(method, place, by):
    """The stage matrix and the weights with one entry changed."""
    A, b = [list(row) for row in method.A], list(method.b)
    row = b if place[0] == method.stages else A[place[0]]
    row[place[1]] += by
    return A, b


def test_every_method_has_a_declared_order():
    assert sorted(NAMES) == sorted([*EXACT, *DECIMAL])


@pytest.mark.parametrize(("name", "declared"), EXACT.items())
def test_the_order_is_exactly_the_declared_one(name, declared):
    method = get(name)
    embedded = method.embedded_method
    found = method.stages, method.order, None if embedded is None else embedded.order
    assert found == declared
    assert method.is_explicit
    assert method.conditional_on_order is None


@pytest.mark.parametrize("name", EXACT)
def test_a_wrong_coefficient_in_any_entry_lowers_an_order(name):
    method = get(name)
    embedded = method.embedded_method
    places = entries(method)[:: 20 if name in SLOW else 1]
    unseen = {
        place
        for place in places
        for A, b in [changed(method, place, Fraction(1, 7))]
        if has_order(A, b, method.order)
        and (embedded is None or has_order(A, embedded.b, embedded.order))
    }
    assert unseen == UNSEEN.get(name, set())


@given(st.sampled_from(sorted(set(EXACT) - set(UNSEEN) - SLOW)), st.data())
def test_no_change_of_a_coefficient_keeps_both_orders(name, data):
    method = get(name)
    places = [place for place in entries(method) if place[0] == method.stages]
    place = data.draw(st.sampled_from(places))
    by = data.draw(st.fractions(max_denominator=10**6).filter(bool))
    A, b = changed(method, place, by)
    assert not has_order(A, b, method.order)


@pytest.mark.parametrize("name", ["owren-zennaro3", "owren-zennaro4", "owren-zennaro5"])
def test_the_last_stage_of_a_continuous_method_starts_the_next_step(name):
    method = get(name)
    assert method.A[-1] == method.b


@pytest.mark.parametrize(
    ("name", "declared"),
    [pair for pair in DECIMAL.items() if pair[1][1] <= 10],
)
def test_decimals_satisfy_the_order_up_to_rounding_and_not_one_more(name, declared):
    stages, order, embedded_order, power = declared
    method = get(name)
    assert (method.stages, method.conditional_on_order) == (stages, order)
    assert method.order_residual < Fraction(10) ** power
    if order < 10:
        more = replace(method, published_order=order + 1)
        assert more.order_residual > Fraction(1, 10**6)
    if embedded_order is not None:
        assert method.embedded_method.conditional_on_order == embedded_order
        assert method.embedded_method.order_residual < Fraction(10) ** (power + 2)


@pytest.mark.parametrize("name", ["feagin12", "feagin14", "ono12"])
def test_decimals_of_high_order_satisfy_the_conditions_that_fit_a_test(name):
    """All trees up to eight nodes; beyond, the bushy and the tall ones."""
    method = get(name)
    _, order, _, power = DECIMAL[name]
    bound = Fraction(10) ** power
    assert method.conditional_on_order == order
    assert replace(method, published_order=8).order_residual < bound
    for k in range(1, order + 1):
        bushy = sum(b * c ** (k - 1) for b, c in zip(method.b, method.c, strict=True))
        assert abs(bushy - Fraction(1, k)) < bound
    for k in range(order + 1, order + 2):
        bushy = sum(b * c ** (k - 1) for b, c in zip(method.b, method.c, strict=True))
        assert abs(bushy - Fraction(1, k)) > Fraction(1, 10**20)


@pytest.mark.parametrize(
    "name", [name for name, (_, order, *_) in DECIMAL.items() if order <= 6]
)
def test_a_wrong_digit_is_seen_in_the_residual(name):
    """A change of any weight by 100 times the residual."""
    method = get(name)
    residual = method.order_residual
    by = 100 * Fraction(10) ** DECIMAL[name][3]
    for j in range(method.stages):
        A, b = changed(method, (method.stages, j), by)
        wrong = replace(method, A=A, b=b, convex_form=None)
        assert wrong.order_residual > residual


def test_the_method_of_lawson_has_order_5_and_its_misprint_order_2():
    lawson, misprint = get("lawson5"), get("Lambert65")
    assert (lawson.order, misprint.order) == (5, 2)
    assert lawson.b == misprint.b
    assert [i for i in range(6) if lawson.A[i] != misprint.A[i]] == [2]
    assert lawson.A[2][:2] == (Fraction(3, 16), Fraction(1, 16))
    assert misprint.A[2][:2] == (Fraction(1, 8), Fraction(1, 8))


def test_the_printed_and_the_exact_pair_of_prince_and_dormand_agree():
    printed, exact = get("pd8"), get("pd8-exact")
    for row, other in zip((*printed.A, printed.b), (*exact.A, exact.b), strict=True):
        for a, b in zip(row, other, strict=True):
            assert abs(a - b) < Fraction(1, 10**15) * max(1, abs(b))


def test_rows_22_to_87_are_there():
    assert set(range(22, 88)) - {76, 77} <= {row.number for row in rows()}


def test_every_file_of_coefficients_names_its_source():
    for path in FOLDER.glob("*.txt"):
        assert "source: " in path.read_text("utf-8"), path.name


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("-3/4", Fraction(-3, 4)),
        ("0.5", Fraction(1, 2)),
        ("1e-3", Fraction(1, 1000)),
        ("sqrt", None),
        ("1/0", None),
        ("1/2+", None),
    ],
)
def test_a_printed_number_is_a_fraction_or_its_decimals(text, expected):
    if expected is None:
        with pytest.raises(InvalidInput, match="asked for the printed number"):
            number(text)
    else:
        assert number(text) == expected


def test_a_printed_surd_is_in_its_number_field():
    root = square_root(5)
    assert number("1*sqrt(5)") == root
    assert number("1/2-3/4*sqrt(5)") == Fraction(1, 2) - Fraction(3, 4) * root
    assert number("-7+2*sqrt(4)") == -3


def test_a_printed_tableau_is_a_triangle_with_weights():
    text = "source: here\n\n1/2\n-1 2\n1/6 2/3 1/6\n"
    method = tableau("kutta", text)
    assert (method.A, method.b) == (get("kutta3").A, get("kutta3").b)
    assert method.source == "here"
    with pytest.raises(InvalidInput, match=r"found rows of \[1, 3, 3\] numbers"):
        tableau("kutta", "1/2\n-1 2 0\n1/6 2/3 1/6\n")
    with pytest.raises(InvalidInput, match=r"found rows of \[\] numbers"):
        tableau("nothing", "source: nowhere\n")
