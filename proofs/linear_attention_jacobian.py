r"""Theorem linear-attention-jacobian.

Linear attention, $p_{ij} = M_{ij}\,\varphi(q_i) \cdot \varphi(k_j)/N_i$ with positive
features $\varphi$ and $N_i$ the sum over the keys, has weights $\propto e^{s_{ij}}$ for
$s_{ij} = \log M_{ij}\,\varphi(q_i) \cdot \varphi(k_j)$.  Its Jacobian has the
covariance form of theorem attention-jacobian-covariance-form with

$$p_{ij} a_{ij} = M_{ij}\,W_K\,(\varphi'(k_j) \circ \varphi(q_i))/N_i,\qquad
p_{ij} b_{ij} = M_{ij}\,W_Q\,(\varphi'(q_i) \circ \varphi(k_j))/N_i,$$

summed over heads; $\varphi = \mathrm{elu} + 1$, $\varphi'(z) = e^{-\max(-z, 0)}$.
"""

from functools import cache

from sympy import Heaviside, exp

from stabcheck.fields import attention
from stabcheck.fields.notation import W_K, W_O, W_Q, a, c, d, h, i, k, n, r, s
from stabcheck.symbolic import Tensor, indices, inlined, is_zero, total
from stabcheck.symbolic.functions import elu1, relu
from stabcheck.symbolic.proving.covariance_form import covariance_form, one_term_changed

THEOREM = "linear-attention-jacobian"

(j,), (b,) = indices("j", "token", n), indices("b", "feature", d)
W_V, v = Tensor("W_V", (h, c, s)), Tensor("v", (h, k, s))
q, key_of = Tensor("q", (h, i, r)), Tensor("k", (h, k, r))
phi_q, phi_k = Tensor("phi_q", (h, i, r)), Tensor("phi_k", (h, k, r))
product, norm = Tensor("s", (h, i, k)), Tensor("N", (h, i))
KEPT = frozenset(("q", "k", "v", "phi_q", "phi_k", "s", "N"))


def slope(z):
    return exp(-relu(-z))


def block(sees=lambda key: 1):
    """One head of the statement; s is the masked product before the division."""

    def by_key(key):
        moved = phi_q[h, i, r] * slope(key_of[h, key, r]) * W_K[h, b, r]
        return sees(key) * total(moved, r) / product[h, i, key]

    def by_query(key):
        moved = phi_k[h, key, r] * slope(q[h, i, r]) * W_Q[h, b, r]
        return sees(key) * total(moved, r) / product[h, i, key]

    return covariance_form(
        i,
        j,
        weight=lambda key: product[h, i, key] / norm[h, i],
        value=lambda key: total(v[h, key, s] * W_O[h, s, a], s),
        value_slope=lambda key: total(W_V[h, b, s] * W_O[h, s, a], s),
        by_key=by_key,
        by_query=by_query,
    )


@cache
def derived(**options):
    """The derived Jacobian in the features, products and their sums by name."""
    jacobian = attention(heads=2, weights="linear", **options).jacobian()
    return inlined(jacobian, keep=KEPT)


def verdict(head, **options) -> str:
    """On whether the sum of a head's block over heads is the derived Jacobian."""
    return is_zero(derived(**options) - total(head, h)).verdict


def step_1_the_slope_of_the_feature_is_an_exponential():
    z = Tensor("z", (i,))[i]
    assert elu1(z).diff(z) == slope(z)


def step_2_the_jacobian_has_the_covariance_form_with_logarithmic_scores():
    assert verdict(block()) == "proved"


def step_3_a_mask_multiplies_the_products():
    assert verdict(block(lambda key: Heaviside(i - key, 1)), causal=True) == "proved"


def mutant_some_term_of_the_block_is_dropped_or_flipped():
    return any(verdict(head) != "refuted" for head in one_term_changed(block()))


def mutant_the_mask_is_forgotten():
    return verdict(block(), causal=True) == "proved"
