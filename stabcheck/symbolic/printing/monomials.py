r"""Sums of products as a reader would write them: taken apart, and factored again.

The normal form of the proofs expands everything; here a difference such as
$(x_{ic} - \mu_i)$ stays whole unless a sum runs over all of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from math import gcd

from sympy import (
    Add,
    Expr,
    Indexed,
    KroneckerDelta,
    Mul,
    Pow,
    Rational,
    S,
    Sum,
    Symbol,
)

from stabcheck.symbolic.index import Binder, Index, free_indices, rename
from stabcheck.symbolic.printing.arrangement import reads_negative

Factor = tuple[Expr, Expr]
"""A base and its exponent."""

MOST_BELOW = 100
"""A larger denominator is that of a decimal constant, which stays where it is."""


@dataclass(frozen=True)
class Monomial:
    """`coefficient`, a number, times powers of factors, summed over `bound`."""

    coefficient: Expr
    factors: tuple[Factor, ...] = ()
    bound: tuple[Index, ...] = ()

    def times(self, other: Monomial) -> Monomial:
        """The product; the bound indices of the two are taken to differ."""
        powers: dict[Expr, Expr] = {}
        for base, exponent in (*self.factors, *other.factors):
            powers[base] = powers.get(base, S.Zero) + exponent
        return Monomial(
            self.coefficient * other.coefficient,
            tuple((base, e) for base, e in powers.items() if e != 0),
            (*self.bound, *other.bound),
        )

    def renamed(self, mapping: dict[Index, Index]) -> Monomial:
        """The monomial with indices replaced, bound ones too."""
        factors = tuple((rename(base, mapping), e) for base, e in self.factors)
        bound = tuple(mapping.get(index, index) for index in self.bound)
        return Monomial(self.coefficient, (), bound).times(Monomial(S.One, factors))

    def summed(self, over: tuple[Index, ...]) -> Monomial:
        """The sum over some indices; one that no factor holds becomes its size."""
        held = tuple(index for index in over if self.holding(index))
        sizes = tuple((index.size, S.One) for index in over if index not in held)
        term = replace(self, bound=(*self.bound, *held))
        return term.times(Monomial(S.One, sizes))

    def holding(self, index: Index) -> list[Factor]:
        """The factors in which an index occurs."""
        return [f for f in self.factors if index in free_indices(f[0])]

    def without(self, gone: Iterable[Factor]) -> Monomial:
        """The monomial without some of its factors."""
        gone = set(gone)
        return replace(self, factors=tuple(f for f in self.factors if f not in gone))


def expanded(expression: Expr) -> list[Monomial]:
    """The terms of an expression whose bound indices all have names of their own."""
    if isinstance(expression, Add):
        return [term for part in expression.args for term in expanded(part)]
    if isinstance(expression, Sum):
        over = tuple(expression.bound_symbols)
        inner = expression.function
        whole = isinstance(inner, Add) and _stays_whole(inner)
        terms = [_whole(inner)] if whole else expanded(inner)
        return [term.summed(over) for term in terms]
    if isinstance(expression, Mul):
        product = [Monomial(S.One)]
        for part in expression.args:
            terms = [_whole(part)] if _stays_whole(part) else expanded(part)
            product = [left.times(right) for left in product for right in terms]
        return product
    return [_whole(expression)]


def opened(term: Monomial) -> list[Monomial]:
    """The terms of a product with its sums of products multiplied out."""
    for base, exponent in term.factors:
        if exponent == 1 and isinstance(base, Add) and base.has(Mul):
            rest = term.without([(base, exponent)])
            parts = [rest.times(_flat(part)) for part in base.args]
            return [one for part in parts for one in opened(part)]
    return [term]


def factored(terms: list[Monomial]) -> Expr:
    """The sum of terms without bound indices, common factors pulled out."""
    terms = merged(_opened(terms))
    if not terms:
        return S.Zero
    if len(terms) == 1:
        return product(terms[0])
    shared = common(terms)
    if shared.factors or shared.coefficient != 1:
        inside = factored([divided(term, shared) for term in terms])
        turned = isinstance(inside, Add) and not inside.has(KroneckerDelta)
        if turned and reads_negative(inside):
            shared, inside = shared.times(Monomial(S.NegativeOne)), -inside
        return product(shared, inside)
    best = _mostcommon(terms)
    if best is None:
        return Add(*map(product, terms))
    inside = [term for term in terms if best in _bases(term)]
    outside = [term for term in terms if best not in _bases(term)]
    return _joined(factored(inside), factored(outside))


def _joined(*parts: Expr) -> Expr:
    """The sum of factored parts, a difference that all of them share before it."""
    terms = [_flat(term) for part in parts for term in Add.make_args(part)]
    differences = tuple(f for f in common(terms).factors if isinstance(f[0], Add))
    if not differences:
        return Add(*parts)
    shared = Monomial(S.One, differences)
    return product(shared, factored([divided(term, shared) for term in terms]))


def _opened(terms: list[Monomial]) -> list[Monomial]:
    """The terms with those that are a difference by themselves taken apart."""
    found: list[Monomial] = []
    for term in terms:
        (base, exponent), *others = term.factors or ((S.One, S.One),)
        if len(terms) == 1 or others or exponent != 1 or not isinstance(base, Add):
            found.append(term)
        else:
            number = Monomial(term.coefficient)
            found += [_flat(part).times(number) for part in base.args]
    return found


def product(term: Monomial, *more: Expr) -> Expr:
    """The monomial as an expression without its sum; sums in it are not expanded."""
    parts = [*(Pow(base, exponent) for base, exponent in term.factors), *more]
    if term.coefficient != 1:
        parts.insert(0, term.coefficient)
    return Mul(*parts, evaluate=False) if len(parts) > 1 else Mul(*parts)


def _whole(part: Expr) -> Monomial:
    if part.is_number:
        return Monomial(part)
    base, exponent = part.as_base_exp() if isinstance(part, Pow) else (part, S.One)
    if not isinstance(base, Add) or not (exponent.is_Integer or exponent.q == 2):
        return Monomial(S.One, ((base, exponent),))
    shared, inside = _parted(base)
    if not exponent.is_Integer:
        shared, inside = Monomial(S.One), base
    powers = tuple((b, e * exponent) for b, e in (*shared.factors, (inside, S.One)))
    return Monomial(shared.coefficient**exponent, powers)


def _parted(difference: Add) -> tuple[Monomial, Expr]:
    """What the terms of a sum share, with a sign that reads well, and the rest."""
    terms = [_flat(term) for term in difference.args]
    shared = common(terms)
    if shared.coefficient.q > MOST_BELOW:
        shared = replace(shared, coefficient=S.One)
    inside = Add(*(product(divided(term, shared)) for term in terms))
    if isinstance(inside, Add) and reads_negative(inside):
        shared, inside = replace(shared, coefficient=-shared.coefficient), -inside
    return shared, inside


def _flat(term: Expr) -> Monomial:
    flat = Monomial(S.One)
    for part in Mul.make_args(term):
        power = part.as_base_exp() if isinstance(part, Pow) else (part, S.One)
        one = Monomial(part) if part.is_number else Monomial(S.One, (power,))
        flat = flat.times(one)
    return flat


def _stays_whole(part: Expr) -> bool:
    """Whether a factor is a sum that is better left as it is."""
    if not isinstance(part, Add):
        return not isinstance(part, Mul | Sum)
    if part.has(Sum, KroneckerDelta, Binder):
        return False
    bound = {index for index in free_indices(part) if index.name.startswith("_")}
    if any(index.kind == "token" for index in bound):
        return False  # a mean of differences is a difference of means
    terms = [free_indices(term) for term in part.args]
    return not any(all(index in term for term in terms) for index in bound)


def _bases(term: Monomial) -> set[Expr]:
    return {base for base, _ in term.factors}


def merged(terms: list[Monomial]) -> list[Monomial]:
    """The terms, equal ones added up, without those that cancel."""
    found: dict[frozenset[Factor], Expr] = {}
    for term in terms:
        key = frozenset(term.factors)
        found[key] = found.get(key, S.Zero) + term.coefficient
    return [
        Monomial(coefficient, tuple(sorted(key, key=lambda f: f[0].sort_key())))
        for key, coefficient in found.items()
        if coefficient != 0
    ]


def common(terms: list[Monomial]) -> Monomial:
    """The factors of all terms, and the number that divides all coefficients."""
    powers = [dict(term.factors) for term in terms]
    shared: dict[Expr, Expr] = {}
    for base in powers[0]:
        exponents = [other.get(base) for other in powers]
        if None not in exponents and len({e > 0 for e in exponents}) == 1:
            shared[base] = min(exponents, key=abs)
    return Monomial(_content([t.coefficient for t in terms]), tuple(shared.items()))


def _content(numbers: list[Expr]) -> Expr:
    if not all(number.is_Rational for number in numbers):
        return S.One
    top = gcd(*(int(number.p) for number in numbers))
    bottom = gcd(*(int(number.q) for number in numbers))
    sign = -1 if all(number < 0 for number in numbers) else 1
    return Rational(sign * top, bottom)


def divided(term: Monomial, shared: Monomial) -> Monomial:
    """What is left of a term when shared factors stand before it."""
    inverse = tuple((base, -exponent) for base, exponent in shared.factors)
    return term.times(Monomial(1 / shared.coefficient, inverse))


def _mostcommon(terms: list[Monomial]) -> Expr | None:
    """The factor in most of the terms; tensors before numbers, sizes never."""
    every = (base for term in terms for base in _bases(term))
    counted = Counter(base for base in every if not base.is_integer)
    often = [(n, base) for base, n in counted.items() if n > 1]
    if not often:
        return None

    def rank(pair: tuple[int, Expr]) -> tuple[int, int, str]:
        count, base = pair
        kind = 2 if isinstance(base, Indexed) else 0 if isinstance(base, Symbol) else 1
        return count, kind, str(base)

    return max(often, key=rank)[1]
