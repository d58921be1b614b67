"""What is drawn over the regions: numerical range, eigenvalues, pseudospectra."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from stabcheck.certify.centres import dense_jacobian
from stabcheck.errors import InvalidInput
from stabcheck.layers import Branch, Layer, Residual
from stabcheck.plots.pseudospectra import MOST_ROWS, Pseudospectra

Points = np.ndarray[Any, np.dtype[np.complex128]]

DENSE_SPECTRUM = 1024
"""Up to this many rows the whole spectrum is computed and drawn."""


@dataclass(frozen=True)
class Overlay:
    """Complex points, already multiplied by the step; empty arrays draw nothing."""

    numerical_range: Points
    spectrum: Points
    ritz_values: Points
    pseudospectra: Pseudospectra | None = None

    @classmethod
    def of(
        cls,
        numerical_range: Any,
        spectrum: Any,
        ritz_values: Any,
        pseudospectra: Pseudospectra | None = None,
    ) -> Overlay:
        """An overlay from arrays or `None`.

        **Raises:** `InvalidInput` for an array that is not numbers, or not finite.
        """
        return cls(
            _checked("numerical_range", numerical_range),
            _checked("spectrum", spectrum),
            _checked("ritz_values", ritz_values),
            pseudospectra,
        )

    def arguments(self) -> dict[str, Any]:
        """The arguments of `stability_region` that draw it."""
        return {
            "numerical_range": self.numerical_range,
            "spectrum": self.spectrum,
            "ritz_values": self.ritz_values,
            "pseudospectra": self.pseudospectra,
        }

    @property
    def points(self) -> Points:
        """All points, to fit the window to them."""
        return np.concatenate([self.numerical_range, self.spectrum, self.ritz_values])


def of_layer(layer: Layer, state: Any) -> Overlay:
    """The overlay of a layer's branch at a state, times the layer's step.

    **Raises:** `InvalidInput` without a state.
    """
    if state is None:
        raise InvalidInput("asked to draw a layer without a state; give state=X")
    (step,) = layer.stack().maps
    if not isinstance(step, Residual):
        raise InvalidInput(f"asked to draw {step.name}, which is no integrator step")
    return of_branch(step.branch, state, step.step_size)


def of_branch(branch: Branch, state: Any, step_size: Fraction) -> Overlay:
    r"""$h$ times the numerical range and the eigenvalues of a branch's Jacobian.

    Beyond `DENSE_SPECTRUM` rows, the outer Ritz values stand for the eigenvalues; up to
    `MOST_ROWS` the pseudospectra are there too.
    """
    from stabcheck import spectra

    jacobian = dense_jacobian(branch, np.asarray(state, dtype=np.float64))
    h = float(step_size)
    numerical_range = h * spectra.numerical_range(jacobian)
    if len(jacobian) <= DENSE_SPECTRUM:
        pseudospectra = None
        if len(jacobian) <= MOST_ROWS and numerical_range.any():
            pseudospectra = Pseudospectra.of(h * jacobian, numerical_range)
        spectrum = h * np.linalg.eigvals(jacobian)
        return Overlay.of(numerical_range, spectrum, None, pseudospectra)
    return Overlay.of(numerical_range, None, h * spectra.outer_ritz_values(jacobian))


def closed(curve: Points) -> Points:
    """The curve with its first point repeated at the end."""
    return np.concatenate([curve, curve[:1]])


def _checked(name: str, values: Any) -> Points:
    if values is None:
        return np.zeros(0, dtype=complex)
    try:
        points = np.asarray(values, dtype=complex).ravel()
    except (TypeError, ValueError) as error:
        raise InvalidInput(
            f"asked to draw {name} = {values!r}; give an array of complex numbers"
        ) from error
    if not np.isfinite(points).all():
        raise InvalidInput(
            f"asked to draw {name}, found {int((~np.isfinite(points)).sum())} values "
            "that are infinite or not a number"
        )
    return points
