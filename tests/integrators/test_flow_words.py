"""Splittings into exact flows, Nystrom methods and the harmonic oscillator."""

from dataclasses import replace
from fractions import Fraction
from math import cos, pi

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stabcheck.errors import InvalidInput
from stabcheck.integrators import get
from stabcheck.integrators.catalogue import splitting
from stabcheck.integrators.runge_kutta.order import order_of
from stabcheck.integrators.several_fields.complex_splitting import (
    ComplexNumber,
    ComplexSplitting,
)
from stabcheck.integrators.several_fields.flow_words import FlowSplitting
from stabcheck.integrators.several_fields.nystrom_methods import (
    NystromMethod,
    force_trees,
)
from stabcheck.integrators.several_fields.weighted_splitting import WeightedSplitting

HALF = Fraction(1, 2)
WORDS = [
    name
    for row in splitting.ROWS
    for name in row.methods
    if isinstance(get(name), FlowSplitting)
]
SHARES = st.lists(st.fractions(-2, 2, max_denominator=5), min_size=1, max_size=3)


def complete(name, a, b):
    """A word whose last flows make the fractions sum to one."""
    word = [pair for x, y in zip(a, b, strict=False) for pair in (("a", x), ("b", y))]
    word += [("a", 1 - sum(x for f, x in word if f == "a"))]
    word += [("b", 1 - sum(x for f, x in word if f == "b"))]
    return FlowSplitting(name, tuple(word))


@given(SHARES, SHARES)
def test_the_order_in_words_is_that_of_coloured_trees(a, b):
    # Explicit Euler is the exact flow of q' = f(p) and of p' = g(q), so that the
    # order of the partitioned method for separable problems is that of the word.
    method = complete("drawn", a, b)
    stages = len(method.flows)
    tableaux = {}
    for colour in "ab":
        share = [x if f == colour else Fraction(0) for f, x in method.flows]
        rows = [[share[j] if j < i else Fraction(0) for j in range(stages)]
                for i in range(stages)]  # fmt: skip
        tableaux[colour] = (rows, share)
    from stabcheck.integrators.several_fields.additive import PartitionedRungeKutta

    partitioned = PartitionedRungeKutta("drawn", tableaux)
    assert partitioned.separable_order == method.order
    assert partitioned.oscillator.matrix == method.oscillator.matrix
    assert order_of(partitioned.tableaux) <= method.order


@given(SHARES, SHARES)
def test_the_adjoint_of_the_adjoint_is_the_method_and_has_its_order(a, b):
    method = complete("drawn", a, b)
    assert method.adjoint.adjoint.flows == method.flows
    assert method.adjoint.order == method.order


@pytest.mark.parametrize("name", WORDS)
def test_every_word_preserves_area(name):
    method = get(name)
    if method.conditional_on_order is None:
        assert method.oscillator.is_area_preserving


@pytest.mark.parametrize("name", WORDS)
def test_above_order_two_a_real_word_flows_backwards(name):
    method = get(name)
    if method.order > 2 and not method.is_for_second_order:
        assert method.has_negative_fractions


@pytest.mark.parametrize("name", WORDS)
def test_the_trace_is_that_of_the_rotation_up_to_the_order(name):
    method = get(name)
    coefficients = [float(c) for c in method.oscillator.trace.coeffs()]
    z = 1 / 8
    trace = sum(c * z**k for k, c in enumerate(coefficients))
    assert abs(trace - 2 * cos(z)) <= z ** (method.order + 1) + 1e-15


@pytest.mark.parametrize("name", ["strang", "yoshida4", "suzuki4", "ruth3"])
def test_a_wrong_fraction_lowers_the_order(name):
    method = get(name)
    for k, (field, _) in enumerate(method.flows):
        flows = [list(pair) for pair in method.flows]
        flows[k][1] = flows[k][1] + Fraction(1, 1000)
        other = next(m for m in range(len(flows)) if m != k and flows[m][0] == field) \
            if sum(f == field for f, _ in method.flows) > 1 else None  # fmt: skip
        if other is None:
            continue
        flows[other][1] = flows[other][1] - Fraction(1, 1000)
        changed = replace(method, flows=tuple(map(tuple, flows)))
        assert changed.order < method.order


def test_intervals_of_known_words():
    known = {
        "strang": "2", "ruth3": "2.50748117", "yoshida4": "1.57340195",
        "suzuki4": "2.72097454", "blanes-moan-s6": "3.13282340",
    }  # fmt: skip
    for name, value in known.items():
        assert get(name).oscillator_stability_interval.decimal(9) == value
        assert get(name).oscillator_stability_interval < Fraction(pi)


