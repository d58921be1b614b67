r"""Rule for the logarithmic norm of one attention field over a tube, heads jointly.

With the weights of the claim's parameters the quadratic form of the Jacobian is at most
that of one symmetric matrix, built here in balls: $(n d, n d)$ where the couplings of
different tokens are kept, one $(d, d)$ matrix a token where they are products like the
rest.  The claim holds when $c I$ minus it is positive semidefinite, by a witness.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from flint import arb_mat

from stabcheck.checker.balls import ball, round_to_grid
from stabcheck.checker.failures import ClaimRejected
from stabcheck.checker.hypotheses import (
    no_premises,
    positive_parameters,
    quantity_of,
    single_field,
    tube_of,
)
from stabcheck.checker.psd import check_psd
from stabcheck.checker.rules import rule
from stabcheck.checker.tube_form import (
    MOVED,
    Products,
    joint_anchor,
    own_anchor,
    token_blocks,
)
from stabcheck.checker.tube_heads import FormHead, form_heads

if TYPE_CHECKING:
    from stabcheck.checker.context import Context

MOST_ROWS = 1024


def _share(claim: dict, name: str) -> Fraction:
    value = claim["parameters"].get(name)
    if not isinstance(value, Fraction) or not 0 <= value <= 1:
        raise ClaimRejected(f"parameter {name} has to be a rational in [0, 1]")
    return value


def _products(claim: dict, heads: int, tokens: int) -> Products:
    joint = _share(claim, "joint")
    if joint not in (0, 1):
        raise ClaimRejected("parameter joint has to be 0 or 1")
    key_share = _share(claim, "key_share")
    if joint == 0 and key_share != 0:
        raise ClaimRejected(
            "without the joint matrix the keys' covariances are products: their share "
            "has to be 0"
        )

    def lists(name: str, each: int) -> list[list[Fraction]]:
        flat = positive_parameters(claim, name, heads * each)
        return [flat[h * each : (h + 1) * each] for h in range(heads)]

    return Products(
        joint=joint == 1,
        key_share=key_share,
        receiver_share=_share(claim, "receiver_share"),
        mixing=lists("mixing", tokens),
        key=lists("key", tokens),
        receiver=lists("receiver", tokens),
        moved=lists("moved", MOVED),
    )


def _decide(
    ctx: Context, claim: dict, matrix: arb_mat, factor: str, what: str
) -> None:
    """Decide that the bound minus the symmetric part of a matrix is PSD."""
    witness = claim["witness"]
    sign = 1 if claim["quantity"] == "log-norm" else -1
    constant = sign * claim["bound"]
    size = matrix.nrows()
    identity = arb_mat(
        [[ball(constant) if a == b else 0 for b in range(size)] for a in range(size)]
    )
    difference = identity - (matrix + matrix.transpose()) / 2
    middle, radii = round_to_grid(difference, witness["grid"])
    for i, row in enumerate(middle):
        # Both entries enclose the same number: the lower one stands for both.
        for j in range(i):
            middle[j][i] = row[j]
            radii[j][i] = radii[i][j]
    check_psd(ctx, middle, radii, factor, witness["shift"], what)


def _joint(parts: list[FormHead], products: Products, sign: int) -> arb_mat:
    blocks = joint_anchor(parts, products, sign)
    for i, block in enumerate(token_blocks(parts, products)):
        blocks[i][i] = blocks[i][i] + block
    rows = []
    for row in blocks:
        tables = [block.tolist() for block in row]
        rows.extend(
            [entry for table in tables for entry in table[a]]
            for a in range(len(tables[0]))
        )
    return arb_mat(rows)


@rule("attention-log-norm-tube")
def attention_log_norm_tube(ctx: Context, claim: dict, premises: list[dict]) -> None:
    """Check sup of mu_2, or inf of lambda_min, over the tube."""
    no_premises(premises)
    quantity = quantity_of(claim, ["log-norm", "log-norm-lower"])
    sign = 1 if quantity == "log-norm" else -1
    index = single_field(ctx, claim, ["attention"])
    field = ctx.field(index)
    centre, radius = tube_of(ctx, claim, field)
    tokens, rows = field["tokens"], field["tokens"] * field["features"]
    products = _products(claim, field["heads"], tokens)
    factors = _factor_names(claim, 1 if products.joint else tokens)
    if products.joint and rows > MOST_ROWS:
        raise ClaimRejected(
            f"the joint matrix has {rows} rows; the exact tier forms at most "
            f"{MOST_ROWS}"
        )
    parts = form_heads(ctx, index, centre, radius)
    if products.joint:
        matrix = _joint(parts, products, sign)
        _decide(ctx, claim, matrix, factors[0], quantity)
        return
    for token, block in enumerate(token_blocks(parts, products)):
        matrix = block + own_anchor(parts, products, sign, token)
        _decide(ctx, claim, matrix, factors[token], f"token {token}")


def _factor_names(claim: dict, count: int) -> list[str]:
    witness = claim["witness"]
    names = witness.get("factors", [witness["factor"]] if "factor" in witness else [])
    if len(names) != count:
        raise ClaimRejected(
            f"the witness has to name {count} factors, it names {len(names)}"
        )
    return names
