"""Random consistent multistep pairs, and their roots in float64."""

from fractions import Fraction

import numpy as np
from hypothesis import strategies as st

from stabcheck.integrators.memory.multistep import LinearMultistep

SMALL = st.fractions(-2, 2, max_denominator=6)
INNER = st.fractions(-1, 1, max_denominator=6)


@st.composite
def pairs(draw, most_steps: int = 4, *, explicit: bool | None = None):
    """Consistent pairs: rho with rational roots in [-1, 1], sigma drawn and scaled."""
    steps = draw(st.integers(1, most_steps))
    rho = [Fraction(-1), Fraction(1)]
    for _ in range(steps - 1):
        root = draw(INNER)
        rho = [
            low - root * high for low, high in zip([0, *rho], [*rho, 0], strict=True)
        ]
    slope = sum(j * a for j, a in enumerate(rho))
    sigma = [draw(SMALL) for _ in range(steps)]
    is_explicit = draw(st.booleans()) if explicit is None else explicit
    sigma.append(Fraction(0) if is_explicit else draw(SMALL.filter(bool)))
    # The slope at 1 fixes one coefficient.
    sigma[0] += slope - sum(sigma)
    if slope == 0:
        rho, sigma = [Fraction(-1), Fraction(1)], [Fraction(1), Fraction(0)]
    return LinearMultistep("drawn", rho, sigma)


@st.composite
def damped_pairs(draw, most_steps: int = 5):
    """Rho with rational roots in the disc, and the new slope alone: stable far out."""
    method = draw(pairs(most_steps, explicit=True))
    slope = sum(method.beta)
    return LinearMultistep("drawn", method.alpha, [0] * method.steps + [slope])


def largest_root(method, z: complex) -> float:
    """The largest modulus of the roots at a point; infinite if one is at infinity."""
    rows = [[float(c) for c in row] for row in method.characteristic.coefficients]
    values = [sum(c * z**m for m, c in enumerate(row)) for row in rows]
    if abs(values[-1]) < 1e-14:
        return np.inf
    return max(abs(np.roots(values[::-1])), default=0.0)


def locus(method, points: int = 4001) -> np.ndarray:
    """The boundary locus at angles in (0, pi), poles left out."""
    zeta = np.exp(1j * np.linspace(0, np.pi, points)[1:-1])
    rho = sum(float(a) * zeta**j for j, a in enumerate(method.alpha))
    sigma = sum(float(b) * zeta**j for j, b in enumerate(method.beta))
    kept = abs(sigma) > 1e-9
    return rho[kept] / sigma[kept]
