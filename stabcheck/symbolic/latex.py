r"""Readable output: LaTeX and plain text, with letters in place of fresh names.

Sums are written without limits, because the range of an index is known from its kind.
"""

from __future__ import annotations

from collections.abc import Iterator

from sympy import Expr, Heaviside, Indexed, KroneckerDelta, Sum, Symbol
from sympy.printing.latex import LatexPrinter
from sympy.printing.precedence import PRECEDENCE
from sympy.printing.str import StrPrinter

from stabcheck.symbolic.field import Definition, Field
from stabcheck.symbolic.index import Binder, Index, free_indices, rename
from stabcheck.symbolic.softmax import Softmax

LETTERS = {
    "token": "k l m p q i j",
    "feature": "c e f g u v a b",
    "head": "h t",
    "width": "r s w y z",
}

GREEK = ("beta", "epsilon", "gamma", "mu")
WORDS = {"scale": "scale", "step_size": "step"}


def latex(field: Field) -> str:
    """The definitions of a field as lines of an aligned environment."""
    printer = _Latex()
    lines = [
        rf"  {printer.doprint(_head(d))} &= {printer.doprint(with_letters(d))} \\"
        for d in field.definitions
    ]
    return "\n".join([r"\begin{aligned}", *lines, r"\end{aligned}"])


def text(field: Field) -> str:
    """The definitions of a field, one on a line."""
    printer = _Text()
    return "\n".join(
        f"{printer.doprint(_head(d))} = {printer.doprint(with_letters(d))}"
        for d in field.definitions
    )


def with_letters(definition: Definition) -> Expr:
    """The body with a letter for each bound index, reused in separate sums."""
    taken = {index.name for index in definition.indices}
    return _lettered(definition.body, taken)


def _head(definition: Definition) -> Expr:
    return definition.tensor[definition.indices]


def _lettered(expression: Expr, taken: set[str]) -> Expr:
    if isinstance(expression, Sum | Binder):
        bound = expression.bound_symbols
        used = taken | {index.name for index in free_indices(expression)}
        letters = {index: Index(*name, index.size) for index, name in _new(bound, used)}
        inside = used | {letter.name for letter in letters.values()}
        if isinstance(expression, Softmax):
            renamed = expression.rebound(letters)
            logits = _lettered(renamed.logits, inside)
            return Softmax(renamed.at, renamed.over, logits, renamed.mask)
        body = _lettered(rename(expression.function, letters), inside)
        limits = [(letter, 0, letter.size - 1) for letter in letters.values()]
        return Sum(body, *limits)
    if not expression.has(Sum, Binder):
        return expression
    return expression.func(*(_lettered(part, taken) for part in expression.args))


def _new(
    bound: list[Index], used: set[str]
) -> Iterator[tuple[Index, tuple[str, str]]]:
    used = set(used)
    for index in bound:
        letters = LETTERS[index.kind].split()
        numbered = (f"{letters[0]}{number}" for number in range(1, 100))
        own = [] if index.name.startswith("_") else [index.name]
        name = next(n for n in (*own, *letters, *numbered) if n not in used)
        used.add(name)
        yield index, (name, index.kind)


class _Latex(LatexPrinter):
    """LaTeX with sums by index and tensors by subscripts."""

    def _print_Indexed(self, expression: Indexed) -> str:
        at = " ".join(index.name for index in expression.indices)
        name, own = expression.base.label.name, ""
        for ending, mark in (("_dot", r"\dot"), ("_bar", r"\bar")):
            if name.endswith(ending):
                name, own = name.removesuffix(ending), mark
        letter, _, upper = name.partition("_")
        letter = _letter(letter)
        letter = f"{own}{{{letter}}}" if own else letter
        upper = f"^{{{_letter(upper)}}}" if upper else ""
        return rf"{letter}{upper}_{{{at}}}"

    def _print_Symbol(self, expression: Symbol, style: str = "plain") -> str:
        if expression.name in WORDS:
            return rf"\mathrm{{{WORDS[expression.name]}}}"
        return super()._print_Symbol(expression, style)

    def _print_Sum(self, expression: Sum) -> str:
        at = " ".join(index.name for index in expression.bound_symbols)
        body = self.parenthesize(expression.function, PRECEDENCE["Mul"], strict=True)
        return rf"\sum_{{{at}}} {body}"

    def _print_KroneckerDelta(self, expression: KroneckerDelta, exp: str = "") -> str:
        left, right = expression.args
        return rf"\delta_{{{left.name} {right.name}}}"

    def _print_Heaviside(self, expression: Heaviside, exp: str = "") -> str:
        return rf"[{self._print(expression.args[0])} \ge 0]"

    def _print_Softmax(self, expression: Softmax) -> str:
        body = self._print(expression.logits)
        masked = "" if expression.mask == 1 else rf"\mid {self._print(expression.mask)}"
        over, at = expression.over.name, expression.at.name
        return (
            rf"\operatorname{{softmax}}_{{{over}}}\left({body}{masked}\right)_{{{at}}}"
        )


class _Text(StrPrinter):
    """Plain text with sums by index: `sum[k](...)`."""

    # SymPy asks a node for a method of this name before it asks the printer.
    printmethod = "_stabcheck_text"

    def _print_Indexed(self, expression: Indexed) -> str:
        at = ",".join(index.name for index in expression.indices)
        return f"{expression.base.label.name}[{at}]"

    def _print_Sum(self, expression: Sum) -> str:
        at = ",".join(index.name for index in expression.bound_symbols)
        return f"sum[{at}]({self._print(expression.function)})"

    def _print_KroneckerDelta(self, expression: KroneckerDelta) -> str:
        return f"delta[{','.join(index.name for index in expression.args)}]"

    def _print_Heaviside(self, expression: Heaviside) -> str:
        return f"[{self._print(expression.args[0])} >= 0]"

    def _print_Softmax(self, expression: Softmax) -> str:
        body = self._print(expression.logits)
        masked = "" if expression.mask == 1 else f" | {self._print(expression.mask)}"
        return f"softmax[{expression.over.name}]({body}{masked})[{expression.at.name}]"


def _letter(name: str) -> str:
    if name in GREEK:
        return rf"\{name}"
    return name if len(name) < 2 else rf"\mathrm{{{name}}}"
