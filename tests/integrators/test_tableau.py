"""Tableaux: what is refused, and facts that hold for every method drawn at random."""

from fractions import Fraction
from multiprocessing.reduction import ForkingPickler

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stabcheck.errors import InvalidInput
from stabcheck.integrators import ButcherTableau, facts, get, names
from stabcheck.integrators.runge_kutta.contractivity import (
    contractivity_matrix,
    is_positive_semidefinite,
)
from stabcheck.integrators.runge_kutta.intervals import is_hurwitz

COEFFICIENTS = st.fractions(-2, 2, max_denominator=6)
RUNGE_KUTTA = [m for m in map(get, names()) if isinstance(m, ButcherTableau)]
ANGLES = np.linspace(0, 2 * np.pi, 241)


@st.composite
def tableaux(draw, explicit: bool | None = None) -> ButcherTableau:
    """Methods of one to three stages that need not be any good."""
    stages = draw(st.integers(1, 3))
    lower_only = draw(st.booleans()) if explicit is None else explicit
    A = [
        [draw(COEFFICIENTS) if j < i or not lower_only else 0 for j in range(stages)]
        for i in range(stages)
    ]
    weights = [draw(COEFFICIENTS) for _ in range(stages - 1)]
    return ButcherTableau("drawn", A, [*weights, 1 - sum(weights)])


def test_strings_and_integers_become_fractions_and_c_the_row_sums():
    method = ButcherTableau("heun", [[0, 0], [1, 0]], ["1/2", "1/2"])
    assert method.A[1] == (Fraction(1), Fraction(0))
    assert method.b == (Fraction(1, 2), Fraction(1, 2))
    assert method.c == (0, 1)
    assert method == ButcherTableau("heun", method.A, method.b, method.c, "a source")


def test_integers_of_numpy_are_integers():
    heun = ButcherTableau("heun", np.array([[0, 0], [1, 0]]), ["1/2", "1/2"])
    assert type(heun.A[1][0].numerator) is int
    assert heun.real_stability_interval == 2


@pytest.mark.parametrize(
    ("A", "b", "c", "message"),
    [
        ([[0, 0], [1, 0]], [1], None, "A has to be square"),
        ([[0]], [], None, "A has to be square"),
        ([[0], [1, 0]], ["1/2", "1/2"], None, "A has to be square"),
        ([[0.5]], [1], None, "write a fraction"),
        ([[0]], ["one"], None, "write a fraction"),
        ([["1/0"]], [1], None, "write a fraction"),
        ([[True]], [1], None, "write a fraction"),
        (None, [1], None, "asked for A of wrong, found None; give a list"),
        ([0], [1], None, r"asked for A\[0\] of wrong, found 0; give a list"),
        ([[0]], 1, None, "asked for b of wrong, found 1; give a list"),
        ([[0]], "1", None, "asked for b of wrong, found '1'; give a list"),
        ([[0, 0], [1, 0]], ["1/2", "1/2"], [0, "1/2"], "they have to agree"),
        ([[0, 0], [1, 0]], ["1/2", "1/2"], [0], "give one for each stage"),
        ([[0]], ["1/2"], None, "a consistent method has the sum 1"),
    ],
)
def test_a_tableau_that_is_none_is_refused(A, b, c, message):
    with pytest.raises(InvalidInput, match=message):
        ButcherTableau("wrong", A, b, c)


@given(tableaux())
def test_the_stability_function_is_the_step_on_a_linear_field(method):
    z = Fraction(1, 7)
    stages = np.array(method.stages * [Fraction(1)])
    system = [
        [Fraction(int(i == j)) - z * a for j, a in enumerate(row)]
        for i, row in enumerate(method.A)
    ]
    solved = solve(system, list(stages))
    if solved is None:
        return
    expected = 1 + z * sum(b * y for b, y in zip(method.b, solved, strict=True))
    assert method.stability_function(z) == expected


def solve(matrix, right):
    """Gaussian elimination over the rationals; `None` for a singular matrix."""
    rows = [[*row, value] for row, value in zip(matrix, right, strict=True)]
    for k in range(len(rows)):
        pivot = next((i for i in range(k, len(rows)) if rows[i][k] != 0), None)
        if pivot is None:
            return None
        rows[k], rows[pivot] = rows[pivot], rows[k]
        rows[k] = [x / rows[k][k] for x in rows[k]]
        for i in range(len(rows)):
            if i != k:
                factor = rows[i][k]
                rows[i] = [
                    x - factor * y for x, y in zip(rows[i], rows[k], strict=True)
                ]
    return [row[-1] for row in rows]


