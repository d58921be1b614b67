"""Readable output as plain text: `sum[k](...)`, `delta[i,j]`, `P[h,i,k]`."""

from __future__ import annotations

from sympy import Add, Expr, Heaviside, Indexed, KroneckerDelta, Mul, Pow, Rational, Sum
from sympy.printing.str import StrPrinter

from stabcheck.symbolic.field import Definition, Field
from stabcheck.symbolic.printing.arrangement import (
    decimal,
    ends_of_step,
    is_negative,
    quotient,
    terms_in_order,
)
from stabcheck.symbolic.printing.letters import with_letters
from stabcheck.symbolic.softmax import Softmax


def text(field: Field) -> str:
    """The definitions of a field, one on a line; of a Jacobian in readable form."""
    from stabcheck.symbolic.printing.readable import readable

    printer = _Text()
    return "\n".join(
        f"{printer.doprint(d.tensor[d.indices])} = {printer.doprint(with_letters(d))}"
        for d in readable(field).definitions
    )


def line(definition: Definition) -> str:
    """A definition as text in its own words, bound names as they were written."""
    printer, head = _Text(), definition.tensor[definition.indices]
    return f"{printer.doprint(head)} = {printer.doprint(definition.body)}"


class _Text(StrPrinter):
    """Plain text with sums by index."""

    # SymPy asks a node for a method of this name before it asks the printer.
    printmethod = "_stabcheck_text"

    def _print_Add(self, expression: Add, order: object = None) -> str:
        shown = ""
        for term in terms_in_order(expression):
            negative = is_negative(term)
            body = self._print(-term if negative else term)
            body = f"({body})" if isinstance(term, Add) else body
            sign = ("-" if negative else "") if not shown else (" + ", " - ")[negative]
            shown += sign + body
        return shown

    def _print_Mul(self, expression: Mul) -> str:
        parts = quotient(expression)
        above = "*".join(map(self._factor, parts.above)) or "1"
        below = "*".join(map(self._factor, parts.below))
        below = f"({below})" if len(parts.below) > 1 else below
        return ("-" if parts.negative else "") + above + (f"/{below}" if below else "")

    def _factor(self, part: Expr) -> str:
        body = self._print(part)
        return f"({body})" if isinstance(part, Add) else body

    def _print_Pow(self, expression: Pow, rational: bool = False) -> str:
        if expression.exp.is_Rational and expression.exp < 0:
            return self._print_Mul(expression)
        return super()._print_Pow(expression, rational)

    def _print_Rational(self, expression: Rational) -> str:
        return decimal(expression) or super()._print_Rational(expression)

    def _print_Indexed(self, expression: Indexed) -> str:
        at = ",".join(index.name for index in expression.indices)
        return f"{expression.base.label.name}[{at}]"

    def _print_Sum(self, expression: Sum) -> str:
        at = ",".join(index.name for index in expression.bound_symbols)
        return f"sum[{at}]({self._print(expression.function)})"

    def _print_KroneckerDelta(self, expression: KroneckerDelta) -> str:
        return f"delta[{','.join(map(str, expression.args))}]"

    def _print_Heaviside(self, expression: Heaviside) -> str:
        return f"[{self._condition(expression)}]"

    def _condition(self, factor: Expr) -> str:
        """A factor of a mask: a step of a difference of positions as `l <= i`."""
        if not isinstance(factor, Heaviside):
            return self._print(factor)
        low, high = ends_of_step(factor)
        return f"{self._print(low)} <= {self._print(high)}"

    def _print_Softmax(self, expression: Softmax) -> str:
        body = self._print(expression.logits)
        conditions = map(self._condition, Mul.make_args(expression.mask))
        masked = "" if expression.mask == 1 else f" | {', '.join(conditions)}"
        if expression.has_sink:
            masked += f"; sink {self._print(expression.sink)}"
        return f"softmax[{expression.over.name}]({body}{masked})[{expression.at.name}]"
