"""The language of vector fields: declared once on SymPy, derived, proven, lowered."""

from stabcheck.symbolic.contraction import contract, delta_groups
from stabcheck.symbolic.field import Declaration, Definition, Field, Scalar, Tensor
from stabcheck.symbolic.index import Index, fresh, indices, refresh, rename, total
from stabcheck.symbolic.normal_form import Answer, Counterexample, canonical, is_zero
from stabcheck.symbolic.self_proof import adjoint_identity, inlined, jacobian_identity
from stabcheck.symbolic.softmax import Softmax

__all__ = [
    "Answer",
    "Counterexample",
    "Declaration",
    "Definition",
    "Field",
    "Index",
    "Scalar",
    "Softmax",
    "Tensor",
    "adjoint_identity",
    "canonical",
    "contract",
    "delta_groups",
    "fresh",
    "indices",
    "inlined",
    "is_zero",
    "jacobian_identity",
    "refresh",
    "rename",
    "total",
]
