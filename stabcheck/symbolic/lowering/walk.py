r"""The tree walk: a definition's body becomes operations of a backend.

Products are flattened through nested sums, with bound indices renamed apart, and handed
to `products`.  An output with free deltas is assembled from blocks, one for each
pattern of deltas; nothing is ever multiplied by a unit matrix.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial

from sympy import Add, Expr, Function, Indexed, Mul, Pow, Sum, Symbol

from stabcheck.errors import InvalidInput
from stabcheck.symbolic.contraction import delta_groups, joined
from stabcheck.symbolic.enclosing.average import Central
from stabcheck.symbolic.enclosing.central_moments import central
from stabcheck.symbolic.field import Definition, tensor_name
from stabcheck.symbolic.index import Index, free_indices, refresh, rename, total
from stabcheck.symbolic.lowering.backend import Array, Backend, Operand
from stabcheck.symbolic.lowering.products import Product, summed_products
from stabcheck.symbolic.lowering.solved import solved
from stabcheck.symbolic.proving.structure import structure
from stabcheck.symbolic.sinkhorn import Implicit
from stabcheck.symbolic.softmax import Softmax


@dataclass
class Walk:
    """One evaluation: a backend, concrete sizes, and the values known so far.

    `tensors` are arrays by name, `scalars` numbers by name, `known` contractions and
    `nodes` softmaxes and averages done already, by their structure.
    """

    backend: Backend
    sizes: Mapping[Symbol, int]
    tensors: dict[str, Array]
    scalars: dict[str, Array] = field(default_factory=dict)
    known: dict[Hashable, Operand] = field(default_factory=dict)
    nodes: dict[str, tuple[tuple[Index, ...], Operand]] = field(default_factory=dict)

    def size(self, index: Index) -> int:
        """The concrete size of an index."""
        return int(index.size.xreplace(dict(self.sizes)))

    def define(self, definition: Definition) -> Array:
        """Evaluate a definition and remember it under its name."""
        value = self.assembled(definition.body, definition.indices)
        self.tensors[definition.name] = value
        return value

    def assembled(self, body: Expr, indices: tuple[Index, ...]) -> Array:
        """The values of an expression at all positions of some indices."""
        shape = tuple(self.size(index) for index in indices)
        dense, parts = None, []
        for deltas, rest in delta_groups(body).items():
            onto = joined(deltas)
            kept = tuple(index for index in indices if index not in onto)
            block = self.finished(self.summed(rename(rest, onto), kept), kept)
            if not onto:
                dense = block
            else:
                at = tuple(onto.get(index, index) for index in indices)
                parts.append((tuple(kept.index(index) for index in at), block))
        if dense is not None and not parts:
            return dense
        return self.backend.scatter(shape, dense, parts)

    def summed(self, expression: Expr, order: tuple[Index, ...] = ()) -> Operand:
        """A sum of products as one array; `order` is the order of axes to prefer."""
        products = [self.product(term) for term in _terms(expression)]
        return summed_products(self, products, order)

    def value(self, expression: Expr, order: tuple[Index, ...] = ()) -> Operand:
        """The value of any expression, over the labels that it has.

        Where it is computed with axes in the preferred order, none is moved later.
        """
        if isinstance(expression, Indexed):
            return self._entry(expression)
        if isinstance(expression, Index):
            return Operand(self.backend.positions(self.size(expression)), (expression,))
        if isinstance(expression, Symbol):
            return Operand(self._symbol(expression))
        if expression.is_number:
            return Operand(self._number(expression))
        if isinstance(expression, Pow):
            base = self.value(expression.base, order)
            power = self.backend.power(base.array, expression.exp)
            return Operand(power, base.labels)
        if isinstance(expression, Softmax):
            return self.remembered(expression, partial(self._softmax, order=order))
        if isinstance(expression, Central):
            return self.remembered(expression, partial(central, self))
        if isinstance(expression, Implicit):
            return self.remembered(expression, partial(solved, self))
        if isinstance(expression, Add | Mul | Sum):
            return self.summed(expression, order)
        if isinstance(expression, Function):
            return self._function(expression, order)
        raise InvalidInput(
            f"asked to evaluate a {expression.func.__name__}, found no rule for it; "
            "use sums, products, powers, functions and softmax"
        )

    def remembered(
        self, expression: Expr, evaluate: Callable[[Expr], Operand]
    ) -> Operand:
        """The value of a costly node, shared by all that differ in names only."""
        apart = refresh(expression)  # so that no free index has a bound one's name
        key, free = structure(apart)
        if key not in self.nodes:
            self.nodes[key] = free, evaluate(apart)
        known, operand = self.nodes[key]
        names = dict(zip(known, free, strict=True))
        return Operand(operand.array, tuple(names[label] for label in operand.labels))

    def product(self, expression: Expr) -> Product:
        """A product flattened through nested sums of products."""
        factors: list[Expr] = []
        bound: list[Index] = []

        def flatten(part: Expr) -> None:
            if isinstance(part, Mul):
                for factor in part.args:
                    flatten(factor)
            elif isinstance(part, Sum) and not isinstance(part.function, Add):
                # Siblings may share a bound name: each gets its own.
                apart = refresh(part)
                if isinstance(apart, Sum):
                    bound.extend(apart.bound_symbols)
                    flatten(apart.function)
                else:
                    flatten(apart)
            else:
                factors.append(part)

        flatten(expression)
        return Product(tuple(factors), tuple(bound))

    def finished(self, operand: Operand, labels: tuple[Index, ...]) -> Array:
        """The array with exactly these axes in this order, broadcast where absent."""
        aligned = self.aligned(operand, labels)
        return self.backend.broadcast(aligned, [self.size(index) for index in labels])

    def aligned(self, operand: Operand, labels: tuple[Index, ...]) -> Array:
        """The array with axes in this order, of size 1 where absent."""
        present = [index for index in labels if index in operand.labels]
        order = [operand.labels.index(index) for index in present]
        array = operand.array
        if order != sorted(order):
            array = self.backend.transpose(array, order)
        if len(present) == len(labels):
            return array
        shape = [self.size(k) if k in operand.labels else 1 for k in labels]
        return self.backend.reshape(array, shape)

    def _entry(self, expression: Indexed) -> Operand:
        array = self.tensors[tensor_name(expression)]
        return self.distinct(array, tuple(expression.indices))

    def distinct(self, array: Array, labels: tuple[Index, ...]) -> Operand:
        """An operand in which a repeated label means the diagonal."""
        distinct = tuple(dict.fromkeys(labels))
        if len(distinct) == len(labels):
            return Operand(array, labels)
        numbered = [distinct.index(index) for index in labels]
        diagonal = self.backend.einsum([(array, numbered)], range(len(distinct)))
        return Operand(diagonal, distinct)

    def _symbol(self, symbol: Symbol) -> Array:
        if symbol in self.sizes:
            return self.backend.array(self.sizes[symbol])
        return self.scalars[symbol.name]

    def _number(self, expression: Expr) -> Array:
        if not expression.args or expression.is_Rational:
            return self.backend.number(expression)
        parts = [self._number(part) for part in expression.args]
        if isinstance(expression, Pow):
            return self.backend.power(parts[0], expression.exp)
        if isinstance(expression, Function):
            return self.backend.functions[expression.func.__name__](*parts)
        whole = parts[0]
        for part in parts[1:]:
            whole = whole + part if isinstance(expression, Add) else whole * part
        return whole

    def _function(self, expression: Function, order: tuple[Index, ...]) -> Operand:
        name = expression.func.__name__
        operand = self.value(expression.args[0], order)
        return Operand(self.backend.functions[name](operand.array), operand.labels)

    def _softmax(self, expression: Softmax, order: tuple[Index, ...]) -> Operand:
        over, at = expression.over, expression.at
        parts = [expression.logits]
        parts += [expression.mask] if expression.mask != 1 else []
        parts += [expression.sink] if expression.has_sink else []
        every = {index for part in parts for index in free_indices(part)} - {over}
        labels = (*_arranged(every, order), over)
        weights = self.backend.softmax(
            self._along(expression.logits, labels),
            None if expression.mask == 1 else self._along(expression.mask, labels),
            self._along(expression.sink, labels[:-1]) if expression.has_sink else None,
        )
        return self.distinct(weights, (*labels[:-1], at))

    def _along(self, expression: Expr, labels: tuple[Index, ...]) -> Array:
        return self.finished(self.value(expression, labels), labels)


def _arranged(labels: Iterable[Index], order: tuple[Index, ...]) -> list[Index]:
    """Labels in the preferred order; of others the heads first, as in a batch."""
    place = {index: number for number, index in enumerate(order)}
    last = len(place)
    return sorted(
        labels,
        key=lambda index: (place.get(index, last), index.kind != "head", index.label),
    )


def _terms(expression: Expr) -> list[Expr]:
    """The terms of a sum, distributing an outer summation over them."""
    if isinstance(expression, Add):
        return [term for part in expression.args for term in _terms(part)]
    if isinstance(expression, Sum) and isinstance(expression.function, Add):
        over = expression.bound_symbols
        parts = (total(part, *over) for part in expression.function.args)
        return [term for part in parts for term in _terms(part)]
    return [expression]
