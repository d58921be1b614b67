r"""Gauss, Radau and Lobatto methods with any number of stages.

HW: Hairer, Wanner, *Solving Ordinary Differential Equations II*, 2nd ed. 1996; HLW:
Hairer, Lubich, Wanner, *Geometric Numerical Integration*, 2nd ed. 2006.  $P_s$ is
Legendre's polynomial shifted to $[0, 1]$.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from math import comb, factorial

from flint import fmpq, fmpq_mat, fmpq_poly

from stabcheck.errors import InvalidInput
from stabcheck.integrators.algebra.coefficient import Coefficient
from stabcheck.integrators.algebra.number_field import square_root
from stabcheck.integrators.algebra.polynomials import exact_polynomial
from stabcheck.integrators.algebra.roots import fraction
from stabcheck.integrators.runge_kutta.collocation import NodalMethod
from stabcheck.integrators.runge_kutta.tableau import ButcherTableau

Images = list[fmpq_poly]


def legendre(s: int) -> fmpq_poly:
    r"""$P_s(x) = \sum_k (-1)^{s+k}\binom{s}{k}\binom{s+k}{k}x^k$ on $[0, 1]$."""
    return fmpq_poly(
        [(-1) ** (s + k) * comb(s, k) * comb(s + k, k) for k in range(s + 1)]
    )


def collocation(M: fmpq_poly) -> Images:
    r"""$Ap = \int_0^x p$: the condition $C(s)$ (HW IV.5)."""
    return [_power(j + 1) / (j + 1) % M for j in range(M.degree())]


def adjoint_collocation(M: fmpq_poly) -> Images:
    r"""$b(q\,Ap) = b(p\int_x^1 q)$: the condition $D(s)$ (HW IV.5)."""
    s = M.degree()
    gram = fmpq_mat([[_weight(_power(i + j), M) for j in range(s)] for i in range(s)])
    T = [[_weight((1 - _power(i + 1)) * _power(j), M) / (i + 1) for j in range(s)]
         for i in range(s)]  # fmt: skip
    A = gram.solve(fmpq_mat(T))
    return [fmpq_poly([A[i, j] for i in range(s)]) for j in range(s)]


def chord_first(M: fmpq_poly) -> Images:
    r"""$C(s - 1)$ and $a_{i1} = b_1$: Lobatto IIIC (HW IV.5, Table 5.13)."""
    first = M // fmpq_poly([0, 1])
    first = first / first(fmpq(0))
    return _completed(M, first, fmpq_poly([_weight(first, M)]))


def chord_last(M: fmpq_poly) -> Images:
    r"""$C(s - 1)$ and $a_{is} = 0$: Butcher's Lobatto III, IIIC* (HW IV.5)."""
    last = M // fmpq_poly([-1, 1])
    return _completed(M, last / last(fmpq(1)), fmpq_poly())


def mean(*parts: Callable[[fmpq_poly], Images]) -> Callable[[fmpq_poly], Images]:
    """The arithmetic mean of matrices on the same nodes."""

    def images(M: fmpq_poly) -> Images:
        columns = zip(*(part(M) for part in parts), strict=True)
        return [sum(column, start=fmpq_poly()) / len(parts) for column in columns]

    return images


def _completed(M: fmpq_poly, lagrange: fmpq_poly, image: fmpq_poly) -> Images:
    """$C(s - 1)$ and the image of one Lagrange polynomial of degree $s - 1$."""
    s = M.degree()
    images = collocation(M)[: s - 1]
    coefficients = lagrange.coeffs()
    known = zip(coefficients[: s - 1], images, strict=True)
    rest = image - sum((c * p for c, p in known), start=fmpq_poly())
    return [*images, rest / coefficients[s - 1]]


def _gauss(s: int) -> fmpq_poly:
    return legendre(s)


def _radau_left(s: int) -> fmpq_poly:
    return legendre(s) + legendre(s - 1)


def _radau_right(s: int) -> fmpq_poly:
    return legendre(s) - legendre(s - 1)


def _lobatto(s: int) -> fmpq_poly:
    return legendre(s) - legendre(s - 2)


FAMILIES: dict[str, tuple[Callable, Callable, int, str]] = {
    "gauss": (_gauss, collocation, 1, "Butcher, Math. Comp. 18 (1964) 50-64; HW IV.5"),
    "radau-ia": (_radau_left, adjoint_collocation, 1, "Ehle 1969; HW IV.5"),
    "radau-iia": (_radau_right, collocation, 1, "Ehle 1969; HW IV.5"),
    "lobatto-iiia": (_lobatto, collocation, 2, "Ehle 1969; HW IV.5"),
    "lobatto-iiib": (_lobatto, adjoint_collocation, 2, "Ehle 1969; HW IV.5"),
    "lobatto-iiic": (_lobatto, chord_first, 2, "Chipman, BIT 11 (1971); HW IV.5"),
    "lobatto-iiic-star": (_lobatto, chord_last, 2, "Butcher 1964: his Lobatto III"),
    "lobatto-iiid": (
        _lobatto, mean(chord_first, chord_last), 2,
        "Nørsett, Wanner 1981; Jay, Lobatto methods (2015): mean of IIIC and IIIC*",
    ),
    "lobatto-iiie": (
        _lobatto, mean(collocation, adjoint_collocation), 2,
        "Nørsett, Wanner 1981: mean of IIIA and IIIB",
    ),
}  # fmt: skip
"""Nodes, matrix, least number of stages and source, by the name of the family."""


