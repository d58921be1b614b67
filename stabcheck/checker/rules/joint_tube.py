r"""Rules for the norms of one attention field over a tube, all heads in one matrix.

With the weights of the claim's parameters the bilinear form of the Jacobian is at most
$u\cdot Kw + \tfrac12(u\cdot Au + w\cdot Bw)$.  The bound holds when $cI$ minus $H(K) +
\tfrac12(A + B)$ ($w = u$; for the lower companion $-J$) or, for the norm, minus the
dilation with $A$, $B$ on the diagonal and $K$, $K^{\mathsf T}$ beside is positive
semidefinite, by a witness.  Where couplings of different tokens are products like the
rest, there is one such matrix a token.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from flint import arb_mat

from stabcheck.checker.arithmetic.balls import ball, round_to_grid
from stabcheck.checker.arithmetic.psd import check_psd
from stabcheck.checker.failures import ClaimRejected
from stabcheck.checker.heads.tube import form_heads
from stabcheck.checker.heads.tube_form import (
    MOVED,
    Products,
    joint_anchor,
    own_anchor,
    token_blocks,
)
from stabcheck.checker.hypotheses import (
    no_premises,
    positive_parameters,
    quantity_of,
    single_field,
    tube_of,
)
from stabcheck.checker.rules import rule

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


def _decide(ctx: Context, claim: dict, matrix: arb_mat, factor: str, what: str) -> None:
    """Decide that the bound minus the symmetric part of a matrix is PSD."""
    witness = claim["witness"]
    constant = _sign(claim) * claim["bound"]
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


def _sign(claim: dict) -> int:
    return -1 if claim["quantity"] == "log-norm-lower" else 1


Blocks = list[list[arb_mat]]


def _joined(blocks: Blocks) -> arb_mat:
    """One matrix of a square table of blocks."""
    rows = []
    for row in blocks:
        tables = [block.tolist() for block in row]
        rows.extend(
            [entry for table in tables for entry in table[a]]
            for a in range(len(tables[0]))
        )
    return arb_mat(rows)


def _assembled(
    claim: dict, anchor: Blocks, sides: list[tuple[arb_mat, arb_mat]]
) -> arb_mat:
    """The matrix of a table of blocks K and of the products' matrices A and B."""
    places = range(len(anchor))
    if claim["quantity"] != "spectral-norm":
        # The symmetric part is taken when the matrix is decided.
        return _joined(
            [
                [
                    anchor[i][j] + (sides[i][0] + sides[i][1]) / 2
                    if i == j
                    else anchor[i][j]
                    for j in places
                ]
                for i in places
            ]
        )
    size = anchor[0][0].nrows()
    zero = arb_mat(size, size)
    upper = [
        [sides[i][0] if i == j else zero for j in places] + anchor[i] for i in places
    ]
    lower = [
        [anchor[j][i].transpose() for j in places]
        + [sides[i][1] if i == j else zero for j in places]
        for i in places
    ]
    return _joined(upper + lower)


def _rule(ctx: Context, claim: dict, premises: list[dict]) -> None:
    no_premises(premises)
    index = single_field(ctx, claim, ["attention"])
    field = ctx.field(index)
    centre, radius = tube_of(ctx, claim, field)
    tokens = field["tokens"]
    products = _products(claim, field["heads"], tokens)
    factors = _factor_names(claim, 1 if products.joint else tokens)
    rows = field["features"] * (tokens if products.joint else 1)
    rows *= 2 if claim["quantity"] == "spectral-norm" else 1
    if rows > MOST_ROWS:
        raise ClaimRejected(
            f"the matrix has {rows} rows; the exact tier forms at most {MOST_ROWS}"
        )
    parts = form_heads(ctx, index, centre, radius)
    sides = token_blocks(parts, products)
    sign = _sign(claim)
    if products.joint:
        anchor = joint_anchor(parts, products, sign)
        matrix = _assembled(claim, anchor, sides)
        _decide(ctx, claim, matrix, factors[0], claim["quantity"])
        return
    for token, side in enumerate(sides):
        anchor = [[own_anchor(parts, products, sign, token)]]
        matrix = _assembled(claim, anchor, [side])
        _decide(ctx, claim, matrix, factors[token], f"token {token}")


@rule("attention-log-norm-tube")
def attention_log_norm_tube(ctx: Context, claim: dict, premises: list[dict]) -> None:
    """Check sup of mu_2, or inf of lambda_min, over the tube."""
    quantity_of(claim, ["log-norm", "log-norm-lower"])
    _rule(ctx, claim, premises)


@rule("attention-norm-joint-tube")
def attention_norm_joint_tube(ctx: Context, claim: dict, premises: list[dict]) -> None:
    """Check sup of the 2-norm over the tube."""
    quantity_of(claim, ["spectral-norm"])
    _rule(ctx, claim, premises)


def _factor_names(claim: dict, count: int) -> list[str]:
    witness = claim["witness"]
    names = witness.get("factors", [witness["factor"]] if "factor" in witness else [])
    if len(names) != count:
        raise ClaimRejected(
            f"the witness has to name {count} factors, it names {len(names)}"
        )
    return names
