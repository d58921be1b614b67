"""The language of vector fields: declared once on SymPy, derived, proven, lowered."""

from stabcheck.symbolic.composition import Composition, composition
from stabcheck.symbolic.contraction import contract, delta_groups
from stabcheck.symbolic.declaration import Declaration
from stabcheck.symbolic.field import Definition, Field, Scalar, Tensor
from stabcheck.symbolic.index import Index, fresh, indices, refresh, rename, total
from stabcheck.symbolic.proving.normal_form import (
    Answer,
    Counterexample,
    canonical,
    is_zero,
)
from stabcheck.symbolic.proving.self_proof import (
    adjoint_identity,
    inlined,
    jacobian_identity,
)
from stabcheck.symbolic.relabelling import relabelled
from stabcheck.symbolic.softmax import Softmax

__all__ = [
    "Answer",
    "Composition",
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
    "composition",
    "contract",
    "delta_groups",
    "fresh",
    "indices",
    "inlined",
    "is_zero",
    "jacobian_identity",
    "refresh",
    "relabelled",
    "rename",
    "total",
]
