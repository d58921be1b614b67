r"""Norm and logarithmic norm of attention over a tube, all heads in one matrix.

The form of `tube_form` is bounded by the largest eigenvalue of the matrix of
`tube_matrix`.  It is convex in the logarithms of the weights; a few quasi-Newton steps
on a smoothed eigenvalue choose them.  Any positive weights give a true bound, so the
search needs no proof.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

from stabcheck.bounds.bound import Bound
from stabcheck.bounds.local_attention import LocalAttention, local_attention
from stabcheck.bounds.norms import dyadic
from stabcheck.bounds.parameters import Attention
from stabcheck.bounds.tube_form import TubeForm
from stabcheck.bounds.tube_matrix import TubeMatrix
from stabcheck.bounds.tube_products import ProductWeights
from stabcheck.bounds.validation import Array, checked_nonnegative
from stabcheck.bounds.witness import WITNESS_MARGIN
from stabcheck.errors import InvalidInput

JOINT_ROWS = 512
"""Up to this many rows the couplings of the tokens are kept in one matrix."""
SHARPNESS = 60.0
"""The smoothed largest eigenvalue is within log(N)/60 of the spread of the spectrum."""
REACH = 12.0
"""Weights are sought within e^12 of those that balance the traces."""
DEAD = 40.0
"""The logarithm of a weight that makes one side of a product vanish in float64."""
BITS = 24
"""Significant bits of the chosen weights: any values near the optimum do."""
SHARES = {True: ((1.0, 1.0), (0.0, 1.0), (0.0, 0.0)), False: ((0.0, 1.0), (0.0, 0.0))}
"""Shares of keys and receivers that are tried: the last is best on large tubes."""
NAMES = ("mixing", "key", "receiver", "moved")


def attention_log_norm_tube(
    attention: Attention,
    state: Array,
    radius: float,
    quantity: str,
    *,
    local: LocalAttention | None = None,
    joint: bool | None = None,
    iterations: int = 25,
) -> Bound:
    r"""Bound $\sup\mu_2(J)$ or $\inf\lambda_{\min}$.  `attention-log-norm-tube`.

    **Arguments:** `state` `(n, d)`; `radius`, of every token; `quantity` `log-norm` or
    `log-norm-lower`; `local`, the local quantities at `state` when they are known;
    `joint`, one matrix of all tokens (default: up to 512 rows); `iterations` of the
    search.

    **Returns:** parameters `joint` (1 or 0), `key_share`, `receiver_share`, and the
    weights `mixing`, `key`, `receiver` (heads times tokens), `moved` (7 a head).
    """
    if quantity not in ("log-norm", "log-norm-lower"):
        raise InvalidInput(
            f"asked for {quantity}; this theorem bounds log-norm, log-norm-lower"
        )
    local = local or local_attention(attention, state)
    return _bound("attention-log-norm-tube", quantity, local, radius, joint, iterations)


def attention_norm_joint_tube(
    attention: Attention,
    state: Array,
    radius: float,
    *,
    local: LocalAttention | None = None,
    joint: bool | None = None,
    iterations: int = 25,
) -> Bound:
    r"""Bound $\sup\|J\|_2$, the heads in one matrix.  `attention-norm-joint-tube`.

    **Arguments**, **Returns:** as `attention_log_norm_tube`.
    """
    local = local or local_attention(attention, state)
    return _bound(
        "attention-norm-joint-tube", "spectral-norm", local, radius, joint, iterations
    )


def joint_tube_matrices(
    attention: Attention,
    state: Array,
    radius: float,
    bound: Bound,
    *,
    local: LocalAttention | None = None,
) -> list[Array]:
    """The matrices whose semidefiniteness proves a bound of the two theorems.

    **Returns:** one matrix of all tokens if the bound is joint, else n of them.
    """
    local = local or local_attention(attention, state)
    chosen = bound.parameters
    form = TubeForm(
        local,
        checked_nonnegative("radius", radius),
        _sign(bound.quantity),
        chosen["key_share"],
        chosen["receiver_share"],
        joint=chosen["joint"] == 1,
    )
    vector = np.concatenate([np.asarray(chosen[name]) for name in NAMES])
    matrix = _matrix(form, bound.quantity).at(ProductWeights.of(vector, *form.shape))
    constant = form.sign * bound.value * np.eye(matrix.shape[-1])
    return [constant - matrix] if form.joint else list(constant - matrix)


def joint_rows(state: Array, quantity: str) -> int:
    """The rows of the one matrix of all tokens; the norm's is a dilation."""
    return state.size * (2 if quantity == "spectral-norm" else 1)


