r"""The blocks of a token-wise Jacobian, without the zeros between the tokens."""

from __future__ import annotations

from sympy import Add, KroneckerDelta, Mul

from stabcheck.errors import InvalidInput
from stabcheck.symbolic.contraction import delta_groups
from stabcheck.symbolic.derive import derived
from stabcheck.symbolic.field import Definition, Field, unused
from stabcheck.symbolic.index import rename


def blocks(jacobian: Field) -> Field:
    r"""$D_{iab}$ of a Jacobian $J_{ia,jb} = \delta_{ij} D_{iab}$, as a field.

    $(n, d, d)$ numbers instead of $(n d)^2$.

    **Raises:** `InvalidInput` for a field that is no Jacobian, and for a Jacobian that
    joins different tokens.
    """
    if not jacobian.origin or jacobian.origin[0] != "jacobian":
        raise InvalidInput(
            f"asked for the blocks of {jacobian.name}, found no Jacobian; take those "
            "of field.jacobian()"
        )
    *at, token, feature = jacobian.output.indices
    same = KroneckerDelta(at[0], token)
    groups = delta_groups(jacobian.output.body)
    if not at[0].ranges_like(token) or any(same not in deltas for deltas in groups):
        raise InvalidInput(
            f"asked for the blocks of {jacobian.name}, found terms that join different "
            "tokens; only a token-wise field has nothing but blocks"
        )
    body = Add(*(Mul(*(deltas - {same})) * rest for deltas, rest in groups.items()))
    name = unused("D", {definition.name for definition in jacobian.definitions})
    block = Definition(name, (*at, feature), rename(body, {token: at[0]}))
    return derived(jacobian, "blocks", [*jacobian.definitions[:-1], block], ())
