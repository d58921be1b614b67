r"""What is drawn of a method in the plane of $z = h\lambda$: where it is stable.

One-step methods are drawn by their stability function, methods with memory by the
roots of their characteristic polynomial.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from functools import cached_property
from typing import Any

import numpy as np
from flint import fmpq, fmpq_mpoly

from stabcheck.errors import InvalidInput
from stabcheck.integrators import INFINITY, OneStepMethod
from stabcheck.integrators import get as integrator_named
from stabcheck.integrators.memory import region_boundary
from stabcheck.integrators.memory.characteristic import CharacteristicPolynomial
from stabcheck.integrators.memory.predictor_corrector import RING, of_ring
from stabcheck.integrators.memory.recurrence import Recurrence
from stabcheck.plots.boundary import TRACED_DEGREE, boundary_curves
from stabcheck.plots.contours import contour_curves
from stabcheck.plots.factored import FactoredFunction, Points

UNBOUNDED = 20.0
"""A boundary that goes so many times further out than the median of its points goes
to infinity."""
WITHIN = 0.4
"""How much is shown of an unbounded region, relative to the size of the rest."""


class PlaneRegion(ABC):
    """The stability region of a method in the complex plane.

    **Arguments:** `method`, with its exact intervals and disc.
    """

    def __init__(self, method: Any) -> None:
        self.method = method

    @property
    def name(self) -> str:
        """The name of the method."""
        return self.method.name

    @property
    @abstractmethod
    def curves(self) -> list[Points]:
        """The boundary as complex arrays `(m,)`."""

    @abstractmethod
    def height(self, z: Points) -> np.ndarray:
        """Between -1 and 1 at points `(...)`, negative inside the region."""

    @abstractmethod
    def modulus(self, z: Points) -> np.ndarray:
        """The growth in one step at points `(...)`, infinite at a pole."""

    @property
    @abstractmethod
    def identity(self) -> Any:
        """What is equal for methods of one and the same region."""

    @cached_property
    def extent(self) -> Points:
        """Points that a picture has to show: the boundary, if it is bounded."""
        points = np.concatenate([np.zeros(1), *self.curves])
        size = np.abs(points)
        typical = float(np.median(size))
        if size.max() <= UNBOUNDED * typical:
            # Of a region that is all but a bounded set, some of its inside.
            inside = [-WITHIN * size.max()] if self.real == math.inf else []
            return np.append(points, inside)
        near = 2 * typical * np.array([-1, 1, 1j, -1j])
        return np.concatenate([near, self._finite_ends])

    @property
    def _finite_ends(self) -> Points:
        real, imaginary = (x or 0.0 for x in (self.real, self.imaginary))
        ends = [-real, 1j * imaginary, -1j * imaginary]
        return np.array([z for z in ends if np.isfinite(abs(z))], dtype=complex)

    @property
    def real(self) -> float | None:
        """The real stability interval."""
        return _float(self.method.real_stability_interval)

    @property
    def imaginary(self) -> float | None:
        """The imaginary stability interval, of a method with memory the closed one."""
        closed = getattr(self.method, "closed_imaginary_stability_interval", None)
        own = self.method.imaginary_stability_interval
        return _float(own if closed is None else closed)

    @property
    def disc(self) -> float | None:
        """The radius of the largest disc."""
        return _float(self.method.largest_disc_radius)


class OneStepRegion(PlaneRegion):
    r"""$\{z : |R(z)| \le 1\}$."""

    @cached_property
    def factored(self) -> FactoredFunction:
        """The stability function by its zeros and poles."""
        return FactoredFunction.of(self.method.stability_function)

    @property
    def identity(self) -> Any:
        return self.method.stability_function

    @property
    def degree(self) -> int:
        """The larger degree of numerator and denominator."""
        R = self.method.stability_function
        return max(len(R.P), len(R.Q)) - 1

    @property
    def disc(self) -> float | None:
        """The radius of the largest disc, of long thin regions none: it takes long."""
        return super().disc if self.degree <= TRACED_DEGREE else None

    @cached_property
    def curves(self) -> list[Points]:
        if self.degree == 0:
            return []
        if self.degree <= TRACED_DEGREE:
            return boundary_curves(self.method.stability_function, self.factored)
        return contour_curves(self.factored, self.real or 0.0)

    def height(self, z: Points) -> np.ndarray:
        return self.factored.height(z)

    def modulus(self, z: Points) -> np.ndarray:
        return np.abs(self.factored(z))


class MemoryRegion(PlaneRegion):
    r"""Where all roots of $\Phi(\cdot, z)$ lie in the unit disc."""

    @property
    def identity(self) -> Any:
        return self.method.characteristic

    @cached_property
    def moving(self) -> CharacteristicPolynomial:
        r"""$\Phi$ without repeated and fixed roots."""
        return moving_part(self.method.characteristic)

    @cached_property
    def curves(self) -> list[Points]:
        return region_boundary.boundary(self.moving)

    def height(self, z: Points) -> np.ndarray:
        stable = region_boundary.is_stable(self.moving, z)
        return np.where(stable, -1.0, 1.0)

    def modulus(self, z: Points) -> np.ndarray:
        return region_boundary.largest_modulus(self.method.characteristic, z)


def moving_part(phi: CharacteristicPolynomial) -> CharacteristicPolynomial:
    r"""$\Phi$ with each root once, and without those that are the same for all $z$.

    Of a zero-stable method fixed roots are in the closed disc; one on the circle would
    make a strict test fail everywhere, and so would double ones near it.
    """
    terms = {
        (j, m): fmpq(c.numerator, c.denominator)
        for j, row in enumerate(phi.coefficients)
        for m, c in enumerate(row)
        if c
    }
    whole = RING.from_dict(terms)
    found = RING.from_dict({(0, 0): 1})
    for factor, _ in whole.factor_squarefree()[1]:
        found *= factor // _fixed(factor)
    return of_ring(found)


def _fixed(p: fmpq_mpoly) -> fmpq_mpoly:
    r"""The common factor of the coefficients by power of $z$."""
    rows: dict[int, dict[tuple[int, int], fmpq]] = {}
    for (j, m), c in p.to_dict().items():
        rows.setdefault(int(m), {})[int(j), 0] = c
    common = RING.from_dict({})
    for row in rows.values():
        common = common.gcd(RING.from_dict(row))
    return common


def plane_region(method: Any) -> PlaneRegion:
    """The region of a method or of the method of that name.

    **Raises:** `InvalidInput` for a method whose region has more than one argument, or
    that has none.
    """
    found = integrator_named(method) if isinstance(method, str) else method
    if isinstance(found, OneStepMethod):
        return OneStepRegion(found)
    if isinstance(found, Recurrence):
        return MemoryRegion(found)
    name = getattr(found, "name", repr(found))
    raise InvalidInput(
        f"asked for the stability region of {name} in one plane, whose stability "
        "function has one argument for each field; draw it alone, or with others of "
        "its kind"
    )


def one_step_region(method: Any) -> OneStepRegion:
    """The region of a one-step method.

    **Raises:** `InvalidInput` for any other method.
    """
    region = plane_region(method)
    if not isinstance(region, OneStepRegion):
        raise InvalidInput(
            f"asked for a picture of the stability function of {region.name}, which "
            "has none of one step; give a one-step method"
        )
    return region


def _float(value: Any) -> float | None:
    if value is None:
        return None
    return math.inf if value == INFINITY else float(value)
