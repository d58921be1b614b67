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
