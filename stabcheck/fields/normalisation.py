r"""Normalisations of each token, declared."""

from __future__ import annotations

from sympy import sqrt

from stabcheck.fields.notation import X, a, beta, c, d, epsilon, gamma, i, radius
from stabcheck.symbolic import Declaration, Field, total


def layer_norm() -> Field:
    r"""LayerNorm, $\gamma (x - \mu)/\sqrt{\mathrm{var} + \epsilon} + \beta$.

    The variance is the mean square about the mean.  Parameters `gamma`, `beta` `(d,)`
    and the number `epsilon`.
    """
    F = Declaration("layer-norm", X, (gamma, beta, epsilon))
    mu = F.let("mu", (i,), total(X[i, c], c) / d)
    square = F.let("var", (i,), total((X[i, c] - mu[i]) ** 2, c) / d)
    deviation = sqrt(square[i] + epsilon.symbol)
    return F.returns((i, a), gamma[a] * (X[i, a] - mu[i]) / deviation + beta[a])


def rms_norm() -> Field:
    r"""RMSNorm, $\gamma x / \sqrt{|x|^2/d + \epsilon}$.

    Parameters `gamma` `(d,)` and the number `epsilon`.
    """
    F = Declaration("rms-norm", X, (gamma, epsilon))
    square = F.let("square", (i,), total(X[i, c] ** 2, c) / d)
    return F.returns((i, a), gamma[a] * X[i, a] / sqrt(square[i] + epsilon.symbol))


def l2_norm() -> Field:
    r"""Normalisation to the unit sphere, $x / \sqrt{|x|^2 + \epsilon}$.

    Parameter: the number `epsilon`.
    """
    F = Declaration("l2-norm", X, (epsilon,))
    square = F.let("square", (i,), total(X[i, c] ** 2, c))
    return F.returns((i, a), X[i, a] / sqrt(square[i] + epsilon.symbol))


def soft_norm() -> Field:
    r"""Normalisation into a ball, $x / \sqrt{1 + |x|^2/\rho^2}$.

    Smooth at 0 and 1-Lipschitz everywhere, of length below $\rho$; RMSNorm without
    gain and with $\epsilon = 1$ where $\rho = \sqrt d$.  $\rho$ is the number
    `radius`, $\sqrt d$ unless given.
    """
    F = Declaration("soft-norm", X, (radius,))
    square = F.let("square", (i,), total(X[i, c] ** 2, c))
    return F.returns((i, a), X[i, a] / sqrt(1 + square[i] / radius.symbol**2))


def sphere_projection() -> Field:
    r"""The nearest point of the unit sphere, $x / |x|$; undefined at 0.

    The retraction of a step that stays on the sphere (Loshchilov et al. 2024, nGPT,
    arXiv:2410.01131).
    """
    F = Declaration("sphere-projection", X)
    square = F.let("square", (i,), total(X[i, c] ** 2, c))
    return F.returns((i, a), X[i, a] / sqrt(square[i]))