def test_words_for_second_order_equations_have_less_order_in_general():
    for name in ("mclachlan-atela4", "mclachlan-atela5", "blanes-moan-srkn11"):
        method = get(name)
        assert method.order_residual < Fraction(1, 10**14)
        general = replace(method, is_for_second_order=False)
        assert general.order_residual > Fraction(1, 10**6)


def test_substeps_turn_a_word_into_a_method_of_the_order_of_the_weaker():
    strang = get("strang")
    assert strang.with_substeps(get("heun")).order == 2
    assert strang.with_substeps(get("forward-euler")).order == 1
    assert get("yoshida4").with_substeps(get("rk4")).order == 4


def test_the_circle_radius_of_irrational_substeps_is_that_of_the_longest():
    word = get("mclachlan-atela2").with_substeps(get("heun"))
    assert word.circle_contractivity_radius.minimal_polynomial == (-2, 0, 1)
    curved = get("mclachlan-atela2").with_substeps(get("ralston2"))
    assert curved.circle_contractivity_radius.decimal(9) == "1.11905001"


def test_weighted_words_add_up():
    assert get("additive-parallel").stability_text == "exp(a) + exp(b) - 1"
    assert get("symmetrically-weighted").order == 2
    with pytest.raises(InvalidInput, match="weights with the sum 2"):
        WeightedSplitting("two", ((1, (("a", 1),)), (1, (("b", 1),))))


def test_complex_fractions_reach_order_three_with_positive_real_parts():
    method = get("complex-strang3")
    assert method.order == 3
    assert method.has_positive_real_parts
    with pytest.raises(InvalidInput, match="sum to one"):
        ComplexSplitting("half", (("a", ComplexNumber(HALF, HALF)),))


@given(st.fractions(-2, 2), st.fractions(-2, 2), st.fractions(-2, 2))
def test_complex_numbers_multiply_as_they_should(x, y, u):
    a, b = ComplexNumber(x, y), ComplexNumber(u, x)
    assert a * b == ComplexNumber(x * u - y * x, x * x + y * u)
    assert a * a.conjugate == x * x + y * y
    assert (a + b) - b == a


def test_fractions_that_do_not_sum_to_one_and_floats_are_refused():
    with pytest.raises(InvalidInput, match="sum to one"):
        FlowSplitting("half", (("a", HALF), ("b", 1)))
    with pytest.raises(InvalidInput, match="write a fraction"):
        FlowSplitting("float", (("a", 0.5), ("a", 0.5)))


def test_nystrom_trees_are_counted_as_in_the_literature():
    # HNW II.14, Table 14.2: the trees of order n with a force at the root.
    assert [len(force_trees(n)) for n in range(1, 9)] == [1, 1, 2, 3, 6, 10, 20, 36]


@pytest.mark.parametrize("name", ["dprkn4", "dprkn5", "dprkn6fm", "nystrom5-rkn"])
def test_a_wrong_coefficient_of_a_nystrom_method_lowers_the_order(name):
    method = get(name)
    places = [("b_velocity", i, None) for i in range(method.stages)]
    places += [("b_position", i, None) for i in range(method.stages)]
    places += [("A", i, j) for i in range(method.stages) for j in range(i)
               if method.A[i][j]]  # fmt: skip
    for key, i, j in places:
        if j is None:
            row = list(getattr(method, key))
            row[i] += Fraction(1, 1000)
            changed = replace(method, **{key: tuple(row)})
        else:
            rows = [list(r) for r in method.A]
            rows[i][j] += Fraction(1, 1000)
            changed = replace(method, A=tuple(map(tuple, rows)))
        seen = changed.order < method.order
        # The last stage of DPRKN4 to 6 has no weight in the positions, and feeds none.
        assert seen or (key == "A" and not method.b_velocity[i]), (key, i, j)


def test_kick_drift_kick_is_a_nystrom_method_of_order_two():
    method = get("strang-bab").nystrom_method
    assert isinstance(method, NystromMethod)
    assert method.order == 2
    assert method.oscillator.matrix == get("strang-bab").oscillator.matrix


def test_unequal_lengths_of_a_nystrom_method_are_refused():
    with pytest.raises(InvalidInput, match="one of each for every stage"):
        NystromMethod("short", [[0]], [1], [1, 0], [0])
