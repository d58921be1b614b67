r"""Theorem cosine-attention-jacobian.

Scaled cosine attention (queries, keys and values of length at most one, $\tilde z =
z/\sqrt{|z|^2 + \epsilon}$, values times $\nu$) has the covariance form of theorem
attention-jacobian-covariance-form with the values $u_k = \nu\,W_O^T \tilde v_k$,

$$D_k = \nu\,W_O^T\,DN(v_k)\,W_V^T,\qquad a_{ij} = s\,W_K\,DN(k_j)\,\tilde q_i,\qquad
b_{ij} = s\,W_Q\,DN(q_i)\,\tilde k_j,$$

$DN(z) = (I - \tilde z \tilde z^T)/\sqrt{|z|^2 + \epsilon}$, summed over heads.
"""

from functools import cache

from sympy import KroneckerDelta, sqrt

from stabcheck.fields import attention
from stabcheck.fields.notation import (
    W_K,
    W_O,
    W_Q,
    a,
    c,
    d,
    d_k,
    d_v,
    h,
    i,
    k,
    n,
    r,
    s,
    scale,
)
from stabcheck.fields.vectors import value_scale, vector_epsilon
from stabcheck.symbolic import Tensor, indices, inlined, is_zero, total
from stabcheck.symbolic.proving.covariance_form import covariance_form, one_term_changed

THEOREM = "cosine-attention-jacobian"

(j,), (b,) = indices("j", "token", n), indices("b", "feature", d)
(w,), (p,) = indices("w", "width", d_k), indices("p", "width", d_v)
P, W_V, v = Tensor("P", (h, i, k)), Tensor("W_V", (h, c, s)), Tensor("v", (h, k, s))
q, key_of = Tensor("q", (h, i, r)), Tensor("k", (h, k, r))


def length(z, at, width):
    square = total(z[h, at, width] ** 2, width)
    return sqrt(square + vector_epsilon.symbol)


def unit(z, at, width):
    return z[h, at, width] / length(z, at, width)


def slope(z, at, row, column):
    r"""The entry of $(I - \tilde z \tilde z^T)$ over the length."""
    inner = KroneckerDelta(row, column) - unit(z, at, row) * unit(z, at, column)
    return inner / length(z, at, row)


def block():
    """One head of the statement."""

    def value_slope(key):
        moved = W_O[h, s, a] * slope(v, key, s, p) * W_V[h, b, p]
        return value_scale.symbol * total(moved, s, p)

    def by_key(key):
        moved = unit(q, i, r) * slope(key_of, key, r, w) * W_K[h, b, w]
        return scale.symbol * total(moved, r, w)

    def by_query(key):
        moved = unit(key_of, key, r) * slope(q, i, r, w) * W_Q[h, b, w]
        return scale.symbol * total(moved, r, w)

    return covariance_form(
        i,
        j,
        weight=lambda key: P[h, i, key],
        value=lambda key: value_scale.symbol * total(unit(v, key, s) * W_O[h, s, a], s),
        value_slope=value_slope,
        by_key=by_key,
        by_query=by_query,
    )


@cache
def derived(**options):
    """The derived Jacobian in the weights, queries, keys and values by name."""
    field = attention(heads=2, qk_norm="l2", value_norm=True, **options)
    return inlined(field.jacobian(), keep=frozenset("Pqkv"))


def verdict(head, **options) -> str:
    """On whether the sum of a head's block over heads is the derived Jacobian."""
    return is_zero(derived(**options) - total(head, h)).verdict


def step_1_the_jacobian_has_the_covariance_form_with_normalised_values():
    assert verdict(block()) == "proved"


def step_2_masks_enter_by_the_weights_only():
    assert verdict(block(), causal=True, mask=True) == "proved"


def mutant_some_term_of_the_block_is_dropped_or_flipped():
    return any(verdict(head) != "refuted" for head in one_term_changed(block()))
