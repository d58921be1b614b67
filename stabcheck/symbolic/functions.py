r"""The elementwise functions of the language beyond SymPy's `exp`, `erf`, `tanh`.

Each knows its derivative, and every backend knows each by its name.  A kink is honest:
the slope of `relu` is `step`, whose own slope `impulse` is 0 but at 0, where no ball
may hold it.
"""

from __future__ import annotations

from typing import Any

from sympy import (
    Expr,
    Function,
    Heaviside,
    cos,
    erf,
    exp,
    log,
    sin,
    tanh,
)


class _Named(Function):
    """A function of one real number with a LaTeX name."""

    nargs = 1
    latex_name = ""

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        power = "" if exp is None else f"^{{{exp}}}"
        argument = printer._print(self.args[0])
        return rf"{self.latex_name}{power}\left({argument}\right)"


class sigmoid(_Named):
    r"""The logistic function, $\sigma(x) = 1/(1 + e^{-x})$."""

    latex_name = r"\sigma"

    def fdiff(self, argindex: int = 1) -> Expr:
        return self * (1 - self)


class softplus(_Named):
    r"""$\log(1 + e^x)$, a smooth positive part."""

    latex_name = r"\mathrm{softplus}"

    def fdiff(self, argindex: int = 1) -> Expr:
        return sigmoid(self.args[0])


class relu(_Named):
    r"""The positive part, $\max(x, 0)$."""

    latex_name = r"\mathrm{relu}"

    def fdiff(self, argindex: int = 1) -> Expr:
        return step(self.args[0])


class step(_Named):
    """1 where the argument is positive, 0 elsewhere; in balls all between at 0."""

    latex_name = r"\theta"

    def fdiff(self, argindex: int = 1) -> Expr:
        return impulse(self.args[0])


class impulse(_Named):
    """0; in balls that hold 0 the whole line, so that no mean value crosses a jump."""

    latex_name = r"\theta'"

    def fdiff(self, argindex: int = 1) -> Expr:
        return self


class elu1(_Named):
    r"""$\mathrm{elu}(x) + 1$: $x + 1$ where positive, $e^x$ elsewhere.

    The kernel feature of linear attention (Katharopoulos et al. 2020, section 3.2.1).
    """

    latex_name = r"\mathrm{elu}_1"

    def fdiff(self, argindex: int = 1) -> Expr:
        return exp(-relu(-self.args[0]))


class absolute(_Named):
    r"""$|x|$; unlike SymPy's `Abs` it never turns $|i - k|$ into $|k - i|$ by itself,
    so that expressions which differ in names only stay alike.
    """

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        power = "" if exp is None else f"^{{{exp}}}"
        return rf"\left|{printer._print(self.args[0])}\right|{power}"

    def _stabcheck_text(self, printer: Any) -> str:
        return f"|{printer._print(self.args[0])}|"


DIFFERENTIABLE = (
    *(exp, log, erf, tanh, sin, cos),
    *(sigmoid, softplus, relu, step, impulse, elu1),
)
"""The functions that a state may enter: each with a derivative among them."""

OF_INDICES = (Heaviside, absolute)
"""The functions that only numbers of positions may enter: their kinks are fixed."""
