r"""Growth and shrink of layers of several streams, and of whole depths of them.

Two streams $(p, q)$ are measured by $\sqrt{|p|^2 + \omega^2|q|^2}$.  Their distances
are at most those of a matrix M of two rows, entry by entry, after L layers of $M^L$;
F = Kx is in the family, so that the singular values of $M^L$ are exact.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any, cast

from flint import arb, arb_mat, fmpq

from stabcheck.growth.designs import formulas
from stabcheck.growth.designs.field_constants import LIPSCHITZ
from stabcheck.growth.designs.step_fact import StepFact, rounded, rounded_ball

if TYPE_CHECKING:
    from sympy import Expr

ONE = Fraction(1)
Rows = tuple[tuple[Fraction, Fraction], tuple[Fraction, Fraction]]


def scheme_bounds(
    layer: Mapping[str, Any],
    constants: Sequence[Mapping[str, Fraction]],
    domain: Mapping[str, Any],
    depth: int | None = None,
    *,
    weight: Fraction = ONE,
) -> list[StepFact]:
    r"""Growth and shrink of a layer that is no composition, or of a depth of it.

    **Arguments:** `layer`, of kind `reversible`, `leapfrog`, `momentum`, `sphere`, or
    of kind `composition` with a floor of the token norms for domain; `constants`, one
    mapping a part, with `lipschitz` and, for the last two, `value`, the largest norm of
    a row of the field; `depth`, L, None for one layer; `weight`, $\omega$, for
    reversible and momentum layers.

    **Returns:** growth, then shrink if it is positive; nothing where no theorem says
    anything.
    """
    kind, parts = layer["kind"], layer["parts"]
    if any(LIPSCHITZ not in known for known in constants):
        return []
    moves = [
        part["step"] * part["scale"] * known[LIPSCHITZ]
        for part, known in zip(parts, constants, strict=True)
    ]
    if kind in STREAMS:
        theorem, rows = STREAMS[kind]
        matrix = rows(layer, moves, weight)
        parameters = {"weight": weight} if weight != 1 else {}
        facts = _streams(theorem, matrix, depth, len(parts), parameters)
    elif kind == "sphere" and depth is None:
        facts = _sphere(parts[0], moves[0], constants[0]["value"])
    elif kind == "composition" and domain["kind"] == "token-rms" and depth:
        facts = _token_rms(parts, moves, constants, domain["floor"], depth)
    else:
        facts = []
    return [f for f in facts if f.quantity == "growth" or f.value > 0]


def _reversible(
    layer: Mapping[str, Any], moves: Sequence[Fraction], weight: Fraction
) -> Rows:
    first, second = moves
    return (ONE, first / weight), (second * weight, 1 + first * second)


def _leapfrog(
    layer: Mapping[str, Any], moves: Sequence[Fraction], weight: Fraction
) -> Rows:
    step = layer["parts"][0]["step"] * layer["frequency"]
    force = moves[0] / layer["frequency"]
    return (ONE, force), (step, 1 + step * force)


def _momentum(
    layer: Mapping[str, Any], moves: Sequence[Fraction], weight: Fraction
) -> Rows:
    gamma = layer["gamma"]
    force = (1 - gamma) * moves[0]
    return (1 + force, gamma / weight), (force * weight, gamma)


STREAMS: dict[str, tuple[str, Callable[..., Rows]]] = {
    "reversible": ("reversible-two-stream", _reversible),
    "leapfrog": ("leapfrog-comparison", _leapfrog),
    "momentum": ("momentum-comparison", _momentum),
}


def singular_values(matrix: Rows, depth: int) -> tuple[arb, arb]:
    r"""Balls around the singular values of $M^L$.

    $2\sigma = |(a + d, b - c)| \pm |(a - d, b + c)|$ and $\sigma_1\sigma_2 = \det$.
    """
    power = arb_mat([[_ball(entry) for entry in row] for row in matrix]) ** depth
    (a, b), (c, d) = power.tolist()
    largest = (_length(a + d, b - c) + _length(a - d, b + c)) / 2
    (p, q), (r, s) = matrix
    return largest, _ball(p * s - q * r) ** depth / largest


def _streams(
    theorem: str,
    matrix: Rows,
    depth: int | None,
    parts: int,
    parameters: Mapping[str, Any],
) -> list[StepFact]:
    layers = depth or 1
    premises = (LIPSCHITZ,) * parts
    return [
        StepFact(
            theorem,
            quantity,
            rounded_ball(quantity, lambda k=k: singular_values(matrix, layers)[k]),
            premises,
            parameters,
            lambda quantity=quantity: _rate(theorem, quantity, depth),
        )
        for k, quantity in enumerate(("growth", "shrink"))
    ]


def _rate(theorem: str, quantity: str, depth: int | None) -> Expr:
    r"""A simple formula a little weaker than the number.

    $e^{\operatorname{asinh}(t/2)}$ is the norm of the shear $(p, q) \mapsto (p + tq,
    q)$.
    """
    from sympy import Symbol, asinh, exp, sqrt

    h, K = formulas.symbol("h"), formulas.symbol("K")
    L = Symbol("L", positive=True, integer=True) if depth else 1
    sign = 1 if quantity == "growth" else -1
    if theorem == "reversible-two-stream":
        pair = Symbol("K_1", positive=True), Symbol("K_2", positive=True)
        return exp(sign * L * sum(asinh(h * k / 2) for k in pair))
    if theorem == "leapfrog-comparison":
        omega = Symbol("omega", positive=True)
        return exp(sign * L * (asinh(h * K / omega / 2) + asinh(h * omega / 2)))
    gamma = Symbol("gamma", positive=True)
    c = (1 - gamma) * h * K
    squares = (1 + c) ** 2 + c**2 + 2 * gamma**2
    largest = sqrt((squares + sqrt(squares**2 - 4 * gamma**2)) / 2)
    return (largest if sign > 0 else gamma / largest) ** L


def _sphere(
    part: Mapping[str, Any], kappa: Fraction, value: Fraction
) -> list[StepFact]:
    r"""$(1 + hK)/(1 - hv)$ and $(\sqrt{1 - h^2v^2} - hK)/(1 + hv)$, $hv < 1$."""
    size = part["step"] * part["scale"] * value
    if size >= 1:
        return []

    def symbols() -> tuple[Expr, Expr]:
        h = formulas.symbol("h")
        return h * formulas.symbol("K"), h * formulas.symbol("v")

    def growth() -> Expr:
        hK, hv = symbols()
        return (1 + hK) / (1 - hv)

    def shrink() -> Expr:
        from sympy import sqrt

        hK, hv = symbols()
        return (sqrt(1 - hv**2) - hK) / (1 + hv)

    grown = rounded("growth", (1 + kappa) / (1 - size))
    kept = rounded_ball(
        "shrink",
        lambda: (_ball(1 - size * size).sqrt() - _ball(kappa)) / _ball(1 + size),
    )
    return [
        StepFact("sphere-step", "growth", grown, (LIPSCHITZ,), {}, growth),
        StepFact("sphere-step", "shrink", kept, (LIPSCHITZ,), {}, shrink),
    ]


def _token_rms(
    parts: Sequence[Mapping[str, Any]],
    moves: Sequence[Fraction],
    constants: Sequence[Mapping[str, Fraction]],
    floor: Fraction,
    depth: int,
) -> list[StepFact]:
    r"""$\prod(1 \pm hK/s_l)$ with the floors $s_{l+1} = s_l - hv$ of token norms."""
    ratios = []
    for _ in range(depth):
        for part, move, known in zip(parts, moves, constants, strict=True):
            if floor <= 0:
                return []
            ratios.append(move / floor)
            floor -= part["step"] * part["scale"] * known["value"]

    def product(sign: int) -> arb:
        total = arb(1)
        for ratio in ratios:
            total *= _ball(max(Fraction(0), 1 + sign * ratio))
        return total

    premises = (LIPSCHITZ,) * len(parts)
    return [
        StepFact(
            "token-rms-recursion",
            quantity,
            rounded_ball(quantity, lambda sign=sign: product(sign)),
            premises,
            {},
            lambda sign=sign: _recursion(sign),
        )
        for sign, quantity in ((1, "growth"), (-1, "shrink"))
    ]


def _recursion(sign: int) -> Expr:
    from sympy import Product, Symbol

    h, K, v = (formulas.symbol(name) for name in ("h", "K", "v"))
    s, L = Symbol("s_0", positive=True), Symbol("L", positive=True, integer=True)
    index = Symbol("l", nonnegative=True, integer=True)
    term = 1 + sign * h * K / (s - index * h * v)
    return cast("Expr", Product(term, (index, 0, L - 1)))


def _ball(value: Fraction) -> arb:
    return arb(fmpq(value.numerator, value.denominator))


def _length(x: arb, y: arb) -> arb:
    # A sum of squares that rounding has moved below zero is cut at zero.
    return (x * x + y * y).max(arb(0)).sqrt()
