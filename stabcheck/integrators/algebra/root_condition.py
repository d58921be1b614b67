r"""Roots in the unit disc, decided over the rationals.

The open disc by the Schur-Cohn reduction (Schur, J. reine angew. Math. 147 (1917)
205-232; 148 (1918) 122-145).  A polynomial shares its roots on the circle, and its
pairs $\zeta, 1/\zeta$, with its reciprocal $\zeta^kp(1/\zeta)$; the common factor has
all its roots on the circle exactly if its derivative has none outside (Cohn, Math. Z.
14 (1922) 110-148).
"""

from __future__ import annotations

from flint import arb_poly, ctx, fmpq_poly

BITS = 256
"""The accuracy of the balls that decide first, where no root is near the circle."""


def is_in_open_disc(p: fmpq_poly) -> bool:
    r"""Whether every root has $|\zeta| < 1$; the zero polynomial has others."""
    if p == 0:
        return False
    decided = _decided_in_balls(p)
    if decided is not None:
        return decided
    while p.degree() > 0:
        lowest, leading = p[0], p[p.degree()]
        if abs(lowest) >= abs(leading):
            return False
        p = (p - reciprocal(p) * (lowest / leading)).right_shift(1)
    return True


def is_in_closed_disc(p: fmpq_poly) -> bool:
    r"""Whether every root has $|\zeta| \le 1$, whatever its multiplicity."""
    decided = _decided_in_balls(p)
    if decided is not None:
        return decided
    while p.degree() > 0:
        common = p.gcd(reciprocal(p))
        if not is_in_open_disc(p // common):
            return False
        if common.degree() < 1:
            return True
        p = common.derivative()
    return p != 0


def satisfies_root_condition(p: fmpq_poly) -> bool:
    r"""Whether every root has $|\zeta| \le 1$ and those with $|\zeta| = 1$ are simple.

    It says that the recurrence of $p$ has bounded solutions only (Dahlquist, Math.
    Scand. 4 (1956) 33-53; HNW III.3).
    """
    common = p.gcd(reciprocal(p))
    simple = common.gcd(common.derivative()).degree() < 1
    return simple and is_in_closed_disc(p)


def reciprocal(p: fmpq_poly) -> fmpq_poly:
    r"""$\zeta^{\deg p}\,p(1/\zeta)$."""
    return fmpq_poly(p.coeffs()[::-1])


def _decided_in_balls(p: fmpq_poly) -> bool | None:
    r"""Whether every root has $|\zeta| < 1$, or some $|\zeta| > 1$; `None` if unclear.

    A step of the reduction takes one root from inside and keeps the numbers of roots
    on the circle and outside.
    """
    with ctx.workprec(BITS):
        a = arb_poly(p).coeffs()
        while len(a) > 1:
            ratio = a[0] / a[-1]
            if abs(ratio) > 1:
                return False
            if not abs(ratio) < 1:
                return None
            a = [x - ratio * y for x, y in zip(a[1:], a[-2::-1], strict=True)]
    return True if a else None
