"""Every fact against the table of reference values, to all the digits given."""

import json
from fractions import Fraction
from pathlib import Path

import pytest

from stabcheck.integrators import get

TABLE = json.loads(
    (Path(__file__).parent / "data" / "stability_values.json").read_text()
)
METHODS = {}
for method, key, value in TABLE["values"]:
    METHODS.setdefault(method, []).append((key, value))


def agrees(found, value: str, conditional: bool = False) -> bool:
    """Whether a fact rounds to the reference value, or is it for words and rationals.

    One unit in the last place is allowed: some references round down.  Of a method
    published in decimals the reference rests on another rounding of its coefficients.
    """
    if value in ("True", "False"):
        return str(found) == value
    if value == "inf" or found == float("inf"):
        return value == "inf" and found == float("inf")
    if found is None:
        return False
    if "/" in value or isinstance(found, int):
        return found == Fraction(value)
    digits = len(value.replace("-", "").replace(".", "").lstrip("0"))
    unit = Fraction(1, 10 ** len(value.partition(".")[2]))
    if conditional:
        unit = max(unit, abs(Fraction(value)) / 10**9)
    return abs(Fraction(found.decimal(digits + 5)) - Fraction(value)) <= unit


@pytest.mark.parametrize("name", METHODS)
def test_the_facts_of_a_method_have_their_reference_values(name):
    method = get(name)
    conditional = getattr(method, "conditional_on_order", None) is not None
    wrong = {
        key: (str(getattr(method, key)), value)
        for key, value in METHODS[name]
        if not agrees(getattr(method, key), value, conditional)
    }
    assert wrong == {}
