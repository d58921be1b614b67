r"""The bilinear form of the attention Jacobian in a tube, bounded token by token.

For directions $u$, $w$ and one head let $z^O_i = W_O u_i$, $z^V_j = W_V^{\mathsf T}
w_j$, $z^K_j = W_K^{\mathsf T} w_j$, $z^Q_i = W_Q^{\mathsf T} w_i$.  In the tube $u\cdot
J'w$ is the sum over heads and tokens of the mean $\sum_j p'_{ij} z^O_i\cdot z^V_j$ and
of the covariances under $p'_i$ of $f' = z^O_i\cdot v'$ with $\psi'_j = s q'_i\cdot
z^K_j$ and with $\varphi'_j = s z^Q_i\cdot k'_j$.

At the centre let $f$ and $\varphi$ have mean zero under $p$.  With $\underline p \le p'
\le \bar p$, $m$ the midpoint, $e$ half the width, $D \ge |p' - p|$, $l_i = \sum_j
D_{ij}$ and shares $t, t'$ in $[0, 1]$, the form is at most its value with $p'$, the
deviations and the queries replaced by $m$ and the centre's (the covariances times $t$
and $t'$), plus products of a seminorm of $u$ and one of $w$:

* $e_{ij}|z^O_i||z^V_j|$;
* $w_{ij}|f_j||\psi_j|$, $w = (1-t)\bar p + te$, and $t$ times $|\sum_j (p'-p)_{ij} f_j|
  \le (l_i\sum_j D_{ij} f_j^2)^{1/2}$ times $(\sum_j \bar p_{ij}\psi_j^2)^{1/2}$;
* $w'_{ij}|f_j||\varphi_j|$, $w' = (1-t')\bar p + t'(e + lD)$;
* $|f'-f| \le \epsilon|W_V z^O_i|$, $|\psi'-\psi| \le \epsilon s|W_Q z^K_j|$,
  $|\varphi'-\varphi| \le \epsilon s|W_K z^Q_i|$ against moments with weights $\bar p$.

Each product $ab$ is at most $(g a^2 + b^2/g)/2$ for any $g > 0$; the logarithmic norms
have $w = \pm u$.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from flint import arb, arb_mat

from stabcheck.checker.arithmetic.balls import ball
from stabcheck.checker.heads.tube import FormHead

__all__ = [
    "MOVED",
    "Products",
    "joint_anchor",
    "own_anchor",
    "token_blocks",
]

MOVED = 7  # products of a head with one weight: see `_blocks`


@dataclass(frozen=True)
class Products:
    """The free choices: shares in [0, 1] and positive weights, lists head by head."""

    joint: bool
    key_share: Fraction
    receiver_share: Fraction
    mixing: list[list[Fraction]]
    key: list[list[Fraction]]
    receiver: list[list[Fraction]]
    moved: list[list[Fraction]]


def _moment(weights: list[arb], rows: arb_mat) -> arb_mat:
    """sum_j w_j y_j y_j^T."""
    scaled = [
        [weight * entry for entry in row]
        for weight, row in zip(weights, rows.tolist(), strict=True)
    ]
    return rows.transpose() * arb_mat(scaled)


def _diagonal(size: int, entry: arb) -> arb_mat:
    return arb_mat([[entry if a == b else 0 for b in range(size)] for a in range(size)])


def _mixed(share: Fraction, upper: arb, rest: arb) -> arb:
    return ball(1 - share) * upper + ball(share) * rest


@dataclass(frozen=True)
class _Blocks:
    """What stands on the four spaces of one head at one token, twice."""

    output: arb_mat
    value: arb
    key: arb_mat
    query: arb_mat


def _mixing_weight(part: FormHead, products: Products, i: int, j: int) -> arb:
    """e_ij, and m_ij too where the couplings of different tokens are products."""
    if products.joint or i == j:
        return part.half[i][j]
    return part.half[i][j] + part.middle[i][j]


def _blocks(part: FormHead, products: Products, h: int, token: int) -> _Blocks:
    tokens = range(len(part.middle))
    mixing, key, receiver = (
        [ball(g) for g in weights[h]]
        for weights in (products.mixing, products.key, products.receiver)
    )
    # Turned means against psi; then f' - f, f, f' - f against psi, psi' - psi,
    # psi' - psi; then the same three against phi, phi' - phi, phi' - phi.
    turned, k1, k2, k3, r1, r2, r3 = (ball(g) for g in products.moved[h])
    t, keys_share = ball(products.key_share), products.key_share
    receiver_share = products.receiver_share
    value_move, query_move, key_move = part.moves

    def w(i: int, j: int) -> arb:
        return _mixed(keys_share, part.upper[i][j], part.half[i][j])

    own = [
        _mixed(receiver_share, part.upper[token][j], part.half[token][j] + turn)
        for j, turn in enumerate(part.turn[token])
    ]
    on_values = [
        key[token] * w(token, j)
        + receiver[token] * own[j]
        + (k2 + r2) * part.upper[token][j]
        + turned * t * part.turn[token][j]
        for j in tokens
    ]
    sent = sum((_mixing_weight(part, products, token, j) for j in tokens), arb(0))
    output = _moment(on_values, part.values[token])
    output = output + value_move * (k1 + k3 + r1 + r3)
    output = output + _diagonal(output.nrows(), mixing[token] * sent)
    on_queries = [
        w(i, token) / key[i] + (1 / k1 + t / turned) * part.upper[i][token]
        for i in tokens
    ]
    mass = sum((part.upper[i][token] for i in tokens), arb(0))
    square = part.scale * part.scale
    key_block = _moment(on_queries, part.query) * square
    key_block = key_block + query_move * (mass * (1 / k2 + 1 / k3))
    on_keys = [own[j] / receiver[token] + part.upper[token][j] / r1 for j in tokens]
    query_block = _moment(on_keys, part.keys[token]) * square
    query_block = query_block + key_move * (1 / r2 + 1 / r3)
    value = sum(
        (_mixing_weight(part, products, i, token) / mixing[i] for i in tokens), arb(0)
    )
    return _Blocks(output, value, key_block, query_block)


def _beside(matrices: list[arb_mat]) -> arb_mat:
    rows = zip(*(matrix.tolist() for matrix in matrices), strict=True)
    return arb_mat([[entry for part in parts for entry in part] for parts in rows])


def token_blocks(
    parts: list[FormHead], products: Products
) -> list[tuple[arb_mat, arb_mat]]:
    """The products' matrices on u and on w of every token, summed over the heads."""
    outputs = _beside([part.head.output.transpose() for part in parts])
    inputs = _beside(
        [
            matrix
            for part in parts
            for matrix in (part.head.value, part.head.key, part.head.query)
        ]
    )
    found = []
    for token in range(len(parts[0].middle)):
        first, second = [], []
        for h, part in enumerate(parts):
            blocks = _blocks(part, products, h, token)
            first.append(part.head.output.transpose() * blocks.output)
            second.append(part.head.value * blocks.value)
            second.append(part.head.key * blocks.key)
            second.append(part.head.query * blocks.query)
        on_u = _beside(first) * outputs.transpose()
        found.append((on_u, _beside(second) * inputs.transpose()))
    return found


