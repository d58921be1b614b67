r"""The Jacobian of a weighted mean of values, from the slopes of its scores.

$f_i = \sum_k p_{ik} u_k$ with $p_{ik} \propto e^{s_{ik}}$ has

$$J_{ij} = p_{ij}\,\bigl(D_j + (u_j - m_i)\,a_{ij}^T\bigr) + \delta_{ij} \sum_k
p_{ik}\,(u_k - m_i)\,b_{ik}^T,\qquad m_i = \sum_k p_{ik} u_k,$$

$D_j = \partial u_j/\partial x_j$, $a_{ij} = \partial s_{ij}/\partial x_j$, $b_{ij} =
\partial s_{ij}/\partial x_i$: theorem attention-jacobian-covariance-form.  Proofs write
each variant of attention as an instance of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sympy import Add, Expr, KroneckerDelta, Mul, Pow, S, Sum

from stabcheck.symbolic.index import Index, fresh, total

AtKey = Callable[[Index], Expr]
"""What depends on a key, at the indices of the output that a proof fixes."""


def covariance_form(
    query: Index,
    key: Index,
    *,
    weight: AtKey,
    value: AtKey,
    value_slope: AtKey,
    by_key: AtKey,
    by_query: AtKey,
) -> Expr:
    """The block of a query and a key, entry by entry.

    **Arguments:** `weight`, $p_{ik}$; `value`, $u_k$; `value_slope`, $D_k$; `by_key`,
    $a_{ik}$; `by_query`, $b_{ik}$; all at the key that they are called with.
    """
    k, l = fresh(key), fresh(key)  # noqa: E741  the literature's letters
    mean = total(weight(l) * value(l), l)
    dense = weight(key) * (value_slope(key) + (value(key) - mean) * by_key(key))
    own = total(weight(k) * (value(k) - mean) * by_query(k), k)
    return dense + KroneckerDelta(query, key) * own


def one_term_changed(expression: Expr) -> Iterator[Expr]:
    """The expression with a term of one of its sums dropped, then flipped, each once.

    What a proof of the expression has to refuse.  An expression that is no sum is one
    term; sums in the argument of a function, in a root or in a denominator stay, since
    a change there may leave no point at which the expression has a value.
    """
    sums = set(_open_sums(expression))
    if expression not in sums:
        yield S.Zero
        yield -expression
    for whole in sorted(sums, key=str):
        for term in whole.args:
            yield expression.xreplace({whole: whole - term})
            yield expression.xreplace({whole: whole - 2 * term})


def _open_sums(expression: Expr) -> Iterator[Expr]:
    if isinstance(expression, Add):
        yield expression
    if isinstance(expression, Sum):
        # The last values of indices, such as n - 1, are no terms.
        yield from _open_sums(expression.function)
    elif isinstance(expression, Add | Mul):
        for part in expression.args:
            yield from _open_sums(part)
    elif isinstance(expression, Pow) and _is_a_whole_number(expression.exp):
        yield from _open_sums(expression.base)


def _is_a_whole_number(exponent: Expr) -> bool:
    return bool(exponent.is_Integer and exponent > 0)
