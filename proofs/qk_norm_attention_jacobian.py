r"""Theorem qk-norm-attention-jacobian.

With normalised queries and keys, $s_{ij} = s\,\hat q_i \cdot \hat k_j$, $\hat z =
\gamma z/r$, $r = \sqrt{|z|^2/m + \epsilon}$ ($m = d_k$ for RMS; $m = 1$, $\gamma = 1$
for `l2`), the Jacobian has the covariance form of theorem
attention-jacobian-covariance-form with

$$a_{ij} = s\,W_K\,DN(k_j)^T \hat q_i,\qquad b_{ij} = s\,W_Q\,DN(q_i)^T \hat k_j,\qquad
DN(z) = \mathrm{diag}(\gamma)\,\bigl(I - z z^T/(m r^2)\bigr)/r,$$

summed over heads.
"""

from functools import cache

from sympy import KroneckerDelta, sqrt

from stabcheck.fields import attention
from stabcheck.fields.heads import Heads
from stabcheck.fields.notation import (
    W_K,
    W_O,
    W_Q,
    a,
    c,
    d,
    d_k,
    h,
    i,
    k,
    n,
    r,
    s,
    scale,
)
from stabcheck.fields.vectors import gains, vector_epsilon
from stabcheck.symbolic import Tensor, indices, inlined, is_zero, total
from stabcheck.symbolic.proving.covariance_form import covariance_form, one_term_changed

THEOREM = "qk-norm-attention-jacobian"

(j,), (b,), (w,) = (
    indices("j", "token", n),
    indices("b", "feature", d),
    indices("w", "width", d_k),
)
P, W_V, v = Tensor("P", (h, i, k)), Tensor("W_V", (h, c, s)), Tensor("v", (h, k, s))
q, key_of = Tensor("q", (h, i, r)), Tensor("k", (h, k, r))
gamma_Q, gamma_K = gains(Heads())


class Norm:
    """The normalisation of queries or keys of a head."""

    def __init__(self, z, gain, how):
        self.z, self.is_rms = z, how == "rms"
        self.gain, self.count = (gain, d_k) if self.is_rms else (None, 1)

    def square(self, at):
        mean = total(self.z[h, at, r] ** 2, r) / self.count
        return mean + vector_epsilon.symbol

    def scaled(self, at, width):
        gain = self.gain[width] if self.is_rms else 1
        return gain / sqrt(self.square(at))

    def value(self, at):
        return self.scaled(at, r) * self.z[h, at, r]

    def slope(self, at):
        """DN at row r and column w."""
        radial = self.z[h, at, r] * self.z[h, at, w]
        radial = radial / (self.count * self.square(at))
        return self.scaled(at, r) * (KroneckerDelta(r, w) - radial)


def block(how):
    """One head of the statement."""
    queries, keys = Norm(q, gamma_Q, how), Norm(key_of, gamma_K, how)

    def by_key(key):
        moved = queries.value(i) * keys.slope(key) * W_K[h, b, w]
        return scale.symbol * total(moved, r, w)

    def by_query(key):
        moved = keys.value(key) * queries.slope(i) * W_Q[h, b, w]
        return scale.symbol * total(moved, r, w)

    return covariance_form(
        i,
        j,
        weight=lambda key: P[h, i, key],
        value=lambda key: total(v[h, key, s] * W_O[h, s, a], s),
        value_slope=lambda key: total(W_V[h, b, s] * W_O[h, s, a], s),
        by_key=by_key,
        by_query=by_query,
    )


@cache
def derived(how, **options):
    """The derived Jacobian in the weights, queries, keys and values by name."""
    jacobian = attention(heads=2, qk_norm=how, **options).jacobian()
    return inlined(jacobian, keep=frozenset("Pqkv"))


def verdict(head, how, **options) -> str:
    """On whether the sum of a head's block over heads is the derived Jacobian."""
    return is_zero(derived(how, **options) - total(head, h)).verdict


def step_1_the_jacobian_has_the_covariance_form_with_normalised_scores():
    for how in ("rms", "l2"):
        assert verdict(block(how), how) == "proved"


def step_2_masks_and_score_biases_enter_by_the_weights_only():
    assert verdict(block("rms"), "rms", causal=True, bias=True) == "proved"


def mutant_some_term_of_the_block_is_dropped_or_flipped():
    wrong = one_term_changed(block("l2"))
    return any(verdict(head, "l2") != "refuted" for head in wrong)


def mutant_root_mean_square_and_length_are_the_same():
    return verdict(block("rms"), "l2") == "proved"