def inside(method, z) -> np.ndarray:
    """|P| <= |Q| with room for rounding, at complex points."""
    R = method.stability_function
    P = np.abs(np.polyval([float(c) for c in reversed(R.P)], z))
    Q = np.abs(np.polyval([float(c) for c in reversed(R.Q)], z))
    return P - Q <= 1e-9 * (P + Q)


@given(tableaux())
def test_the_intervals_lie_in_the_region_and_end_at_its_boundary(method):
    R = method.stability_function
    for key, direction in (
        ("real_stability_interval", -1.0),
        ("imaginary_stability_interval", 1j),
    ):
        end = getattr(method, key)
        length = min(float(end), 50.0)
        assert inside(method, direction * np.linspace(0, length, 60)).all()
        if end == float("inf") or end == 0:
            continue
        z = direction * float(end)
        P = np.polyval([complex(c) for c in reversed(R.P)], z)
        Q = np.polyval([complex(c) for c in reversed(R.Q)], z)
        assert abs(abs(P) - abs(Q)) <= 1e-9 * (abs(P) + abs(Q))


@given(tableaux())
def test_the_disc_lies_in_the_region_and_no_larger_one_does(method):
    radius = method.largest_disc_radius
    r = min(float(radius), 50.0)
    assert inside(method, r * (np.exp(1j * ANGLES) - 1)).all()
    if radius != float("inf"):
        # A little further out some point of the circle, or a pole inside, is out.
        wider = 1.2 * r + 0.2
        fine = np.exp(1j * np.linspace(0, 2 * np.pi, 4001)) - 1
        P, Q = (
            np.abs(np.polyval([float(c) for c in reversed(p)], wider * fine))
            for p in (method.stability_function.P, method.stability_function.Q)
        )
        poles = np.roots([float(c) for c in reversed(method.stability_function.Q)])
        assert (P > Q).any() or (np.abs(poles + wider) <= wider).any()


@given(tableaux())
def test_a_stable_methods_have_the_half_plane_in_their_region(method):
    points = -np.linspace(0, 20, 30)[:, None] + 1j * np.linspace(-20, 20, 41)
    if method.is_A_stable:
        assert inside(method, points).all()
        assert method.largest_disc_radius == float("inf")
    else:
        assert method.largest_disc_radius != float("inf")


@given(tableaux())
def test_the_circle_radius_is_where_the_form_stops_being_semidefinite(method):
    radius = method.circle_contractivity_radius
    M = contractivity_matrix(method.A, method.b)

    def holds(r: Fraction) -> bool:
        form = [
            [x + (method.b[i] / r if i == j else 0) for j, x in enumerate(row)]
            for i, row in enumerate(M)
        ]
        return min(method.b) >= 0 and is_positive_semidefinite(form)

    if radius == float("inf"):
        assert holds(Fraction(10**9))
        assert method.is_algebraically_stable == is_positive_semidefinite(M)
        return
    lower, upper = radius.enclosure(Fraction(1, 10**9))
    assert not holds(upper + Fraction(1, 10**6))
    if radius > 0:
        assert holds(lower * Fraction(999_999, 10**6))


def test_algebraic_stability_is_an_infinite_circle_radius():
    for method in RUNGE_KUTTA:
        infinite = method.circle_contractivity_radius == float("inf")
        assert method.is_algebraically_stable == infinite


@given(st.lists(st.complex_numbers(max_magnitude=3), min_size=1, max_size=4))
def test_routh_agrees_with_the_roots(roots):
    roots = [complex(round(z.real, 2), round(z.imag, 2)) for z in roots]
    coefficients = [Fraction(1)]
    for z in roots:  # z and its conjugate
        re, im = Fraction(str(z.real)), Fraction(str(z.imag))
        factor = [re * re + im * im, -2 * re, Fraction(1)]
        coefficients = [
            sum(
                factor[j] * coefficients[k - j]
                for j in range(3)
                if 0 <= k - j < len(coefficients)
            )
            for k in range(len(coefficients) + 2)
        ]
    assert is_hurwitz(coefficients) == all(z.real < 0 for z in roots)


def test_printing_a_stability_function():
    assert str(get("rk4").stability_function) == "1 + z + z^2/2 + z^3/6 + z^4/24"
    assert str(get("backward-euler").stability_function) == "1 / (1 - z)"
    assert str(get("implicit-midpoint").stability_function) == "(1 + z/2) / (1 - z/2)"


def test_a_method_whose_facts_were_computed_travels_to_another_process():
    method = get("ssprk3")
    before = facts(method)
    sent = ForkingPickler.dumps(method)
    received = ForkingPickler.loads(sent)
    assert received == method
    assert facts(received) == before
