r"""How large the mixed norm really gets: $\max_i|(Jv)_i|$ over $|v_j| \le 1$.

For a fixed token $i$ and unit vector $u$, $u\cdot(Jv)_i$ is largest at $v_j =
(J^Tu)_j/|(J^Tu)_j|$; alternating the two climbs.  With both held, the state climbs
along the gradient of that form.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import numpy as np

from stabcheck.domains import Ball, Domain, Point, Sphere
from stabcheck.layers import Branch
from stabcheck.spectra import Ascent, BranchDerivative, feasible, linearise
from stabcheck.spectra.starts import few_token_states

AFFORDABLE = 1024
"""Entries of all starting states together, where their number is not given."""
CLIMBS = 30
MOVES = 40
"""The most steps of the state from each start."""
SHORTENINGS = 12
DIFFERENCE = float(np.cbrt(np.finfo(float).eps))


def ascend_mixed(
    branch: Branch, domain: Domain, *, starts: int | None = None
) -> Ascent:
    """The largest token of $Jv$ found; `direction` has tokens of norm at most 1.

    **Arguments:** `starts`, how many starting states (absent: 2 for large states, 8 for
    small ones).
    """
    if starts is None:
        starts = min(max(AFFORDABLE // (domain.shape[0] * domain.shape[1]), 2), 8)
    generator = np.random.default_rng(0)
    fixed = isinstance(domain, Point) or domain.radius == 0
    found = []
    for start in islice(_starts(branch, domain, generator), 1 if fixed else starts):
        state = feasible.retract(domain, start)
        value, direction = _climb(linearise(branch, state), state.shape, generator)
        for _ in range(0 if fixed else MOVES):
            moved = _moved(branch, domain, state, direction)
            if moved is None:
                break
            state = moved
            value, direction = _settled(linearise(branch, state), direction)
        state = feasible.inside(domain, state)
        value, direction = _settled(linearise(branch, state), direction)
        found.append(Ascent(value, state, direction, value))
    return max(found, key=lambda ascent: ascent.value)


def _starts(
    branch: Branch, domain: Domain, generator: np.random.Generator
) -> Iterator[np.ndarray]:
    """The centre where there is one, then random states and few-token ones in turn."""
    is_centred = isinstance(domain, Ball | Sphere)
    if not is_centred:
        yield domain.X0
    while True:
        for rim in (True, False):
            if is_centred:
                yield from islice(few_token_states(branch, domain, generator), 2)
            yield feasible.starting_state(domain, generator, on_rim=rim)


def _moved(
    branch: Branch, domain: Domain, state: np.ndarray, direction: np.ndarray
) -> np.ndarray | None:
    """A state at which the same direction gives more; `None` where none is found."""
    image = linearise(branch, state).jvp(direction)
    here = _largest_token(image)
    covector = np.zeros_like(image)
    token = int(np.argmax(np.linalg.norm(image, axis=1)))
    covector[token] = image[token] / (here if here > 0 else 1.0)
    step = DIFFERENCE * (np.abs(state).max() or 1.0)
    ahead = linearise(branch, state + step * direction).vjp(covector)
    behind = linearise(branch, state - step * direction).vjp(covector)
    for path in feasible.paths(domain, (ahead - behind) / (2 * step), state):
        for shortening in range(SHORTENINGS):
            trial = feasible.retract(domain, state + 0.5**shortening * path)
            if _largest_token(linearise(branch, trial).jvp(direction)) > here:
                return trial
    return None


def _settled(
    derivative: BranchDerivative, direction: np.ndarray
) -> tuple[float, np.ndarray]:
    """The best direction from a good one, at its largest token."""
    token = int(np.argmax(np.linalg.norm(derivative.jvp(direction), axis=1)))
    return _alternated(derivative, direction, token)


def _climb(
    derivative: BranchDerivative, shape: tuple[int, int], generator: np.random.Generator
) -> tuple[float, np.ndarray]:
    """The best value from every token as the receiver, and its direction."""
    best, chosen = 0.0, np.ones(shape) / np.sqrt(shape[1])
    for token in range(shape[0]):
        start = _unit_tokens(generator.standard_normal(shape))
        value, direction = _alternated(derivative, start, token)
        if value > best:
            best, chosen = value, direction
    return best, chosen


def _alternated(
    derivative: BranchDerivative, direction: np.ndarray, token: int
) -> tuple[float, np.ndarray]:
    for _ in range(CLIMBS):
        covector = np.zeros_like(direction)
        covector[token] = derivative.jvp(direction)[token]
        direction = _unit_tokens(derivative.vjp(covector))
    return (
        _largest_token(derivative.jvp(direction)) / _largest_token(direction),
        direction,
    )


def _largest_token(array: np.ndarray) -> float:
    return float(np.linalg.norm(array, axis=1).max())


def _unit_tokens(array: np.ndarray) -> np.ndarray:
    """Every token scaled to norm 1; a token that is 0 becomes a unit vector."""
    norms = np.linalg.norm(array, axis=1, keepdims=True)
    fallback = np.zeros_like(array)
    fallback[:, 0] = 1.0
    return np.where(norms > 0, array / np.where(norms > 0, norms, 1.0), fallback)
