r"""Is this identically zero?  A normal form for indexed sums of symbolic size.

An expression becomes a sum of terms $c \sum_{k} \prod f^e$ with canonical bound names;
what is not a polynomial (an exponential, a root) is an opaque factor, one and the same
for arguments that agree up to renaming.  Equal normal forms prove equality for every
size; unequal ones prove nothing, so a rational point is looked for at which the
expression is not zero: *proved*, *refuted* or *unknown*.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from sympy import (
    Add,
    Expr,
    Function,
    Indexed,
    IndexedBase,
    KroneckerDelta,
    Mul,
    Pow,
    Rational,
    S,
    Sum,
    Symbol,
    exp,
)
from sympy import expand as expand_coefficient

from stabcheck.errors import InvalidInput
from stabcheck.symbolic.enclosing.average import Central
from stabcheck.symbolic.index import Index, fresh, rename, total
from stabcheck.symbolic.proving.pointwise import Counterexample, find_counterexample
from stabcheck.symbolic.proving.structure import structure
from stabcheck.symbolic.proving.terms import (
    Factor,
    Term,
    contracted,
    in_order,
    indices_of,
    interchangeable,
    labelled,
    name_of,
)
from stabcheck.symbolic.sinkhorn import Implicit, Projected
from stabcheck.symbolic.softmax import Softmax


@dataclass(frozen=True)
class Answer:
    """`proved` zero, `refuted` by a counterexample, or `unknown`."""

    verdict: str
    counterexample: Counterexample | None = None

    @property
    def is_proved(self) -> bool:
        return self.verdict == "proved"


def is_zero(
    expression: Expr, row_stochastic: Iterable[str] = (), counterexamples: bool = True
) -> Answer:
    r"""Whether an indexed expression vanishes for every size and every value.

    **Arguments:** `row_stochastic`, names of tensors of which $\sum_k P_{\dots k} = 1$
    is known; `counterexamples`, whether to look for one where there is no proof.
    """
    names = frozenset(row_stochastic)
    # Arguments of opaque factors are first compared as they stand, which is fast and
    # nearly always enough, then by their own normal forms.
    for deep in (False, True):
        if not Expansion(names, deep).collected(expression):
            return Answer("proved")
    if expression.has(Implicit):  # it has no value at a point, only equations
        return Answer("unknown")
    found = find_counterexample(expression, names) if counterexamples else None
    return Answer("unknown" if found is None else "refuted", found)


def canonical(expression: Expr) -> Expr:
    """The expression rebuilt from its normal form: equal ones become identical."""
    return Expansion(frozenset(), True).canonical(expression)


@dataclass
class Expansion:
    """One expansion into terms; `deep` brings arguments to normal form as well.

    `templates` are the opaque factors met: an expression and its free indices in
    order, by the name of the tensor that stands for it.
    """

    row_stochastic: frozenset[str]
    deep: bool
    names: dict[str, str] = field(default_factory=dict)
    templates: dict[str, tuple[Expr, tuple[Index, ...]]] = field(default_factory=dict)
    rebuilt: dict[Expr, Expr] = field(default_factory=dict)

    def collected(self, expression: Expr) -> dict[str, Term]:
        """The terms with nonzero coefficient, by their spelling."""
        found: dict[str, Term] = {}
        coefficients: dict[str, list[Expr]] = {}
        for raw in self.terms(expression):
            key, term = labelled(contracted(raw, self.row_stochastic))
            found.setdefault(key, term)
            coefficients.setdefault(key, []).append(term.coefficient)
        summed = {key: expand_coefficient(Add(*c)) for key, c in coefficients.items()}
        return {
            key: Term(coefficient, found[key].bound, found[key].factors)
            for key, coefficient in summed.items()
            if coefficient != 0
        }

    def canonical(self, expression: Expr) -> Expr:
        """The sum of the collected terms as an expression, in a fixed order."""
        if expression not in self.rebuilt:
            terms = self.collected(expression)
            self.rebuilt[expression] = Add(
                *(self._rebuilt(term) for _, term in sorted(terms.items()))
            )
        return self.rebuilt[expression]

    def terms(self, expression: Expr) -> list[Term]:
        """Expand into raw terms whose bound indices are all different."""
        if isinstance(expression, Indexed | KroneckerDelta | Index):
            return [Term(S.One, (), ((expression, S.One),))]
        if not expression.atoms(Indexed, Index):
            return [Term(expression)]
        if isinstance(expression, Add):
            return [term for part in expression.args for term in self.terms(part)]
        if isinstance(expression, Mul):
            return self._product([self.terms(part) for part in expression.args])
        if isinstance(expression, Sum):
            inner, over = self.terms(expression.function), expression.bound_symbols
            return [_summed(term, over) for term in inner]
        if isinstance(expression, Softmax | Central):
            return self.terms(expression.as_quotient())
        if isinstance(expression, Projected):
            return self.terms(expression.by_solution())
        if isinstance(expression, Pow):
            return self._power(*expression.args)
        if isinstance(expression, exp):
            return self._exponential(expression)
        if isinstance(expression, Function):
            parts = (self._argument(part) for part in expression.args)
            return [self._opaque(expression.func(*parts), S.One)]
        raise InvalidInput(
            f"asked for the normal form of a {expression.func.__name__}, found no rule "
            "for it; use sums, products, powers, functions and softmax"
        )

    def _product(self, parts: list[list[Term]]) -> list[Term]:
        product = [Term(S.One)]
        for part in parts:
            product = [left.times(right) for left in product for right in part]
        return product

    def _power(self, base: Expr, exponent: Expr) -> list[Term]:
        if not exponent.is_Rational:
            raise InvalidInput(
                f"asked for the normal form of a power with exponent {exponent}, found "
                "it not a rational number; use exp"
            )
        if exponent.is_Integer and exponent > 0:
            # Expanded afresh each time, so that bound indices stay different.
            return self._product([self.terms(base) for _ in range(int(exponent))])
        if isinstance(base, Indexed):
            return [Term(S.One, (), ((base, exponent),))]
        return [self._opaque(self._argument(base), exponent)]

    def _exponential(self, expression: exp) -> list[Term]:
        # SymPy joins exp(u) exp(v); taken apart again, both routes meet.
        term = Term(S.One)
        for part in Add.make_args(self._argument(expression.args[0])):
            power, rest = part.as_coeff_Mul(rational=True)
            term = term.times(self._opaque(exp(rest), power))
        return [term]

    def _argument(self, expression: Expr) -> Expr:
        return self.canonical(expression) if self.deep else expression

    def _opaque(self, expression: Expr, exponent: Rational) -> Term:
        if not expression.atoms(Indexed, Index):
            return Term(Pow(expression, exponent))
        spelled, free = structure(expression)
        if spelled not in self.names:
            alike = interchangeable(expression, free)
            self.names[spelled] = f"@{len(self.names)}{alike}"
        name = self.names[spelled]
        self.templates.setdefault(name, (expression, free))
        entry = IndexedBase(name)[tuple(in_order(name, free))] if free else Symbol(name)
        return Term(S.One, (), ((entry, exponent),))

    def _rebuilt(self, term: Term) -> Expr:
        powers = (Pow(self._restored(base), e) for base, e in term.factors)
        bound = sorted(term.bound, key=lambda index: index.label)
        return total(Mul(term.coefficient, *powers), *bound)

    def _restored(self, factor: Factor) -> Expr:
        name = name_of(factor)
        if name not in self.templates:
            return factor
        template, free = self.templates[name]
        return rename(template, dict(zip(free, indices_of(factor), strict=True)))


def _summed(term: Term, over: list[Index]) -> Term:
    apart = {index: fresh(index) for index in over}
    renamed = term.renamed(apart)
    return Term(renamed.coefficient, (*renamed.bound, *apart.values()), renamed.factors)
