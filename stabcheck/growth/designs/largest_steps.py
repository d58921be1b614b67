r"""The largest step of a design that is certified to contract, or to be invertible."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from stabcheck.growth.designs import formulas
from stabcheck.growth.designs.comparison_ray import comparison_ray
from stabcheck.growth.designs.field_constants import (
    ONE_SIDED,
    FieldConstants,
    readings,
)
from stabcheck.growth.designs.one_stage import one_stage_largest
from stabcheck.growth.designs.step_fact import (
    WIDTH,
    Inapplicable,
    StepFact,
    Unbounded,
    fact_of,
    rounded,
)
from stabcheck.growth.designs.steps import contractive_theorems, has_plain_stages
from stabcheck.integrators.algebra.algebraic import Algebraic, Infinity

if TYPE_CHECKING:
    from sympy import Expr


def largest_step(
    method: Any,
    part: Mapping[str, Any],
    constants: Mapping[str, Fraction],
    metric: str,
    purpose: str,
    *,
    token_wise: bool = False,
) -> StepFact | Unbounded | Inapplicable:
    r"""The largest h so that every step up to h has growth 1, or a positive shrink.

    **Arguments:** as of `step_bounds`; `purpose`, `contractive` or `invertible`; the
    part's own step is not used.
    """
    euclidean = metric == "frobenius" or token_wise
    found: list[StepFact | Unbounded] = []
    for reading in readings(part, constants):
        if purpose == "contractive":
            found += _contractive(method, part, reading, euclidean)
        found += _by_comparison(method, part, reading, purpose)
        found += one_stage_largest(method, part, reading, purpose)
    unbounded = [fact for fact in found if isinstance(fact, Unbounded)]
    if unbounded:
        return unbounded[0]
    facts = [f for f in found if isinstance(f, StepFact) and f.value > 0]
    if facts:
        return max(facts, key=lambda fact: fact.value)
    return Inapplicable(_reason(method, purpose))


def _reason(method: Any, purpose: str) -> str:
    if method.number_field is not None:
        return (
            f"no step of {method.name} is certified to be {purpose}: its coefficients "
            "are irrational, and the comparison of all steps needs rational ones"
        )
    if purpose == "invertible":
        return f"no theorem bounds the shrink of a step of {method.name} from below"
    return (
        f"no step of {method.name} is certified to contract: the leak has to exceed "
        "the constants of the field by more"
    )


def _contractive(
    method: Any, part: Mapping[str, Any], found: FieldConstants, euclidean: bool
) -> Iterator[StepFact | Unbounded]:
    if not has_plain_stages(method):
        return
    for theorem, radius, parameters in contractive_theorems(method, euclidean):
        if radius is None:
            if found.slope <= found.leak:
                yield Unbounded(theorem, found.premises, parameters)
            continue
        value = found.largest_non_expansive(radius)
        if value is None:
            continue
        if value < 0:
            yield Unbounded(theorem, found.premises, parameters)
            continue
        formula = _NonExpansive(found, radius, part["leak"] != 0)
        yield fact_of(theorem, "contractive-step", value, found, parameters, formula)


class _NonExpansive:
    """The formula of a largest non-expansive step."""

    def __init__(self, found: FieldConstants, radius: Fraction, has_leak: bool) -> None:
        self.found, self.radius, self.has_leak = found, radius, has_leak

    def __call__(self) -> Expr:
        from sympy import cancel

        leak, K, mu = formulas.constants(self.found, has_leak=self.has_leak)
        r = formulas.number(self.radius)
        ends = [2 * r / (leak + K)]
        if ONE_SIDED in self.found.premises:
            ends.append(2 * r * (leak - mu) / (leak**2 + K**2 - 2 * leak * mu))
        first = self.found.largest_non_expansive(self.radius)
        speed = self.found.leak + self.found.norm
        place = 0 if speed > 0 and first == 2 * self.radius / speed else -1
        return cancel(ends[place])


def _by_comparison(
    method: Any, part: Mapping[str, Any], found: FieldConstants, purpose: str
) -> Iterator[StepFact | Unbounded]:
    """The leak comparison, of methods in rationals, without logarithmic norms."""
    if ONE_SIDED in found.premises or method.number_field is not None:
        return
    ray = comparison_ray(method, found.leak, found.norm)
    contractive = purpose == "contractive"
    exact = ray.largest_contractive() if contractive else ray.largest_invertible()
    if isinstance(exact, Infinity):
        yield Unbounded("leak-comparison", found.premises, {})
        return
    value = _below(exact, strictly=not contractive)
    cells = ray.cells(value)
    yield StepFact(
        "leak-comparison",
        f"{purpose}-step",
        value,
        found.premises,
        {"cells": cells} if len(cells) > 1 else {},
        lambda: _threshold(method, part, found, exact, contractive),
        exact,
    )


def _below(exact: Algebraic, *, strictly: bool) -> Fraction:
    """A rational at most the number, or strictly below it."""
    if exact.rational is not None and not strictly:
        return rounded("contractive-step", exact.rational)
    lower, _ = exact.enclosure(WIDTH)
    return rounded("contractive-step", lower - (WIDTH if strictly else 0))


def _threshold(
    method: Any,
    part: Mapping[str, Any],
    found: FieldConstants,
    exact: Algebraic,
    contractive: bool,
) -> Expr:
    """A closed form where the ratio of the constants does not matter, else a number."""
    leak, K, _ = formulas.constants(found, has_leak=part["leak"] != 0)
    if found.leak == 0:
        return formulas.number(_times(exact, found.norm)) / K
    speed = found.leak + found.norm
    for numerator in (1, 2):
        if exact == numerator / speed:
            return numerator / (leak + K)
    return formulas.number(exact)


def _times(exact: Algebraic, factor: Fraction) -> Algebraic:
    """The algebraic number times a positive rational."""
    p, q = factor.numerator, factor.denominator
    degree = len(exact.polynomial) - 1
    scaled = tuple(c * q**k * p ** (degree - k) for k, c in enumerate(exact.polynomial))
    return Algebraic(scaled, exact.lower * factor, exact.upper * factor)
