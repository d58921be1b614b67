r"""Stabilised methods whose recurrences are published in decimals.

Each file of coefficients has one line for each number of stages.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import cache

from flint import fmpq, fmpq_poly

from stabcheck.errors import InvalidInput
from stabcheck.integrators.catalogue.printed import text_of, words
from stabcheck.integrators.runge_kutta.stabilised import StabilisedMethod
from stabcheck.integrators.runge_kutta.stage_program import Reading


def rock2(s: int) -> StabilisedMethod:
    r"""A three-term recurrence, then two stages that make it of order 2.

    **Arguments:** `s`, one of the published numbers of stages, 3 to 200.
    """
    source, numbers = _line("rock2", s, lambda count: (count - 1) // 2 + 2)
    (step, correction), recurrence = numbers[:2], numbers[2:]

    def program(reading: Reading) -> fmpq_poly:
        value = _recurrence(reading, recurrence)
        first = reading.slope(value)
        middle = value + step * first
        second = reading.slope(middle)
        return middle + step * second + correction * (second - first)

    return StabilisedMethod(f"rock2:{s}", program, source, stages=s, published_order=2)


def rock4(s: int) -> StabilisedMethod:
    r"""A three-term recurrence, then four stages that make it of order 4.

    **Arguments:** `s`, one of the published numbers of stages, 5 to 152.
    """
    source, numbers = _line("rock4", s, lambda count: (count - 9) // 2 + 4)
    a21, a31, a32, a41, a42, a43, *rest = numbers
    weights, recurrence = rest[:4], rest[4:]

    def program(reading: Reading) -> fmpq_poly:
        value = _recurrence(reading, recurrence)
        slopes: list[fmpq_poly] = []
        for row in ([], [a21], [a31, a32], [a41, a42, a43]):
            slopes.append(reading.slope(_advanced(value, row, slopes)))
        return _advanced(value, weights, slopes)

    return StabilisedMethod(f"rock4:{s}", program, source, stages=s, published_order=4)


def serk2(s: int) -> StabilisedMethod:
    r"""Ten blocks of a Chebyshev recurrence, and a sum of all of their values.

    **Arguments:** `s`, one of the published numbers of stages, 10 to 250.
    """
    source, weights = _line("serk2", s, lambda count: count - 1)

    def program(reading: Reading) -> fmpq_poly:
        step = fmpq(5, 2 * s * s)
        return _summed(reading, reading.initial, weights, s // 10, step)

    return StabilisedMethod(f"serk2:{s}", program, source, stages=s, published_order=2)


def eserk4(s: int) -> StabilisedMethod:
    r"""Order 4 by extrapolation of 1, 2, 3 and 4 steps of $s$ stages.

    **Arguments:** `s`, one of the published numbers of stages of a step, 2 to 50.
    """
    source, weights = _line("eserk4", s, lambda count: count - 1)
    block = 2 if s <= 20 else 10
    return _extrapolated(
        f"eserk4:{s}", source, weights, (-1, 24, -81, 64), block, fmpq(2, s * s)
    )


def eserk5(s: int) -> StabilisedMethod:
    r"""Order 5 by extrapolation of 1 to 5 steps of $s$ stages.

    **Arguments:** `s`, one of the published numbers of stages of a step, 1 to 50.
    """
    source, weights = _line("eserk5", s, lambda count: count - 1)
    block = 2 if s <= 20 else 5
    mix = (1, -64, 486, -1024, 625)
    step = fmpq(100, 49 * s * s)
    return _extrapolated(f"eserk5:{s}", source, weights, mix, block, step)


def _extrapolated(
    name: str,
    source: str,
    weights: Sequence[fmpq],
    mix: Sequence[int],
    block: int,
    step: fmpq,
) -> StabilisedMethod:
    order = len(mix)

    def program(reading: Reading) -> fmpq_poly:
        value = 0 * reading.initial
        for substeps, part in enumerate(mix, start=1):
            end = reading.initial
            for _ in range(substeps):
                end = _summed(reading, end, weights, block, step / substeps)
            value += fmpq(part, sum(mix)) * end
        return value

    return StabilisedMethod(
        name,
        program,
        source,
        stages=(len(weights) - 1) * order * (order + 1) // 2 - order + 1,
        published_order=order,
    )


def _recurrence(reading: Reading, coefficients: Sequence[fmpq]) -> fmpq_poly:
    r"""$g_1 = y_0 + \mu_1hf$, $g_j = \mu_jhf + (1 + \kappa_j)g_{j-1} -
    \kappa_jg_{j-2}$."""
    older = reading.initial
    value = older + coefficients[0] * reading.slope(older)
    for j in range(1, len(coefficients), 2):
        mu, kappa = coefficients[j], coefficients[j + 1]
        older, value = (
            value,
            mu * reading.slope(value) + (1 + kappa) * value - kappa * older,
        )
    return value


def _summed(
    reading: Reading,
    start: fmpq_poly,
    weights: Sequence[fmpq],
    block: int,
    step: fmpq,
) -> fmpq_poly:
    """A weighted sum of the values of a Chebyshev recurrence that starts anew.

    **Arguments:** `weights`, of the start and of all values; `block`, the number of
    steps between two starts; `step`, the first step of each block.
    """
    older = value = start
    total = weights[0] * start
    for j in range(1, len(weights)):
        slope = reading.slope(value)
        starts = (j - 1) % block == 0
        grown = step * slope if starts else value - older + 2 * step * slope
        older, value = value, value + grown
        total += weights[j] * value
    return total


def _advanced(
    value: fmpq_poly, row: Sequence[fmpq], slopes: Sequence[fmpq_poly]
) -> fmpq_poly:
    for coefficient, slope in zip(row, slopes, strict=True):
        value = value + coefficient * slope
    return value


def _line(name: str, s: int, stages: Callable[[int], int]) -> tuple[str, list[fmpq]]:
    """The source, and the numbers of the line for $s$ stages.

    **Arguments:** `stages`, the number of stages from the length of a line.
    """
    source, lines = _lines(name)
    known = {stages(len(line)): line for line in lines}
    if s not in known:
        raise InvalidInput(
            f"asked for {name}:{s}, found the numbers of stages "
            f"{', '.join(map(str, sorted(known)))}; choose one of them"
        )
    numbers = [Fraction(word) for word in known[s]]
    return source, [fmpq(x.numerator, x.denominator) for x in numbers]


@cache
def _lines(name: str) -> tuple[str, list[list[str]]]:
    said, lines = words(text_of(name))
    return said["source"], lines
