r"""How scores become weights: softmax, sigmoid, kernel features, Sinkhorn."""

from __future__ import annotations

from collections.abc import Callable

from sympy import Expr, log

from stabcheck.fields.heads import Heads, merged
from stabcheck.fields.notation import i, k, l, n
from stabcheck.symbolic import Declaration, Index, Scalar, Softmax, Tensor, total
from stabcheck.symbolic.functions import elu1, sigmoid
from stabcheck.symbolic.sinkhorn import Sinkhorn

AtKey = Callable[[Index], Expr]
"""A logit, or the admissibility, of a query at some key."""

other = Index("p", "token", n)
offset = Scalar("offset", log(n), signed=True)


def sinks(heads: Heads) -> Tensor:
    """The logits of the sinks, one for each head of queries."""
    return Tensor("sink", (merged(*heads.query),))


def softmax(
    F: Declaration, heads: Heads, logit: AtKey, sees: AtKey, sink: Expr
) -> Tensor:
    """Weights that sum to one, or with a sink to less."""
    at = (*heads.query, i, k)
    return F.let("P", at, Softmax(k, l, logit(l), sees(l), sink))


def sigmoids(F: Declaration, heads: Heads, logit: AtKey, sees: AtKey) -> Tensor:
    r"""$\sigma(s_{ik} - b)$, not normalised (Ramapuram et al. 2024, arXiv:2409.04431).

    $b$ is the number `offset`, $\log n$ unless given.
    """
    at = (*heads.query, i, k)
    return F.let("P", at, sees(k) * sigmoid(logit(k) - offset.symbol))


def features(
    F: Declaration, heads: Heads, q: Tensor, key: Tensor, sees: AtKey
) -> Tensor:
    r"""$\phi(q_i) \cdot \phi(k_k) / \sum_l \phi(q_i) \cdot \phi(k_l)$ with elu + 1.

    Linear attention (Katharopoulos et al. 2020, arXiv:2006.16236), normalised over the
    keys that the token sees.
    """
    at, w = (*heads.query, i), heads.width
    phi_q = F.let("phi_q", (*at, *w), elu1(q[(*at, *w)]))
    own = (*heads.key, k, *w)
    phi_k = F.let("phi_k", own, elu1(key[own]))
    product = total(phi_q[(*at, *w)] * phi_k[own], *w)
    s = F.let("s", (*at, k), sees(k) * product)
    N = F.let("N", at, total(s[(*at, k)], k))
    return F.let("P", (*at, k), s[(*at, k)] / N[at])


def doubly_stochastic(F: Declaration, heads: Heads, logit: AtKey) -> Tensor:
    r"""$e^{f_i + s_{ik} + g_k}$ with row and column sums one: Sinkhorn, converged.

    Defined by these equations (Sander et al. 2021, arXiv:2110.11773); derived by
    solving their linear system.
    """
    at = (*heads.query, i, k)
    S = F.let("S", at, logit(k))
    return F.let("P", at, Sinkhorn(i, k, other, l, S[(*heads.query, other, l)]))


def balanced(F: Declaration, P: Tensor, iterations: int) -> Tensor:
    r"""Weights after some iterations of Sinkhorn's, each by columns and by rows.

    One iteration divides by the column sums, then by the row sums (Sander et al. 2021,
    arXiv:2110.11773, starting from the softmax).
    """
    *head, row, column = P.indices
    for number in range(1, iterations + 1):
        for axis, sum_of, over in (("c", column, row), ("r", row, column)):
            sums = F.let(f"{axis}_{number}", (*head, sum_of), total(P[P.indices], over))
            name = f"P_{number}" if axis == "r" else f"Q_{number}"
            P = F.let(name, P.indices, P[P.indices] / sums[(*head, sum_of)])
    return P
