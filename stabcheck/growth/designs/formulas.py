r"""The formulas behind the numbers, as expressions of SymPy.

h is the step, $\lambda$ the leak; K, $\mu$ and $\nu_\pm$, the ends of a symmetric
Jacobian's spectrum, belong to the field with its scale.  SymPy is loaded when a
formula is asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from stabcheck.growth.designs.field_constants import (
    ONE_SIDED,
    SPECTRUM,
    FieldConstants,
)
from stabcheck.integrators.algebra.field_element import FieldElement

if TYPE_CHECKING:
    from sympy import Expr, Symbol

    from stabcheck.integrators.algebra.algebraic import Algebraic


def symbol(name: str) -> Symbol:
    r"""The symbol of a formula: real for $\mu$ and $\nu_\pm$, else positive."""
    from sympy import Symbol

    if name in ("mu", "nu_-", "nu_+"):
        return Symbol(name, real=True)
    return Symbol(name, positive=True)


def constants(found: FieldConstants, *, has_leak: bool) -> tuple[Expr, Expr, Expr]:
    r"""$\lambda$, K and $\mu$ of a reading of the constants."""
    from sympy import Integer

    leak = symbol("lambda") if has_leak else Integer(0)
    if found.premises == SPECTRUM:
        low, high = symbol("nu_-"), symbol("nu_+")
        width = (high - low) / 2
        return leak - (low + high) / 2, width, width
    mu = symbol("mu") if ONE_SIDED in found.premises else symbol("K")
    return leak, symbol("K"), mu


def comparison(
    method: Any, found: FieldConstants, step: Fraction, *, has_leak: bool
) -> tuple[Expr, Expr]:
    """$R_-$ and G in symbols, without absolute values: with the signs at this step.

    G is written $R(h(K - \\lambda))$ where it is the stability function.
    """
    from sympy import Matrix, cancel, eye, ones

    leak, K, _ = constants(found, has_leak=has_leak)
    h, kappa, z = symbol("h"), symbol("kappa"), symbol("z")
    # Without a rate nothing depends on x, and no inverse in a symbol is needed.
    x = 0 * h if leak == 0 else symbol("x")
    A, b, one = _matrix(method.A), _matrix([method.b]), ones(len(method.b), 1)
    identity = eye(len(method.b))
    at = _rational(step * found.leak)

    def absolute(matrix: Matrix) -> Matrix:
        return matrix.applyfunc(lambda e: -e if e.subs(symbol("x"), at) < 0 else e)

    Z = (identity + x * A).inv()
    residual = absolute(ones(1) - x * b * Z * one)[0]
    reached = (identity - kappa * absolute(A * Z)).inv() * absolute(Z * one)
    growth = residual + kappa * (absolute(b * Z) * reached)[0]
    sizes = {kappa: h * K, symbol("x"): h * leak}
    R = cancel(1 + z * (b * (identity - z * A).inv() * one)[0])
    if cancel(growth - R.subs(z, kappa - x)) == 0:
        growth = R.subs(z, h * (K - leak))
    else:
        growth = cancel(growth).subs(sizes, simultaneous=True)
    return cancel(residual).subs(sizes, simultaneous=True), growth


def euler_square_root(found: FieldConstants, step: Fraction, *, has_leak: bool) -> Expr:
    r"""$\sqrt{(1 - x)^2 + 2h(1 - x)\mu + h^2K^2}$, for x > 1 $x - 1 + hK$."""
    from sympy import sqrt

    leak, K, mu = constants(found, has_leak=has_leak)
    h = symbol("h")
    late = step * found.leak > 1
    if late or mu == K:
        return (h * leak - 1 if late else 1 - h * leak) + h * K
    return sqrt((1 - h * leak) ** 2 + 2 * h * (1 - h * leak) * mu + h**2 * K**2)


def number(value: Fraction | FieldElement | Algebraic) -> Expr:
    """A rational, or a root of its minimal polynomial, in radicals up to degree two."""
    from sympy import CRootOf, Poly, Symbol, roots

    if isinstance(value, FieldElement):
        value = value.algebraic
    if isinstance(value, Fraction):
        return _rational(value)
    if value.rational is not None:
        return _rational(value.rational)
    z = Symbol("z")
    polynomial = Poly(list(reversed(value.minimal_polynomial)), z)
    if polynomial.degree() == 2:
        found = [root for root in roots(polynomial) if root.is_real]
    else:
        count = len(polynomial.real_roots())
        found = [CRootOf(polynomial, place) for place in range(count)]
    return min(found, key=lambda root: abs(root.evalf(30) - float(value)))


def _rational(value: Fraction) -> Expr:
    from sympy import Rational

    return Rational(value.numerator, value.denominator)


def _matrix(rows: Sequence[Sequence[Any]]) -> Any:
    from sympy import Matrix

    return Matrix([[number(entry) for entry in row] for row in rows])
