r"""The chain rule of a composition, printed as a product of operators."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stabcheck.symbolic.composition import Composition


def latex(composition: Composition) -> str:
    """The states in between, and what the composition returns, as aligned lines."""
    depth = len(composition.parts)
    lines = [
        rf"X^{{{l}}} &= \mathrm{{{part.name}}}\left(X^{{{l - 1}}}\right)"
        for l, part in enumerate(composition.parts, 1)  # noqa: E741
    ]
    factors = [rf"J^{{{l}}}\left(X^{{{l - 1}}}\right)" for l in range(depth, 0, -1)]  # noqa: E741
    lines += _product(composition.product, factors, " &= ", r"^{\top}", r"\,")
    ended = "".join(rf"  {line} \\" + "\n" for line in [r"X^{0} &= X", *lines])
    return rf"\begin{{aligned}}{chr(10)}{ended}\end{{aligned}}"


def text(composition: Composition) -> str:
    """The states in between, and what the composition returns, as lines."""
    depth = len(composition.parts)
    lines = [
        f"X{l} = {part.name}(X{l - 1})"
        for l, part in enumerate(composition.parts, 1)  # noqa: E741
    ]
    factors = [f"J{l}(X{l - 1})" for l in range(depth, 0, -1)]  # noqa: E741
    lines += _product(composition.product, factors, " = ", "^T", " ")
    return "\n".join(["X0 = X", *lines])


def _product(
    product: str, factors: list[str], equals: str, transposed: str, blank: str
) -> list[str]:
    if product == "jacobian":
        return [f"J{equals}{blank.join(factors)}"]
    if product == "jvp":
        return [f"J V{equals}{blank.join([*factors, 'V'])}"]
    if product == "vjp":
        backwards = [f"{factor}{transposed}" for factor in reversed(factors)]
        return [f"J{transposed} C{equals}{blank.join([*backwards, 'C'])}"]
    return []
