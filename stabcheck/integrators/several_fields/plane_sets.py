r"""Sets of the plane that grow until an inequality fails, by projection.

A set of size $t$ has its boundary places $u$; the largest $T$ with $F(t, u) \ge 0$ for
all $t \le T$ and all $u$ is a root of a discriminant, a resultant or an end value of
the factors of $F$ in $u$: between two such roots the signs over $u$ do not change, so
that one rational $t$ a gap decides (Basu, Pollack, Roy, *Algorithms in Real Algebraic
Geometry*, 2nd ed. 2006, 5.1).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from itertools import combinations
from typing import Any

from flint import Ordering, fmpq, fmpq_mpoly, fmpq_mpoly_ctx, fmpq_poly

from stabcheck.integrators.algebra.algebraic import INFINITY, Algebraic, Infinity
from stabcheck.integrators.algebra.field_polynomial import FieldPolynomial
from stabcheck.integrators.algebra.number_field import NumberField
from stabcheck.integrators.algebra.roots import is_nonnegative, positive_roots

PLANE = fmpq_mpoly_ctx.get(("t", "u", "g"), Ordering.lex)
"""Polynomials in the size $t$ of a set, the place $u$ on its boundary and the generator
$g$ of a number field."""

LARGEST_EFFORT = 150
"""The degree of a discriminant from which on it takes many seconds."""


class PlanePolynomial:
    """A polynomial in $t$ and $u$ over the rationals or a number field.

    **Arguments:** `terms`, coefficients by the exponents of $t$, $u$ and the generator;
    `number_field`.
    """

    __slots__ = ("number_field", "polynomial")

    def __init__(
        self,
        terms: Mapping[Any, Any] | fmpq_mpoly,
        number_field: NumberField | None = None,
    ) -> None:
        is_polynomial = isinstance(terms, fmpq_mpoly)
        self.polynomial = terms if is_polynomial else PLANE.from_dict(dict(terms))
        self.number_field = number_field

    def __sub__(self, other: PlanePolynomial) -> PlanePolynomial:
        return self._made(self.polynomial - other.polynomial)

    def __add__(self, other: PlanePolynomial) -> PlanePolynomial:
        return self._made(self.polynomial + other.polynomial)

    def __mul__(self, other: PlanePolynomial) -> PlanePolynomial:
        return self._made(self.polynomial * other.polynomial)

    @property
    def effort(self) -> int:
        """A bound of the degree of the discriminant in $u$, over the rationals."""
        t, u, _ = (int(d) for d in self.polynomial.degrees())
        conjugates = 1 if self.number_field is None else self.number_field.degree
        return t * (2 * u - 1) * conjugates

    def outer_side(self, inner: int) -> PlanePolynomial:
        """On a side of a box: $-t$ in one argument, $-tu$ in the inner one."""
        terms: dict[tuple[int, int, int], fmpq] = {}
        for (m, k, g), c in self.polynomial.to_dict().items():
            key = (m + k, (m, k)[inner], g)
            terms[key] = terms.get(key, fmpq(0)) + c * (-1) ** int(m + k)
        return self._made(terms)

    def mirrored(self) -> PlanePolynomial:
        """At $-t$ and $-u$."""
        terms = self.polynomial.to_dict().items()
        return self._made({m: c * (-1) ** int(m[0] + m[1]) for m, c in terms})

    def square_modulus(self) -> PlanePolynomial:
        r"""$|p(i\sqrt t, -u)|^2$."""
        parts: tuple[dict, dict] = ({}, {})
        for (m, k, g), c in self.polynomial.to_dict().items():
            parts[m % 2][m // 2, k, g] = c * (-1) ** int(m // 2 + k)
        real, imaginary = (PLANE.from_dict(part) for part in parts)
        return self._made(real * real + PLANE.gens()[0] * imaginary * imaginary)

    def conjugated(self, p: fmpq_mpoly) -> fmpq_mpoly:
        """The product of the conjugates of a polynomial, up to a rational factor."""
        field = self.number_field
        rows: dict[tuple[int, int], dict[int, fmpq]] = {}
        for (m, k, g), c in p.to_dict().items():
            rows.setdefault((m, k), {})[int(g)] = c
        reduced = {
            (m, k, g): c
            for (m, k), powers in rows.items()
            for g, c in enumerate((_dense(powers) % field.modulus).coeffs())
        }
        coefficients = enumerate(field.modulus.coeffs())
        modulus = PLANE.from_dict({(0, 0, g): c for g, c in coefficients})
        return modulus.resultant(PLANE.from_dict(reduced), "g")

    def at(self, t: Fraction) -> Any:
        """The polynomial in $u$ at a rational size."""
        point = fmpq(t.numerator, t.denominator)
        rows: dict[int, dict[int, fmpq]] = {}
        for (m, k, g), c in self.polynomial.to_dict().items():
            row = rows.setdefault(int(k), {})
            row[int(g)] = row.get(int(g), fmpq(0)) + c * point ** int(m)
        powers = [_dense(rows.get(k, {})) for k in range(max(rows) + 1)]
        if self.number_field is None:
            return fmpq_poly([p[0] for p in powers])
        modulus = self.number_field.modulus
        return FieldPolynomial(self.number_field, [p % modulus for p in powers])

    def _made(self, terms: Any) -> PlanePolynomial:
        return PlanePolynomial(terms, self.number_field)


def first_failure_over(
    factors: Sequence[PlanePolynomial], holds: Callable[[Any], bool]
) -> Algebraic | Infinity | None:
    r"""The largest $T$ with $F(t, u) \ge 0$ for $t \in [0, T]$ and all places $u$.

    **Arguments:** `factors`, whose product is $F$; `holds`, the decision for the
    polynomial in $u$ at one $t$, `within_unit` or `within_half_line`.

    **Returns:** `None` if a discriminant is of too high a degree to be found.
    """
    F = factors[0]
    for factor in factors[1:]:
        F = F * factor
    if F.polynomial == 0:
        return INFINITY
    if max(factor.effort for factor in factors) > LARGEST_EFFORT:
        return None
    last = Algebraic.of(0)
    for root in _positive_roots(_projections(factors)):
        if not holds(F.at(_between(last, root))):
            return last
        last = root
    return INFINITY if holds(F.at(last.enclosure(Fraction(1))[1] + 1)) else last


def square_root_of(number: Algebraic | Infinity) -> Algebraic | Infinity:
    """The square root of a nonnegative number."""
    if number in (0, INFINITY):
        return number
    squared = fmpq_poly(list(number.polynomial))(fmpq_poly([0, 0, 1]))
    roots = [root for root, _ in positive_roots(squared)]
    width = Fraction(1)
    while len(roots) > 1:
        width /= 16
        lower, upper = number.enclosure(width)
        ends = [(root, root.enclosure(width)) for root in roots]
        roots = [r for r, (a, b) in ends if a**2 <= upper and lower <= b**2]
    return roots[0]


def within_half_line(p: Any) -> bool:
    r"""Whether $p \ge 0$ on $[0, \infty)$."""
    return is_nonnegative(p)


def within_unit(p: Any) -> bool:
    r"""Whether $p \ge 0$ on $[0, 1]$, by $u = v/(1 + v)$."""
    moved, n = fmpq_poly(), p.degree()
    for k, c in enumerate(p.coeffs()):
        basis = fmpq_poly([0] * k + [1]) * fmpq_poly([1, 1]) ** (n - k)
        moved = p * 0 + moved + _scaled(p, c, basis)
    return is_nonnegative(moved)


def _scaled(p: Any, c: Any, basis: fmpq_poly) -> Any:
    return c * basis if isinstance(p, fmpq_poly) else (p * 0 + basis) * c


def _projections(factors: Sequence[PlanePolynomial]) -> list[fmpq_poly]:
    """Polynomials in $t$ at whose roots something changes in $u$."""
    if factors[0].number_field is None:
        return [
            _in_t(p) for p in _projected(_irreducible(f.polynomial for f in factors))
        ]
    # Discriminants over the field are of lower degree than those of the norm; they
    # vanish if a polynomial has a square factor.
    conjugated = factors[0].conjugated
    found = [conjugated(p) for p in _projected([f.polynomial for f in factors])]
    if any(p == 0 for p in found):
        found = _projected(_irreducible(conjugated(f.polynomial) for f in factors))
    return [_in_t(p) for p in found]


def _irreducible(polynomials: Iterable[fmpq_mpoly]) -> list[fmpq_mpoly]:
    """The distinct irreducible factors."""
    found: list[fmpq_mpoly] = []
    for p in polynomials:
        found += [f for f, _ in p.factor()[1] if f not in found]
    return found


def _projected(factors: Sequence[fmpq_mpoly]) -> list[fmpq_mpoly]:
    """End values, leading coefficients, discriminants and resultants in $u$."""
    found = []
    for factor in factors:
        coefficients = _coefficients_in_u(factor)
        at_one = sum(coefficients, start=PLANE.constant(0))
        found += [coefficients[0], coefficients[-1], at_one]
        if len(coefficients) > 2:
            found.append(factor.discriminant("u"))
    found += [f.resultant(g, "u") for f, g in combinations(factors, 2)]
    return [p for p in found if not p.is_constant() or p == 0]


def _positive_roots(projections: Sequence[fmpq_poly]) -> list[Algebraic]:
    roots: list[Algebraic] = []
    for projection in projections:
        if projection.degree() > 0:
            roots += [root for root, _ in positive_roots(projection)]
    roots.sort()
    return [r for k, r in enumerate(roots) if k == 0 or roots[k - 1] != r]


def _coefficients_in_u(p: fmpq_mpoly) -> list[fmpq_mpoly]:
    rows: dict[int, dict[Any, Any]] = {}
    for (t, u, g), c in p.to_dict().items():
        rows.setdefault(int(u), {})[t, 0, g] = c
    return [PLANE.from_dict(rows.get(u, {})) for u in range(max(rows) + 1)]


def _in_t(p: fmpq_mpoly) -> fmpq_poly:
    return _dense({int(t): c for (t, _, _), c in p.to_dict().items()})


def _dense(terms: Mapping[int, Any]) -> fmpq_poly:
    return fmpq_poly([terms.get(k, 0) for k in range(max(terms, default=-1) + 1)])


def _between(lower: Algebraic, upper: Algebraic) -> Fraction:
    """A rational strictly between two algebraic numbers."""
    width = Fraction(1)
    while True:
        a, b = lower.enclosure(width)[1], upper.enclosure(width)[0]
        if a < b:
            return (a + b) / 2
        width /= 16
