r"""A field behind a normalisation, and a tube seen from its centre.

A pre-norm branch is $F\circ N$ with $N$ token-wise.  Its logarithmic norm is not
controlled by those of $F$ and $N$ (a product of a matrix and a projection-like one),
so it is bounded by the norm, or through `tube_from_centre`.
"""

from __future__ import annotations

import math

import numpy as np

from stabcheck.bounds.bound import Bound, outward
from stabcheck.bounds.norms import dyadic
from stabcheck.bounds.token_wise import LayerNorm, RMSNorm
from stabcheck.bounds.validation import Array, checked_nonnegative, checked_state
from stabcheck.errors import InvalidInput


def tube_from_centre(point: Bound, deviation: Bound) -> Bound:
    """Add to a point value the change of the Jacobian.  Theorem `tube-from-centre`.

    Weyl: singular values and eigenvalues of the symmetric part move by at most the
    norm of the change.

    **Arguments:** `point`, a bound at the centre of the tube; `deviation`, a
    `jacobian-deviation` bound on the tube.
    """
    _expect(deviation, "jacobian-deviation")
    sign = -1 if point.quantity == "log-norm-lower" else 1
    size = abs(point.value) + deviation.value
    value = outward(point.quantity, point.value + sign * deviation.value, size)
    return Bound("tube-from-centre", point.quantity, value)


def pre_norm_inner_radius(
    norm: LayerNorm | RMSNorm,
    state: Array,
    inner_centre: Array,
    norm_bound: Bound,
    radius: float,
) -> float:
    """The radius of a tube round `inner_centre` that holds N(tube of `state`).

    **Arguments:** `state` and `inner_centre` `(n, d)`; `norm_bound`, the spectral norm
    of N on the outer tube; `radius`, of the outer tube.

    **Returns:** max over the tokens of |N(x) - y| + ||DN|| radius, moved outward and
    rounded to 40 bits.
    """
    _expect(norm_bound, "spectral-norm")
    radius = checked_nonnegative("radius", radius)
    centre = checked_state(inner_centre, norm.features)
    offset = float(np.linalg.norm(norm(state) - centre, axis=1).max())
    reach = offset + norm_bound.value * radius
    # A centre rounded from N(state) differs by rounding: leave room for that.
    reach += 1e-14 * float(np.linalg.norm(centre, axis=1).max())
    if not math.isfinite(reach):
        return math.inf
    return float(dyadic(outward("spectral-norm", reach)))


def pre_norm_block(norm_bound: Bound, field_bound: Bound, quantity: str) -> Bound:
    """Bound a pre-norm branch by the product.  Theorem `pre-norm-block`.

    **Arguments:** spectral norms of N on the outer tube and of F on the inner one;
    `quantity` one of `spectral-norm`, `log-norm`, `log-norm-lower`.
    """
    _expect(norm_bound, "spectral-norm")
    _expect(field_bound, "spectral-norm")
    product = norm_bound.value * field_bound.value
    value = -product if quantity == "log-norm-lower" else product
    return Bound("pre-norm-block", quantity, outward(quantity, value))


def pre_norm_deviation(
    norm_norm: Bound,
    norm_deviation: Bound,
    field_norm: Bound,
    field_deviation: Bound,
) -> Bound:
    r"""Bound the change of a pre-norm branch's Jacobian.  Theorem `pre-norm-deviation`.

    $J_F(N')DN' - J_F(N)DN = [J_F(N') - J_F(N)]DN' + J_F(N)[DN' - DN]$; the centre of
    F's tube is not $N(X)$, hence the factor 2:
    $\Delta \le 2\Delta_F\|DN\| + \|J_F\|\Delta_N$.
    """
    for bound, quantity in (
        (norm_norm, "spectral-norm"),
        (norm_deviation, "jacobian-deviation"),
        (field_norm, "spectral-norm"),
        (field_deviation, "jacobian-deviation"),
    ):
        _expect(bound, quantity)
    value = (
        2 * field_deviation.value * norm_norm.value
        + field_norm.value * norm_deviation.value
    )
    quantity = "jacobian-deviation"
    return Bound("pre-norm-deviation", quantity, outward(quantity, value))


def _expect(bound: Bound, quantity: str) -> None:
    if bound.quantity != quantity:
        raise InvalidInput(f"a bound of {quantity} is needed, found {bound.quantity}")