def _sign(quantity: str) -> int:
    return -1 if quantity == "log-norm-lower" else 1


def _matrix(form: TubeForm, quantity: str) -> TubeMatrix:
    return TubeMatrix(form, dilated=quantity == "spectral-norm")


@dataclass(frozen=True, eq=False)
class _Found:
    """A value with its weights; `size`, the norm of the matrix behind it."""

    matrix: TubeMatrix
    weights: ProductWeights
    value: float
    size: float

    def parameters(self) -> dict[str, float | list[float]]:
        """The choices as claim parameters."""
        form = self.matrix.form
        return {
            "joint": float(form.joint),
            "key_share": form.key_share,
            "receiver_share": form.receiver_share,
        } | {
            name: [float(g) for g in getattr(self.weights, name).ravel()]
            for name in NAMES
        }


def _bound(
    theorem: str,
    quantity: str,
    local: LocalAttention,
    radius: float,
    joint: bool | None,
    iterations: int,
) -> Bound:
    radius, sign = checked_nonnegative("radius", radius), _sign(quantity)
    if joint is None:
        joint = joint_rows(local.state, quantity) <= JOINT_ROWS
    with np.errstate(over="ignore", invalid="ignore"):
        forms = [
            TubeForm(local, radius, sign, *shares, joint=joint)
            for shares in SHARES[joint]
        ]
    matrices = [_matrix(form, quantity) for form in forms if form.is_finite]
    if not matrices:
        return Bound(theorem, quantity, sign * np.inf)
    # A few steps tell which shares are best; the rest go to the winner.
    trials = [_search(matrix, None, iterations // 3) for matrix in matrices]
    best = min(trials, key=lambda found: found.value)
    best = _search(best.matrix, best.weights, iterations - iterations // 3)
    value = best.value + WITNESS_MARGIN * best.size
    return Bound(theorem, quantity, sign * value, best.parameters())


def _search(
    matrix: TubeMatrix, weights: ProductWeights | None, iterations: int
) -> _Found:
    """Quasi-Newton steps from given weights, or from balanced ones."""
    objective = _SmoothEigenvalue(matrix)
    start = objective.balanced() if weights is None else np.log(weights.flat())
    if iterations == 0:
        return objective.found(start)
    result = minimize(
        objective,
        start,
        jac=True,
        method="L-BFGS-B",
        bounds=[(x - REACH, x + REACH) for x in start],
        options={"maxiter": iterations},
    )
    candidates = [objective.found(start)]
    if np.isfinite(result.x).all():
        candidates.append(objective.found(result.x))
    return min(candidates, key=lambda found: found.value)


class _SmoothEigenvalue:
    """The log-sum-exp of the spectrum and its gradient in the log weights."""

    def __init__(self, matrix: TubeMatrix) -> None:
        self.matrix = matrix
        self.sharpness: float | None = None

    def balanced(self) -> Array:
        """The logarithms of the weights that balance the traces of each product."""
        tokens, d = self.matrix.form.local.state.shape
        even = np.broadcast_to(np.eye(d), (tokens, d, d))
        a, b = (side.flat() for side in self.matrix.form.sides(even, even))
        live = (a > 0) & (b > 0)
        # Logarithms first: the quotient of two representable numbers may overflow.
        odds = np.log(np.where(live, b, 1.0)) - np.log(np.where(live, a, 1.0))
        # A product with a side 0 is 0: its weight makes the other side small.
        dead = np.where(a > 0, -DEAD, np.where(b > 0, DEAD, 0.0))
        return np.where(live, odds / 2, dead)

    def found(self, logarithms: Array) -> _Found:
        """The bound at weights rounded to short rationals."""
        vector = dyadic(np.exp(logarithms), BITS)
        weights = ProductWeights.of(vector, *self.matrix.form.shape)
        values = np.linalg.eigvalsh(self.matrix.at(weights))
        top = float(values[..., -1].max())
        return _Found(self.matrix, weights, top, float(np.abs(values).max()) or 1.0)

    def __call__(self, logarithms: Array) -> tuple[float, Array]:
        g = np.exp(logarithms)
        weights = ProductWeights.of(g, *self.matrix.form.shape)
        values, vectors = np.linalg.eigh(self.matrix.at(weights))
        top = values[..., -1].max()
        if self.sharpness is None:
            spread = top - values[..., 0].min()
            self.sharpness = SHARPNESS / (spread or 1.0)
        powers = np.exp(self.sharpness * (values - top))
        total = powers.sum()
        rising, falling = self.matrix.slopes(g, vectors, powers / total)
        return float(top + np.log(total) / self.sharpness), rising - falling
