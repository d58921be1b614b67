r"""Methods that treat two fields apart: slices of the set $|R(a, b)| \le 1$.

Their stability function has one argument for each field.  Two slices are drawn: both
arguments real, as for two diffusions, and the first one imaginary, as for an advection
beside a diffusion.  The largest exact box and strips are drawn in.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle

from stabcheck.errors import InvalidInput
from stabcheck.integrators.algebra.exponential_polynomial import ExponentialPolynomial
from stabcheck.integrators.memory.imex_multistep import ImexMultistep
from stabcheck.integrators.several_fields.additive import (
    AdditiveRungeKutta,
    PartitionedRungeKutta,
)
from stabcheck.integrators.several_fields.exponential import ExponentialRungeKutta
from stabcheck.integrators.several_fields.splitting import LieTrotter
from stabcheck.plots.boundary import companion_roots
from stabcheck.plots.style import COLOURS, DASHES, FILL, INK, plain

POINTS = 160
"""Along each side of a slice."""
DEFAULT = 4.0
"""Half the width of a slice whose box and strips are unbounded, or zero."""
MARGIN = 1.35
NEAR, TAYLOR_TERMS = 2.0, 40
"""The Taylor series is exact to rounding there; elsewhere the closed form is."""
MOST_WITH_SETS = 2
"""Boxes and strips of more methods would hide each other: the first one's are drawn."""
LARGEST = 40.0
"""A window is no larger than that, whatever the strips."""

Modulus = Callable[[np.ndarray, np.ndarray], np.ndarray]


@dataclass(frozen=True)
class TwoFields:
    """The amplification of a method as a function of two arguments.

    **Arguments:** `name`; `fields`, their names; `modulus`, the growth in one step;
    `box`, `real_strip`, `imaginary_strip`, exact sizes in float64 or `None`.
    """

    name: str
    fields: tuple[str, str]
    modulus: Modulus
    box: float | None
    real_strip: float | None
    imaginary_strip: float | None

    @property
    def reach(self) -> float:
        """How far the slices have to go."""
        sizes = [self.box, self.real_strip, self.imaginary_strip]
        finite = [x for x in sizes if x and np.isfinite(x)]
        return min(max([*finite, DEFAULT / 2]), LARGEST)


def is_of_two_fields(method: Any) -> bool:
    """Whether the method has a stability function of two arguments."""
    if isinstance(method, PartitionedRungeKutta):
        return False
    kinds = LieTrotter | AdditiveRungeKutta | ExponentialRungeKutta | ImexMultistep
    return isinstance(method, kinds) and len(method.fields) == 2


def two_fields(method: Any, *, with_sets: bool = True) -> TwoFields:
    """What is drawn of a method of two fields; its box and strips may take seconds."""
    function: Any = getattr(method, "multivariate", None)
    function = function or getattr(method, "stability_function", None)
    if isinstance(method, ImexMultistep):
        modulus = _of_roots(method)
    elif isinstance(method, ExponentialRungeKutta):
        modulus = _of_exponentials(method)
    else:
        modulus = _of_function(function, method.fields)
    return TwoFields(
        method.name,
        method.fields,
        modulus,
        *(
            _float(getattr(method, key, None)) if with_sets else None
            for key in ("stable_box", "real_strip", "imaginary_strip")
        ),
    )


def stable_slices(*methods: Any, title: str | None = None) -> Figure:
    r"""Draw where methods of two fields are stable, in two slices.

    **Arguments:** `methods`, of two fields; `title`.

    **Returns:** a matplotlib figure.

    **Raises:** `InvalidInput` for other methods, or none.
    """
    for method in methods:
        if not is_of_two_fields(method):
            raise InvalidInput(
                f"asked for the slices of {method.name}; give methods whose stability "
                "function has two arguments"
            )
    if not methods:
        raise InvalidInput("asked for the slices of no method; name at least one")
    few = len(methods) <= MOST_WITH_SETS
    drawn = [
        two_fields(method, with_sets=few or k == 0) for k, method in enumerate(methods)
    ]
    reach = max(region.reach for region in drawn) * MARGIN
    first, second = drawn[0].fields
    figure = Figure(figsize=(10, 5.2), layout="constrained")
    panels = figure.subplots(1, 2)
    handles = [
        *_slice(panels[0], drawn, reach, imaginary=False),
        *_slice(panels[1], drawn, reach, imaginary=True),
    ]
    panels[0].set_xlabel(rf"${first}$, real", color=INK)
    panels[1].set_xlabel(rf"$\mathrm{{Im}}\ {first}$, for imaginary ${first}$")
    for axes in panels:
        axes.set_ylabel(rf"${second}$, real", color=INK)
    if title:
        figure.suptitle(title, fontsize=10.5, color=INK)
    labelled = list({handle.get_label(): handle for handle in handles}.values())
    figure.legend(
        handles=labelled,
        loc="outside lower center",
        frameon=False,
        fontsize=9,
        ncols=min(len(labelled), 3),
    )
    return figure


