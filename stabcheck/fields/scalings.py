r"""A branch that is scaled, damped, or put beside its skip connection, declared."""

from __future__ import annotations

from stabcheck.fields.notation import (
    X,
    a,
    gate,
    i,
    layer_scale_vector,
    leak_rate,
    step_size,
)
from stabcheck.symbolic import Declaration, Field


def residual(branch: Field) -> Field:
    r"""One Euler step, $\Psi(X) = X + h\,\mathrm{branch}(X)$.

    A map of the residual stream; $h$ is the number `step_size`, 1 unless given.
    """
    F = Declaration(f"residual-{branch.name}", X, (step_size,), block="residual")
    f = F.include(branch, X, "f")
    return F.returns((i, a), X[i, a] + step_size.symbol * f[i, a])


def leaky(branch: Field) -> Field:
    r"""A branch with a leak, $-\lambda X + \mathrm{branch}(X)$.

    $\lambda$ is the number `leak`.
    """
    F = Declaration(f"leaky-{branch.name}", X, (leak_rate,), block="leaky")
    f = F.include(branch, X, "f")
    return F.returns((i, a), f[i, a] - leak_rate.symbol * X[i, a])


def layer_scale(branch: Field) -> Field:
    r"""A branch scaled feature by feature, $\lambda_a\,\mathrm{branch}(X)_{ia}$.

    Touvron et al. 2021, CaiT, arXiv:2103.17239; $\lambda$ is the parameter
    `layer_scale` `(d,)`.
    """
    F = Declaration(
        f"layer-scale-{branch.name}", X, (layer_scale_vector,), block="layer-scale"
    )
    f = F.include(branch, X, "f")
    return F.returns((i, a), layer_scale_vector[a] * f[i, a])


def re_zero(branch: Field) -> Field:
    r"""A branch scaled by one number, $\alpha\,\mathrm{branch}(X)$.

    Bachlechner et al. 2021, ReZero, arXiv:2003.04887; $\alpha$ is the number `gate`, of
    any sign.
    """
    F = Declaration(f"re-zero-{branch.name}", X, (gate,), block="re-zero")
    f = F.include(branch, X, "f")
    return F.returns((i, a), gate.symbol * f[i, a])
