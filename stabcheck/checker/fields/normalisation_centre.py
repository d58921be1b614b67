r"""The exact value of a normalisation at a state, and how far its Jacobian moves.

A token's Jacobian is $D = \operatorname{diag}(g)(\Pi - zz^{\mathsf T})/s$ with
$\Pi z = z$ (`token_wise.py`).  Since $(\Pi - zz^{\mathsf T})^2 = \Pi - (2 - |z|^2)
zz^{\mathsf T}$, a value $c$ holds exactly if one of these has no negative eigenvalue:

* norm: $s^2(c^2I - DD^{\mathsf T}) = \operatorname{diag}(c^2s^2 - g^2) + \tfrac1d
  gg^{\mathsf T} + (2 - |z|^2)(g z)(g z)^{\mathsf T}$, $g z$ entry by entry;
* logarithmic norm: $s(cI - H(D)) = \operatorname{diag}(cs - g) + \tfrac1{2d}(g
  \mathbb 1^{\mathsf T} + \mathbb 1g^{\mathsf T}) + \tfrac12((g z)z^{\mathsf T} + z(g
  z)^{\mathsf T})$; its lower companion: minus that.

RMSNorm has $\Pi = I$: the terms with $g$ and $\mathbb 1$ alone drop out.  Both are a
diagonal plus a matrix of rank at most four, decided by `inertia.py`.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from flint import arb

from stabcheck.checker.arithmetic.balls import ball, largest
from stabcheck.checker.arithmetic.inertia import negative_eigenvalues_of_update
from stabcheck.checker.failures import ClaimRejected, ClaimUndecided
from stabcheck.checker.fields.token_wise import Normalised, normalised_token

if TYPE_CHECKING:
    from stabcheck.checker.context import Context

__all__ = ["check_centre_value", "normalisation_deviation", "normalised_tokens"]


def normalised_tokens(ctx: Context, index: int, centre: str) -> list[Normalised]:
    """Enclose every token of the centre array under norm `index`."""
    key = ("normalised-tokens", index, centre)
    if key not in ctx.cache:
        field = ctx.field(index)
        state = ctx.arb_matrix(centre, field["tokens"], field["features"])
        ctx.cache[key] = [normalised_token(ctx, index, row) for row in state.tolist()]
    return ctx.cache[key]


def _norm_excess(token: Normalised, value: Fraction) -> int:
    """Count the negative eigenvalues of s^2 (c^2 I - D D^T)."""
    reach = ball(value) * token.scale
    diagonal = [reach * reach - gain * gain for gain in token.gains]
    if all(entry >= 0 for entry in diagonal):
        return 0  # what is added to the diagonal is positive semidefinite
    length = sum((z * z for z in token.direction), arb(0))
    columns = [[g * z for g, z in zip(token.gains, token.direction, strict=True)]]
    core_inverse = [[1 / (2 - length)]]
    if token.centred:
        columns.append(token.gains)
        core_inverse = [[core_inverse[0][0], arb(0)], [arb(0), arb(len(diagonal))]]
    return negative_eigenvalues_of_update(diagonal, columns, core_inverse)


def _log_norm_excess(token: Normalised, value: Fraction, sign: int) -> int:
    """Count the negative eigenvalues of s (c I - H(D)), or of minus that."""
    reach = ball(value) * token.scale
    diagonal = [sign * (reach - gain) for gain in token.gains]
    turned = [g * z for g, z in zip(token.gains, token.direction, strict=True)]
    columns, weights = [turned, token.direction], [2]
    if token.centred:
        columns += [token.gains, [arb(1)] * len(diagonal)]
        weights.append(2 * len(diagonal))
    core_inverse = [[arb(0)] * len(columns) for _ in columns]
    for pair, weight in enumerate(weights):
        core_inverse[2 * pair][2 * pair + 1] = arb(sign * weight)
        core_inverse[2 * pair + 1][2 * pair] = arb(sign * weight)
    return negative_eigenvalues_of_update(diagonal, columns, core_inverse)


def check_centre_value(
    ctx: Context, index: int, centre: str, quantity: str, value: Fraction
) -> None:
    """Decide that a norm, log-norm or its lower companion at the centre is `value`.

    **Raises:** `ClaimRejected` if a token exceeds it, `ClaimUndecided` if the rounding
    leaves that open.
    """
    for place, token in enumerate(normalised_tokens(ctx, index, centre)):
        if quantity == "spectral-norm":
            excess = _norm_excess(token, value)
        else:
            sign = 1 if quantity == "log-norm" else -1
            excess = _log_norm_excess(token, value, sign)
        if excess:
            raise ClaimRejected(
                f"the {quantity} of token {place} at the centre is beyond parameter "
                "centre"
            )


def normalisation_deviation(
    ctx: Context, index: int, centre: str, radius: Fraction
) -> arb:
    r"""Bound the change of the Jacobian over the tube, worst token.

    $\tfrac{2}{\sqrt3}|\gamma|_\infty\rho/(s(1 - \rho))$ with $\rho = \epsilon/(s\sqrt
    d) < 1$, theorem `layer-norm-deviation-tube`.

    **Raises:** `ClaimRejected` if $\rho \ge 1$: a token may reach variance zero.
    """
    worst = arb(0)
    for place, token in enumerate(normalised_tokens(ctx, index, centre)):
        size = largest(abs(gain) for gain in token.gains)
        rho = ball(radius) / (token.scale * arb(len(token.gains)).sqrt())
        if rho >= 1:
            raise ClaimRejected(
                f"token {place} may reach variance zero: radius over s sqrt(d) is "
                f"{rho.str(5)}, not below 1"
            )
        if not rho < 1:
            raise ClaimUndecided(f"token {place}: {rho.str(5)} is not known below 1")
        worst = worst.max(size * rho / (token.scale * (1 - rho)))
    return 2 / arb(3).sqrt() * worst
