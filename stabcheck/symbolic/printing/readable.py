r"""A derived Jacobian as a paper would print it: contractions named, terms factored.

For softmax attention the derived body becomes

$$J_{ia,jb} = \sum_h \bigl(P_{hij} \bigl(W^{VO}_{hba} + s\,(v^O_{hja} - \langle v^O
\rangle_{hia})\, q^K_{hib}\bigr) + s\,\delta_{ij}\, C_{hiab}\bigr)$$

with $v^O_{hka} = \sum_s v_{hks} W^O_{hsa}$ and so on.  The tests prove each rewritten
Jacobian equal to the derived one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from sympy import Add, Indexed, KroneckerDelta, S

from stabcheck.symbolic.contraction import delta_groups
from stabcheck.symbolic.derive import needed
from stabcheck.symbolic.field import Definition, Field, tensor_name
from stabcheck.symbolic.index import Index, free_indices, refresh, rename, total
from stabcheck.symbolic.lowering.named_sums import NamedSums
from stabcheck.symbolic.printing.letters import letters_for
from stabcheck.symbolic.printing.monomials import (
    Factor,
    Monomial,
    common,
    divided,
    expanded,
    factored,
    merged,
)
from stabcheck.symbolic.proving.normal_form import is_zero
from stabcheck.symbolic.proving.self_proof import inlined


def readable(derived: Field) -> Field:
    """What is derived with its terms factored, a Jacobian's contractions named too.

    Other fields are returned as they are.
    """
    if not derived.origin or derived.origin[0] not in ("jacobian", "jvp", "vjp"):
        return derived
    declared = {definition.name for definition in derived.root.definitions}
    names = NamedSums(derived, naming=derived.origin[0] == "jacobian")
    tape: list[Definition] = []
    for definition in derived.definitions:
        line = definition
        if line.name not in declared:
            vanish = Vanishing(derived, tape)
            line = _rewritten(line, names, vanish)
            tape.extend(names.taken_over())
        names.meet(line)
        tape.append(line)
    origin = "readable", derived
    return replace(derived, definitions=needed(tape), origin=origin)


@dataclass
class Vanishing:
    r"""Which sums are identically zero, such as $\sum_c (x_c - \mu)$: decided by proof.

    `tape` holds the definitions in force.
    """

    field: Field
    tape: list[Definition]

    def __call__(self, term: Monomial) -> bool:
        """Whether a factor of the term that is a sum by itself is zero."""
        return any(self._is_zero(term.holding(index), index) for index in term.bound)

    def _is_zero(self, inside: list[Factor], index: Index) -> bool:
        if len(inside) != 1 or not isinstance(inside[0][0], Add) or inside[0][1] != 1:
            return False
        part = total(inside[0][0], index)
        local = Definition("_", tuple(free_indices(part)), part)
        whole = replace(self.field, definitions=(*self.tape, local))
        names = frozenset(definition.name for definition in self.tape)
        # One definition at a time is written out: the mean, whatever it is a mean of.
        return any(
            is_zero(inlined(whole, names - {name}), counterexamples=False).is_proved
            for name in names & {tensor_name(e) for e in part.atoms(Indexed)}
        )


def _rewritten(
    definition: Definition, names: NamedSums, vanish: Vanishing
) -> Definition:
    terms: list[Monomial] = []
    for deltas, rest in delta_groups(definition.body).items():
        marks = Monomial(S.One, tuple((delta, S.One) for delta in deltas))
        whole = [term for term in expanded(refresh(rest)) if not vanish(term)]
        terms += [names.named(term).times(marks) for term in whole]
    taken = {index.name for index in definition.indices}
    terms = [_lettered(term, taken, names) for term in terms]
    terms = names.with_covariances(terms)
    groups: dict[tuple[Index, ...], list[Monomial]] = {}
    for term in (_like_the_others(term, terms) for term in terms):
        groups.setdefault(term.bound, []).append(replace(term, bound=()))
    sums = [one for over, part in groups.items() for one in _summed(part, over)]
    return replace(definition, body=factored(sums))


def _summed(terms: list[Monomial], over: tuple[Index, ...]) -> list[Monomial]:
    """The terms under one sum, what does not depend on its indices before it."""
    terms = merged(terms)
    if not over or not terms:
        return terms
    shared = common(terms)
    before = tuple(f for f in shared.factors if not free_indices(f[0]) & set(over))
    shared = replace(shared, factors=before)
    inside = factored([divided(term, shared) for term in terms])
    return [shared.times(Monomial(S.One, ((total(inside, *over), S.One),)))]


def _lettered(term: Monomial, taken: Iterable[str], names: NamedSums) -> Monomial:
    """The term with letters for its bound indices, in an order by where they occur."""

    def place(index: Index) -> tuple[str, str]:
        blind = {index: Index("at", index.kind, index.size)}
        where = (str(rename(base, blind)) for base, _ in term.holding(index))
        return index.kind, " ".join(sorted(where))

    bound = sorted(term.bound, key=place)
    entries = [b for b, _ in term.factors if isinstance(b, Indexed)]
    declared = [index for index in bound if index.kind in ("head", "width")]
    letters = names.letters(declared, entries, taken)
    used = {*taken, *(letter.name for letter in letters.values())}
    others = [index for index in bound if index not in letters]
    letters |= letters_for(others, used)
    kinds = ("head", "token", "feature", "width")
    bound.sort(key=lambda index: kinds.index(index.kind))
    return replace(term, bound=tuple(bound)).renamed(letters)


def _like_the_others(term: Monomial, terms: list[Monomial]) -> Monomial:
    r"""$\delta_{ij} f_i$ as $\delta_{ij} f_j$ where terms without delta hold $f_j$."""
    deltas = [base for base, _ in term.factors if isinstance(base, KroneckerDelta)]
    dense = {
        factor
        for other in terms
        if not any(isinstance(base, KroneckerDelta) for base, _ in other.factors)
        for factor in other.factors
    }
    for delta in deltas:
        for old, new in (delta.args, delta.args[::-1]):
            moved = {
                (base, e): (rename(base, {old: new}), e)
                for base, e in term.factors
                if not isinstance(base, KroneckerDelta)
            }
            swapped = {
                was: now
                for was, now in moved.items()
                if was not in dense and now in dense
            }
            factors = tuple(swapped.get(f, f) for f in term.factors)
            term = Monomial(term.coefficient, (), term.bound).times(
                Monomial(S.One, factors)
            )
    return term
