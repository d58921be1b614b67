"""Stability functions of several arguments of additive methods and of splittings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import factorial

from flint import Ordering, fmpq, fmpq_mpoly, fmpq_mpoly_ctx, fmpq_poly

from stabcheck.integrators.algebra.coefficient import Coefficient, number_field_of
from stabcheck.integrators.algebra.field_element import FieldElement
from stabcheck.integrators.algebra.number_field import NumberField
from stabcheck.integrators.runge_kutta.stability_function import StabilityFunction
from stabcheck.integrators.several_fields.multivariate import (
    MultivariateStabilityFunction,
)

Tableau = tuple[Sequence[Sequence[Coefficient]], Sequence[Coefficient]]
GENERATOR = "_g"
"""The variable that stands for the generator of a number field."""


def of_tableaux(method: Mapping[str, Tableau]) -> MultivariateStabilityFunction:
    r"""$R = \det(I - \sum_kz_k(A_k - \mathbb 1b_k^T))/\det(I - \sum_kz_kA_k)$."""
    field = number_field_of(
        "an additive method",
        (x for A, b in method.values() for row in (*A, b) for x in row),
    )
    ring = _ring(tuple(method), field)
    z = dict(zip(method, ring.gens(), strict=False))
    stages = range(len(next(iter(method.values()))[1]))

    def matrix(weight: int) -> list[list[fmpq_mpoly]]:
        rows = [[ring.constant(fmpq(0)) for _ in stages] for _ in stages]
        for name, (A, b) in method.items():
            for i in stages:
                for j in stages:
                    rows[i][j] += z[name] * _lifted(ring, A[i][j] - weight * b[j])
        return rows

    return in_lowest_terms(
        tuple(method),
        _reversed_characteristic(matrix(1), field),
        _reversed_characteristic(matrix(0), field),
        field,
    )


def product_of(
    fields: Sequence[str], factors: Sequence[tuple[str, Fraction, StabilityFunction]]
) -> MultivariateStabilityFunction:
    r"""$\prod R_i(c_iz_i)$ for factors of a field, a fraction and a function."""
    field = number_field_of(
        "a splitting", (c for _, share, R in factors for c in (share, *R.P, *R.Q))
    )
    ring = _ring(fields, field)
    z = dict(zip(fields, ring.gens(), strict=False))
    P = Q = ring.constant(fmpq(1))
    for name, share, R in factors:
        scaled = z[name] * _lifted(ring, share)
        P = _reduced(P * _composed(R.P, scaled), field)
        Q = _reduced(Q * _composed(R.Q, scaled), field)
    return in_lowest_terms(tuple(fields), P, Q, field)


def in_lowest_terms(
    fields: tuple[str, ...],
    P: fmpq_mpoly,
    Q: fmpq_mpoly,
    field: NumberField | None = None,
) -> MultivariateStabilityFunction:
    """$P/Q$ without common rational factor, the constant term of a rational $Q$ one."""
    common = P.gcd(Q)
    P, Q = P / common, Q / common
    constant = Q[(0,) * len(Q.context().names())]
    if field is None or constant:
        P, Q = P / constant, Q / constant
    return MultivariateStabilityFunction(fields, P, Q, field)


def projected(
    R: MultivariateStabilityFunction, order: int
) -> MultivariateStabilityFunction:
    r"""The function beside $R$ that agrees with $e^{\sum z}$ up to the order.

    For a method published in decimals: $P$ gains the terms of $Qe^{\sum z} - P$ of
    degree at most the order, which are its rounding errors.
    """
    ring = R.P.context()
    z = sum(ring.gens(), start=ring.constant(fmpq(0)))
    exponential = sum(
        (z**k * fmpq(1, factorial(k)) for k in range(order + 1)),
        start=ring.constant(fmpq(0)),
    )
    defect = (R.Q * exponential - R.P).to_dict()
    kept = {m: c for m, c in defect.items() if sum(m) <= order}
    return MultivariateStabilityFunction(R.fields, R.P + ring.from_dict(kept), R.Q)


def _ring(fields: Sequence[str], field: NumberField | None) -> fmpq_mpoly_ctx:
    names = tuple(fields) if field is None else (*fields, GENERATOR)
    return fmpq_mpoly_ctx.get(names, Ordering.lex)


def _lifted(ring: fmpq_mpoly_ctx, value: Coefficient) -> fmpq_mpoly:
    if isinstance(value, FieldElement):
        g = ring.gens()[-1]
        parts = (c * g**k for k, c in enumerate(value.polynomial.coeffs()))
        return sum(parts, start=ring.constant(fmpq(0)))
    return ring.constant(fmpq(value.numerator, value.denominator))


def _reduced(p: fmpq_mpoly, field: NumberField | None) -> fmpq_mpoly:
    """The polynomial modulo that of the generator."""
    if field is None:
        return p
    rows: dict[tuple[int, ...], dict[int, fmpq]] = {}
    for monomial, c in p.to_dict().items():
        rows.setdefault(tuple(monomial[:-1]), {})[int(monomial[-1])] = c
    terms = {}
    for key, powers in rows.items():
        dense = fmpq_poly([powers.get(k, 0) for k in range(max(powers) + 1)])
        for k, c in enumerate((dense % field.modulus).coeffs()):
            terms[(*key, k)] = c
    return p.context().from_dict(terms)


def _composed(coefficients: Sequence[Coefficient], z: fmpq_mpoly) -> fmpq_mpoly:
    ring = z.context()
    value = ring.constant(fmpq(0))
    for c in reversed(coefficients):
        value = value * z + _lifted(ring, c)
    return value


def _reversed_characteristic(
    matrix: list[list[fmpq_mpoly]], field: NumberField | None
) -> fmpq_mpoly:
    r"""$\det(I - M)$ by the traces of Faddeev and Le Verrier."""
    stages = range(len(matrix))
    zero = matrix[0][0] * 0
    one = zero + 1
    power = [[one if i == j else zero for j in stages] for i in stages]
    total = one
    for k in range(1, len(matrix) + 1):
        columns = list(zip(*power, strict=True))
        product = [
            [
                _reduced(
                    sum((x * y for x, y in zip(row, column, strict=True)), start=zero),
                    field,
                )
                for column in columns
            ]
            for row in matrix
        ]
        trace = sum((product[i][i] for i in stages), start=zero) * fmpq(-1, k)
        total = total + trace
        power = [
            [product[i][j] + (trace if i == j else zero) for j in stages]
            for i in stages
        ]
    return total
