r"""What bounds on the Jacobian say about the stages of two solutions, as forms.

With $v = (\Delta_0, k_1, \dots, k_s)$, $k_i = h\Delta f_i$ and the rows $y_i = (1,
a_{i1}, \dots, a_{is})$, $\Delta Y_i = y_iv$, and at every stage

$$h\mu_i|\Delta Y_i|^2 - \langle k_i, \Delta Y_i\rangle \ge 0,\quad
h^2L_i^2|\Delta Y_i|^2 - |k_i|^2 \ge 0,\quad
\langle k_i, \Delta Y_i\rangle - hm_i|\Delta Y_i|^2 \ge 0.$$

No more can be said of one stage: in two dimensions or more every $k_i$ with these
inequalities is $hJ\Delta Y_i$ for a $J$ with these bounds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from flint import fmpq

from stabcheck.errors import InvalidInput
from stabcheck.integrators.algebra.coefficient import Coefficient
from stabcheck.integrators.algebra.field_element import FieldElement

KINDS = ("norms", "uppers", "lowers")

ROOM = Fraction(1, 2**60)
"""An irrational square is claimed this much from its value, relatively."""

Matrix = Sequence[Sequence[Coefficient]]
Row = Sequence[Coefficient]


@dataclass(frozen=True)
class StageBounds:
    r"""Bounds on the Jacobian at every stage: $L_i \ge \|J\|$, $\mu_i$, $m_i$.

    **Arguments:** `norms`; `uppers`, $\mu_i$, and `lowers`, $m_i$, or empty where they
    are not known.

    **Raises:** `InvalidInput` for unequal numbers of them.
    """

    norms: tuple[Fraction, ...]
    uppers: tuple[Fraction, ...] = ()
    lowers: tuple[Fraction, ...] = ()

    def __post_init__(self) -> None:
        for kind in KINDS:
            values = tuple(Fraction(value) for value in getattr(self, kind))
            object.__setattr__(self, kind, values)
            if kind != "norms" and len(values) not in (0, len(self.norms)):
                raise InvalidInput(
                    f"asked for a step with {len(self.norms)} norms and {len(values)} "
                    f"{kind}; give one for each stage, or none"
                )


@dataclass(frozen=True)
class Multipliers:
    """A nonnegative multiplier for every condition: of norms, uppers and lowers."""

    norms: tuple[Fraction, ...]
    uppers: tuple[Fraction, ...] = ()
    lowers: tuple[Fraction, ...] = ()


@dataclass(frozen=True)
class Condition:
    """One form that is nonnegative: its kind, its stage, its entries, symmetric."""

    kind: str
    stage: int
    entries: dict[tuple[int, int], Coefficient]


def stage_conditions(A: Matrix, h: Fraction, bounds: StageBounds) -> list[Condition]:
    """The conditions of every stage, forms of order s + 1."""
    return [
        Condition(kind, stage, _entries(kind, A[stage], stage, h * value))
        for kind in KINDS
        for stage, value in enumerate(getattr(bounds, kind))
    ]


def _entries(
    kind: str, row: Row, stage: int, value: Fraction
) -> dict[tuple[int, int], Coefficient]:
    y = {0: Fraction(1)} | {j + 1: _exact(a) for j, a in enumerate(row) if a}
    k = stage + 1
    sign = -1 if kind == "lowers" else 1
    size = value * value if kind == "norms" else sign * value
    form = {(i, j): size * y[i] * y[j] for i in y for j in y}
    pairs = [((k, k), Fraction(-1))]
    if kind != "norms":
        pairs = [(place, -sign * y[j] / 2) for j in y for place in ((k, j), (j, k))]
    for place, entry in pairs:
        form[place] = form.get(place, Fraction(0)) + entry
    return form


def proven_square(
    sign: int, b: Row, conditions: Sequence[Condition], multipliers: Multipliers
) -> Fraction | None:
    r"""The best $\phi^2$ (sign 1) or $\psi^2$ (-1) that multipliers prove, exactly.

    Of a method with irrational coefficients, a rational slightly outside of it.
    Eliminates all but the first row of $\mp dd^T$, $d = (1, b)$, minus the conditions;
    a pivot that is negative, or 0 in a row that is not, proves nothing: `None`.
    """
    d = [fmpq(1), *map(_flint, b)]
    rest = [[-sign * x * y for y in d] for x in d]
    for condition in conditions:
        weight = _flint(getattr(multipliers, condition.kind)[condition.stage])
        if weight:
            for (i, j), entry in condition.entries.items():
                rest[i][j] -= weight * _flint(entry)
    for k in range(len(b), 0, -1):
        pivot = rest[k][k]
        if pivot < 0 or (pivot == 0 and any(rest[k][:k])):
            return None
        for i in range(k if pivot else 0):
            if rest[k][i]:
                share = rest[k][i] / pivot
                for j in range(i + 1):
                    rest[i][j] -= share * rest[k][j]
    return _outward(-sign * rest[0][0], sign)


def _outward(square: fmpq | FieldElement, sign: int) -> Fraction:
    if isinstance(square, fmpq):
        return Fraction(int(square.p), int(square.q))
    if square.rational is not None:
        return square.rational
    width = ROOM
    while True:
        lower, upper = square.enclosure(width)
        # A width beside which the square is small would move it by a multiple.
        if upper - lower <= ROOM * abs(upper):
            return upper if sign > 0 else lower
        width *= ROOM


def _exact(value: Coefficient) -> Coefficient:
    return value if isinstance(value, FieldElement) else Fraction(value)


def _flint(value: Coefficient) -> fmpq | FieldElement:
    exact = _exact(value)
    if isinstance(exact, FieldElement):
        return exact
    return fmpq(exact.numerator, exact.denominator)
