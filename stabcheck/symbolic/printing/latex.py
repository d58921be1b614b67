r"""Readable output as LaTeX, with letters in place of fresh names.

Sums are written without limits, because the range of an index is known from its kind.
"""

from __future__ import annotations

from sympy import (
    Add,
    Expr,
    Heaviside,
    Indexed,
    KroneckerDelta,
    Mul,
    Pow,
    Rational,
    Sum,
    Symbol,
)
from sympy.printing.latex import LatexPrinter
from sympy.printing.precedence import PRECEDENCE

from stabcheck.symbolic.field import Field
from stabcheck.symbolic.printing.arrangement import (
    decimal,
    ends_of_step,
    is_negative,
    quotient,
    terms_in_order,
)
from stabcheck.symbolic.printing.letters import with_letters
from stabcheck.symbolic.softmax import Softmax

GREEK = ("beta", "epsilon", "eta", "gamma", "kappa", "mu", "nu", "tau", "theta", "phi")
SYMBOLS = {
    "gate": r"\alpha",
    "inverse_temperature": r"\beta",
    "layer_scale": r"\lambda",
    "leak": r"\lambda",
    "skip": r"\alpha",
    "step_size": r"\mathrm{step}",
}
"""What stands for a parameter whose name is a word."""


def latex(field: Field) -> str:
    """The definitions as lines of an aligned environment, a Jacobian's readable."""
    from stabcheck.symbolic.printing.readable import readable

    printer = _Latex({"fold_frac_powers": True})
    lines = [
        rf"  {printer.doprint(d.tensor[d.indices])} &= "
        rf"{printer.doprint(with_letters(d))} \\"
        for d in readable(field).definitions
    ]
    return "\n".join([r"\begin{aligned}", *lines, r"\end{aligned}"])


