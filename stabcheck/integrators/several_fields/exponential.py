r"""Exponential Runge-Kutta methods for $y' = Ly + N(y)$.

$Y_i = e^{c_iz}y_0 + h\sum_ja_{ij}(z)N(Y_j)$, $y_1 = e^zy_0 + h\sum_ib_i(z)N(Y_i)$ with
$z = hL$ and exponential polynomials $a_{ij}$, $b_i$ (Hochbruck, Ostermann, *Acta
Numerica* 19 (2010) 209-286, section 2).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from math import factorial
from typing import Any

from stabcheck.errors import InvalidInput
from stabcheck.integrators import notebook
from stabcheck.integrators.algebra.algebraic import Algebraic, Infinity
from stabcheck.integrators.algebra.coefficient import coefficient
from stabcheck.integrators.algebra.conditions import order_reached
from stabcheck.integrators.algebra.exponential_polynomial import (
    ExponentialPolynomial,
    exponential,
    phi,
)
from stabcheck.integrators.runge_kutta import intervals, order
from stabcheck.integrators.runge_kutta.stability_function import StabilityFunction
from stabcheck.integrators.runge_kutta.tableau import ButcherTableau

LINEAR, NONLINEAR = "L", "N"


@dataclass(frozen=True)
class ExponentialRungeKutta:
    r"""An explicit exponential Runge-Kutta method.

    **Arguments:** `A`, `(s, s)`, strictly lower triangular, and `b`, `(s,)`, of
    exponential polynomials or rationals; `c`, rationals; `source`.

    **Raises:** `InvalidInput` for unequal lengths, a coefficient on or above the
    diagonal, or one with a pole at 0.
    """

    name: str
    A: tuple[tuple[ExponentialPolynomial, ...], ...]
    b: tuple[ExponentialPolynomial, ...]
    c: tuple[Fraction, ...]
    source: str = field(default="", compare=False)

    family = "exponential Runge-Kutta"
    _repr_latex_ = notebook.latex
    _repr_png_ = notebook.png
    is_explicit = True
    fields = ("z", "w")
    own_facts = ("stiff_order", "limit_interval", "is_exact_on_linear")

    def __post_init__(self) -> None:
        A = tuple(tuple(map(ExponentialPolynomial.of, row)) for row in self.A)
        b = tuple(map(ExponentialPolynomial.of, self.b))
        c = tuple(coefficient(f"c of {self.name}", x) for x in self.c)
        if not b or any(len(x) != len(b) for x in (A, c, *A)):
            raise InvalidInput(
                f"asked for the method {self.name} with {len(b)} weights, rows of "
                f"{[len(row) for row in A]} coefficients and {len(c)} nodes; they have "
                "to be as many"
            )
        for i, row in enumerate(A):
            if any(row[i:]) or not all(x.is_entire for x in (*row, b[i])):
                raise InvalidInput(
                    f"asked for the explicit method {self.name}, found a coefficient "
                    f"on or above the diagonal, or with a pole at 0, in row {i + 1}"
                )
        for key, value in (("A", A), ("b", b), ("c", c)):
            object.__setattr__(self, key, value)

    @property
    def stages(self) -> int:
        """The number of evaluations of $N$."""
        return len(self.b)

    @cached_property
    def stability_polynomial(self) -> tuple[ExponentialPolynomial, ...]:
        r"""$R(z, w) = \sum_kR_k(z)w^k$ for $N(y) = \lambda y$, $w = h\lambda$."""
        stages: list[list[ExponentialPolynomial]] = []
        for row, c in zip(self.A, self.c, strict=True):
            stages.append(_step(exponential(c), row, stages))
        return tuple(_step(exponential(), self.b, stages))

    def stability_function(self, **arguments: Any) -> complex:
        """$R$ at two complex numbers `z` and `w`, in float64.

        **Raises:** `InvalidInput` for other arguments.
        """
        if set(arguments) != {"z", "w"}:
            raise InvalidInput(
                f"asked for the stability function of {self.name} at "
                f"{sorted(arguments)}; give z, the linear, and w, the other argument"
            )
        z, w = arguments["z"], arguments["w"]
        return sum(R(z) * w**k for k, R in enumerate(self.stability_polynomial))

    @cached_property
    def underlying_method(self) -> ButcherTableau:
        """The explicit Runge-Kutta method that is left for $L = 0$."""
        return ButcherTableau(
            f"{self.name} at L = 0",
            [[a.taylor(0) for a in row] for row in self.A],
            [b.taylor(0) for b in self.b],
            source=self.source,
        )

    @cached_property
    def order(self) -> int:
        """The order for smooth $N$ and $hL \to 0$, by trees of two colours.

        A node of the linear colour carries at most one branch.
        """
        return order_reached(self._residuals)

    @cached_property
    def stiff_order(self) -> int:
        r"""The order that holds whatever $\lVert hL\rVert$, up to 3.

        Conditions of Hochbruck, Ostermann (2005), Table 1, as identities of exponential
        polynomials: $\sum b_i = \varphi_1$; $\sum b_ic_i = \varphi_2$ and $\sum_ja_{ij}
        = c_i\varphi_1(c_iz)$; $\sum b_ic_i^2 = 2\varphi_3$ and $\sum_ib_iJ\psi_i = 0$
        for every $J$, $\psi_i = \sum_ja_{ij}c_j - c_i^2\varphi_2(c_iz)$.
        """

        def moment(k: int) -> ExponentialPolynomial:
            terms = (b * c**k for b, c in zip(self.b, self.c, strict=True))
            return sum(terms, start=ExponentialPolynomial({}))

        conditions = (
            lambda: moment(0) == phi(1),
            lambda: moment(1) == phi(2) and not any(self._stage_defects(0)),
            lambda: moment(2) == 2 * phi(3) and self._annihilates(),
        )
        for reached, condition in enumerate(conditions):
            if not condition():
                return reached
        return len(conditions)

    def _stage_defects(self, k: int) -> list[ExponentialPolynomial]:
        return [
            sum((a * c**k for a, c in zip(row, self.c, strict=True)),
                start=-factorial(k) * c_i ** (k + 1) * phi(k + 1, c_i))
            for row, c_i in zip(self.A, self.c, strict=True)
        ]  # fmt: skip

    def _annihilates(self) -> bool:
        r"""Whether $\sum b_i \otimes \psi_i = 0$: no $J$ can tell it from zero."""
        tensor: dict[Any, Fraction] = {}
        for b, defect in zip(self.b, self._stage_defects(1), strict=True):
            for key, c in b.terms.items():
                for other, d in defect.terms.items():
                    pair = (key, other)
                    tensor[pair] = tensor.get(pair, Fraction(0)) + c * d
        return not any(tensor.values())

    def _residuals(self, nodes: int) -> Iterator[Fraction]:
        for tree in order.trees(nodes, (LINEAR, NONLINEAR)):
            if is_linear_in_L(tree):
                weight = self._weight(tree, self.b, Fraction(1))
                yield weight - Fraction(1, order.density(tree))

    def _weight(
        self, tree: order.Tree, row: Sequence[ExponentialPolynomial], c: Fraction
    ) -> Fraction:
        """The coefficient of a tree in a stage, or in the step for the weights."""
        chain = 0
        while tree[0] == LINEAR:
            chain += 1
            if not tree[1]:
                return c**chain / factorial(chain)
            tree = tree[1][0]
        total = Fraction(0)
        for j, a in enumerate(row):
            factor = a.taylor(chain)
            for child in tree[1] if factor else ():
                factor *= self._weight(child, self.A[j], self.c[j])
            total += factor
        return total

    @cached_property
    def limit_function(self) -> StabilityFunction | None:
        r"""$R(-\infty, w)$, a polynomial in $w$; `None` if it is unbounded there."""
        limits = [R.limit for R in self.stability_polynomial]
        if any(limit is None for limit in limits):
            return None
        while len(limits) > 1 and not limits[-1]:
            limits.pop()
        return StabilityFunction(tuple(limits), (Fraction(1),))

    @cached_property
    def limit_interval(self) -> Algebraic | Infinity | None:
        r"""The largest $r$ with $|R(-\infty, w)| \le 1$ for $w \in [-r, 0]$."""
        R = self.limit_function
        return None if R is None else intervals.real_stability_interval(R)

    @cached_property
    def real_stability_interval(self) -> Algebraic | Infinity:
        r"""That of the method at $L = 0$, in $w$."""
        return self.underlying_method.real_stability_interval

    @cached_property
    def imaginary_stability_interval(self) -> Algebraic | Infinity:
        r"""That of the method at $L = 0$, in $w$."""
        return self.underlying_method.imaginary_stability_interval

    @property
    def is_exact_on_linear(self) -> bool:
        r"""Whether $N = 0$ is solved exactly: $R(z, 0) = e^z$."""
        return self.stability_polynomial[0] == exponential()

    @property
    def stability_text(self) -> str:
        """$R(z, w)$ as text, in powers of $w$."""
        parts = []
        for k, R in enumerate(self.stability_polynomial):
            if R:
                power = ("", " w")[k] if k < 2 else f" w^{k}"
                parts.append(f"({R}){power}" if power else str(R))
        return " + ".join(parts)


def _step(
    start: ExponentialPolynomial,
    row: Sequence[ExponentialPolynomial],
    stages: Sequence[Sequence[ExponentialPolynomial]],
) -> list[ExponentialPolynomial]:
    """$e^{cz} + w\\sum_ja_jY_j$ as a polynomial in $w$."""
    powers = [start]
    for a, stage in zip(row, stages, strict=False):
        for k, x in enumerate(stage):
            while len(powers) < k + 2:
                powers.append(ExponentialPolynomial({}))
            powers[k + 1] = powers[k + 1] + a * x
    return powers


def is_linear_in_L(tree: order.Tree) -> bool:
    """Whether every linear node carries one branch at most."""
    if tree[0] == LINEAR and len(tree[1]) > 1:
        return False
    return all(map(is_linear_in_L, tree[1]))
