r"""Fields applied one after the other; their Jacobians stay operators of a product.

$J(X) = J_L(X_{L-1}) \cdots J_2(X_1)\,J_1(X_0)$ with $X_0 = X$ and
$X_l = f_l(X_{l-1})$.  Nothing is inlined: each field is derived once, however deep the
stack, and the Jacobian of a token-wise field stays the blocks $D_{iab}$ of
$\delta_{ij} D_{iab}$.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from stabcheck.errors import InvalidInput
from stabcheck.symbolic.field import Field


def composition(*parts: Field | Composition) -> Composition:
    """The fields in the order in which they are applied.

    **Raises:** `InvalidInput` for no field, and for one that maps no state to a state.
    """
    flat = [f for p in parts for f in (p.parts if isinstance(p, Composition) else [p])]
    if not flat:
        raise InvalidInput("asked for a composition of no field; give at least one")
    for part in flat:
        own, out = part.state.indices, part.output.indices
        same = len(own) == len(out) and all(map(_ranges_like, own, out))
        if not same or part.directions:
            raise InvalidInput(
                f"asked to compose {part.name}, found no map of states to states; give "
                "declared fields"
            )
    return Composition(tuple(flat))


@dataclass(frozen=True, eq=False)
class Composition:
    """Fields applied first to last, or what was derived from them: `product` says."""

    parts: tuple[Field, ...]
    product: str = "value"

    @property
    def name(self) -> str:
        return " then ".join(part.name for part in self.parts)

    def jacobian(self) -> Composition:
        """The dense Jacobian, a product of the parts' own."""
        return Composition(self.parts, "jacobian")

    def jvp(self) -> Composition:
        """The product of the Jacobian with a direction, a further argument."""
        return Composition(self.parts, "jvp")

    def vjp(self) -> Composition:
        """The product of the transposed Jacobian with a cotangent, a further one."""
        return Composition(self.parts, "vjp")

    def lower(self, backend: str) -> Any:
        """A callable of the state, a direction if any, and each part's parameters.

        **Arguments:** `backend`, one of `jax`, `numpy`, `balls`.
        """
        from stabcheck.symbolic.lowering.composed_kernel import ComposedKernel

        return ComposedKernel(self, backend)

    def latex(self) -> str:
        """The intermediate states and the product, as aligned LaTeX lines."""
        from stabcheck.symbolic.printing.chain import latex

        return latex(self)

    def text(self) -> str:
        """The intermediate states and the product, as lines of text."""
        from stabcheck.symbolic.printing.chain import text

        return text(self)


def _ranges_like(left, right) -> bool:
    return left.ranges_like(right)
