r"""Exact numbers: fractions, and SymPy expressions where fractions do not suffice.

A rational entry is a `Fraction`; what leaves the rationals (an exponential, a root that
is not rational) is a SymPy expression with nothing rounded and nothing simplified.
Floats are dyadic rationals and are taken as such.  For small instances: expressions
grow with every operation.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any, ClassVar

import numpy as np
import sympy
from flint import fmpq
from sympy import Expr, Rational

from stabcheck.errors import InvalidInput, Undecided
from stabcheck.interpret.arrays import ArrayBackend, contracted

Exact = Fraction | Expr


def _of_sympy(value: Any) -> Exact:
    value = sympy.sympify(value)
    return Fraction(int(value.p), int(value.q)) if value.is_Rational else value


def _to_sympy(value: Exact) -> Expr:
    if isinstance(value, Fraction):
        return Rational(value.numerator, value.denominator)
    return value


def _is_new(value: Exact) -> bool:
    """Whether SymPy found an expression to be a rational number."""
    return isinstance(value, Expr) and bool(value.is_Rational)


def _function(function: Callable[[Expr], Expr]) -> Callable[[Any], Any]:
    return np.frompyfunc(lambda x: _of_sympy(function(_to_sympy(x))), 1, 1)


def _sign(value: Exact) -> int:
    """-1, 0 or 1.

    **Raises:** `Undecided` where SymPy cannot tell.
    """
    if isinstance(value, Fraction):
        return (value > 0) - (value < 0)
    for sign, holds in ((1, value.is_positive), (-1, value.is_negative)):
        if holds or (holds is None and (sign * value > 0) == True):  # noqa: E712
            return sign
    if value.is_zero or sympy.simplify(value) == 0:
        return 0
    raise Undecided(
        f"asked for the sign of {value}, found it too close to zero to tell"
    )


def _chosen(value: Exact, positive: Any, other: Any) -> Any:
    return positive if _sign(value) > 0 else other


def _elu1(x: Exact) -> Exact:
    return x + 1 if _sign(x) > 0 else _of_sympy(sympy.exp(_to_sympy(x)))


class ExactBackend(ArrayBackend):
    """The interpretation in exact numbers: object arrays."""

    functions: ClassVar[Mapping[str, Callable[..., Any]]] = {
        "exp": _function(sympy.exp),
        "log": _function(sympy.log),
        "erf": _function(sympy.erf),
        "tanh": _function(sympy.tanh),
        "sin": _function(sympy.sin),
        "cos": _function(sympy.cos),
        "sigmoid": _function(lambda x: 1 / (1 + sympy.exp(-x))),
        "softplus": _function(lambda x: sympy.log(1 + sympy.exp(x))),
        "relu": np.frompyfunc(lambda x: _chosen(x, x, Fraction(0)), 1, 1),
        "step": np.frompyfunc(lambda x: _chosen(x, Fraction(1), Fraction(0)), 1, 1),
        "impulse": np.frompyfunc(lambda x: Fraction(0), 1, 1),
        "elu1": np.frompyfunc(_elu1, 1, 1),
        "Heaviside": np.frompyfunc(lambda x: Fraction(int(_sign(x) >= 0)), 1, 1),
        "absolute": np.frompyfunc(lambda x: x if _sign(x) >= 0 else -x, 1, 1),
    }

    def array(self, value: Any) -> np.ndarray:
        array = np.asarray(value)
        return np.asarray(np.frompyfunc(_exact, 1, 1)(array), dtype=object)

    def returned(self, array: np.ndarray) -> np.ndarray:
        rational = np.frompyfunc(lambda x: _of_sympy(x) if _is_new(x) else x, 1, 1)
        return np.asarray(rational(array), dtype=object)

    def number(self, value: Expr) -> np.ndarray:
        return np.asarray(_of_sympy(value), dtype=object)

    def einsum(
        self, operands: Sequence[tuple[np.ndarray, Sequence[int]]], out: Sequence[int]
    ) -> np.ndarray:
        # A sum without axes is a number: an array of one again.
        return np.asarray(contracted(operands, out), dtype=object)

    def power(self, base: np.ndarray, exponent: Rational) -> np.ndarray:
        return np.asarray(np.frompyfunc(_power, 2, 1)(base, exponent), dtype=object)

    def softmax(
        self, logits: np.ndarray, mask: np.ndarray | None, sink: np.ndarray | None
    ) -> np.ndarray:
        # Relative to the sink or the first logit, so that equal logits stay rational.
        seen = np.ones(logits.shape, dtype=bool) if mask is None else mask > 0
        first = np.argmax(seen, axis=-1)[..., None]
        origin = (
            np.take_along_axis(logits, first, -1) if sink is None else sink[..., None]
        )
        weights = np.where(seen, self.functions["exp"](logits - origin), Fraction(0))
        total = weights.sum(axis=-1, keepdims=True)
        return weights / (total if sink is None else total + 1)


def _power(base: Exact, exponent: Rational) -> Exact:
    if exponent.is_Integer:
        return base ** int(exponent)
    root = _square_root(base)
    if exponent.q != 2 or root is None:
        return _of_sympy(_to_sympy(base) ** exponent)
    return root ** int(exponent.p)


def _square_root(value: Exact) -> Fraction | None:
    """The square root of the square of a fraction."""
    if not isinstance(value, Fraction) or value < 0:
        return None
    root = Fraction(math.isqrt(value.numerator), math.isqrt(value.denominator))
    return root if root * root == value else None


def _exact(value: Any) -> Exact:
    """A number as it is; floats as the dyadic rationals that they are."""
    if isinstance(value, Fraction):
        return value
    if isinstance(value, fmpq):
        return Fraction(int(value.p), int(value.q))
    if isinstance(value, int | np.integer | np.bool_):
        return Fraction(int(value))
    if isinstance(value, float | np.floating) and math.isfinite(value):
        return Fraction(float(value))
    if isinstance(value, Expr) and value.is_number and value.is_real:
        return _of_sympy(value)
    raise InvalidInput(
        f"asked to evaluate exactly, found {value!r} of type {type(value).__name__}; "
        "pass fractions, integers, finite floats or real SymPy numbers"
    )


BACKEND = ExactBackend()
