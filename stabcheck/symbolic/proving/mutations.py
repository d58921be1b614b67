r"""Wrong Jacobians, made of a right one: what a proof has to refuse.

One term of one derived line is left out or has its sign turned.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from sympy import Expr, Mul, S

from stabcheck.symbolic.contraction import delta_groups
from stabcheck.symbolic.field import Definition, Field
from stabcheck.symbolic.index import refresh, total
from stabcheck.symbolic.printing.monomials import expanded, opened, product
from stabcheck.symbolic.printing.readable import readable
from stabcheck.symbolic.proving.pointwise import find_counterexample
from stabcheck.symbolic.proving.self_proof import inlined, written_slope


@dataclass(frozen=True)
class Mutant:
    """A wrong Jacobian, and what was done to which line: `drops` or `flips`."""

    jacobian: Field
    line: str
    change: str
    term: Expr


def mutants(jacobian: Field) -> Iterator[Mutant]:
    """The Jacobian with each term of its derived lines dropped, then flipped.

    Terms that vanish, such as a sum of deviations from their mean, are left out first.
    """
    declared = {definition.name for definition in jacobian.root.definitions}
    derived = {definition.name for definition in jacobian.definitions} - declared
    jacobian = readable(jacobian)
    for definition in jacobian.definitions:
        if definition.name not in derived:
            continue
        for term in _terms(definition):
            for change, factor in (("drops", S.One), ("flips", S(2))):
                body = definition.body - factor * term
                lines = (
                    replace(line, body=body) if line is definition else line
                    for line in jacobian.definitions
                )
                wrong = replace(jacobian, definitions=tuple(lines), origin=None)
                yield Mutant(wrong, definition.name, change, term)


def accepted_mutants(field: Field, jacobian: Field) -> tuple[int, list[Mutant]]:
    """How many mutants a rational counterexample refutes, and those it does not."""
    slope, refuted, left = written_slope(field, jacobian), 0, []
    for mutant in mutants(jacobian):
        gap = slope - inlined(mutant.jacobian)
        if find_counterexample(gap, frozenset()):
            refuted += 1
        else:
            left.append(mutant)
    return refuted, left


def _terms(definition: Definition) -> list[Expr]:
    """The terms of a line, brackets that hold products opened."""
    return [
        Mul(*deltas) * total(product(part), *part.bound)
        for deltas, rest in delta_groups(definition.body).items()
        for term in expanded(refresh(rest))
        for part in opened(term)
    ]
