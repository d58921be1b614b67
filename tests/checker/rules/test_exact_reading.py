"""Arrays enter the ball arithmetic without any rounding, at every precision."""

from array import array
from fractions import Fraction

import flint
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stabcheck.checker.context import Context
from stabcheck.checker.reading.archive import Tensor

FINITE = st.floats(allow_nan=False, allow_infinity=False)


def read(dtype, numbers, shape=None):
    stored = np.array(numbers, dtype=dtype).tobytes()
    tensor = Tensor("x", dtype, shape or (len(numbers),), stored)
    return Context({}, {"x": tensor})


def exactly(entry):
    mantissa, exponent = (int(part) for part in entry.man_exp())
    return mantissa * Fraction(2) ** exponent


@given(st.lists(FINITE, min_size=1, max_size=4))
def test_every_double_is_kept_bit_by_bit(numbers):
    with flint.ctx.workprec(64):
        row = read("<f8", numbers).arb_matrix("x", 1, len(numbers)).entries()
    assert all(entry.is_exact() for entry in row)
    assert [exactly(entry) for entry in row] == [Fraction(x) for x in numbers]


@pytest.mark.parametrize("dtype", ["<f4", "<i8", "|i1"])
def test_other_types_are_kept_too(dtype):
    numbers = [-3, 0, 101, 2**62 + 1 if dtype == "<i8" else 7]
    with flint.ctx.workprec(64):
        row = read(dtype, numbers).arb_matrix("x", 2, 2).entries()
    assert [exactly(entry) for entry in row] == numbers


def test_a_head_is_its_slice():
    numbers = list(array("d", range(12)))
    ctx = read("<f8", numbers, (2, 3, 2))
    assert [exactly(e) for e in ctx.arb_slice("x", 1).entries()] == numbers[6:]
