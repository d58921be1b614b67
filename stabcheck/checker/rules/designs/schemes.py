r"""Rules for layers of several streams or steps, and for their depth.

Two streams $(p, q)$ have the norm $\sqrt{|p|^2 + \omega^2|q|^2}$, each stream in the
metric of the design.  Their distances are bounded, entry by entry, by a matrix M of two
rows, and after L layers by $M^L$; M with other signs is a member of the family, so that
the largest singular value of $M^L$ and the smallest are exact.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from flint import arb, arb_mat

from stabcheck.checker.arithmetic.balls import ball, vector_norm
from stabcheck.checker.designs.parts import (
    LIPSCHITZ,
    Part,
    constants_of,
    establish,
    only_parameters,
    read_part,
)
from stabcheck.checker.failures import ClaimRejected
from stabcheck.checker.hypotheses import (
    decide_at_least,
    decide_at_most,
    quantity_of,
)
from stabcheck.checker.rules import rule

if TYPE_CHECKING:
    from stabcheck.checker.context import Context

VALUES = ("attention", "rotary-attention", "soft-cap-attention", "qk-norm-attention")
"""Fields whose rows have at most the norm of a token times `value_norm`."""


@rule("splitting-products")
def splitting_products(ctx: Context, claim: dict, premises: list[dict]) -> None:
    """Check the product of the growths, or of the shrinks, of the parts in order."""
    quantity = quantity_of(claim, ["growth", "shrink"])
    only_parameters(claim)
    parts = _layer(ctx, claim, "composition")["parts"]
    needed = [(quantity, {"part": place}) for place in range(len(parts))]
    if "layer" not in claim["subject"]:
        raise ClaimRejected("this theorem speaks about one layer")
    if [(p["quantity"], p["subject"]) for p in premises] != needed:
        raise ClaimRejected(
            f"this theorem has one premise on {quantity} for each part, in order"
        )
    bounds = [premise["bound"] for premise in premises]
    product = Fraction(1)
    for bound in bounds:
        product *= bound
    if quantity == "growth":
        establish(min(bounds) >= 0 and claim["bound"] >= product, claim)
    else:
        establish(
            claim["bound"] <= 0 or (min(bounds) > 0 and claim["bound"] <= product),
            claim,
        )


@rule("reversible-two-stream")
def reversible_two_stream(ctx: Context, claim: dict, premises: list[dict]) -> None:
    r"""Check $p^+ = p + hF(q)$, $q^+ = q + hG(p^+)$ over any depth."""
    _layer(ctx, claim, "reversible")
    only_parameters(claim, "weight")
    weight = _weight(claim)
    first, second = _moves(ctx, premises, 2)
    _decide_streams(claim, [[1, first / weight], [second * weight, 1 + first * second]])


@rule("leapfrog-comparison")
def leapfrog_comparison(ctx: Context, claim: dict, premises: list[dict]) -> None:
    r"""Check $u^+ = u + hf(x)/\omega$, $x^+ = x + h\omega u^+$ over any depth."""
    layer = _layer(ctx, claim, "leapfrog")
    only_parameters(claim)
    (force,) = _moves(ctx, premises, 1)
    step = layer["parts"][0]["step"] * layer["frequency"]
    force /= layer["frequency"]
    _decide_streams(claim, [[1, force], [step, 1 + step * force]])


@rule("momentum-comparison")
def momentum_comparison(ctx: Context, claim: dict, premises: list[dict]) -> None:
    r"""Check $v^+ = \gamma v + (1 - \gamma)hF(x)$, $x^+ = x + v^+$ over any depth."""
    gamma = _layer(ctx, claim, "momentum")["gamma"]
    only_parameters(claim, "weight")
    weight = _weight(claim)
    (force,) = (move * (1 - gamma) for move in _moves(ctx, premises, 1))
    _decide_streams(claim, [[1 + force, gamma / weight], [force * weight, gamma]])


def _decide_streams(claim: dict, matrix: Sequence[Sequence[Fraction | int]]) -> None:
    r"""Decide the singular values of a power of a matrix of two rows.

    $2\sigma = |(a + d, b - c)| \pm |(a - d, b + c)|$, and $\sigma_1\sigma_2 = \det$.
    """
    quantity = quantity_of(claim, ["growth", "shrink"])
    depth = claim["subject"].get("depth", 1)
    power = arb_mat([[ball(Fraction(x)) for x in row] for row in matrix]) ** depth
    (a, b), (c, d) = power.tolist()
    largest = (vector_norm([a + d, b - c]) + vector_norm([a - d, b + c])) / 2
    if quantity == "growth":
        decide_at_most(largest, claim["bound"], "the growth of the streams")
        return
    (p, q), (r, s) = matrix
    smallest = ball(Fraction(p * s - q * r)) ** depth / largest
    decide_at_least(smallest, claim["bound"], "the shrink of the streams")


@rule("sphere-step")
def sphere_step(ctx: Context, claim: dict, premises: list[dict]) -> None:
    r"""Check $(1 + \kappa)/(1 - hv)$, or $(\sqrt{1 - h^2v^2} - \kappa)/(1 + hv)$."""
    quantity = quantity_of(claim, ["growth", "shrink"])
    _layer(ctx, claim, "sphere")
    only_parameters(claim)
    if "layer" not in claim["subject"]:
        raise ClaimRejected("this theorem speaks about one layer")
    (kappa,) = _moves(ctx, premises, 1)
    size = _size_of_values(ctx, read_part(ctx, 0), "none")
    if size >= 1:
        raise ClaimRejected(
            f"h v = {size} is not below 1: the state before the projection may vanish"
        )
    if quantity == "growth":
        establish(claim["bound"] * (1 - size) >= 1 + kappa, claim)
    else:
        least = claim["bound"] * (1 + size) + kappa
        holds = least * least <= 1 - size * size
        establish(claim["bound"] <= 0 or holds, claim)


@rule("token-rms-recursion")
def token_rms_recursion(ctx: Context, claim: dict, premises: list[dict]) -> None:
    r"""Check $\prod(1 \pm hK/s_l)$ with the floors $s_{l+1} = s_l - hv$."""
    quantity = quantity_of(claim, ["growth", "shrink"])
    layer = _layer(ctx, claim, "composition")
    only_parameters(claim)
    domain = ctx.document["domain"]
    if "depth" not in claim["subject"] or domain["kind"] != "token-rms":
        raise ClaimRejected(
            "this theorem speaks about the depth, with a floor of the token norms"
        )
    moves = _moves(ctx, premises, len(layer["parts"]))
    parts = [read_part(ctx, place) for place in range(len(layer["parts"]))]
    sizes = [_size_of_values(ctx, part, "rms") for part in parts]
    widths = {ctx.field(part.field)["radius_squared"] for part in parts}
    if len(widths) > 1 or any(width.denominator != 1 for width in widths):
        raise ClaimRejected(
            "the squared radius behind RMSNorm is the width of a token, the same whole "
            f"number for every part, not {', '.join(str(width) for width in widths)}"
        )
    if any(not part.is_euler or part.leak != 0 for part in parts):
        raise ClaimRejected("this theorem is about forward Euler without a leak")
    floor, growth, shrink = domain["floor"], arb(1), arb(1)
    for _ in range(claim["subject"]["depth"]):
        for move, size in zip(moves, sizes, strict=True):
            if floor <= 0:
                raise ClaimRejected("the floor of the token norms reaches 0")
            ratio = move / floor
            growth *= ball(1 + ratio)
            shrink *= ball(max(Fraction(0), 1 - ratio))
            floor -= size
    if quantity == "growth":
        decide_at_most(growth, claim["bound"], "the growth over the depth")
    else:
        decide_at_least(shrink, claim["bound"], "the shrink over the depth")


def _layer(ctx: Context, claim: dict, kind: str) -> dict:
    """The layer, where it is of the kind, and the claim about it or its depth."""
    layer = ctx.document["layer"]
    if layer["kind"] != kind:
        raise ClaimRejected(
            f"this theorem is about a layer of kind {kind}, not {layer['kind']}"
        )
    if set(claim["subject"]) not in ({"layer"}, {"depth"}):
        found = " and ".join(claim["subject"])
        raise ClaimRejected(f"this theorem speaks about layers, not about {found}")
    if kind not in ("composition", "sphere") and (
        ctx.document["domain"]["kind"] != "all"
    ):
        raise ClaimRejected("this theorem holds on all states")
    return layer


def _moves(ctx: Context, premises: Sequence[dict], count: int) -> list[Fraction]:
    """The products of step, scale and Lipschitz constant, one a part."""
    if len(premises) != count:
        raise ClaimRejected(
            f"this theorem has {count} premises, the claim names {len(premises)}"
        )
    found = []
    for place, premise in enumerate(premises):
        part = read_part(ctx, place)
        found.append(part.step * constants_of(part, [premise], [[LIPSCHITZ]]).norm)
    return found


def _size_of_values(ctx: Context, part: Part, normalisation: str) -> Fraction:
    """How far a step moves a token, in units of the norm of what the field is given."""
    field = ctx.field(part.field)
    found = field.get("normalisation", "none")
    if field["kind"] not in VALUES or found != normalisation:
        raise ClaimRejected(
            f"this theorem holds for attention with the normalisation {normalisation}, "
            f"not for {field['kind']} with {found}"
        )
    return part.step * part.scale * field["value_norm"]


def _weight(claim: dict) -> Fraction:
    weight = claim["parameters"].get("weight", Fraction(1))
    if not isinstance(weight, Fraction) or weight <= 0:
        raise ClaimRejected("parameter weight, of the second stream, is not positive")
    return weight
