r"""Blocks: where a branch is normalised, and what stands beside it, declared."""

from __future__ import annotations

from stabcheck.fields.notation import X, a, i, skip, step_size
from stabcheck.symbolic import Declaration, Field, relabelled


def pre_norm(norm: Field, branch: Field) -> Field:
    r"""The field of a pre-norm block, $F(X) = \mathrm{branch}(\mathrm{norm}(X))$."""
    F = Declaration(f"pre-norm-{branch.name}", X, block="pre-norm")
    y = F.include(norm, X, "N")
    return F.returns((i, a), F.include(branch, y, "f")[i, a])


def post_norm(norm: Field, branch: Field) -> Field:
    r"""A post-norm block, $\Psi(X) = \mathrm{norm}(X + h\,\mathrm{branch}(X))$.

    A map of the residual stream, not the slope of one; $h$ is the number `step_size`,
    1 unless given.
    """
    F = Declaration(f"post-norm-{branch.name}", X, (step_size,), block="post-norm")
    slope = F.include(branch, X, "f")
    Z = F.let("Z", (i, a), X[i, a] + step_size.symbol * slope[i, a])
    return F.returns((i, a), F.include(norm, Z, "N")[i, a])


def sandwich_norm(inner: Field, branch: Field, outer: Field) -> Field:
    r"""A branch between norms, $\mathrm{outer}(\mathrm{branch}(\mathrm{inner}(X)))$.

    Ding et al. 2021, CogView, arXiv:2105.13290.  The parameters of the outer norm end
    in `_out`: `gamma_out`.
    """
    names = {p.name: f"{p.name}_out" for p in outer.parameters}
    F = Declaration(f"sandwich-norm-{branch.name}", X, block="sandwich-norm")
    y = F.include(inner, X, "N")
    Z = F.include(branch, y, "f")
    return F.returns((i, a), F.include(relabelled(outer, names), Z, "M")[i, a])


def parallel(norm: Field, first: Field, second: Field) -> Field:
    r"""Two branches at one state, $f(\mathrm{norm}(X)) + g(\mathrm{norm}(X))$.

    Chowdhery et al. 2022, PaLM, arXiv:2204.02311.
    """
    F = Declaration(f"parallel-{first.name}", X, block="parallel")
    y = F.include(norm, X, "N")
    f, g = F.include(first, y, "f"), F.include(second, y, "g")
    return F.returns((i, a), f[i, a] + g[i, a])


def deep_norm(norm: Field, branch: Field) -> Field:
    r"""Post-norm with a scaled skip, $\mathrm{norm}(\alpha X + \mathrm{branch}(X))$.

    Wang et al. 2022, DeepNet, arXiv:2203.00555; $\alpha$ is the number `skip`.
    """
    F = Declaration(f"deep-norm-{branch.name}", X, (skip,), block="deep-norm")
    f = F.include(branch, X, "f")
    Z = F.let("Z", (i, a), skip.symbol * X[i, a] + f[i, a])
    return F.returns((i, a), F.include(norm, Z, "N")[i, a])
