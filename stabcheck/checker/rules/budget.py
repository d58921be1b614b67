r"""Rules for norms of one attention field on tubes, boxes and Frobenius balls.

The parameters say how the terms of a sum are weighed, which metrics and levels are used
and what a squared move costs; any such choice gives a true bound.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from flint import arb

from stabcheck.checker.arithmetic.balls import ball, largest, root
from stabcheck.checker.budget.blocks import Blocks
from stabcheck.checker.budget.head import budget_head
from stabcheck.checker.budget.reach import Reach, reach_of
from stabcheck.checker.budget.rows import rows_of
from stabcheck.checker.failures import ClaimRejected
from stabcheck.checker.fields.attention import attention_weights
from stabcheck.checker.hypotheses import (
    decide_at_most,
    no_premises,
    positive_parameters,
    quantity_of,
    round_domain_of,
    single_field,
)
from stabcheck.checker.rules import rule

if TYPE_CHECKING:
    from stabcheck.checker.context import Context

KINDS = ("tube", "box", "frobenius")
SIGNS = {"spectral-norm": None, "log-norm": 1, "log-norm-lower": -1}
Lists = list[list[Fraction]]


@dataclass(frozen=True)
class Choice:
    """The free choices, head by head; levels and prices flat, cells last."""

    metric: Lists
    balance: Lists
    self_level: Lists
    value_level: Lists
    price: Lists
    own_weight: Lists
    mixing_weight: Lists


def _lists(
    claim: dict, name: str, heads: int, each: int, *, positive: bool = False
) -> Lists:
    length = heads * each
    if positive:
        flat = positive_parameters(claim, name, length)
    else:
        flat = claim["parameters"].get(name)
        if not isinstance(flat, list) or len(flat) != length:
            raise ClaimRejected(
                f"parameter {name} has to be a list of {length} rationals"
            )
        if any(value < 0 for value in flat):
            raise ClaimRejected(f"an entry of parameter {name} is negative")
    return [flat[h * each : (h + 1) * each] for h in range(heads)]


def _choice(claim: dict, field: dict, cells: int, *, is_norm: bool) -> Choice:
    heads, tokens = field["heads"], field["tokens"]
    if is_norm:
        own = _lists(claim, "self_share", heads, tokens, positive=True)
        mixing = _lists(claim, "mixing_share", heads, tokens, positive=True)
        for token in range(tokens):
            total = sum(part[token] for part in [*own, *mixing])
            if total > 1:
                raise ClaimRejected(
                    f"the shares of token {token} add up to more than 1"
                )
    else:
        own = mixing = _lists(claim, "mixing", heads, tokens, positive=True)
    return Choice(
        metric=_lists(claim, "metric", heads, tokens),
        balance=_lists(claim, "balance", heads, tokens, positive=True),
        self_level=_lists(claim, "self_level", heads, tokens * cells),
        value_level=_lists(claim, "value_level", heads, tokens * cells),
        price=_lists(claim, "price", heads, tokens * cells),
        own_weight=own,
        mixing_weight=mixing,
    )


def _by_token(flat: list[Fraction], cells: int) -> Lists:
    return [flat[i : i + cells] for i in range(0, len(flat), cells)]


def _costs(
    ctx: Context,
    index: int,
    centre: str,
    reach: Reach,
    choice: Choice,
    sign: int | None,
) -> list[arb]:
    """The sum over the heads of what each block costs, key by key and cell by cell."""
    field = ctx.field(index)
    tokens, cells = field["tokens"], len(reach.low)
    state = ctx.arb_matrix(centre, tokens, field["features"])
    weights = attention_weights(ctx, index)
    totals = [arb(0)] * (tokens * cells)
    for h, matrices in enumerate(weights.heads):
        head = budget_head(weights, matrices, state, reach)
        levels = (
            _by_token(flat[h], cells)
            for flat in (choice.self_level, choice.value_level)
        )
        rows = rows_of(head, choice.balance[h], *levels, sign)
        own, mixing = choice.own_weight[h], choice.mixing_weight[h]
        halves = 1 if sign is None else 2
        multiplier = [ball(1 / (halves * weight)) for weight in mixing]
        blocks = Blocks(head, rows, choice.metric[h], multiplier)
        for place in range(tokens * cells):
            key, cell = divmod(place, cells)
            term = rows.self_term[cell][key]
            weight = ball(own[key])
            term = term * term / weight if sign is None else term + weight / 2
            cost = blocks.cost(key, cell, choice.price[h][place])
            totals[place] = totals[place] + term + cost
    return totals


def _rule(ctx: Context, claim: dict, premises: list[dict]) -> None:
    no_premises(premises)
    index = single_field(ctx, claim, ["attention"])
    field = ctx.field(index)
    kind, centre, radius = round_domain_of(ctx, claim, field, KINDS)
    reach = reach_of(claim, kind, radius, field["features"])
    quantity = claim["quantity"]
    sign = SIGNS[quantity]
    choice = _choice(claim, field, len(reach.low), is_norm=sign is None)
    found = largest(_costs(ctx, index, centre, reach, choice, sign))
    bound = claim["bound"]
    if sign is None:
        found = root(found)
    decide_at_most(
        found, -bound if sign == -1 else bound, f"the {quantity} on the {kind}"
    )


@rule("attention-norm-budget")
def attention_norm_budget(ctx: Context, claim: dict, premises: list[dict]) -> None:
    """Check sup of the 2-norm."""
    quantity_of(claim, ["spectral-norm"])
    _rule(ctx, claim, premises)


@rule("attention-log-norm-budget")
def attention_log_norm_budget(ctx: Context, claim: dict, premises: list[dict]) -> None:
    """Check sup of mu_2, or inf of lambda_min."""
    quantity_of(claim, ["log-norm", "log-norm-lower"])
    _rule(ctx, claim, premises)