class _Latex(LatexPrinter):
    """LaTeX with sums by index and tensors by subscripts."""

    def _print_Rational(self, expression: Rational) -> str:
        return decimal(expression) or super()._print_Rational(expression)

    def _print_Indexed(self, expression: Indexed) -> str:
        at = " ".join(index.name for index in expression.indices)
        return rf"{_named(expression.base.label.name)}_{{{at}}}"

    def _print_Symbol(self, expression: Symbol, style: str = "plain") -> str:
        return _named(expression.name)

    def _print_Add(self, expression: Add, order: object = None) -> str:
        shown = ""
        for term in terms_in_order(expression):
            negative = is_negative(term)
            body = self._print(-term if negative else term)
            body = self._enclosed(body) if isinstance(term, Add) else body
            sign = ("- " if negative else "") if not shown else (" + ", " - ")[negative]
            shown += sign + body
        return shown

    def _print_Mul(self, expression: Mul) -> str:
        parts = quotient(expression)
        sign = "- " if parts.negative else ""
        if not parts.below:
            return sign + self._product(parts.above)
        long = [f for f in parts.above if _is_long(f)]
        short = tuple(f for f in parts.above if f not in long)
        fraction = rf"\frac{{{self._product(short)}}}{{{self._product(parts.below)}}}"
        after = f" {self._after(tuple(long))}" if long else ""
        return sign + fraction + after

    def _print_Pow(self, expression: Pow) -> str:
        if expression.exp.is_Rational and expression.exp < 0:
            return self._print_Mul(expression)
        named, root = self._print(expression.base), expression.exp == Rational(1, 2)
        if isinstance(expression.base, Indexed | Symbol) and "^" in named and not root:
            power = super()._print_Pow(Pow(Symbol("x"), expression.exp))
            return self._enclosed(named) + power.removeprefix("x")
        return super()._print_Pow(expression)

    def _product(self, factors: tuple[Expr, ...]) -> str:
        if len(factors) == 1:
            return self._print(factors[0])
        shown = []
        for position, factor in enumerate(factors):
            sum_inside = isinstance(factor, Sum) and position + 1 < len(factors)
            body = self._print(factor)
            if isinstance(factor, Add) or sum_inside:
                body = self._enclosed(body)
            is_word = isinstance(factor, Symbol) and "mathrm" in body
            shown.append(body + r"\," if is_word else body)
        return " ".join(shown) or "1"

    def _after(self, factors: tuple[Expr, ...]) -> str:
        """Factors behind a fraction."""
        single = len(factors) == 1 and isinstance(factors[0], Add)
        body = self._product(factors)
        return self._enclosed(body) if single else body

    def _print_exp(self, expression: Expr, exp: str | None = None) -> str:
        parts = quotient(expression.args[0])
        power = self._product(parts.above)
        if parts.negative or parts.below:
            power = ("-" if parts.negative else "") + self._after(parts.above)
        if parts.below:
            below = self._product(parts.below)
            power += f"/{self._enclosed(below) if len(parts.below) > 1 else below}"
        body = rf"e^{{{power}}}"
        return body if exp is None else self._enclosed(body) + f"^{{{exp}}}"

    def _enclosed(self, body: str) -> str:
        return rf"\left({body}\right)"

    def _print_Sum(self, expression: Sum) -> str:
        at = " ".join(index.name for index in expression.bound_symbols)
        body = self.parenthesize(expression.function, PRECEDENCE["Mul"], strict=True)
        return rf"\sum_{{{at}}} {body}"

    def _print_KroneckerDelta(self, expression: KroneckerDelta, exp: str = "") -> str:
        left, right = expression.args
        return rf"\delta_{{{left.name} {right.name}}}"

    def _print_Heaviside(self, expression: Heaviside, exp: str = "") -> str:
        return rf"\mathbf{{1}}_{{{self._condition(expression)}}}"

    def _condition(self, factor: Expr) -> str:
        """A factor of a mask: a step of a difference of positions as `l <= i`."""
        if not isinstance(factor, Heaviside):
            return self._print(factor)
        low, high = ends_of_step(factor)
        return rf"{self._print(low)} \leq {self._print(high)}"

    def _print_erf(self, expression: Expr, exp: str = "") -> str:
        power = f"^{{{exp}}}" if exp else ""
        return (
            rf"\mathrm{{erf}}{power}{self._enclosed(self._print(expression.args[0]))}"
        )

    def _print_Softmax(self, expression: Softmax) -> str:
        body = self._print(expression.logits)
        conditions = map(self._condition, Mul.make_args(expression.mask))
        over = expression.over.name
        over += "" if expression.mask == 1 else rf":\, {', '.join(conditions)}"
        if expression.has_sink:
            body += rf",\; \mathrm{{sink}}\; {self._print(expression.sink)}"
        read = rf"\left({body}\right)_{{{expression.at.name}}}"
        return rf"\mathrm{{softmax}}_{{{over}}}{read}"


def _is_long(factor: Expr) -> bool:
    """Whether a factor is better set behind a fraction than above its line."""
    if isinstance(factor, Add):
        terms = factor.args
        return any(
            (isinstance(t, Mul) and quotient(t).below) or t.has(Sum) for t in terms
        )
    return isinstance(factor, Sum)


def _named(name: str) -> str:
    r"""`W_O` as $W^O$, `q_dot` as $\dot q$, `mean_v` as $\langle v \rangle$."""
    if name in SYMBOLS:
        return SYMBOLS[name]
    if name.startswith("mean_"):
        return rf"\langle {_named(name.removeprefix('mean_'))} \rangle"
    for ending, mark in (("_dot", r"\dot"), ("_bar", r"\bar")):
        if name.endswith(ending):
            return rf"{mark}{{{_named(name.removesuffix(ending))}}}"
    letter, _, upper = name.partition("_")
    return _letter(letter) + (f"^{{{_named(upper)}}}" if upper else "")


def _letter(name: str) -> str:
    if name in GREEK:
        return rf"\{name}"
    return name if len(name) < 2 or name.isupper() else rf"\mathrm{{{name}}}"