def nodal(family: str, s: int, name: str = "") -> NodalMethod:
    """The method of a family with that many stages, in the algebra of its nodes.

    **Raises:** `InvalidInput` for too few stages or a fraction of one.
    """
    nodes, matrix, fewest, source = FAMILIES[family]
    if not isinstance(s, int) or s < fewest:
        raise InvalidInput(
            f"asked for {family} with {s} stages; give a whole number of at least "
            f"{fewest}"
        )
    M = nodes(s)
    return NodalMethod(
        name or f"{family}:{s}",
        _fractions(M),
        tuple(_fractions(image) for image in matrix(M)),
        source,
    )


def laguerre_collocation(
    name: str, s: int, gamma: Fraction, source: str
) -> NodalMethod | ButcherTableau:
    r"""Collocation at the roots of $L_s(x/\gamma)$, $L_s = \sum_k\binom{s}{k}
    \frac{(-1)^k}{k!}x^k$.

    **Raises:** `InvalidInput` unless $\gamma > 0$.
    """
    if gamma <= 0:
        raise InvalidInput(
            f"asked for {name} with gamma = {gamma}; give a positive fraction"
        )
    powers = [
        Fraction((-1) ** k * comb(s, k), factorial(k)) / gamma**k for k in range(s + 1)
    ]
    images = collocation(exact_polynomial(powers))
    method = NodalMethod(name, tuple(powers), tuple(map(_fractions, images)), source)
    return written_out(method)


def member(family: str, s: int, name: str = "") -> NodalMethod | ButcherTableau:
    """The method of a family: a tableau if its nodes lie in a quadratic field.

    These are Gauss and Radau with at most 3, Lobatto with at most 5 stages.

    **Raises:** `InvalidInput` for too few stages.
    """
    return written_out(nodal(family, s, name))


def written_out(method: NodalMethod) -> NodalMethod | ButcherTableau:
    """The tableau of a method whose nodes lie in a quadratic field, else itself."""
    nodes = quadratic_nodes(method.nodes)
    if nodes is None:
        return method
    A, b = entries(method, nodes)
    return ButcherTableau(method.name, A, b, source=method.source)


def entries(method: NodalMethod, nodes: Sequence) -> tuple[list[list], list]:
    """$A$ and $b$ at the given nodes, the roots of the node polynomial.

    Lagrange's polynomials are expanded in powers, so that nodes may be elements of
    any field.
    """
    columns, b = [], []
    for j, node in enumerate(nodes):
        lagrange = [Fraction(1)]
        for k, other in enumerate(nodes):
            if k != j:
                scale = 1 / (node - other)
                shifted = [Fraction(0), *lagrange]
                lagrange = [
                    (up - other * c) * scale
                    for up, c in zip(shifted, [*lagrange, Fraction(0)], strict=True)
                ]
        b.append(sum(c / (k + 1) for k, c in enumerate(lagrange)))
        image = [Fraction(0)] * method.stages
        for c, powers in zip(lagrange, method.images, strict=True):
            for k, x in enumerate(powers):
                image[k] = image[k] + c * x
        columns.append([_value(image, x) for x in nodes])
    A = [[columns[j][i] for j in range(len(nodes))] for i in range(len(nodes))]
    return A, b


def _value(coefficients: Sequence, x):
    value = coefficients[-1]
    for c in reversed(coefficients[:-1]):
        value = value * x + c
    return value


def quadratic_nodes(nodes: Sequence[Fraction]) -> list[Coefficient] | None:
    """The roots of the node polynomial, ascending, in the rationals or one quadratic
    field; `None` if they do not lie in such a field."""
    factors = exact_polynomial(nodes).numer().factor()[1]
    found: list[Coefficient] = []
    for factor, _ in factors:
        c, b, *rest = (int(x) for x in factor.coeffs())
        if len(rest) > 1:
            return None
        if not rest:
            found.append(Fraction(-c, b))
            continue
        root = square_root(b * b - 4 * rest[0] * c)
        found += [(-b + sign * root) / (2 * rest[0]) for sign in (1, -1)]
    irrational = sum(factor.degree() == 2 for factor, _ in factors)
    return sorted(found) if irrational < 2 else None


def _power(k: int) -> fmpq_poly:
    return fmpq_poly([0] * k + [1])


def _weight(p: fmpq_poly, M: fmpq_poly) -> fmpq:
    reduced = (p % M).coeffs()
    return sum((c / (k + 1) for k, c in enumerate(reduced)), start=fmpq(0))


def _fractions(p: fmpq_poly) -> tuple[Fraction, ...]:
    return tuple(fraction(c) for c in p.coeffs())
