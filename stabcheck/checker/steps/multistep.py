r"""What a linear multistep method determines: root conditions, order, its wedge.

$\sum_j\alpha_jy_{n+j} = h\sum_j\beta_jf_{n+j}$ with $\rho$ and $\sigma$; in $\zeta = (1
+ v)/(1 - v)$ the unit disc is the left half-plane.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from flint import fmpq_poly

from stabcheck.checker.arithmetic.polynomials import (
    count_roots,
    flint,
    has_roots_to_the_right_only,
    is_nonnegative,
    parts_on_axis,
    places_between_roots,
)

MIRRORED = fmpq_poly([0, -1])
X = fmpq_poly([0, 1])


def in_half_plane(coefficients: Sequence[Fraction]) -> fmpq_poly:
    r"""$(1 - v)^k\,p((1 + v)/(1 - v))$, k the formal degree."""
    degree = len(coefficients) - 1
    terms = (
        flint(c) * fmpq_poly([1, 1]) ** j * fmpq_poly([1, -1]) ** (degree - j)
        for j, c in enumerate(coefficients)
    )
    return sum(terms, start=fmpq_poly([]))


def has_roots_inside_only(coefficients: Sequence[Fraction]) -> bool:
    r"""Decide $|\zeta| < 1$ for all k roots; -1 would lower the degree in v."""
    p = in_half_plane(coefficients)
    full = p.degree() == len(coefficients) - 1
    return full and has_roots_to_the_right_only(p(MIRRORED))


def satisfies_root_condition(coefficients: Sequence[Fraction]) -> bool:
    r"""Decide $|\zeta| \le 1$ for all k roots, those of modulus 1 simple.

    What p(v) and p(-v) have in common holds every root on the axis, and has to hold
    no other: v at most once, and a polynomial in v^2 with simple negative roots.
    """
    p = in_half_plane(coefficients)
    if p == 0 or p.degree() < len(coefficients) - 2:
        return False
    common = p.gcd(p(MIRRORED))
    if not has_roots_to_the_right_only((p // common)(MIRRORED)):
        return False
    if common[0] == 0:
        common //= X
    if common[0] == 0:
        return False
    squares = fmpq_poly(common.coeffs()[::2])(MIRRORED)
    simple = squares.gcd(squares.derivative()).degree() < 1
    return simple and count_roots(squares, flint(0), None) == squares.degree()


def has_order(alpha: Sequence[Fraction], beta: Sequence[Fraction], order: int) -> bool:
    r"""Decide $\sum_j(\alpha_jj^q - q\beta_jj^{q-1}) = 0$ for q up to the order."""
    pairs = list(enumerate(zip(alpha, beta, strict=True)))
    return sum(alpha) == 0 and all(
        sum(a * j**q - q * b * j ** (q - 1) for j, (a, b) in pairs) == 0
        for q in range(1, order + 1)
    )


def is_stable_in_wedge(
    alpha: Sequence[Fraction],
    beta: Sequence[Fraction],
    squared_tangent: Fraction | None,
) -> bool:
    r"""Decide that all roots lie inside for $z \ne 0$, $|\arg(-z)| < \alpha$.

    At -1 they do, and no $z = \rho/\sigma$ with $|\zeta| = 1$ lies in the wedge: at no
    x > 0 both $\Re z < 0$ and $(\Im z)^2 < w(\Re z)^2$.  None stands for 90 degrees.
    """
    at_minus_one = [a + b for a, b in zip(alpha, beta, strict=True)]
    if not has_roots_inside_only(at_minus_one):
        return False
    a, b = parts_on_axis(in_half_plane(alpha))
    c, d = parts_on_axis(in_half_plane(beta))
    real, odd = a * c + X * b * d, b * c - a * d
    if squared_tangent is None:
        return is_nonnegative(real, 0, None)
    gap = X * odd**2 - flint(squared_tangent) * real**2
    if real * gap == 0:
        return True
    return not any(real(x) < 0 and gap(x) < 0 for x in places_between_roots(real * gap))
