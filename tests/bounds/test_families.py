"""The constants of families: exact where rational, outward elsewhere, or a reason."""

from fractions import Fraction

import pytest
from sympy import Rational, latex, sqrt, sympify

from stabcheck.bounds.families import Constant, constant
from stabcheck.bounds.families.constant import rounded
from stabcheck.errors import InvalidInput

BALL = {"kind": "ball", "radius_squared": Fraction(1)}
ALL = {"kind": "all"}
ATTENTION = {
    "kind": "attention",
    "normalisation": "none",
    "radius_squared": None,
    "mask": "any",
    "query_key_norm": Fraction(1),
    "value_norm": Fraction(1),
    "tie": "none",
}
SOFT = ATTENTION | {"normalisation": "soft", "radius_squared": Fraction(1, 2)}
SINKHORN = ATTENTION | {"kind": "sinkhorn-attention", "mask": "none"}


def test_a_rational_constant_is_exact():
    assert constant(SOFT, ALL, "token-max", "lipschitz").value == 1
    later = SOFT | {"radius_squared": Fraction(1)}
    assert constant(later, ALL, "token-max", "lipschitz").value == Fraction(5, 4)
    none = SOFT | {"query_key_norm": Fraction(0), "value_norm": Fraction(0)}
    assert constant(none, ALL, "token-max", "lipschitz").value == 0


@pytest.mark.parametrize("size", [Fraction(1, 10**9), Fraction(1), Fraction(10**12)])
def test_an_irrational_constant_is_rounded_outward_by_little(size):
    number = (1 + sqrt(2)) * Rational(size)
    up, down = rounded(number, down=False), rounded(number, down=True)
    assert Rational(down) < number < Rational(up)
    assert up - down < size / 10**12


def test_the_best_of_the_constants_is_given():
    tied = ATTENTION | {"tie": "negative"}
    assert constant(tied, BALL, "token-max", "log-norm").value == 1
    convex = SINKHORN | {"tie": "convex"}
    least = constant(convex, BALL, "frobenius", "lipschitz")
    assert (least.theorem, least.value) == ("convex-sinkhorn-energy", Fraction(17, 8))
    strong = convex | {"query_key_norm": Fraction(9, 10)}
    assert constant(strong, BALL, "frobenius", "log-norm").value == 0


def test_the_expression_is_printed_in_the_symbols_of_the_caps():
    found = constant(ATTENTION, BALL, "token-max", "lipschitz")
    assert isinstance(found, Constant)
    assert str(found.expression()) == "v*(alpha + sqrt(alpha**2 + 1))"
    assert latex(found.expression()) == r"v \left(\alpha + \sqrt{\alpha^{2} + 1}\right)"
    assert set(map(str, found.expression().free_symbols)) == set(found.caps)


@pytest.mark.parametrize(
    ("field", "domain", "metric", "quantity", "reason"),
    [
        (ATTENTION, ALL, "token-max", "lipschitz", "unbounded on the domain all"),
        (ATTENTION, BALL, "frobenius", "lipschitz", "grows with the number of tokens"),
        (ATTENTION, BALL, "token-max", "spectrum-upper", "is not symmetric"),
        (
            ATTENTION | {"normalisation": "rms", "radius_squared": Fraction(4)},
            ALL,
            "token-max",
            "lipschitz",
            "use the domain token-rms",
        ),
        (SINKHORN, BALL, "token-max", "lipschitz", "metric frobenius"),
        (SINKHORN, ALL, "frobenius", "lipschitz", "use the domain ball"),
        (SINKHORN, BALL, "frobenius", "spectrum-lower", "for the tie convex"),
        (ATTENTION, BALL, "euclidean", "lipschitz", "asked for the metric"),
        (ATTENTION, BALL, "token-max", "growth", "asked for 'growth'"),
        ({"kind": "mixer"}, BALL, "token-max", "lipschitz", "found families of"),
    ],
)
def test_a_missing_constant_says_which_hypothesis_fails(
    field, domain, metric, quantity, reason
):
    with pytest.raises(InvalidInput, match=reason):
        constant(field, domain, metric, quantity)


def test_a_number_of_sympy_that_is_rational_stays_so():
    assert rounded(sympify("7/3"), down=False) == Fraction(7, 3)
    assert rounded(sqrt(sympify(4)), down=True) == 2
