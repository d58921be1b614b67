r"""Residual blocks with memory on a frozen Jacobian: what its eigenvalues decide.

Both statements are about one matrix $J$ repeated from layer to layer: weight-tied
blocks, linearised at a state.  They do not compose over different layers.

* Momentum, $v \leftarrow \gamma v + (1 - \gamma)f(x)$, $x \leftarrow x + v$: an
  eigenvalue $\lambda$ of $J$ gives $\zeta^2 - a\zeta + \gamma$, $a = 1 + \gamma + (1 -
  \gamma)\lambda$ (`momentum-schur-cohn`).
* Leapfrog, $x_{k+1} = 2x_k - x_{k-1} + h^2f(x_k)$, $J$ symmetric: $\zeta^2 - (2 +
  z)\zeta + 1$, $z = h^2\lambda$ (`leapfrog-symplectic`).
"""

from __future__ import annotations

from fractions import Fraction

from stabcheck.errors import InvalidInput

LARGEST_RADIUS = Fraction(1 << 20)
"""A radius above this is not looked for."""
RADIUS_WIDTH = Fraction(1, 1 << 30)
"""The radius found is within this of the best one, relatively."""


def momentum_decays(
    gamma: Fraction, real: Fraction, imaginary: Fraction | int = 0
) -> bool:
    r"""Whether both roots of momentum lie inside the unit circle, decided exactly.

    Schur and Cohn: $|\gamma| < 1$ and $|a - \gamma\bar a| < 1 - \gamma^2$.

    **Arguments:** `gamma`; the eigenvalue of $J$ as two rationals.
    """
    gamma, real, imaginary = map(Fraction, (gamma, real, imaginary))
    if abs(gamma) >= 1:
        return False
    a = 1 + gamma + (1 - gamma) * real
    b = (1 - gamma) * imaginary
    square = ((1 - gamma) * a) ** 2 + ((1 + gamma) * b) ** 2
    return square < (1 - gamma**2) ** 2


def momentum_radius(
    gamma: Fraction, norm: Fraction, upper: Fraction, lower: Fraction
) -> Fraction | None:
    r"""A spectral radius of momentum on a frozen Jacobian with these bounds.

    Its eigenvalues have $|\lambda| \le L$, $m \le \Re\lambda \le \mu$.  Bisects on what
    `momentum_stays_below` decides.

    **Arguments:** `gamma`; $hL$, $h\mu$, $hm$.

    **Returns:** a rational close to the best; `None` beyond `LARGEST_RADIUS`.
    """
    low, high = Fraction(0), Fraction(1)
    while not momentum_stays_below(high, gamma, norm, upper, lower):
        low, high = high, 2 * high
        if high > LARGEST_RADIUS:
            return None
    while high - low > RADIUS_WIDTH * high:
        middle = (low + high) / 2
        if momentum_stays_below(middle, gamma, norm, upper, lower):
            high = middle
        else:
            low = middle
    return high


def momentum_stays_below(
    radius: Fraction, gamma: Fraction, norm: Fraction, upper: Fraction, lower: Fraction
) -> bool:
    r"""Whether both roots have a modulus below a radius, for all such eigenvalues.

    Schur and Cohn for $\zeta/r$: $|\gamma| < r^2$ and $r|r^2a - \gamma\bar a| < r^4 -
    \gamma^2$.  With $y^2 \le (hL)^2 - x^2$ a quadratic in $x$ has to be positive.
    """
    low, high = max(lower, -norm), min(upper, norm)
    square = radius * radius
    if abs(gamma) >= square or low > high:
        return False
    c0, c1, c2 = _excess(radius, gamma, norm)
    places = [low, high]
    if c2 > 0:
        places.append(min(max(-c1 / (2 * c2), low), high))
    return all(c0 + x * (c1 + x * c2) > 0 for x in places)


def _excess(
    radius: Fraction, gamma: Fraction, norm: Fraction
) -> tuple[Fraction, Fraction, Fraction]:
    square, free = radius * radius, 1 - gamma
    real, turned = (square - gamma) ** 2, (square + gamma) ** 2 * free**2
    whole = (square**2 - gamma**2) ** 2
    return (
        whole - square * (real * (1 + gamma) ** 2 + turned * norm * norm),
        -square * real * 2 * (1 + gamma) * free,
        -square * (real * free**2 - turned),
    )


def leapfrog_is_bounded(z: Fraction) -> bool:
    r"""Whether powers of a leapfrog step stay bounded: $-4 < z < 0$.

    **Arguments:** `z`, $h^2\lambda$ of a frozen symmetric Jacobian.
    """
    return -4 < Fraction(z) < 0


def leapfrog_shrink(growth: Fraction) -> Fraction:
    """The shrink of a leapfrog step or stack of growth G: exactly 1/G.

    Symplectic: singular values come in pairs of s and 1/s.

    **Raises:** `InvalidInput` for a growth below 1, which no such step has.
    """
    growth = Fraction(growth)
    if growth < 1:
        raise InvalidInput(
            f"asked for the shrink of a leapfrog step of growth {growth}, found it "
            "below 1; a symplectic map has a growth of 1 or more"
        )
    return 1 / growth
