"""The constant of a family in a metric: which theorems give it, and the best of them.

A field and a domain are records of a design's certificate, with rationals as
`Fraction`; a theorem is a formula in SymPy and the numbers that go into it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING, Any

from stabcheck.errors import InvalidInput

if TYPE_CHECKING:
    from sympy import Basic, Expr

Record = Mapping[str, Any]

FAMILIES = {
    "attention": "softmax",
    "sinkhorn-attention": "sinkhorn",
    "cosine-attention": "scores",
    "l2-attention": "scores",
    "rotary-attention": "variants",
    "soft-cap-attention": "variants",
    "sigmoid-attention": "variants",
    "qk-norm-attention": "variants",
    "hopfield": "token_wise",
    "feed-forward": "token_wise",
    "gradient-feed-forward": "token_wise",
    "antisymmetric-feed-forward": "token_wise",
}
"""The module of theorems about each kind of field; it is loaded when one is asked."""
METRICS = ("token-max", "frobenius")
QUANTITIES = ("lipschitz", "log-norm", "spectrum-upper", "spectrum-lower")
DIGITS = 15
"""Significant digits of values that are not rational; the last is rounded outward."""


@dataclass(frozen=True)
class Constant:
    r"""A bound on a quantity of every field of a family.

    **Arguments:** `theorem`, its id; `quantity`, `lipschitz`, `log-norm`,
    `spectrum-upper` or `spectrum-lower`; `formula`, without arguments, the SymPy
    expression in the caps; `caps`, the number of each of its symbols by name.
    """

    theorem: str
    quantity: str
    formula: Callable[[], Expr]
    caps: Mapping[str, Fraction | int]

    def expression(self) -> Expr:
        """The formula in the symbols of the caps."""
        return self.formula()

    @cached_property
    def value(self) -> Fraction:
        """The formula's value, exact where it is rational, else rounded outward."""
        from sympy import Rational

        numbers = {name: Rational(Fraction(cap)) for name, cap in self.caps.items()}
        formula = self.expression()
        number = formula.xreplace(
            {symbol: numbers[str(symbol)] for symbol in formula.free_symbols}
        )
        return rounded(number, down=self.quantity == "spectrum-lower")


def rounded(number: Basic, *, down: bool) -> Fraction:
    """A rational that is at least, or with `down` at most, a number of SymPy."""
    from sympy import N, Rational

    number = number.doit()
    if isinstance(number, Rational):
        return Fraction(int(number.p), int(number.q))
    decimal = Decimal(str(N(number, 2 * DIGITS)))
    unit = Fraction(10) ** (decimal.adjusted() - DIGITS)
    # One unit is far more than the error of twice as many digits.
    return (Fraction(decimal) // unit + (-1 if down else 2)) * unit


def constant(field: Record, domain: Record, metric: str, quantity: str) -> Constant:
    """The best constant that a theorem gives for every member of a family.

    **Arguments:** `field` and `domain`, records of a design; `metric`, `token-max` or
    `frobenius`; `quantity`, as in `Constant`.

    **Raises:** `InvalidInput`, with the hypothesis that fails, where no theorem does.
    """
    if metric not in METRICS:
        raise InvalidInput(f"asked for the metric {metric!r}, found {METRICS}")
    if quantity not in QUANTITIES:
        raise InvalidInput(f"asked for {quantity!r}; use one of {QUANTITIES}")
    kind = field["kind"]
    if kind not in FAMILIES:
        raise InvalidInput(
            f"asked for the constant of {kind!r}, found families of "
            f"{', '.join(FAMILIES)}"
        )
    family = import_module(f"stabcheck.bounds.families.{FAMILIES[kind]}")
    found = [
        one
        for one in family.constants(field, domain, metric)
        if one.quantity == quantity
    ]
    if not found:
        raise InvalidInput(
            f"asked for the {quantity} of {kind} in the metric {metric}, found no "
            f"theorem: {family.obstacle(field, domain, metric, quantity)}"
        )
    best = max if quantity == "spectrum-lower" else min
    return best(found, key=lambda one: one.value)


def norms(
    theorem: str, formula: Callable[[], Expr], caps: Mapping[str, Fraction | int]
) -> list[Constant]:
    """A bound of the norm, which also bounds the logarithmic norm."""
    return [
        Constant(theorem, quantity, formula, caps)
        for quantity in ("lipschitz", "log-norm")
    ]


def spectrum(
    theorem: str,
    least: Callable[[], Expr],
    most: Callable[[], Expr],
    caps: Mapping[str, Fraction | int],
) -> list[Constant]:
    """All four quantities of symmetric Jacobians with eigenvalues in a range."""

    def largest() -> Expr:
        from sympy import Max

        return Max(-least(), most())

    return [
        Constant(theorem, "spectrum-lower", least, caps),
        Constant(theorem, "spectrum-upper", most, caps),
        Constant(theorem, "log-norm", most, caps),
        Constant(theorem, "lipschitz", largest, caps),
    ]


def alpha_of(field: Record, domain: Record) -> Fraction | None:
    """The cap on the logits; None where nothing bounds the tokens."""
    if field["normalisation"] != "none":
        return field["query_key_norm"] * field["radius_squared"]
    radius_squared = {"ball": domain.get("radius_squared"), "sphere": Fraction(1)}
    square = radius_squared.get(domain["kind"])
    return None if square is None else field["query_key_norm"] * square
