r"""Proofs that come free with a declaration, for symbolic sizes.

(1) the derived Jacobian is SymPy's derivative of the field written out in
exponentials and sums; (2) $\langle C, J V\rangle = \langle J^T C, V\rangle$ for the
derived products.
"""

from __future__ import annotations

from sympy import Expr, Indexed, IndexedBase

from stabcheck.errors import InvalidInput
from stabcheck.symbolic.field import Field, tensor_name
from stabcheck.symbolic.index import refresh, rename, total
from stabcheck.symbolic.proving.normal_form import Answer, is_zero
from stabcheck.symbolic.sinkhorn import Sinkhorn
from stabcheck.symbolic.softmax import Softmax


def inlined(field: Field, keep: frozenset[str] = frozenset()) -> Expr:
    """The output written out in the state and the parameters alone.

    **Arguments:** `keep`, names of definitions to leave as they are.
    """
    expression = field.output.body
    for definition in reversed(field.definitions[:-1]):
        if definition.name in keep:
            continue
        body = definition.body
        if isinstance(body, Sinkhorn):
            raise InvalidInput(
                f"asked to write out {field.name}, found {definition.name} defined by "
                "equations, without a closed form; unroll its iterations"
            )
        expression = expression.xreplace(
            {
                entry: rename(
                    refresh(body),
                    dict(zip(definition.indices, entry.indices, strict=True)),
                )
                for entry in expression.atoms(Indexed)
                if tensor_name(entry) == definition.name
            }
        )
    return _exponentials(expression)


def jacobian_identity(field: Field, derived: Field | None = None) -> Answer:
    """Whether a Jacobian is SymPy's derivative of the field written out.

    **Arguments:** `derived`, the Jacobian to judge; absent: the derived one.
    """
    derived = field.jacobian() if derived is None else derived
    return is_zero(written_slope(field, derived) - inlined(derived))


def written_slope(field: Field, derived: Field) -> Expr:
    """SymPy's derivative of the field written out, at the indices of a Jacobian."""
    rank = len(field.output.indices)
    own, wrt = derived.output.indices[:rank], derived.output.indices[rank:]
    mapping = dict(zip(field.output.indices, own, strict=True))
    written = rename(refresh(inlined(field)), mapping)
    return written.diff(IndexedBase(field.state.name)[wrt])


def adjoint_identity(field: Field) -> Answer:
    """Whether the derived products with $J$ and $J^T$ are adjoint.

    The field's own definitions stay names: the identity holds whatever their values.
    """
    own = frozenset(definition.name for definition in field.definitions)
    forward, backward = field.jvp(), field.vjp()
    direction, cotangent = forward.directions[-1], backward.directions[-1]
    out, into = forward.output.indices, backward.output.indices
    left = total(cotangent[out] * inlined(forward, own), *out)
    right = total(direction[into] * inlined(backward, own), *into)
    return is_zero(left - right)


def _exponentials(expression: Expr) -> Expr:
    if not expression.has(Softmax):
        return expression
    if isinstance(expression, Softmax):
        return _exponentials(expression.as_quotient())
    return expression.func(*(_exponentials(part) for part in expression.args))
