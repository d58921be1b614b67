r"""Growth and shrink of one step of a design, by every theorem that applies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from stabcheck.growth.designs import formulas
from stabcheck.growth.designs.comparison import compare
from stabcheck.growth.designs.field_constants import (
    ONE_SIDED,
    FieldConstants,
    readings,
)
from stabcheck.growth.designs.one_stage import one_stage_bounds
from stabcheck.growth.designs.step_fact import WIDTH, StepFact, fact_of
from stabcheck.integrators.algebra.exact_real import ExactReal

if TYPE_CHECKING:
    from sympy import Expr


def step_bounds(
    method: Any,
    part: Mapping[str, Any],
    constants: Mapping[str, Fraction],
    metric: str,
    *,
    token_wise: bool = False,
) -> list[StepFact]:
    r"""What is known of one step on $\dot x = -\lambda x + cF(x)$.

    **Arguments:** `method`, with exact `A` and `b`; `part`, with `step`, `leak` and
    `scale`; `constants` of F by name, `lipschitz`, `log-norm`, `spectrum-lower` and
    `spectrum-upper`, those that are known; `metric`, `token-max` or `frobenius`;
    `token_wise`, whether F acts on every token alone.

    **Returns:** the facts about growth, the smallest first, then those about shrink,
    the largest first; a shrink is positive.
    """
    euclidean = metric == "frobenius" or token_wise
    facts = []
    for found in readings(part, constants):
        facts += _facts_of(method, part, found, euclidean)
    growths = [fact for fact in facts if fact.quantity == "growth"]
    shrinks = [fact for fact in facts if fact.quantity == "shrink" and fact.value > 0]
    return [
        *sorted(growths, key=lambda fact: fact.value),
        *sorted(shrinks, key=lambda fact: -fact.value),
    ]


def _facts_of(
    method: Any, part: Mapping[str, Any], found: FieldConstants, euclidean: bool
) -> Iterator[StepFact]:
    if ONE_SIDED not in found.premises:
        yield from _comparison(method, part, found)
    yield from _non_expansive(method, part, found, euclidean)
    yield from one_stage_bounds(method, part, found)


def radius_below(radius: Any) -> Fraction | None:
    """A rational at most a method's radius, itself if it can be; None for infinity."""
    if not isinstance(radius, ExactReal):
        return None
    return (
        radius.rational if radius.rational is not None else radius.enclosure(WIDTH)[0]
    )


def contractive_theorems(
    method: Any, euclidean: bool
) -> Iterator[tuple[str, Fraction | None, dict[str, Any]]]:
    """Theorem, radius (None: infinite) and parameters that make a method contract."""
    monotone = radius_below(method.absolute_monotonicity_radius)
    if monotone is not None and monotone > 0:
        yield "monotone-step-contractivity", monotone, {"radius": monotone}
    if euclidean:
        circle = radius_below(method.circle_contractivity_radius)
        if circle is None or circle > 0:
            parameters = {} if circle is None else {"radius": circle}
            yield "leak-circle-contractivity", circle, parameters


def has_plain_stages(method: Any) -> bool:
    """Whether every stage depends on earlier ones and by $a_{ii} \\ge 0$ on itself."""
    rows = list(enumerate(method.A))
    return all(row[i] >= 0 and not any(row[i + 1 :]) for i, row in rows)


def _comparison(
    method: Any, part: Mapping[str, Any], found: FieldConstants
) -> Iterator[StepFact]:
    step = part["step"]
    compared = compare(method, step * found.leak, step * found.norm)
    if compared is None:
        return

    def growth() -> Expr:
        return formulas.comparison(method, found, step, has_leak=part["leak"] != 0)[1]

    def shrink() -> Expr:
        residual, grown = formulas.comparison(
            method, found, step, has_leak=part["leak"] != 0
        )
        return (2 * residual - grown).expand()

    theorem = "leak-comparison"
    yield fact_of(theorem, "growth", compared.growth, found, {}, growth)
    yield fact_of(theorem, "shrink", compared.shrink, found, {}, shrink)


def _non_expansive(
    method: Any, part: Mapping[str, Any], found: FieldConstants, euclidean: bool
) -> Iterator[StepFact]:
    if not has_plain_stages(method):
        sizes = part["step"] * found.leak, part["step"] * found.norm
        if compare(method, *sizes) is None:
            return
    for theorem, radius, parameters in contractive_theorems(method, euclidean):
        if radius is None:
            holds = found.slope <= found.leak
        else:
            holds = found.is_non_expansive(part["step"], radius)
        if holds:
            one = Fraction(1)
            yield fact_of(theorem, "growth", one, found, parameters, _one)


def _one() -> Expr:
    from sympy import Integer

    return Integer(1)
