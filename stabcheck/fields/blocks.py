r"""Compositions of a branch with a normalisation, declared."""

from __future__ import annotations

from stabcheck.fields.notation import X, a, i, step_size
from stabcheck.symbolic import Declaration, Field


def pre_norm(norm: Field, branch: Field) -> Field:
    r"""The field of a pre-norm block, $F(X) = \mathrm{branch}(\mathrm{norm}(X))$."""
    F = Declaration(f"pre-norm-{branch.name}", X)
    y = F.include(norm, X, "N")
    return F.returns((i, a), F.include(branch, y, "f")[i, a])


def post_norm(norm: Field, branch: Field) -> Field:
    r"""A post-norm block, $\Psi(X) = \mathrm{norm}(X + h\,\mathrm{branch}(X))$.

    A map of the residual stream, not the slope of one; $h$ is the number `step_size`,
    1 unless given.
    """
    F = Declaration(f"post-norm-{branch.name}", X, (step_size,))
    slope = F.include(branch, X, "f")
    Z = F.let("Z", (i, a), X[i, a] + step_size.symbol * slope[i, a])
    return F.returns((i, a), F.include(norm, Z, "N")[i, a])
