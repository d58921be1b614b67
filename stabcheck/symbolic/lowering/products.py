r"""Sums of products over labelled arrays, in an order that keeps arrays small.

The factors of one product fall into components that share bound indices; each is
contracted by itself.  A few heads, which only link components, are unrolled: the sum
over them is then an elementwise expression of small arrays that a compiler fuses into
one pass over the result, where a contraction would make temporaries of its size.
Factors that terms share are pulled out.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sympy import Expr, Mul

from stabcheck.symbolic.index import Index, free_indices, rename, total
from stabcheck.symbolic.lowering.backend import Operand
from stabcheck.symbolic.lowering.distance import split_square, summed_square
from stabcheck.symbolic.lowering.labelled import contracted, ordered
from stabcheck.symbolic.proving.structure import structure

if TYPE_CHECKING:
    from stabcheck.symbolic.lowering.walk import Walk

UNROLLED = 16
"""A sum over at most so many heads is unrolled; beyond, programs grow too long."""


@dataclass(frozen=True)
class Product:
    """Factors, and the indices summed over."""

    factors: tuple[Expr, ...]
    bound: tuple[Index, ...]


@dataclass(frozen=True, eq=False)
class Piece:
    """One contracted component; equal keys mean equal values."""

    key: Hashable
    operand: Operand


@dataclass(frozen=True, eq=False)
class Signed:
    """A sign times pieces that are multiplied elementwise."""

    negative: bool
    pieces: tuple[Piece, ...]

    @property
    def keys(self) -> frozenset[Hashable]:
        return frozenset(piece.key for piece in self.pieces)

    def without(self, key: Hashable) -> Signed:
        """The term with one occurrence of a piece taken out."""
        at = [piece.key for piece in self.pieces].index(key)
        return Signed(self.negative, self.pieces[:at] + self.pieces[at + 1 :])


def summed_products(
    walk: Walk, products: Sequence[Product], order: tuple[Index, ...]
) -> Operand:
    """The sum of some products, over the labels that they have."""
    plain: list[Signed] = []
    unrolled: dict[tuple[Index, ...], list[Signed]] = {}
    for product in products:
        heads = _linking_heads(walk, product)
        signed = _contracted(walk, product, heads, order)
        if heads:
            unrolled.setdefault(tuple(heads.values()), []).append(signed)
        else:
            plain.append(signed)
    summands = [_factored(walk, plain, order)] if plain else []
    for heads, terms in unrolled.items():
        for at in itertools.product(*(range(walk.size(head)) for head in heads)):
            read = [_read_off(term, heads, at) for term in terms]
            summands.append(_factored(walk, read, order))
    result = summands[0]
    for summand in summands[1:]:
        result = _combined(walk, result, summand, order, subtract=False)
    return result


def _linking_heads(walk: Walk, product: Product) -> dict[Index, Index]:
    """The heads that link components, if few: each onto its name in every product."""
    heads = [index for index in product.bound if index.kind == "head"]
    others = [index for index in product.bound if index.kind != "head"]
    components = [
        {index for factor in component for index in free_indices(factor)}
        for component in _components(product.factors, others)
    ]
    linking = [
        head for head in heads if sum(head in within for within in components) > 1
    ]
    if math.prod(walk.size(head) for head in linking) > UNROLLED:
        return {}
    linking.sort(key=lambda head: str(head.size))
    return {
        head: Index(f"_head{place}", head.kind, head.size)
        for place, head in enumerate(linking)
    }


def _contracted(
    walk: Walk, product: Product, heads: dict[Index, Index], order: tuple[Index, ...]
) -> Signed:
    factors = tuple(rename(factor, heads) for factor in product.factors)
    bound = tuple(index for index in product.bound if index not in heads)
    scalars = [factor for factor in factors if not free_indices(factor)]
    rest = [factor for factor in factors if free_indices(factor)]
    coefficient, scalar = Mul(*scalars).as_coeff_Mul(rational=True)
    negative = bool(coefficient < 0)
    number = Mul(abs(coefficient), scalar)
    pieces = [_piece(walk, part, bound, order) for part in _components(rest, bound)]
    if number != 1 or not pieces:
        pieces.append(_scalar_piece(walk, number))
    return Signed(negative, tuple(pieces))


def _scalar_piece(walk: Walk, number: Expr) -> Piece:
    value = walk.backend.number(number) if number.is_Rational else None
    if value is not None:
        return Piece(str(number), Operand(value))
    operands = [walk.value(factor) for factor in Mul.make_args(number)]
    whole = operands[0].array
    for operand in operands[1:]:
        whole = whole * operand.array
    return Piece(structure(number), Operand(whole))


def _components(factors: Sequence[Expr], bound: Sequence[Index]) -> list[list[Expr]]:
    """Group factors that are linked by bound indices."""
    groups: list[tuple[set[Index], list[Expr]]] = []
    for factor in factors:
        links, members = free_indices(factor) & set(bound), [factor]
        apart = []
        for other_links, other in groups:
            if links & other_links:
                links, members = links | other_links, [*other, *members]
            else:
                apart.append((other_links, other))
        groups = [*apart, (links, members)]
    return [members for _, members in groups]


def _piece(
    walk: Walk, factors: list[Expr], bound: Sequence[Index], order: tuple[Index, ...]
) -> Piece:
    within = {index for factor in factors for index in free_indices(factor)}
    summed = [index for index in bound if index in within]
    key = structure(total(Mul(*factors), *summed))
    if key not in walk.known:
        walk.known[key] = _einsum(walk, factors, set(summed), order)
    return Piece(key, walk.known[key])


def _einsum(
    walk: Walk, factors: list[Expr], summed: set[Index], order: tuple[Index, ...]
) -> Operand:
    square = split_square(factors[0], summed) if len(factors) == 1 else None
    if square is not None and walk.backend.expands_squares:
        return summed_square(walk, *square, summed, order)
    operands = [walk.value(factor, order) for factor in factors]
    if len(operands) == 1 and not summed:
        return operands[0]
    return contracted(walk, operands, summed, order)


def _read_off(term: Signed, heads: tuple[Index, ...], at: tuple[int, ...]) -> Signed:
    return Signed(
        term.negative,
        tuple(
            Piece((piece.key, at), _sliced(piece.operand, heads, at))
            for piece in term.pieces
        ),
    )


def _sliced(operand: Operand, heads: tuple[Index, ...], at: tuple[int, ...]) -> Operand:
    chosen = dict(zip(heads, at, strict=True))
    if not chosen.keys() & set(operand.labels):
        return operand
    places = tuple(chosen.get(label, slice(None)) for label in operand.labels)
    kept = tuple(label for label in operand.labels if label not in chosen)
    return Operand(operand.array[places], kept)


def _factored(walk: Walk, terms: Sequence[Signed], order: tuple[Index, ...]) -> Operand:
    """The sum of signed products, the most shared factor pulled out first."""
    long = [term for term in terms if len(term.pieces) > 1]
    counts = Counter(key for term in long for key in term.keys)
    shared = {p.key: p for term in long for p in term.pieces if counts[p.key] > 1}
    if not shared:
        return _added(walk, terms, order)
    best = max(
        shared.values(),
        key=lambda p: (counts[p.key], len(p.operand.labels), str(p.key)),
    )
    having = [term for term in long if best.key in term.keys]
    others = [term for term in terms if not any(term is one for one in having)]
    inner = _factored(walk, [term.without(best.key) for term in having], order)
    product = _multiplied(walk, [inner, best.operand], order)
    if not others:
        return product
    rest = _factored(walk, others, order)
    return _combined(walk, product, rest, order, subtract=False)


def _added(walk: Walk, terms: Sequence[Signed], order: tuple[Index, ...]) -> Operand:
    # A positive term first, so that no pass is spent on a sign.
    terms = sorted(terms, key=lambda term: term.negative)
    result: Operand | None = None
    for term in terms:
        value = _multiplied(walk, [piece.operand for piece in term.pieces], order)
        if result is None:
            result = Operand(-value.array, value.labels) if term.negative else value
        else:
            result = _combined(walk, result, value, order, subtract=term.negative)
    return result


def _multiplied(
    walk: Walk, operands: list[Operand], order: tuple[Index, ...]
) -> Operand:
    # Small operands first: what they share is then computed on few entries.
    operands = sorted(operands, key=lambda operand: len(operand.labels))
    result = operands[0]
    for operand in operands[1:]:
        labels = ordered([*result.labels, *operand.labels], order)
        array = walk.aligned(result, labels) * walk.aligned(operand, labels)
        result = Operand(array, labels)
    return result


def _combined(
    walk: Walk, left: Operand, right: Operand, order: tuple[Index, ...], subtract: bool
) -> Operand:
    labels = ordered([*left.labels, *right.labels], order)
    one, two = walk.aligned(left, labels), walk.aligned(right, labels)
    return Operand(one - two if subtract else one + two, labels)
