"""Methods drawn at random, which need not be any good."""

from fractions import Fraction

from hypothesis import strategies as st

from stabcheck.integrators import ButcherTableau, RationalMethod, square_root

COEFFICIENTS = st.fractions(-2, 2, max_denominator=6)
ROOT_3 = square_root(3)


@st.composite
def tableaux(
    draw, explicit: bool | None = None, most: int = 3, irrational: bool = False
) -> ButcherTableau:
    """Consistent methods of few stages, rational or over the field of the root of 3."""
    stages = draw(st.integers(1, most))
    lower_only = draw(st.booleans()) if explicit is None else explicit
    number = COEFFICIENTS
    if irrational:
        number = st.builds(lambda a, b: a + b * ROOT_3, COEFFICIENTS, COEFFICIENTS)
    A = [
        [draw(number) if j < i or not lower_only else 0 for j in range(stages)]
        for i in range(stages)
    ]
    weights = [draw(number) for _ in range(stages - 1)]
    return ButcherTableau("drawn", A, [*weights, 1 - sum(weights, Fraction(0))])


@st.composite
def nonnegative_tableaux(draw) -> ButcherTableau:
    """Explicit methods with entries >= 0, of which some are monotone."""
    stages = draw(st.integers(1, 3))
    part = st.fractions(0, 1, max_denominator=4)
    A = [[draw(part) if j < i else 0 for j in range(stages)] for i in range(stages)]
    shares = [draw(st.integers(1, 4)) for _ in range(stages)]
    return ButcherTableau("drawn", A, [Fraction(x, sum(shares)) for x in shares])


@st.composite
def rational_methods(draw, degree: int = 3) -> RationalMethod:
    """R = P/Q of order one at least."""
    q = [
        Fraction(1),
        *(draw(COEFFICIENTS) for _ in range(draw(st.integers(0, degree)))),
    ]
    p = [Fraction(1), 1 + (q[1] if len(q) > 1 else 0)]
    p += [draw(COEFFICIENTS) for _ in range(draw(st.integers(0, degree - 1)))]
    return RationalMethod("drawn", p, q)
