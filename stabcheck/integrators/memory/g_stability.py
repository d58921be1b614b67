r"""The matrix of G-stability of a multistep method, in rationals.

A method is G-stable if $G \succ 0$ exists with
$$\tfrac12\bigl(\rho(\zeta)\sigma(\omega) + \rho(\omega)\sigma(\zeta)\bigr)
= (\zeta\omega - 1)\sum_{ij}g_{ij}\zeta^i\omega^j + \sum_{ij}m_{ij}\zeta^i\omega^j,
\qquad M \succeq 0,$$
for then $|Y_1|_G^2 - |Y_0|_G^2 = 2\langle\rho y, \sigma y\rangle - 2|y|_M^2$ on every
field (Dahlquist, BIT 18 (1978) 384-401; HW V.6, Theorem 6.7: A-stable methods without
common factor, and only these).

$M$ is made from $\Re\rho\bar\sigma$ on the circle: its zeros there are split off, and
what remains is positive, so that a rational Gram matrix of it exists near a rounded
spectral factor.  $G$ follows by division.  Both matrices are checked exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from flint import acb, fmpq, fmpq_mat, fmpq_poly, fmpz_poly

from stabcheck.integrators.algebra.roots import fraction, positive_roots
from stabcheck.integrators.runge_kutta.contractivity import is_positive_semidefinite

Matrix = tuple[tuple[Fraction, ...], ...]
BITS = 40
"""Entries of a rounded spectral factor are multiples of $2^{-40}$ times its size."""
ATTEMPTS = 40
"""Halvings of the part of the smallest value that makes the Gram matrix definite."""


@dataclass(frozen=True)
class GStability:
    r"""The two matrices of the identity: $G \succ 0$ and $M \succeq 0$."""

    G: Matrix
    M: Matrix


def g_stability(alpha: Sequence[Fraction], beta: Sequence[Fraction]) -> GStability:
    r"""$G$ and $M$ of a method that is A-stable and has no common factor.

    **Raises:** `ArithmeticError` if no definite $G$ is found: it is not such a method.
    """
    steps = len(alpha) - 1
    M = _residual(_cosine_polynomial(alpha, beta), steps)
    G = [[Fraction(0)] * steps for _ in range(steps)]
    for i in range(steps):
        for j in range(steps):
            form = (alpha[i] * beta[j] + alpha[j] * beta[i]) / 2 - M[i][j]
            G[i][j] = (G[i - 1][j - 1] if i and j else Fraction(0)) - form
    if not (is_positive_semidefinite(G) and _determinant(G)):
        raise ArithmeticError(f"found {G}, which is not positive definite")
    return GStability(tuple(map(tuple, G)), tuple(map(tuple, M)))


def _cosine_polynomial(
    alpha: Sequence[Fraction], beta: Sequence[Fraction]
) -> fmpq_poly:
    r"""$\Re\rho(\zeta)\overline{\sigma(\zeta)}$ in $c = \Re\zeta$, $|\zeta| = 1$."""
    total = fmpq_poly([])
    for i, a in enumerate(alpha):
        for j, b in enumerate(beta):
            total += _flint(a * b) * fmpq_poly(fmpz_poly.chebyshev_t(abs(i - j)))
    return total


def _residual(u: fmpq_poly, steps: int) -> list[list[Fraction]]:
    r"""$M \succeq 0$ with $\sum m_{ij}\zeta^{i-j} = u$ on the circle."""
    if u == 0:
        return [[Fraction(0)] * (steps + 1) for _ in range(steps + 1)]
    root, positive = _without_zeros(u)
    gram = _gram_matrix(positive)
    factor = [fraction(c) for c in root.coeffs()]
    rows = [
        [Fraction(0)] * i + factor + [Fraction(0)] * (steps + 1 - i - len(factor))
        for i in range(len(gram))
    ]
    C = fmpq_mat([[_flint(x) for x in row] for row in rows])
    Q = fmpq_mat([[_flint(x) for x in row] for row in gram])
    M = C.transpose() * Q * C
    return [[fraction(x) for x in row] for row in M.tolist()]


def _without_zeros(u: fmpq_poly) -> tuple[fmpq_poly, fmpq_poly]:
    r"""$q$ and $v$ with $u(c) = |q(\zeta)|^2v(c)$ and $v > 0$ on $[-1, 1]$."""
    q, v = fmpq_poly([1]), u
    for factor, multiplicity in u.factor()[1]:
        if factor.degree() == 1 and factor(fmpq(1)) * factor(fmpq(-1)) == 0:
            # 2 (1 -+ c) = |zeta -+ 1|^2
            sign = 1 if factor(fmpq(1)) == 0 else -1
            q *= fmpq_poly([-sign, 1]) ** multiplicity
            v = v // fmpq_poly([2, -2 * sign]) ** multiplicity
        elif _has_zero(factor):
            q *= _on_circle(factor) ** (multiplicity // 2)
            v = v // factor**multiplicity
    return q, v


def _has_zero(factor: fmpq_poly) -> bool:
    """Whether a polynomial vanishes inside (-1, 1)."""
    degree = factor.degree()
    # c = (1 - x)/(1 + x) runs through the interval for x > 0.
    moved = fmpq_poly([])
    for k, c in enumerate(factor.coeffs()):
        moved += c * fmpq_poly([1, -1]) ** k * fmpq_poly([1, 1]) ** (degree - k)
    return bool(positive_roots(moved))


def _on_circle(factor: fmpq_poly) -> fmpq_poly:
    r"""$\zeta^df((\zeta + 1/\zeta)/2)$."""
    degree = factor.degree()
    total = fmpq_poly([])
    for k, c in enumerate(factor.coeffs()):
        power = fmpq_poly([fmpq(1, 2), 0, fmpq(1, 2)]) ** k
        total += c * power.left_shift(degree - k)
    return total


def _gram_matrix(v: fmpq_poly) -> list[list[Fraction]]:
    r"""A definite matrix whose diagonals sum to the Fourier coefficients of $v > 0$."""
    wanted = _fourier(v)
    size = len(wanted)
    share = wanted[0] / size / 2
    for _ in range(ATTEMPTS):
        shifted = v - fmpq_poly([_flint(share * size)])
        gram = _rounded_gram(_spectral_factor(shifted), share)
        _correct_diagonals(gram, wanted)
        if is_positive_semidefinite(gram) and _determinant(gram):
            return gram
        share /= 2
    raise ArithmeticError(f"found no Gram matrix of {v}; it is not positive enough")


def _fourier(v: fmpq_poly) -> list[Fraction]:
    r"""$w_m$ with $v(c) = w_0 + \sum_{m>0}w_m(\zeta^m + \zeta^{-m})$."""
    degree = v.degree()
    coefficients = _on_circle(v).coeffs()
    return [fraction(coefficients[degree + m]) for m in range(degree + 1)]


def _spectral_factor(v: fmpq_poly) -> list[float]:
    r"""A rounded $a$ with $|a(\zeta)|^2$ near $v$, its roots inside the circle."""
    factor = [complex(1)]
    for root, multiplicity in v.complex_roots():
        inside = _inside(root)
        for _ in range(multiplicity):
            factor = [
                high - inside * low
                for high, low in zip([0, *factor], [*factor, 0], strict=True)
            ]
    real = [x.real for x in factor]
    mean = max(float(_fourier(v)[0]), 0.0)
    scale = (mean / sum(x * x for x in real)) ** 0.5
    return [scale * x for x in real]


def _inside(c: acb) -> complex:
    r"""The root of $\zeta^2 - 2c\zeta + 1$ in the unit disc, rounded."""
    centre = complex(c.mid())
    root = (centre * centre - 1) ** 0.5
    first, second = centre + root, centre - root
    return first if abs(first) <= abs(second) else second


def _rounded_gram(factor: Sequence[float], share: Fraction) -> list[list[Fraction]]:
    exact = [Fraction(round(x * 2**BITS), 2**BITS) for x in factor]
    return [
        [a * b + (share if i == j else 0) for j, b in enumerate(exact)]
        for i, a in enumerate(exact)
    ]


def _correct_diagonals(gram: list[list[Fraction]], wanted: Sequence[Fraction]) -> None:
    """Spread what each diagonal lacks evenly over it."""
    size = len(gram)
    for m, value in enumerate(wanted):
        lack = value - sum(gram[i][i + m] for i in range(size - m))
        for i in range(size - m):
            gram[i][i + m] += lack / (size - m)
            if m:
                gram[i + m][i] = gram[i][i + m]


def _determinant(matrix: Sequence[Sequence[Fraction]]) -> fmpq:
    return fmpq_mat([[_flint(x) for x in row] for row in matrix]).det()


def _flint(value: Fraction) -> fmpq:
    return fmpq(value.numerator, value.denominator)
