r"""Explicit methods of two registers: $\Delta \leftarrow A_i\Delta + hf(y)$, $y
\leftarrow y + B_i\Delta$ (Williamson, J. Comput. Phys. 35 (1980) 48-56).

Each file of coefficients has the two rows $A_1 = 0, \dots, A_s$ and $B_1, \dots, B_s$.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import partial

from flint import fmpq, fmpq_poly

from stabcheck.errors import InvalidInput
from stabcheck.integrators.catalogue.printed import text_of, words
from stabcheck.integrators.registry import Row
from stabcheck.integrators.runge_kutta.stage_program import Reading, written_out
from stabcheck.integrators.runge_kutta.tableau import ButcherTableau


def two_registers(
    name: str,
    A: Sequence[Fraction],
    B: Sequence[Fraction],
    source: str,
    *,
    published_order: int | None = None,
) -> ButcherTableau:
    """The tableau of a method of two registers.

    **Raises:** `InvalidInput` for rows of unequal lengths, or $A_1$ other than 0.
    """
    if len(A) != len(B) or not A or A[0] != 0:
        raise InvalidInput(
            f"asked for the method {name} of two registers with A = "
            f"{[str(a) for a in A]}, B = {[str(b) for b in B]}; give equally many, and "
            "0 as the first of A"
        )
    pairs = [
        (fmpq(a.numerator, a.denominator), fmpq(b.numerator, b.denominator))
        for a, b in zip(A, B, strict=True)
    ]

    def program(reading: Reading) -> fmpq_poly:
        value, change = reading.initial, fmpq_poly([])
        for a, b in pairs:
            change = a * change + reading.slope(value)
            value = value + b * change
        return value

    return written_out(name, program, source, published_order=published_order)


def read(name: str) -> ButcherTableau:
    """The method of the file of that name."""
    said, lines = words(text_of(name))
    A, B = ([Fraction(word) for word in line] for line in lines)
    order = said.get("decimals of order")
    return two_registers(
        name,
        A,
        B,
        said["source"],
        published_order=None if order is None else int(order),
    )


def _printed(*names: str) -> dict[str, Callable[[], ButcherTableau]]:
    return {name: partial(read, name) for name in names}


ROWS = (
    Row(
        73,
        "williamson3",
        "Williamson, third order; Bernardini-Pirozzoli, second",
        _printed("williamson3", "ork256"),
    ),
    Row(
        74,
        "carpenter-kennedy54",
        "Carpenter-Kennedy, fourth order",
        _printed("carpenter-kennedy54"),
        aliases={
            "ck54_2n": "carpenter-kennedy54",
            "CarpenterKennedy2N54": "carpenter-kennedy54",
        },
    ),
    Row(
        75,
        "ndb",
        "Niegemann-Diehl-Busch, Toulorge-Desmet, Berland-Bogey-Bailly, "
        "Stanescu-Habashi",
        _printed(
            "ndb124",
            "ndb134",
            "ndb144",
            "dgldd73-c",
            "dgldd84-c",
            "dgldd84-f",
            "rk46-nl",
            "shldd64",
        ),
    ),
)