def _slice(
    axes: Axes, drawn: list[TwoFields], reach: float, *, imaginary: bool
) -> list[Any]:
    x = np.linspace(-reach, reach if imaginary else 0.35 * reach, POINTS)
    y = np.linspace(-reach, 0.35 * reach, POINTS)
    axes.set_xlim(x[0], x[-1])
    axes.set_ylim(y[0], y[-1])
    plain(axes)
    handles: list[Any] = []
    for k, region in enumerate(drawn):
        colour = COLOURS[k % len(COLOURS)]
        a = np.broadcast_to((1j if imaginary else 1.0) * x[None, :], (POINTS, POINTS))
        with np.errstate(all="ignore"):
            modulus = region.modulus(a, np.broadcast_to(y[:, None], a.shape))
            height = np.tanh(np.log(modulus) / 2)
        height = np.where(np.isnan(height), 1.0, height)
        axes.contourf(x, y, height, levels=[-2, 1e-9], colors=[colour], alpha=FILL)
        axes.contour(x, y, height, levels=[1e-9], colors=[colour], linewidths=1.6)
        handles.append(Line2D([], [], color=colour, linewidth=1.6, label=region.name))
        handles += _sets(axes, region, colour, DASHES[1], imaginary=imaginary)
    return handles


def _sets(
    axes: Axes, region: TwoFields, colour: str, dash: str, *, imaginary: bool
) -> list[Any]:
    """The box, or the strip with the second argument unbounded below."""
    bottom = axes.get_ylim()[0]
    strip = region.imaginary_strip if imaginary else region.real_strip
    handles: list[Any] = []
    if strip and np.isfinite(strip):
        left = -strip
        right = strip if imaginary else 0.0
        axes.plot([left, left], [bottom, 0], color=colour, linestyle=dash)
        axes.plot([right, right], [bottom, 0], color=colour, linestyle=dash)
        kind = "imaginary" if imaginary else "real"
        label = f"{kind} strip of {region.name}: {strip:.4g}"
        handles.append(Line2D([], [], color=colour, linestyle=dash, label=label))
    if region.box and np.isfinite(region.box) and not imaginary:
        size = region.box
        box = Rectangle(
            (-size, -size), size, size, fill=False, edgecolor=colour, hatch=".."
        )
        axes.add_patch(box)
        label = f"stable box of {region.name}: {size:.4g}"
        handles.append(Patch(fill=False, edgecolor=colour, hatch="..", label=label))
    return handles


def _of_function(function: Any, fields: tuple[str, ...]) -> Modulus:
    def modulus(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return np.abs(function(**dict(zip(fields, (a, b), strict=True))))

    return modulus


def _of_exponentials(method: ExponentialRungeKutta) -> Modulus:
    """Evaluated once for each linear argument, which the rows of a slice share."""

    def modulus(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        rows = [exponential_values(R, a[0]) for R in method.stability_polynomial]
        return np.abs(sum(row * b**k for k, row in enumerate(rows)))

    return modulus


def exponential_values(R: ExponentialPolynomial, z: np.ndarray) -> np.ndarray:
    """The values at points `(m,)`, near 0 by the Taylor series."""
    series = [float(R.taylor(k)) for k in range(TAYLOR_TERMS)]
    near = np.polyval(series[::-1], z)
    with np.errstate(all="ignore"):
        far = sum(
            float(c) * z.astype(complex) ** m * np.exp(float(q) * z)
            for (q, m), c in R.terms.items()
        )
    return np.where(np.abs(z) < NEAR, near, far)


def _of_roots(method: ImexMultistep) -> Modulus:
    rows = [np.array([float(c) for c in row]) for row in
            (method.alpha, method.beta, method.gamma)]  # fmt: skip
    alpha, beta, gamma = rows

    def modulus(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        values = alpha - a[..., None] * beta - b[..., None] * gamma
        return np.abs(companion_roots(values.astype(complex))).max(axis=-1)

    return modulus


def _float(value: Any) -> float | None:
    return None if value is None else float(value)
