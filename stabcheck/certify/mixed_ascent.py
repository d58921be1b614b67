r"""How large the mixed norm really gets: $\max_i|(Jv)_i|$ over $|v_j| \le 1$.

For a fixed token $i$ and unit vector $u$, $u\cdot(Jv)_i$ is largest at $v_j =
(J^Tu)_j/|(J^Tu)_j|$; alternating the two climbs.  The states are the centre of the
domain and random ones.
"""

from __future__ import annotations

import numpy as np

from stabcheck.domains import Domain, Point
from stabcheck.layers import Branch
from stabcheck.spectra import Ascent, BranchDerivative, feasible, linearise

STATES = 8
CLIMBS = 30


def ascend_mixed(branch: Branch, domain: Domain) -> Ascent:
    """The largest token of $Jv$ found; `direction` has tokens of norm at most 1."""
    generator = np.random.default_rng(0)
    fixed = isinstance(domain, Point) or domain.radius == 0
    found = []
    for number in range(1 if fixed else STATES):
        if number == 0 and hasattr(domain, "X0"):
            state = domain.X0
        else:
            state = feasible.starting_state(domain, generator, on_rim=number % 2 == 1)
        state = feasible.inside(domain, state)
        value, direction = _climb(linearise(branch, state), state.shape, generator)
        found.append(Ascent(value, state, direction, value))
    return max(found, key=lambda ascent: ascent.value)


def _climb(
    derivative: BranchDerivative, shape: tuple[int, int], generator: np.random.Generator
) -> tuple[float, np.ndarray]:
    """The best value from every token as the receiver, and its direction."""
    best, chosen = 0.0, np.ones(shape) / np.sqrt(shape[1])
    for token in range(shape[0]):
        direction = _unit_tokens(generator.standard_normal(shape))
        for _ in range(CLIMBS):
            covector = np.zeros(shape)
            covector[token] = derivative.jvp(direction)[token]
            direction = _unit_tokens(derivative.vjp(covector))
        value = _largest_token(derivative.jvp(direction)) / _largest_token(direction)
        if value > best:
            best, chosen = value, direction
    return best, chosen


def _largest_token(array: np.ndarray) -> float:
    return float(np.linalg.norm(array, axis=1).max())


def _unit_tokens(array: np.ndarray) -> np.ndarray:
    """Every token scaled to norm 1; a token that is 0 becomes a unit vector."""
    norms = np.linalg.norm(array, axis=1, keepdims=True)
    fallback = np.zeros_like(array)
    fallback[:, 0] = 1.0
    return np.where(norms > 0, array / np.where(norms > 0, norms, 1.0), fallback)
