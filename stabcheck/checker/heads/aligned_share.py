r"""The largest share of a key, by cells that cover every law of a row's tokens.

A row of $k$ keys with logits $\sigma + B$, $|\sigma| \le \alpha$ and $B$ spread by at
most $\beta$, gives key $j$ the weight $p$; $\sigma$ has the mean $\alpha\nu$ and the
variance $V$ under the row's weights.  With $1 + \nu = qG/\alpha$ and $V = q(1-q)G^2$,
$0 \le q \le 1$ and $0 \le G \le 2\alpha$,

* $kp \le e^{\beta + 2\alpha}(1 - q + qe^{-G})$ and
  $kp \le e^{\beta + G\sqrt{q(1-q)(1-p)/p} + qG}(1 - q + qe^{-G})$;
* the values vary by at most $1 - \nu^2$, by $\Xi(1 - \nu^2) - \tau V/\alpha^2$ and, if
  $p \ge \frac12$, by $4p(1 - p)$, in units of $R^2\lVert U\rVert^2$.

A share $h$ is covered where every cell of the rectangle of $(q, G)$ shows $p(1 +
\alpha^2\mathrm{Var}) \le h$: cells that do not are halved.
"""

from __future__ import annotations

from dataclasses import dataclass

from flint import arb

from stabcheck.checker.arithmetic.balls import largest, root

__all__ = ["Tie", "covers"]

MOST_CELLS = 6000

Cell = tuple[arb, arb, arb, arb]


@dataclass(frozen=True)
class Tie:
    r"""$\mathrm{Var} \le \Xi(1 - \nu^2) - \tau V/\alpha^2$: `form` $\Xi$, `logit`."""

    form: arb
    logit: arb


def covers(
    share: arb, alpha: arb, keys: int, spread: arb, plain: arb, tie: Tie | None
) -> bool:
    r"""Whether cells prove that no law of a row gives a key more than the share.

    `plain` bounds the weight of a key by itself; `tie` is None where logits and values
    are not known to be tied.  $\alpha$ is replaced by the upper end of its ball, which
    it may be: it is a bound.
    """
    alpha = arb(alpha.upper())
    if not alpha > 0:
        return False
    waiting: list[Cell] = [(arb(0), arb(1), arb(0), 2 * alpha)]
    count = 0
    while waiting:
        count += 1
        if count > MOST_CELLS:
            return False
        cell = waiting.pop()
        if not _largest_value(cell, share, alpha, keys, spread, plain, tie) <= share:
            waiting.extend(_halves(cell, alpha))
    return True


def _halves(cell: Cell, alpha: arb) -> tuple[Cell, Cell]:
    q1, q2, G1, G2 = cell
    if (q2 - q1) * 2 * alpha > G2 - G1:
        q = arb(((q1 + q2) / 2).mid())
        return (q1, q, G1, G2), (q, q2, G1, G2)
    G = arb(((G1 + G2) / 2).mid())
    return (q1, q2, G1, G), (q1, q2, G, G2)


def _largest_value(
    cell: Cell,
    share: arb,
    alpha: arb,
    keys: int,
    spread: arb,
    plain: arb,
    tie: Tie | None,
) -> arb:
    r"""Bound $p(1 + \alpha^2\mathrm{Var})$ on a cell by the share or by what it is."""
    square = alpha * alpha
    variance = _variance(cell, alpha, tie)
    least = (share / (1 + square * variance)).min(arb(1))
    p = _largest_weight(cell, least, alpha, keys, spread).min(plain)
    value = p * (1 + square * variance)
    if not p > arb(1) / 2:
        return value
    peak = p.min((1 + root(1 + 3 / (4 * square))) / 3)
    return value.min(peak * (1 + 4 * square * peak * (1 - peak)))


def _variance(cell: Cell, alpha: arb, tie: Tie | None) -> arb:
    q1, q2, G1, G2 = cell
    y = arb(1).max(q1 * G1 / alpha).min(q2 * G2 / alpha)
    trace = (y * (2 - y)).max(arb(0)).min(arb(1))
    if tie is None:
        return trace
    logits = G1 * G1 * (q1 * (1 - q1)).min(q2 * (1 - q2)) / (alpha * alpha)
    return trace.min((tie.form * trace - tie.logit * logits).max(arb(0)))


def _largest_weight(cell: Cell, least: arb, alpha: arb, keys: int, spread: arb) -> arb:
    """Bound the weights that are at least `least`."""
    q1, q2, G1, G2 = cell
    far = 2 * alpha + (1 - q1 * (1 - (-G1).exp())).log()
    q, drop = (q1 + q2) / 2, 1 - (-G2).exp()
    # qG + log(1 - q drop) is concave in q: it lies below its tangent at the middle.
    slope = abs(G2 - drop / (1 - q * drop))
    mean = q * G2 + (1 - q * drop).log() + slope * (q2 - q1) / 2
    middle = (arb(1) / 2).max(q1).min(q2)
    above = G2 * root(largest([middle * (1 - middle) * (1 - least) / least, arb(0)]))
    return (spread + far.min(above + mean)).exp() / keys