def _own_block(
    parts: list[FormHead], products: Products, sign: int, token: int, *, mean: bool
) -> arb_mat:
    """sum_h W_O^T (t' s sum_j m_ij y^v_ij y^k_ij^T W_Q^T + m_ii W_V^T) of a token.

    `mean` keeps the second part; all heads are one product.
    """
    share = ball(products.receiver_share)
    rows: list[list[arb]] = []
    for part in parts:
        weighted = [
            [weight * entry for entry in row]
            for weight, row in zip(
                part.middle[token], part.keys[token].tolist(), strict=True
            )
        ]
        inner = part.values[token].transpose() * arb_mat(weighted)
        block = inner * (share * part.scale) * part.head.query.transpose()
        if mean:
            block = block + part.head.value.transpose() * part.middle[token][token]
        rows.extend((block * sign).tolist())
    return _beside([part.head.output.transpose() for part in parts]) * arb_mat(rows)


def own_anchor(
    parts: list[FormHead], products: Products, sign: int, token: int
) -> arb_mat:
    """The block of one token at the weights m, not symmetrised."""
    return _own_block(parts, products, sign, token, mean=True)


def joint_anchor(
    parts: list[FormHead], products: Products, sign: int
) -> list[list[arb_mat]]:
    """All blocks `[i][j]` at the weights m, not symmetrised."""
    tokens = range(len(parts[0].middle))
    through = [(part.head.value * part.head.output).transpose() for part in parts]
    share = ball(products.key_share) * sign
    slopes = [(part.query * part.head.key.transpose()).tolist() for part in parts]
    rows = []
    for i in tokens:
        spread = [
            (part.values[i] * part.head.output * (share * part.scale)).tolist()
            for part in parts
        ]
        right = arb_mat([slope[i] for slope in slopes])
        row = []
        for j in tokens:
            left = arb_mat(
                [
                    [part.middle[i][j] * entry for entry in table[j]]
                    for part, table in zip(parts, spread, strict=True)
                ]
            )
            block = left.transpose() * right
            for part, matrix in zip(parts, through, strict=True):
                block = block + matrix * (sign * part.middle[i][j])
            row.append(block)
        row[i] = row[i] + _own_block(parts, products, sign, i, mean=False)
        rows.append(row)
    return rows
