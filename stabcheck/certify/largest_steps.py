"""The largest steps found: to have stages, to contract, to be invertible.

No step is too large to be tried: the search starts where the bounds on the tube put
it, doubles or halves, and bisects on what the theorems decide.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from stabcheck.certify.step_stages import LOWER, NORM, UPPER, StepDomain
from stabcheck.certify.step_theorems import Proposal, best_growth, best_shrink
from stabcheck.growth import NoStageTube

HALVINGS = 24
"""How often a step is halved in the search for one at which the claim holds."""
DOUBLINGS = 24
"""How often a step at which it holds is doubled."""
PRECISE = 12
"""Bisections where the bounds on the tube are all that a step needs."""
ROUGH = 4
"""Bisections where every step needs new tubes round its stages."""
PRECISE_SIZE = 512
"""Larger states are searched with rougher bounds on the tubes of the stages."""

Attempt = Callable[[Fraction], Proposal | None]


@dataclass(frozen=True)
class LargestStep:
    """The largest step found at which a bound holds, with that bound."""

    step_size: Fraction
    proposal: Proposal


def largest_solvable(domain: StepDomain, step_size: Fraction) -> LargestStep | None:
    """Where the stages of an implicit method are known to exist, once each."""

    def attempt(h: Fraction) -> Proposal | None:
        stages = domain.plan(h, (), lean=True)
        if isinstance(stages, NoStageTube):
            return None
        found = best_growth(domain.integrator, stages)
        return found if found.bound.value is not None else None

    return _search(attempt, _about(domain, 1.0), step_size, ROUGH)


def largest_contractive(domain: StepDomain, step_size: Fraction) -> LargestStep | None:
    r"""Where the growth is at most 1: none is expected where $\mu_2 \ge 0$ is."""
    upper = domain.on_tube[UPPER].value
    if upper >= 0:
        return None

    def attempt(h: Fraction) -> Proposal | None:
        stages = domain.plan(h, (UPPER,), lean=_is_large(domain))
        if isinstance(stages, NoStageTube):
            return None
        found = best_growth(domain.integrator, stages)
        value = found.bound.value
        return found if value is not None and value <= 1 else None

    share = -upper / domain.on_tube[NORM].value
    return _search(attempt, _about(domain, share), step_size, _bisections(domain))


def largest_invertible(domain: StepDomain, step_size: Fraction) -> LargestStep | None:
    """Where the shrink is positive."""
    lean = _is_large(domain)
    quantities = () if lean and not all(domain.own) else (LOWER,)

    def attempt(h: Fraction) -> Proposal | None:
        stages = domain.plan(h, quantities, lean=lean)
        if isinstance(stages, NoStageTube):
            return None
        found = best_shrink(domain.integrator, stages)
        return found if (found.bound.value or 0) > 0 else None

    return _search(attempt, _about(domain, 1.0), step_size, _bisections(domain))


def is_always_invertible(domain: StepDomain) -> bool:
    r"""Whether every forward Euler step is: $1 + hm \ge 1$ for $m \ge 0$."""
    return all(domain.own) and domain.on_tube[LOWER].value >= 0


def _is_large(domain: StepDomain) -> bool:
    return domain.state.size > PRECISE_SIZE


def _bisections(domain: StepDomain) -> int:
    return PRECISE if all(domain.own) else ROUGH


def _about(domain: StepDomain, share: float) -> Fraction:
    """A power of two near a share of 1/L."""
    norm = max(domain.on_tube[NORM].value, 1e-12)
    return Fraction(2) ** round(math.log2(max(share, 1e-12) / norm))


def _search(
    attempt: Attempt, start: Fraction, own: Fraction, bisections: int
) -> LargestStep | None:
    """Double or halve from the start until it holds and fails, then bisect.

    What holds need not hold for every smaller step: the step at hand is tried too.
    """
    found = attempt(own) if own > start else None
    low, high = (own, None) if found is not None else (start, None)
    if found is None:
        found = attempt(low)
    for _ in range(HALVINGS):
        if found is not None:
            break
        low, high = low / 2, low
        found = attempt(low)
    if found is None:
        return None
    for _ in range(DOUBLINGS if high is None else 0):
        further = attempt(2 * low)
        if further is None:
            high = 2 * low
            break
        low, found = 2 * low, further
    if high is None:
        return LargestStep(low, found)
    for _ in range(bisections):
        middle = (low + high) / 2
        between = attempt(middle)
        if between is None:
            high = middle
        else:
            low, found = middle, between
    return LargestStep(low, found)
