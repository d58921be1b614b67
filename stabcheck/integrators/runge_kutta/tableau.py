r"""Runge-Kutta methods with exact coefficients, and the facts that follow from them."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import Any, ClassVar

from stabcheck.errors import InvalidInput
from stabcheck.integrators.algebra.algebraic import Algebraic, Infinity
from stabcheck.integrators.algebra.coefficient import (
    Coefficient,
    algebraic,
    coefficient_row,
    entries,
    number_field_of,
)
from stabcheck.integrators.algebra.number_field import NumberField
from stabcheck.integrators.runge_kutta import (
    contractivity,
    decimals,
    internal_stability,
    monotonicity,
    reduction,
    simplifying,
    structure,
)
from stabcheck.integrators.runge_kutta.convex_form import ConvexForm
from stabcheck.integrators.runge_kutta.one_step import OneStepMethod
from stabcheck.integrators.runge_kutta.order import (
    ElementaryWeights,
    largest_residual,
    order_of,
    principal_error_norm,
)
from stabcheck.integrators.runge_kutta.stability_function import (
    StabilityFunction,
    of_tableau,
)


@dataclass(frozen=True)
class ButcherTableau(OneStepMethod):
    r"""A Runge-Kutta method $Y_i = y_0 + h\sum_j a_{ij}f(Y_j)$, $y_1 = y_0 +
    h\sum_i b_if(Y_i)$.

    **Arguments:** `A`, `(s, s)`, and `b`, `(s,)`, rationals, strings such as `1/2` or
    elements of one number field; `c`, the row sums of `A` (the default); `source`,
    where the coefficients stand; `embedded`, the weights of a second method on the same
    stages; `published_order`, for a method published in decimals only, the order that
    its rounded coefficients have up to rounding.  All facts are conditional on it then;
    `embedded_order`, the same of the embedded weights; `published_decay`, whether
    $R(\infty) = 0$ is published with the decimals; `convex_form`, the Shu-Osher arrays
    that were published with them.

    **Raises:** `InvalidInput` for a tableau that is empty, not square, of unequal
    lengths or holds a float; unless it is published in decimals, also if `c` are not
    the row sums or the weights do not add up to 1.
    """

    name: str
    A: tuple[tuple[Coefficient, ...], ...]
    b: tuple[Coefficient, ...]
    c: tuple[Coefficient, ...] | None = None
    source: str = field(default="", compare=False)
    embedded: tuple[Coefficient, ...] | None = field(default=None, kw_only=True)
    published_order: int | None = field(default=None, kw_only=True)
    embedded_order: int | None = field(default=None, kw_only=True)
    published_decay: bool = field(default=False, kw_only=True)
    convex_form: ConvexForm | None = field(default=None, kw_only=True)

    own_facts: ClassVar = ("stage_order", "is_symplectic", "is_symmetric")

    def __post_init__(self) -> None:
        rows = entries(f"A of {self.name}", self.A)
        A = tuple(self._row(f"A[{i}]", row) for i, row in enumerate(rows))
        b = self._row("b", self.b)
        if not b or len(A) != len(b) or any(len(row) != len(b) for row in A):
            raise InvalidInput(
                f"asked for the method {self.name} with {len(b)} weights and rows of "
                f"{[len(row) for row in A]} coefficients; A has to be square, of the "
                "length of b"
            )
        sums = tuple(sum(row, start=Fraction(0)) for row in A)
        c = sums if self.c is None else self._row("c", self.c)
        embedded = None if self.embedded is None else self._row("b", self.embedded)
        for key, row in (("c", c), ("embedded weights", embedded)):
            if row is not None and len(row) != len(b):
                raise InvalidInput(
                    f"asked for the method {self.name} of {len(b)} stages, found "
                    f"{len(row)} {key}; give one for each stage"
                )
        for key, value in (("A", A), ("b", b), ("c", c), ("embedded", embedded)):
            object.__setattr__(self, key, value)
        number_field_of(f"the method {self.name}", self._coefficients())
        if self.published_order is None:
            self._check_consistency(sums)

    def _row(self, what: str, values: Any) -> tuple[Coefficient, ...]:
        return coefficient_row(f"{what} of {self.name}", values)

    def _coefficients(self) -> tuple[Coefficient, ...]:
        return (*(x for row in self.A for x in row), *self.b, *(self.embedded or ()))

    def _check_consistency(self, sums: tuple[Coefficient, ...]) -> None:
        if self.c != sums:
            raise InvalidInput(
                f"asked for the method {self.name} with c = "
                f"{[str(x) for x in self.c or ()]}, found the row sums "
                f"{[str(x) for x in sums]} of A; they have to agree"
            )
        total = sum(self.b, start=Fraction(0))
        if total != 1:
            raise InvalidInput(
                f"asked for the method {self.name}, found weights b with the sum "
                f"{total}; a consistent method has the sum 1"
            )

    @property
    def stages(self) -> int:
        """The number of stages, $s$."""
        return len(self.b)

    @cached_property
    def number_field(self) -> NumberField | None:
        """The field of the coefficients, `None` if all are rational."""
        return number_field_of(self.name, self._coefficients())

    @property
    def is_explicit(self) -> bool:
        """Whether every stage uses earlier stages only."""
        return not any(any(row[i:]) for i, row in enumerate(self.A))

    @property
    def family(self) -> str:
        """`explicit Runge-Kutta`, `diagonally implicit Runge-Kutta` or `implicit`."""
        if self.is_explicit:
            return "explicit Runge-Kutta"
        diagonal = not any(any(row[i + 1 :]) for i, row in enumerate(self.A))
        return f"{'diagonally ' if diagonal else ''}implicit Runge-Kutta"

    @cached_property
    def order(self) -> int:
        """The order, by the rooted-tree conditions up to the first that fails.

        For a method published in decimals it is the published one.
        """
        if self.published_order is not None:
            return self.published_order
        return order_of(self._elementary_weights)

    @cached_property
    def _elementary_weights(self) -> ElementaryWeights:
        """Exact, or in balls of far more digits than those published."""
        bits = 0 if self.published_order is None else decimals.BITS
        return ElementaryWeights({"f": (self.A, self.b)}, bits)

    @cached_property
    def order_residual(self) -> Algebraic | None:
        r"""$\max |\Phi(t) - 1/\gamma(t)|$ over the trees up to the order, from above.

        `None` for exact coefficients, of which it is 0.
        """
        if self.published_order is None:
            return None
        residual = largest_residual(self._elementary_weights, self.published_order)
        return algebraic(residual)

    @cached_property
    def abscissa_residual(self) -> Algebraic:
        r"""$\max_i |c_i - \sum_j a_{ij}|$, 0 for exact coefficients."""
        return decimals.abscissa_residual(self.A, self.c or ())

    @cached_property
    def embedded_method(self) -> ButcherTableau | None:
        """The second method on the same stages, for the estimate of the error."""
        if self.embedded is None:
            return None
        return ButcherTableau(
            f"{self.name} embedded",
            self.A,
            self.embedded,
            self.c,
            self.source,
            published_order=self.embedded_order,
        )

    @cached_property
    def principal_error_norm(self) -> Algebraic:
        """The Euclidean norm of the leading error coefficients."""
        return principal_error_norm(self._elementary_weights, self.order)

    @cached_property
    def stability_function(self) -> StabilityFunction:
        r"""$R = P/Q$ in lowest terms.

        Of an explicit method published in decimals, with the coefficients $1/k!$ up to
        its order: rounded ones would change every fact.
        """
        R = of_tableau(self.A, self.b)
        if self.published_order is None:
            return R
        return decimals.projected(R, self.published_order, decays=self.published_decay)

    @cached_property
    def circle_contractivity_radius(self) -> Algebraic | Infinity:
        r"""The largest $r$ with $b \ge 0$, $BA + A^TB - bb^T + B/r \succeq 0$."""
        return contractivity.circle_contractivity_radius(self.A, self.b)

    @cached_property
    def absolute_monotonicity_radius(self) -> Algebraic | Infinity:
        """The radius of absolute monotonicity of the tableau, its SSP coefficient.

        Of a method published in decimals as a convex form, that of the form: rounding
        turns zeros of the tableau into small negative numbers, which lower the radius.
        """
        if self.convex_form is not None:
            return self.convex_form.ssp_coefficient
        return monotonicity.absolute_monotonicity_radius(self.A, self.b)

    @cached_property
    def is_algebraically_stable(self) -> bool:
        r"""Whether $b \ge 0$ and $BA + A^TB - bb^T \succeq 0$."""
        return contractivity.is_algebraically_stable(self.A, self.b)

    @cached_property
    def algebraic_stability_pivots(self) -> list[tuple[int, Coefficient]] | None:
        r"""The pivots of $BA + A^TB - bb^T$ and their stages.

        With $b \ge 0$ they prove algebraic stability; `None` if it is not semidefinite.
        """
        matrix = contractivity.contractivity_matrix(self.A, self.b)
        return contractivity.semidefinite_pivots(matrix)

    @cached_property
    def internal_stability_functions(self) -> list[StabilityFunction]:
        r"""$Q_j(z) = z\,b^T(I - zA)^{-1}e_j$: errors of the stages in the result."""
        return internal_stability.internal_stability_functions(self.A, self.b)

    def estimate_maximal_amplification(self) -> float:
        """The largest factor on a stage's error over the stability region, sampled."""
        return internal_stability.estimate_maximal_amplification(
            self.stability_function, self.internal_stability_functions
        )

    @cached_property
    def stage_order(self) -> int:
        r"""The largest $q$ with the simplifying assumptions $B(q)$ and $C(q)$."""
        return simplifying.stage_order(self.A, self.b, self.c or ())

    @cached_property
    def simplifying_assumptions(self) -> tuple[int, int, int]:
        r"""The largest $p$, $q$, $r$ with $B(p)$, $C(q)$, $D(r)$."""
        A, b, c = self.A, self.b, self.c or ()
        return (
            simplifying.quadrature_order(b, c),
            simplifying.collocation_order(A, c),
            simplifying.adjoint_order(A, b, c),
        )

    @cached_property
    def is_symplectic(self) -> bool:
        """Whether quadratic invariants are kept."""
        return structure.is_symplectic(self.A, self.b)

    @cached_property
    def is_symmetric(self) -> bool:
        """Whether the method is its own adjoint."""
        return structure.is_symmetric(self.A, self.b)

    def adjoint(self) -> ButcherTableau:
        r"""The method $\Phi_{-h}^{-1}$: one step back is undone by it."""
        return self._changed("adjoint", structure.adjoint(self.A, self.b))

    def reduced(self) -> ButcherTableau:
        """The same method without superfluous stages."""
        return self._changed("reduced", reduction.reduced(self.A, self.b))

    def _changed(self, how: str, tableau: reduction.Tableau) -> ButcherTableau:
        A, b = tableau
        return ButcherTableau(
            f"{self.name} {how}", A, b, published_order=self.published_order
        )
