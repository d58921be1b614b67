r"""Projected ascent: how large a quantity of a Jacobian really gets on a domain.

$\|J(X)\| = \max u^{\mathsf T}J(X)v$ and $\mu_2(J(X)) = \max v^{\mathsf T}J(X)v$ over
unit vectors.  The ascent alternates: the best directions at the state, by Lanczos;
then the state along the gradient of the form with the directions held, towards the
point of the domain that is farthest along it or, where that is too far, along the
gradient itself.  Token-wise branches climb for all tokens at once, each for itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count, islice

import numpy as np

from stabcheck.domains import Ball, Domain, Sphere
from stabcheck.errors import InvalidInput
from stabcheck.spectra import feasible
from stabcheck.spectra.branch import Branch, BranchDerivative, linearise
from stabcheck.spectra.lanczos import Largest, Matvec, lanczos
from stabcheck.spectra.starts import few_token_states

QUANTITIES = ("spectral-norm", "log-norm", "log-norm-lower")

CLIMBING_TOLERANCE = 1e-4
FINAL_TOLERANCE = 1e-8
ROUGH_TOLERANCE = 1.0
"""Four steps of Lanczos reach it: enough to leave the small end of the spectrum."""
MOST_DIRECTIONS = 120
"""Dimension of the Krylov spaces."""
AFFORDABLE = 2048
"""Entries of all starting states together, where their number is not given."""
SHAKEN = 3
"""One start in so many is the best state found so far, shaken."""
SHAKE = 0.1
"""How far it is moved towards a random state of the rim."""
SHORTENINGS = 14
SHARE = 0.25
"""A step that gains this share of the linear prediction is long enough."""
ENOUGH = 1e-7
"""An ascent ends where a step gains less than this, relatively."""
NOISE = 1e-3
DIFFERENCE = float(np.cbrt(np.finfo(float).eps))


@dataclass(frozen=True, eq=False)
class Ascent:
    r"""The largest (for `log-norm-lower`: smallest) value found.

    `value` is $|Jv|/|v|$ or $v^{\mathsf T}Jv/|v|^2$ at `state` and `direction`, both
    `(n, d)`; the state belongs to the domain exactly; `scale` estimates $\|J\|_2$
    there, the unit of rounding errors.
    """

    value: float
    state: np.ndarray
    direction: np.ndarray
    scale: float


def ascend(
    branch: Branch,
    domain: Domain,
    quantity: str,
    *,
    starts: int | None = None,
    iterations: int = 30,
) -> Ascent:
    r"""Search a domain for the extreme of a quantity of the branch's Jacobian.

    **Arguments:** `branch`, fields applied first to last; `quantity`, one of
    `spectral-norm`, `log-norm`, `log-norm-lower`; `starts`, how many climbs: the
    first from the centre where the domain has one, the last third from the best state
    so far, shaken (absent: 2 for large states, 8 for small ones); `iterations`, the
    most steps of a climb.

    **Raises:** `InvalidInput` for another quantity, or fields without weights.
    """
    if quantity not in QUANTITIES:
        raise InvalidInput(
            f"asked for the ascent of {quantity!r}; use one of {', '.join(QUANTITIES)}"
        )
    search = _Search(branch, domain, quantity)
    fixed = domain.radius == 0
    if starts is None:
        starts = min(max(AFFORDABLE // (domain.shape[0] * domain.shape[1]), 2), 8)
    starts = max(1, starts)
    generator = np.random.default_rng(0)
    states = search.starting_states(generator)
    if fixed:
        return search.finish(search.climb(next(states), 0))
    again = starts // SHAKEN
    best = max(
        (search.climb(state, iterations) for state in islice(states, starts - again)),
        key=lambda climbed: climbed.values.max(),
    )
    for _ in range(again):
        other = feasible.starting_state(domain, generator, on_rim=True)
        shaken = best.state + SHAKE * (other - best.state)
        climbed = search.climb(feasible.retract(domain, shaken), iterations)
        best = max(best, climbed, key=lambda climbed: climbed.values.max())
    return search.finish(best)


@dataclass(frozen=True, eq=False)
class _Climbed:
    """A state with the best directions there: `(blocks,)` and `(blocks, size)`."""

    state: np.ndarray
    values: np.ndarray
    directions: np.ndarray


class _Search:
    """One quantity of one branch on one domain."""

    def __init__(self, branch: Branch, domain: Domain, quantity: str) -> None:
        self.branch, self.domain = branch, domain
        self.is_norm = quantity == "spectral-norm"
        self.sign = -1.0 if quantity == "log-norm-lower" else 1.0
        separate = feasible.is_token_wise(domain) and all(
            field.is_token_wise for field in branch
        )
        self.blocks = domain.shape[0] if separate else 1

    def starting_states(self, generator: np.random.Generator) -> Iterator[np.ndarray]:
        """Endless starts: structured ones, and every third random."""
        domain = self.domain
        if isinstance(domain, Ball | Sphere):
            structured = few_token_states(self.branch, domain, generator)
        else:
            yield domain.X0
            structured = self._states_along_rough_directions(generator)
        for index in count():
            if index % 3 == 2:
                rim = index % 2 == 0  # in turn, as 3 is odd
                yield feasible.starting_state(domain, generator, on_rim=rim)
            else:
                yield feasible.retract(domain, next(structured))

    def _states_along_rough_directions(
        self, generator: np.random.Generator
    ) -> Iterator[np.ndarray]:
        """States farthest along the form's gradient at the centre, in many directions.

        Few steps of Lanczos mix the leading directions anew from every noise: another
        one than the first may lead in the end.
        """
        centre = self.domain.X0
        while True:
            noise = generator.standard_normal((self.blocks, centre.size // self.blocks))
            rough = self._best_directions(centre, noise, ROUGH_TOLERANCE)
            yield feasible.support(self.domain, self._gradient(rough), centre)

    def climb(self, state: np.ndarray, iterations: int) -> _Climbed:
        """Alternate between directions and state."""
        here = self._best_directions(state, None, CLIMBING_TOLERANCE)
        for _ in range(iterations):
            moved = self._step(here)
            if moved is None:
                return here
            there = self._best_directions(moved, here.directions, CLIMBING_TOLERANCE)
            gain = there.values.max() - here.values.max()
            here = there
            if gain <= ENOUGH * abs(here.values.max()):
                return here
        return here

    def finish(self, climbed: _Climbed) -> Ascent:
        """Sharpen the directions at an exactly feasible state and evaluate there."""
        state = feasible.inside(self.domain, climbed.state)
        sharp = self._best_directions(state, climbed.directions, FINAL_TOLERANCE)
        best = int(np.argmax(sharp.values))
        direction = np.zeros_like(sharp.directions)
        direction[best] = sharp.directions[best]
        direction = direction.reshape(state.shape)
        derivative = linearise(self.branch, state)
        value = self.sign * self._quotients(derivative, direction, blocks=1)[0]
        return Ascent(float(value), state, direction, self._scale(derivative, state))

    def _best_directions(
        self, state: np.ndarray, guess: np.ndarray | None, tolerance: float
    ) -> _Climbed:
        """The best direction of each block at a state, from a guess or from noise."""
        derivative = linearise(self.branch, state)

        def product(v: np.ndarray) -> np.ndarray:
            if self.is_norm:
                return derivative.vjp(derivative.jvp(v))
            return self.sign * (derivative.jvp(v) + derivative.vjp(v)) / 2

        found = self._lanczos(product, state.shape, guess, tolerance)
        values = self._quotients(derivative, found.vectors.reshape(state.shape))
        return _Climbed(state, values, found.vectors)

    def _lanczos(
        self,
        product: Matvec,
        shape: tuple[int, int],
        guess: np.ndarray | None,
        tolerance: float,
    ) -> Largest:
        start = np.random.default_rng(1).standard_normal(shape)
        start = start.reshape(self.blocks, -1) / np.sqrt(start.size / self.blocks)
        if guess is not None:
            start = guess + NOISE * start
        return lanczos(
            lambda rows: product(rows.reshape(shape)).reshape(rows.shape),
            start,
            tolerance,
            MOST_DIRECTIONS,
        )

    def _quotients(
        self,
        derivative: BranchDerivative,
        direction: np.ndarray,
        blocks: int | None = None,
    ) -> np.ndarray:
        """What is maximised, block by block, for directions `(n, d)`."""
        image = derivative.jvp(direction).reshape(blocks or self.blocks, -1)
        v = direction.reshape(image.shape)
        if self.is_norm:
            return np.linalg.norm(image, axis=1) / np.linalg.norm(v, axis=1)
        return self.sign * (v * image).sum(axis=1) / (v * v).sum(axis=1)

    def _gradient(self, here: _Climbed) -> np.ndarray:
        """The gradient of $u^T J(X) v$ in X: a difference of $J^T u$ along v."""
        v = here.directions.reshape(here.state.shape)
        u = self.sign * here.directions
        if self.is_norm:
            image = linearise(self.branch, here.state).jvp(v).reshape(u.shape)
            norms = np.linalg.norm(image, axis=1, keepdims=True)
            u = image / np.where(norms > 0, norms, 1)
        u = u.reshape(v.shape)
        step = DIFFERENCE * (np.abs(here.state).max() or 1.0)
        ahead = linearise(self.branch, here.state + step * v).vjp(u)
        behind = linearise(self.branch, here.state - step * v).vjp(u)
        return (ahead - behind) / (2 * step)

    def _step(self, here: _Climbed) -> np.ndarray | None:
        """A state where the form is larger; `None` where none is found.

        Each block takes the longest of ever shorter steps that gains its `SHARE` of
        what the gradient promises, else the one that gains most.
        """
        v = here.directions.reshape(here.state.shape)
        rows = (self.blocks, -1)
        gradient = self._gradient(here)
        best, gained = here.state.reshape(rows).copy(), np.zeros(self.blocks)
        unsettled = np.ones(self.blocks, dtype=bool)
        for path in feasible.paths(self.domain, gradient, here.state):
            waiting = unsettled.copy()
            for shortening in range(SHORTENINGS):
                trial = here.state + 0.5**shortening * path
                trial = feasible.retract(self.domain, trial)
                gain = self._quotients(linearise(self.branch, trial), v) - here.values
                better = waiting & (gain > gained)
                best[better] = trial.reshape(rows)[better]
                gained[better] = gain[better]
                promised = (gradient * (trial - here.state)).reshape(rows).sum(axis=1)
                waiting &= gain < SHARE * promised
                if shortening == 0:
                    unsettled &= waiting
                if not waiting.any():
                    break
            if not unsettled.any():
                break
        return best.reshape(here.state.shape) if gained.any() else None

    def _scale(self, derivative: BranchDerivative, state: np.ndarray) -> float:
        found = self._lanczos(
            lambda v: derivative.vjp(derivative.jvp(v)), state.shape, None, NOISE
        )
        return float(np.sqrt(max(found.values.max(), 0.0)))
