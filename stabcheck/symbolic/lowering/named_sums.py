r"""Names for the contractions inside a Jacobian.

$q^K$ is what the key weights make of $q$, $W^{VO}$ the product of two weights,
$\langle v \rangle$ the mean of $v$ under the attention weights, $C$ a covariance under
them.  Sums over heads are never named: they are the sums that a reader wants to see.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from sympy import Expr, Indexed, IndexedBase, Mul, S, Sum

from stabcheck.symbolic.field import Definition, Field, Tensor, tensor_name, unused
from stabcheck.symbolic.index import Index, free_indices, rename, total
from stabcheck.symbolic.printing.letters import letters_for
from stabcheck.symbolic.printing.monomials import Factor, Monomial
from stabcheck.symbolic.proving.structure import structure
from stabcheck.symbolic.softmax import Softmax

WEIGHTS = "W_"
MEAN = "mean_"
PATH = "QKVO"  # the order in which a state meets the weights


class NamedSums:
    """The contractions named so far; equal ones, up to renaming, share a name."""

    def __init__(self, field: Field, *, naming: bool = True) -> None:
        self.naming = naming
        tensors = [field.state, *field.directions, *field.parameters]
        tensors += [definition.tensor for definition in field.definitions]
        self.axes = {t.name: t.indices for t in tensors if isinstance(t, Tensor)}
        self.parameters = {
            p.name
            for p in field.parameters
            if isinstance(p, Tensor) and len(p.indices) > 1
        }
        softmax = [d for d in field.definitions if isinstance(d.body, Softmax)]
        self.weights = {d.name for d in softmax}
        self.row_stochastic = {d.name for d in softmax if not d.body.has_sink}
        self.known: dict[str, tuple[str, tuple[int, ...]]] = {}
        self.new: list[Definition] = []

    def meet(self, definition: Definition) -> None:
        """Call a sum by the name under which it is defined from here on."""
        if isinstance(definition.body, Sum):
            self._remember(definition)

    def taken_over(self) -> list[Definition]:
        """The definitions made since the last call."""
        made, self.new = self.new, []
        return made

    def named(self, term: Monomial) -> Monomial:
        """The term with every contraction worth a name called by it."""
        for kind in ("width", "feature", "token"):
            for index in [index for index in term.bound if index.kind == kind]:
                inside = term.holding(index)
                title = self._title(term, inside, index)
                if self._is_whole_row(inside, index):
                    bound = tuple(other for other in term.bound if other != index)
                    term = replace(term.without(inside), bound=bound)
                elif title:
                    term = self._replaced(term, inside, index, title)
        return term

    def with_covariances(self, terms: list[Monomial]) -> list[Monomial]:
        r"""The terms, a mean of products less the product of means named $C$."""
        terms = list(terms)
        for term in list(terms) if self.naming else ():
            for index in term.bound:
                found = self._covariance(term, index, terms)
                if found:
                    other, named = found
                    terms[terms.index(term)] = named
                    terms.remove(other)
                    break
        return terms

    def _is_whole_row(self, inside: list[Factor], index: Index) -> bool:
        r"""Whether a sum is $\sum_k P_{ik} = 1$."""
        (entry, exponent), *others = inside
        if others or exponent != 1 or not isinstance(entry, Indexed):
            return False
        whole = tensor_name(entry) in self.row_stochastic
        return whole and entry.indices[-1] == index

    def _title(self, term: Monomial, inside: list[Factor], index: Index) -> str | None:
        """A name for a contraction, or None where it is better written out."""
        if not self.naming:
            return None
        plain = all(isinstance(base, Indexed) and e == 1 for base, e in inside)
        outside = [base for base, _ in term.factors if isinstance(base, Indexed)]
        if not plain or len(inside) != 2 or len(outside) == 2:
            return None
        entries = [base for base, _ in inside]
        if index.kind == "token":
            return self._mean_title(entries, index)
        names = [tensor_name(entry) for entry in entries]
        if any(name.startswith("D_") for name in names):
            return None
        weights = [name for name in names if name in self.parameters]
        others = [name for name in names if name not in self.parameters]
        short = sorted((w.removeprefix(WEIGHTS) for w in weights), key=_along_the_path)
        if len(weights) == 2:
            return WEIGHTS + "".join(short)
        return f"{others[0]}_{short[0]}" if weights else None

    def _mean_title(self, entries: list[Indexed], index: Index) -> str | None:
        """The name of a mean under attention weights; None for another sum."""
        weights = [e for e in entries if tensor_name(e) in self.weights]
        others = [tensor_name(e) for e in entries if e not in weights]
        is_mean = len(weights) == len(others) == 1 and weights[0].indices[-1] == index
        return MEAN + others[0] if is_mean else None

    def _replaced(
        self, term: Monomial, inside: list[Factor], index: Index, title: str
    ) -> Monomial:
        entries = sorted((b for b, _ in inside), key=lambda b: _rank(tensor_name(b)))
        entry = self.entry(total(Mul(*entries), index), title, entries)
        rest = term.without(inside)
        bound = tuple(other for other in term.bound if other != index)
        named = Monomial(S.One, ((entry, S.One),))
        return replace(rest, bound=bound).times(named)

    def entry(self, body: Expr, title: str, entries: list[Indexed]) -> Indexed:
        """The name of a contraction, read off at its free indices."""
        spelled, free = structure(body)
        if spelled not in self.known:
            self._define(body, title, entries)
        name, positions = self.known[spelled]
        return IndexedBase(name)[tuple(free[position] for position in positions)]

    def _define(self, body: Expr, title: str, entries: list[Indexed]) -> None:
        bound = body.bound_symbols
        free = sorted(free_indices(body), key=lambda index: index.label)
        letters = self.letters([*bound, *free], entries, ())
        kinds = ("head", "token", "feature", "width")
        ordered = sorted(letters, key=lambda index: kinds.index(index.kind))
        name = unused(title, self.axes)
        indices = tuple(letters[index] for index in ordered if index in free)
        inside = rename(body.function, letters)
        definition = Definition(
            name, indices, total(inside, *(letters[index] for index in bound))
        )
        self.axes[name] = indices
        self.new.append(definition)
        self._remember(definition)

    def _remember(self, definition: Definition) -> None:
        spelled, free = structure(definition.body)
        if set(free) == set(definition.indices):
            positions = tuple(free.index(index) for index in definition.indices)
            self.known.setdefault(spelled, (definition.name, positions))

    def letters(
        self, indices: list[Index], entries: list[Indexed], taken: Iterable[str]
    ) -> dict[Index, Index]:
        """Letters for indices: those with which tensors are declared, where free."""
        used, chosen = set(taken), {}
        for entry in entries:
            declared = self.axes[tensor_name(entry)]
            for index, own in zip(entry.indices, declared, strict=True):
                if index in indices and index not in chosen and own.name not in used:
                    chosen[index] = Index(own.name, index.kind, index.size)
                    used.add(own.name)
        for index in indices:
            if index not in chosen:
                (letter,) = letters_for([_nameless(index)], used).values()
                chosen[index] = letter
                used.add(letter.name)
        return chosen

    def _covariance(
        self, term: Monomial, index: Index, terms: list[Monomial]
    ) -> tuple[Monomial, Monomial] | None:
        """The product of means to be taken from a mean of products, and both named."""
        inside = term.holding(index)
        if index.kind != "token" or len(inside) != 3:
            return None
        if not all(isinstance(base, Indexed) and e == 1 for base, e in inside):
            return None
        weights = [b for b, _ in inside if tensor_name(b) in self.weights]
        averaged = [b for b, _ in inside if tensor_name(b) not in self.weights]
        if len(weights) != 1 or weights[0].indices[-1] != index:
            return None
        means = [self._known_mean(weights[0] * one, index) for one in averaged]
        if None in means:
            return None
        rest = term.without(inside)
        bound = tuple(other for other in term.bound if other != index)
        rest = replace(rest, bound=bound)
        pair = Monomial(S.NegativeOne, tuple((mean, S.One) for mean in means))
        wanted = rest.times(pair)
        other = next((one for one in terms if _same(one, wanted)), None)
        if other is None:
            return None
        value, slope = sorted(averaged, key=lambda b: _reach(tensor_name(b)))
        mean = means[averaged.index(value)]
        body = total(weights[0] * (value - mean) * slope, index)
        entry = self.entry(body, "C", [weights[0], value, slope])
        named = Monomial(S.One, ((entry, S.One),))
        return other, rest.times(named)

    def _known_mean(self, product: Expr, index: Index) -> Indexed | None:
        spelled, free = structure(total(product, index))
        if spelled not in self.known:
            return None
        name, positions = self.known[spelled]
        return IndexedBase(name)[tuple(free[position] for position in positions)]


def _same(left: Monomial, right: Monomial) -> bool:
    return (
        left.coefficient == right.coefficient
        and set(left.factors) == set(right.factors)
        and set(left.bound) == set(right.bound)
    )


def _rank(name: str) -> tuple[bool, int, str]:
    """What a state passes first stands first; weights after what they act on."""
    return name.startswith(WEIGHTS), _along_the_path(name.removeprefix(WEIGHTS)), name


def _along_the_path(weight: str) -> int:
    return PATH.index(weight) if weight in PATH else len(PATH)


def _reach(name: str) -> tuple[bool, str]:
    """Values stand before slopes of the logits, which end in the weights of a score."""
    return name.endswith(("_Q", "_K")), name


def _nameless(index: Index) -> Index:
    return Index(f"_{index.name}", index.kind, index.size)
