r"""Implicit methods whose nodes are the roots of a rational polynomial.

Gauss, Radau and Lobatto nodes are irrational, their node polynomial $M$ is not.  A
vector of stage values is a polynomial modulo $M$: products of stages are products
there, the weights are the functional $b(x^k) = 1/(k + 1)$, $k < s$, and the matrix $A$
is a rational operator.  Every fact that does not ask for single entries of $A$ follows
in rationals, for any number of stages (Hairer, Wanner, *Solving ODEs II*, IV.5, IV.12:
the congruence $V^{\mathsf T}MV$ with the Vandermonde matrix $V$ of the nodes).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property

from flint import fmpq, fmpq_mat, fmpq_poly

from stabcheck.errors import InvalidInput
from stabcheck.integrators.algebra.algebraic import INFINITY, Algebraic, Infinity
from stabcheck.integrators.algebra.polynomials import exact_polynomial
from stabcheck.integrators.algebra.roots import first_root, fraction
from stabcheck.integrators.runge_kutta import order
from stabcheck.integrators.runge_kutta.congruence import pencil_radius
from stabcheck.integrators.runge_kutta.one_step import OneStepMethod
from stabcheck.integrators.runge_kutta.stability_function import (
    StabilityFunction,
    in_lowest_terms,
)

LARGEST_TREE = 11
"""Nodes of the trees that a principal error is summed over: 1842 trees have 11."""


@dataclass(frozen=True)
class NodalMethod(OneStepMethod):
    r"""A Runge-Kutta method on the roots of a rational polynomial.

    **Arguments:** `nodes`, the coefficients of $M$, of degree $s$, constant term
    first; `images`, for $j < s$ the coefficients of $A x^j$ modulo $M$; `source`.

    **Raises:** `InvalidInput` for nodes that coincide or images of another number.
    """

    name: str
    nodes: tuple[Fraction, ...]
    images: tuple[tuple[Fraction, ...], ...]
    source: str = field(default="", compare=False)

    family = "implicit Runge-Kutta"
    is_explicit = False
    own_facts = ("stage_order", "is_symplectic", "is_symmetric")

    def __post_init__(self) -> None:
        M = exact_polynomial(self.nodes)
        if M.degree() != len(self.images) or M.gcd(M.derivative()).degree() > 0:
            raise InvalidInput(
                f"asked for the method {self.name} on the {M.degree()} roots of {M}, "
                f"found {len(self.images)} images; give distinct nodes and an image "
                "for each"
            )

    @property
    def stages(self) -> int:
        """The number of stages, $s$."""
        return len(self.images)

    @cached_property
    def _M(self) -> fmpq_poly:
        return exact_polynomial(self.nodes)

    @cached_property
    def _images(self) -> tuple[fmpq_poly, ...]:
        return tuple(exact_polynomial(image) for image in self.images)

    def apply(self, stages: fmpq_poly) -> fmpq_poly:
        """$A$ times a vector of stages."""
        parts = zip(stages.coeffs(), self._images, strict=False)
        return sum((c * image for c, image in parts), start=fmpq_poly())

    def weigh(self, stages: fmpq_poly) -> fmpq:
        r"""$b^{\mathsf T}$ times a vector of stages."""
        reduced = (stages % self._M).coeffs()
        return sum((c / (k + 1) for k, c in enumerate(reduced)), start=fmpq(0))

    @cached_property
    def _matrix(self) -> fmpq_mat:
        """$A$ in the basis of powers."""
        s = self.stages
        columns = [_padded(image, s) for image in self._images]
        return fmpq_mat([[columns[j][i] for j in range(s)] for i in range(s)])

    @cached_property
    def _gram(self) -> fmpq_mat:
        r"""$V^{\mathsf T}BV$, the moments $b(x^{i+j})$."""
        s = self.stages
        moments = [self.weigh(_power(k)) for k in range(2 * s - 1)]
        return fmpq_mat([[moments[i + j] for j in range(s)] for i in range(s)])

    @cached_property
    def _form(self) -> fmpq_mat:
        r"""$V^{\mathsf T}(BA + A^{\mathsf T}B - bb^{\mathsf T})V$."""
        GA = self._gram * self._matrix
        b = fmpq_mat([[self._gram[0, j]] for j in range(self.stages)])
        return GA + GA.transpose() - b * b.transpose()

    @cached_property
    def stability_function(self) -> StabilityFunction:
        r"""$R = P/Q$ in lowest terms, by the matrices in the basis of powers."""
        s = self.stages
        update = [[self._gram[0, j] if i == 0 else fmpq(0) for j in range(s)]
                  for i in range(s)]  # fmt: skip
        return in_lowest_terms(
            _reversed_characteristic(self._matrix - fmpq_mat(update)),
            _reversed_characteristic(self._matrix),
        )

    @cached_property
    def quadrature_order(self) -> int:
        r"""The largest $p$ of $B(p)$: $b(x^{k-1}) = 1/k$ for $k \le p$."""
        k = self.stages
        while self.weigh(_power(k)) == fmpq(1, k + 1):
            k += 1
        return k

    @cached_property
    def stage_order(self) -> int:
        r"""The largest $q$ of $C(q)$: $A x^{k-1} = x^k/k$ at the nodes, $k \le q$."""
        q = 0
        while q < self.stages and self._images[q] == _power(q + 1) / (q + 1) % self._M:
            q += 1
        return q

    @cached_property
    def adjoint_order(self) -> int:
        r"""The largest $r$ of $D(r)$: $b^{\mathsf T}C^{k-1}A = (b^{\mathsf T} -
        b^{\mathsf T}C^k)/k$, $k \le r$."""
        r = 0
        while r < self.stages and all(
            self.weigh(_power(r) * image)
            == self.weigh((1 - _power(r + 1)) * _power(j)) / (r + 1)
            for j, image in enumerate(self._images)
        ):
            r += 1
        return r

    @cached_property
    def order(self) -> int:
        r"""The order.

        $B(p)$, $C(q)$ and $D(r)$ give at least $\min(p, q + r + 1, 2q + 2)$ (Butcher
        1964), the tall trees $b^{\mathsf T}c^{k-1} = 1/k$ no more than $p$; between the
        two the rooted trees decide.  A symmetric method has even order.
        """
        p = self.quadrature_order
        found = min(p, self.stage_order + self.adjoint_order + 1,
                    2 * self.stage_order + 2)  # fmt: skip
        while found < p:
            follows = found % 2 == 1 and self.is_symmetric
            if not follows and any(self._residuals(found + 1)):
                break
            found += 1
        return found

    def _residuals(self, nodes: int) -> list[Fraction]:
        weights = {}

        def stage(tree: order.Tree) -> fmpq_poly:
            if tree not in weights:
                product = fmpq_poly([1])
                for child in tree[1]:
                    product = product * self.apply(stage(child)) % self._M
                weights[tree] = product
            return weights[tree]

        return [
            (fraction(self.weigh(stage(tree))) - Fraction(1, order.density(tree)))
            / order.symmetry(tree)
            for tree in order.trees(nodes, ("f",))
        ]

    @cached_property
    def principal_error_norm(self) -> Algebraic | None:
        """The Euclidean norm of the leading error coefficients.

        `None` above order 10, where the sum has tens of thousands of trees.
        """
        if self.order + 1 > LARGEST_TREE:
            return None
        square = sum(x**2 for x in self._residuals(self.order + 1))
        return first_root(exact_polynomial([-square, Fraction(0), Fraction(1)]))

    @cached_property
    def is_algebraically_stable(self) -> bool:
        r"""Whether $b > 0$ and $BA + A^{\mathsf T}B - bb^{\mathsf T} \succeq 0$."""
        return self.circle_contractivity_radius == INFINITY

    @cached_property
    def circle_contractivity_radius(self) -> Algebraic | Infinity:
        r"""The largest $r$ with $b \ge 0$, $BA + A^TB - bb^T + B/r \succeq 0$.

        $-1/\lambda_{\min}(B^{-1}M)$, from the rational pencil of the congruence.
        """
        return pencil_radius(self._gram, self._form)

    @cached_property
    def is_symplectic(self) -> bool:
        r"""Whether $BA + A^{\mathsf T}B = bb^{\mathsf T}$."""
        return self._form == self._form * 0

    @cached_property
    def is_symmetric(self) -> bool:
        r"""Whether it is its own adjoint: $A p(x) + (A\,p(1 - \cdot))(1 - x) = b(p)$.

        The nodes have to lie symmetrically to 1/2.
        """
        mirror = fmpq_poly([1, -1])
        mirrored = self._M(mirror)
        if mirrored % self._M != 0:
            return False
        return all(
            (image + self.apply(_power(j)(mirror) % self._M)(mirror) - self.weigh(
                _power(j))) % self._M == 0
            for j, image in enumerate(self._images)
        )  # fmt: skip

    @property
    def absolute_monotonicity_radius(self) -> Algebraic | None:
        """0 from stage order 3 on; `None` below, where it asks for single entries.

        A positive radius allows stage order 2 at most (Kraaijevanger, BIT 31 (1991)
        482-528, Theorem 8.5).
        """
        return Algebraic.of(0) if self.stage_order > 2 else None


def _power(k: int) -> fmpq_poly:
    return fmpq_poly([0] * k + [1])


def _padded(p: fmpq_poly, length: int) -> list[fmpq]:
    coefficients = p.coeffs()
    return coefficients + [fmpq(0)] * (length - len(coefficients))


def _reversed_characteristic(matrix: fmpq_mat) -> fmpq_poly:
    r"""$\det(I - zM)$."""
    return fmpq_poly(matrix.charpoly().coeffs()[::-1])
