"""The picture of a run: stability regions under the Jacobian of one of its layers."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from stabcheck import plots, spectra
from stabcheck.certify.depth import forward_euler_only, range_jacobian
from stabcheck.certify.run import Outcome, Plan

DENSE_SPECTRUM = 1024
"""Up to this many rows the whole spectrum is computed and drawn."""


def stability_figure(plan: Plan, outcome: Outcome) -> Figure:
    """Stability regions of the run's integrators over the costliest layer.

    What is drawn over them is $h$ times the numerical range of $J = D\\Phi - I$, the
    Jacobian of the layer read as the slope of one Euler step, with the outer Ritz
    values; a dense spectrum only for small layers.  A picture, not a certificate.
    """
    methods = list({method.name: method for method, _ in plan.steps}.values())
    step = float(min((size for _, size in plan.steps), default=1))
    if not forward_euler_only(plan.stack):
        return plots.stability_region(*methods)
    layers = outcome.ranges[:-1]
    layer = max(layers, key=lambda report: report.at_point.value)
    states = plan.stack.trajectory(plan.state)
    jacobian = range_jacobian(plan.stack, states, layer.first, layer.last)
    jacobian[np.diag_indices_from(jacobian)] -= 1
    if len(jacobian) <= DENSE_SPECTRUM:
        overlay = {"spectrum": step * np.linalg.eigvals(jacobian)}
    else:
        overlay = {"ritz_values": step * spectra.outer_ritz_values(jacobian)}
    return plots.stability_region(
        *methods,
        numerical_range=step * spectra.numerical_range(jacobian),
        title=f"{plan.stack.name}, {layer.name}: h = {step:g} times the numerical "
        "range of its Jacobian",
        **overlay,
    )
