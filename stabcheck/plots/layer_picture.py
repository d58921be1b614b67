"""The picture of a run: stability regions under the Jacobian of one of its layers."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from stabcheck import plots, spectra
from stabcheck.certify.depth import DepthReport, forward_euler_only
from stabcheck.certify.map_jacobians import MapJacobians
from stabcheck.certify.run import Outcome, Plan
from stabcheck.layers import Residual

DENSE_SPECTRUM = 1024
"""Up to this many rows the whole spectrum is computed and drawn."""


def stability_figure(plan: Plan, outcome: Outcome) -> Figure:
    r"""Stability regions of the run's integrators over the costliest layer.

    What is drawn over them is $h$ times the numerical range of $J = (D\Phi - I)/h_0$,
    the Jacobian of the layer read as the slope of one Euler step of the size $h_0$ of
    its maps, with the outer Ritz values; a dense spectrum only for small layers.  A
    picture, not a certificate.
    """
    own = [map_ for map_ in plan.stack.maps if isinstance(map_, Residual)]
    methods = [map_.integrator for map_ in own] + [method for method, _ in plan.steps]
    regions = list({method.name: method for method in methods}.values())
    if not forward_euler_only(plan.stack):
        return plots.stability_region(*regions)
    layer = max(outcome.ranges[:-1], key=lambda report: report.at_point.value)
    size = max(map_.step_size for map_ in own)
    step = min((h for _, h in plan.steps), default=size)
    jacobian = _slope(plan, layer) * float(step / size)
    if len(jacobian) <= DENSE_SPECTRUM:
        overlay = {"spectrum": np.linalg.eigvals(jacobian)}
    else:
        overlay = {"ritz_values": spectra.outer_ritz_values(jacobian)}
    return plots.stability_region(
        *regions,
        numerical_range=spectra.numerical_range(jacobian),
        title=f"{plan.stack.name}, {layer.name}: numerical range of hJ at h = {step}",
        **overlay,
    )


def _slope(plan: Plan, layer: DepthReport) -> np.ndarray:
    """The Jacobian of a layer minus the identity, dense."""
    states = plan.stack.trajectory(plan.state)
    jacobian = MapJacobians(plan.stack, states).product(layer.first, layer.last)
    jacobian[np.diag_indices_from(jacobian)] -= 1
    return jacobian
