r"""Domains: the sets of states, or of weights, on which a claim is made.

A state is `(n, d)` with tokens as rows.  Radii are exact rationals, and whether a
float64 state belongs to a domain is decided exactly.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from stabcheck.certificate import round_down
from stabcheck.errors import InvalidInput

Number = int | str | float | Fraction

SHELL = Fraction(1, 2**40)
"""Relative thickness of a sphere: room for states whose entries are float64."""

_RATIONAL = re.compile(r"[+-]?[0-9]{1,40}/[0-9]{1,40}")
# Three digits of exponent: the power of ten is written out when it is made exact.
_DECIMAL = re.compile(
    r"[+-]?([0-9]{1,400}(\.[0-9]{0,400})?|\.[0-9]{1,400})(e[+-]?[0-9]{1,3})?", re.I
)


LARGEST_RADIUS = Fraction(10) ** 300
"""Searches hold radii and their small multiples in float64."""


def radius_of(value: Number) -> Fraction:
    """A radius as an exact rational; a float means its shortest decimal string.

    **Raises:** `InvalidInput` for anything that is not a finite number >= 0.
    """
    radius = _exact(value)
    if radius is None:
        raise InvalidInput(
            f"asked for the radius {_short(value)}, found no finite number; "
            "give one such as 0.05, 1/20 or 1e-3"
        )
    if radius < 0:
        raise InvalidInput(
            f"asked for the radius {_short(value)}, found a negative number; "
            "give one >= 0"
        )
    if radius > LARGEST_RADIUS:
        raise InvalidInput(
            f"asked for the radius {_short(value)}, found one beyond the float64 "
            "numbers; give a smaller one"
        )
    return radius


def _exact(value: Any) -> Fraction | None:
    if isinstance(value, Fraction) or type(value) is int:
        return Fraction(value)
    if isinstance(value, np.integer):
        return Fraction(int(value))
    if not isinstance(value, str | float | np.floating):
        return None
    text = str(value).strip()
    if _RATIONAL.fullmatch(text):
        numerator, denominator = (int(part) for part in text.split("/"))
        return Fraction(numerator, denominator) if denominator else None
    return Fraction(text) if _DECIMAL.fullmatch(text) else None


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def state_of(value: object) -> np.ndarray:
    """A state as a read-only finite float64 array `(n, d)`.

    **Raises:** `InvalidInput` for another shape or type, NaN or infinity.
    """
    array = np.asarray(value)
    if array.dtype.kind not in "iuf" or array.ndim != 2 or array.size == 0:
        raise InvalidInput(
            f"asked for a state, found an array of shape {array.shape} and type "
            f"{array.dtype}; give real numbers of shape (n, d)"
        )
    state = array.astype(np.float64)
    if not np.isfinite(state).all():
        raise InvalidInput(
            "asked for a state, found NaN or infinity in it; give finite numbers"
        )
    state.flags.writeable = False
    return state


def _count(name: str, value: Any) -> int:
    whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not whole or value < 1:
        raise InvalidInput(
            f"asked for a domain of {_short(value)} {name}; give a whole number >= 1"
        )
    return int(value)


def squared_norm(numbers: Iterable[Fraction | float]) -> Fraction:
    """The exact sum of squares of dyadic numbers, such as float64 and differences."""
    total, scale = 0, 0
    for number in (Fraction(given) for given in numbers):
        # One shift per term instead of one greatest common divisor.
        exponent = 2 * (number.denominator.bit_length() - 1)
        if exponent > scale:
            total <<= exponent - scale
            scale = exponent
        total += number.numerator**2 << (scale - exponent)
    return Fraction(total, 1 << scale)


def _differences(state: np.ndarray, centre: np.ndarray) -> list[Fraction]:
    pairs = zip(state.ravel().tolist(), centre.ravel().tolist(), strict=True)
    return [Fraction(x) - Fraction(y) for x, y in pairs]


@dataclass(frozen=True, eq=False)
class _Round:
    """A domain round a state `X0` of shape `(n, d)`."""

    X0: np.ndarray

    def __post_init__(self) -> None:
        object.__setattr__(self, "X0", state_of(self.X0))

    @property
    def shape(self) -> tuple[int, int]:
        """Tokens and features."""
        return self.X0.shape


@dataclass(frozen=True, eq=False)
class Point(_Round):
    """The state `X0` alone: a tube of radius 0."""

    @property
    def radius(self) -> Fraction:
        """Zero."""
        return Fraction(0)

    def contains(self, state: np.ndarray) -> bool:
        """Whether a float64 state is `X0`."""
        return np.array_equal(state, self.X0)


@dataclass(frozen=True, eq=False)
class _Radial(_Round):
    radius: Fraction

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "radius", radius_of(self.radius))


@dataclass(frozen=True, eq=False)
class Tube(_Radial):
    r"""Every token with $|x_i - x^0_i|_2 \le r$."""

    def contains(self, state: np.ndarray) -> bool:
        """Whether a float64 state lies in the tube, decided exactly."""
        return state.shape == self.shape and all(
            squared_norm(_differences(token, centre)) <= self.radius**2
            for token, centre in zip(state, self.X0, strict=True)
        )


@dataclass(frozen=True, eq=False)
class Frobenius(_Radial):
    r"""All states with $\|X - X_0\|_F \le r$."""

    def contains(self, state: np.ndarray) -> bool:
        """Whether a float64 state lies in the ball, decided exactly."""
        if state.shape != self.shape:
            return False
        return squared_norm(_differences(state, self.X0)) <= self.radius**2


@dataclass(frozen=True, eq=False)
class Box(_Radial):
    r"""Every entry with $|x_{ia} - x^0_{ia}| \le r$."""

    def contains(self, state: np.ndarray) -> bool:
        """Whether a float64 state lies in the box, decided exactly."""
        if state.shape != self.shape:
            return False
        return all(abs(x) <= self.radius for x in _differences(state, self.X0))


@dataclass(frozen=True, eq=False)
class Rectangle(_Round):
    r"""Every entry with $|x_{ia} - x^0_{ia}| \le r_{ia}$: a part of a box.

    `radii` `(n, d)` are float64 numbers >= 0, read exactly.
    """

    radii: np.ndarray

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "radii", state_of(self.radii))
        if self.radii.shape != self.shape or (self.radii < 0).any():
            raise InvalidInput(
                f"asked for a rectangle round a state of shape {self.shape}, found "
                f"radii of shape {self.radii.shape}, the smallest "
                f"{self.radii.min():.4g}; give a number >= 0 for each entry"
            )

    def contains(self, state: np.ndarray) -> bool:
        """Whether a float64 state lies in the rectangle, decided exactly."""
        if state.shape != self.shape:
            return False
        moves = _differences(state, self.X0)
        radii = self.radii.ravel().tolist()
        return all(abs(x) <= Fraction(r) for x, r in zip(moves, radii, strict=True))


@dataclass(frozen=True)
class _Centred:
    """A domain of tokens round the origin."""

    radius: Fraction
    tokens: int
    features: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "radius", radius_of(self.radius))
        for name in ("tokens", "features"):
            object.__setattr__(self, name, _count(name, getattr(self, name)))

    @property
    def shape(self) -> tuple[int, int]:
        """Tokens and features."""
        return (self.tokens, self.features)


@dataclass(frozen=True)
class Ball(_Centred):
    r"""Every token with $|x_i|_2 \le r$."""

    def contains(self, state: np.ndarray) -> bool:
        """Whether a float64 state lies in the ball, decided exactly."""
        return state.shape == self.shape and all(
            squared_norm(token.tolist()) <= self.radius**2 for token in state
        )


@dataclass(frozen=True)
class Sphere(_Centred):
    r"""Every token with $(1 - 2^{-40})\,r \le |x_i|_2 \le r$.

    Tokens after a normalisation.  The shell has a thickness because the sphere itself
    holds almost no float64 state; a bound on the `Ball` covers it.
    """

    def contains(self, state: np.ndarray) -> bool:
        """Whether a float64 state lies in the shell, decided exactly."""
        least = (self.radius * (1 - SHELL)) ** 2
        return state.shape == self.shape and all(
            least <= squared_norm(token.tolist()) <= self.radius**2 for token in state
        )


@dataclass(frozen=True)
class Weights:
    r"""Attention weights with $\|A_h\| \le a$ and $\sum_h\|V_hW_O^h\| \le v$."""

    query_key_norm: Fraction
    value_norm: Fraction

    def __post_init__(self) -> None:
        for name in ("query_key_norm", "value_norm"):
            object.__setattr__(self, name, radius_of(getattr(self, name)))


Domain = Point | Tube | Ball | Frobenius | Box | Sphere
_RADIAL = {"tube": Tube, "frobenius": Frobenius, "box": Box}
_CENTRED = {"ball": Ball, "sphere": Sphere}
KINDS = ("point", "tube:R", "tube:P%", "ball:R", "frobenius:R", "box:R", "sphere:R")


def parse(text: str, state: np.ndarray) -> Domain:
    """The domain that a text such as `tube:0.1%` names, round a state `(n, d)`.

    **Raises:** `InvalidInput` for an unknown kind or a radius that is not one.
    """
    state = state_of(state)
    kind, colon, radius = str(text).strip().partition(":")
    if kind == "point" and not colon:
        return Point(state)
    if kind == "tube" and radius.endswith("%"):
        return Tube(state, share_of_smallest_token(radius[:-1], state))
    if kind in _RADIAL and colon:
        return _RADIAL[kind](state, radius_of(radius))
    if kind in _CENTRED and colon:
        return _CENTRED[kind](radius_of(radius), *state.shape)
    raise InvalidInput(
        f"asked for the domain {_short(text)}, found none of that form; "
        f"use one of {', '.join(KINDS)}"
    )


def share_of_smallest_token(percent: Number, state: np.ndarray) -> Fraction:
    """So many percent of the smallest token norm, rounded down to 40 bits.

    **Raises:** `InvalidInput` where that norm is 0.
    """
    share = radius_of(percent) / 100
    smallest = min(squared_norm(token.tolist()) for token in state)
    if smallest == 0:
        raise InvalidInput(
            "asked for a percentage of the smallest token norm, found a token that is "
            "0; give the radius as a number"
        )
    squared = share**2 * smallest
    # isqrt(4^k p q) / (2^k q) <= sqrt(p / q), by less than 2^-k / q.
    product = squared.numerator * squared.denominator
    shift = max(0, 64 - product.bit_length() // 2)
    root = math.isqrt(product << (2 * shift))
    return round_down(Fraction(root, squared.denominator << shift))
