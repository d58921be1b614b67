"""What is drawn over the regions: numerical range, eigenvalues, Ritz values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from stabcheck.errors import InvalidInput

Points = np.ndarray

DENSE_SPECTRUM = 1024
"""Up to this many rows the whole spectrum is computed and drawn."""


@dataclass(frozen=True)
class Overlay:
    """Complex points, already multiplied by the step; empty arrays draw nothing."""

    numerical_range: Points
    spectrum: Points
    ritz_values: Points

    @classmethod
    def of(cls, numerical_range: Any, spectrum: Any, ritz_values: Any) -> Overlay:
        """An overlay from arrays or `None`.

        **Raises:** `InvalidInput` for an array that is not numbers, or not finite.
        """
        return cls(
            _checked("numerical_range", numerical_range),
            _checked("spectrum", spectrum),
            _checked("ritz_values", ritz_values),
        )

    @property
    def points(self) -> tuple[Points, ...]:
        """All arrays, to fit the window to them."""
        return self.numerical_range, self.spectrum, self.ritz_values


def of_layer(layer: Any, state: Any) -> Overlay:
    """The overlay of a layer's branch at a state, times the layer's step.

    **Raises:** `InvalidInput` without a state.
    """
    from stabcheck import spectra
    from stabcheck.certify.centres import dense_jacobian

    if state is None:
        raise InvalidInput("asked to draw a layer without a state; give state=X")
    (step,) = layer.stack().maps
    jacobian = dense_jacobian(step.branch, np.asarray(state, dtype=np.float64))
    h = float(step.step_size)
    numerical_range = h * spectra.numerical_range(jacobian)
    if len(jacobian) <= DENSE_SPECTRUM:
        return Overlay.of(numerical_range, h * np.linalg.eigvals(jacobian), None)
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
