r"""Terms of the normal form: coefficient, bound indices, factors; and their spelling.

A term is $c \sum_{k_1 \dots k_m} f_1^{e_1} \cdots f_r^{e_r}$ whose factors are entries
of tensors and deltas.  Bound indices get canonical names: colour refinement by where
they occur, then the least spelling among the ties.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sympy import Expr, Indexed, KroneckerDelta, Rational, S, Symbol

from stabcheck.errors import InvalidInput
from stabcheck.symbolic.contraction import joined
from stabcheck.symbolic.index import Index

REFINEMENTS = 3
"""Rounds of colour refinement; a tie that it leaves is tried in every order."""

ORDERS = 5040
"""More orders than this are not tried: the form is then valid but not canonical."""

Factor = Indexed | KroneckerDelta | Symbol


@dataclass(frozen=True)
class Term:
    """A coefficient, bound indices, and powers of factors."""

    coefficient: Expr
    bound: tuple[Index, ...] = ()
    factors: tuple[tuple[Factor, Rational], ...] = ()

    def times(self, other: Term) -> Term:
        """The product of two terms whose bound indices are different."""
        powers = dict(self.factors)
        for base, exponent in other.factors:
            powers[base] = powers.get(base, S.Zero) + exponent
        return Term(
            self.coefficient * other.coefficient,
            (*self.bound, *other.bound),
            tuple((base, e) for base, e in powers.items() if e != 0),
        )

    def renamed(self, mapping: Mapping[Index, Index]) -> Term:
        """The term with indices replaced, bound ones too."""
        powers: dict[Factor, Rational] = {}
        for base, exponent in self.factors:
            new = _renamed(base, mapping)
            if new != 1:
                powers[new] = powers.get(new, S.Zero) + exponent
        bound = tuple(mapping.get(index, index) for index in self.bound)
        kept = tuple((base, e) for base, e in powers.items() if e != 0)
        return Term(self.coefficient, bound, kept)

    def spelled(self, names: Mapping[Index, str]) -> str:
        """A string that determines the bound indices and the factors."""
        bound = " ".join(sorted(names[index] for index in self.bound))
        return f"{bound}|{' '.join(sorted(_spell(f, names) for f in self.factors))}"


def contracted(term: Term, row_stochastic: frozenset[str]) -> Term:
    r"""The term with deltas contracted and $\sum_k P_{ik} = 1$ used.

    An index that is bound, and occurs once, as the last index of a row-stochastic
    tensor, is summed out.
    """
    while found := _contraction(term):
        old, new = found
        rest = tuple(index for index in term.bound if index != old)
        term = Term(term.coefficient, rest, term.factors).renamed({old: new})
    term = _identified(term)
    while found := _summed_out(term, row_stochastic):
        index, entry = found
        rest = tuple(other for other in term.bound if other != index)
        kept = tuple(factor for factor in term.factors if factor[0] != entry)
        term = Term(term.coefficient, rest, kept)
    used = {index for base, _ in term.factors for index in indices_of(base)}
    free_factor = math.prod(index.size for index in term.bound if index not in used)
    bound = tuple(index for index in term.bound if index in used)
    return Term(term.coefficient * free_factor, bound, term.factors)


def labelled(term: Term) -> tuple[str, Term]:
    """The term with canonical bound names, and its spelling."""
    if not term.bound:
        return term.spelled({}), term
    best: tuple[str, dict[Index, Index]] | None = None
    for order in _orders(term):
        mapping = {
            old: Index(f"#{position}", old.kind, old.size, 1)
            for position, old in enumerate(order)
        }
        names = {old: new.label for old, new in mapping.items()}
        key = term.spelled(names)
        if best is None or key < best[0]:
            best = key, mapping
    key, mapping = best or ("", {})
    return key, term.renamed(mapping)


def indices_of(factor: Factor) -> tuple[Index, ...]:
    """The indices of one factor, in order."""
    if isinstance(factor, Symbol):
        return (factor,) if isinstance(factor, Index) else ()
    return factor.indices if isinstance(factor, Indexed) else factor.args


def name_of(factor: Factor) -> str:
    """The name of the tensor or symbol of a factor; of a delta or an index, none."""
    if isinstance(factor, Indexed):
        return factor.base.label.name
    plain = isinstance(factor, Symbol) and not isinstance(factor, Index)
    return factor.name if plain else ""


def _orders(term: Term) -> Iterator[list[Index]]:
    """The orders of the bound indices that colour refinement leaves open."""
    where = {
        index: [factor for factor in term.factors if index in indices_of(factor[0])]
        for index in term.bound
    }
    colours = {index: f"<{index.label.partition(':')[2]}>" for index in term.bound}
    for _ in range(REFINEMENTS):
        seen = {
            index: colours[index]
            + " ".join(sorted(_spell(f, {**colours, index: "<*>"}) for f in factors))
            for index, factors in where.items()
        }
        ranked = {one: rank for rank, one in enumerate(sorted(set(seen.values())))}
        colours = {index: f"<{ranked[spelled]:03d}>" for index, spelled in seen.items()}
        if len(ranked) == len(term.bound):
            break
    ordered = sorted(term.bound, key=colours.__getitem__)
    ties = [list(group) for _, group in itertools.groupby(ordered, colours.__getitem__)]
    if math.prod(math.factorial(len(tie)) for tie in ties) > ORDERS:
        yield ordered
        return
    for choice in itertools.product(*(itertools.permutations(tie) for tie in ties)):
        yield [index for tie in choice for index in tie]


def _identified(term: Term) -> Term:
    r"""The term with $\delta_{ij} f_j$ as $\delta_{ij} f_i$ for free i and j."""
    deltas = frozenset(f for f, _ in term.factors if isinstance(f, KroneckerDelta))
    if not deltas:
        return term
    onto = joined(deltas)
    others = tuple(factor for factor in term.factors if factor[0] not in deltas)
    rest = Term(term.coefficient, term.bound, others).renamed(onto)
    kept = ((KroneckerDelta(first, other), S.One) for other, first in onto.items())
    return Term(rest.coefficient, rest.bound, (*rest.factors, *kept))


def _contraction(term: Term) -> tuple[Index, Index] | None:
    for factor, _ in term.factors:
        if isinstance(factor, KroneckerDelta):
            left, right = factor.args
            old, new = (left, right) if left in term.bound else (right, left)
            if old not in term.bound:
                continue
            if not old.ranges_like(new):
                raise InvalidInput(
                    f"asked to contract a delta of {old} and {new}, found ranges "
                    f"{old.size} and {new.size}; a delta joins indices of one range"
                )
            return old, new
    return None


def _summed_out(
    term: Term, row_stochastic: frozenset[str]
) -> tuple[Index, Factor] | None:
    for factor, exponent in term.factors:
        if not isinstance(factor, Indexed) or exponent != 1:
            continue
        last = factor.indices[-1]
        if name_of(factor) not in row_stochastic or last not in term.bound:
            continue
        uses = sum(indices_of(base).count(last) for base, _ in term.factors)
        if uses == 1:
            return last, factor
    return None


def interchangeable(expression: Expr, free: tuple[Index, ...]) -> str:
    """How the name of an opaque factor says which of its indices may change places.

    `~0,1` for the first two: the expression is the same with both exchanged.
    """
    groups: list[list[int]] = []
    for position, index in enumerate(free):
        for group in groups:
            other = free[group[0]]
            swap = {index: other, other: index}
            if other.ranges_like(index) and expression.xreplace(swap) == expression:
                group.append(position)
                break
        else:
            groups.append([position])
    return "".join(f"~{','.join(map(str, g))}" for g in groups if len(g) > 1)


def in_order(name: str, at: Sequence[Any]) -> list[Any]:
    """The indices of a factor, those that may change places sorted."""
    ordered = list(at)
    for group in _groups(name):
        values = sorted((ordered[position] for position in group), key=str)
        for position, value in zip(group, values, strict=True):
            ordered[position] = value
    return ordered


@cache
def _groups(name: str) -> tuple[tuple[int, ...], ...]:
    groups = name.split("~")[1:]
    return tuple(tuple(map(int, group.split(","))) for group in groups)


def _renamed(factor: Factor, mapping: Mapping[Index, Index]) -> Factor:
    if isinstance(factor, Symbol):
        return mapping.get(factor, factor)
    new = [mapping.get(index, index) for index in indices_of(factor)]
    if isinstance(factor, Indexed):
        return Indexed(factor.base, *in_order(name_of(factor), new))
    return KroneckerDelta(*new)


def _spell(factor: tuple[Factor, Rational], names: Mapping[Index, str]) -> str:
    base, exponent = factor
    at = [names.get(index) or index.label for index in indices_of(base)]
    if isinstance(base, KroneckerDelta):
        return f"delta[{','.join(sorted(at))}]"
    name = name_of(base)
    return f"{name}[{','.join(in_order(name, at))}]^{_shown(exponent)}"


@cache
def _shown(exponent: Rational) -> str:
    return str(exponent)
