r"""Theorem sink-attention-jacobian.

With a sink $\sigma$ the weights $p_{ij} = e^{s_{ij}}/(e^{\sigma} + \sum_l e^{s_{il}})$
sum to less than one.  The Jacobian keeps the block form of theorem
attention-jacobian-covariance-form,

$$J_{ij} = p_{ij}\,(U + (u_j - m_i)\,a_i^T) + \delta_{ij} \sum_k p_{ik}\,(u_k -
m_i)\,b_{ik}^T,\qquad m_i = \sum_k p_{ik} u_k,$$

with $a_i = s\,W_K q_i$ and the whole of $b_{ik} = s\,W_Q k_k$: what is constant in the
key no longer drops out, so that biases of keys and values do enter.  The sink is one
more key with value zero and a constant score: the last sum is the covariance of $u$ and
$b$ under the law that gives the mass $1 - \sum_k p_{ik}$ to $u = b = 0$.
"""

from functools import cache

from stabcheck.fields import attention
from stabcheck.fields.notation import W_K, W_O, W_Q, a, c, d, h, i, k, l, n, r, s, scale
from stabcheck.symbolic import Tensor, indices, inlined, is_zero, total
from stabcheck.symbolic.proving.covariance_form import covariance_form, one_term_changed

THEOREM = "sink-attention-jacobian"

(j,), (b,) = indices("j", "token", n), indices("b", "feature", d)
P, W_V, v = Tensor("P", (h, i, k)), Tensor("W_V", (h, c, s)), Tensor("v", (h, k, s))
q, key_of = Tensor("q", (h, i, r)), Tensor("k", (h, k, r))
b_K, b_V = Tensor("b_K", (h, r)), Tensor("b_V", (h, s))
u, slope = Tensor("u", (k,)), Tensor("b", (k,))
p = Tensor("p", (k,))


def block(key_bias=0, value_bias=0):
    """One head of the statement, with biases taken from its keys and values."""
    return covariance_form(
        i,
        j,
        weight=lambda key: P[h, i, key],
        value=lambda key: total((v[h, key, s] - value_bias) * W_O[h, s, a], s),
        value_slope=lambda key: total(W_V[h, b, s] * W_O[h, s, a], s),
        by_key=lambda key: scale.symbol * total(q[h, i, r] * W_K[h, b, r], r),
        by_query=lambda key: (
            scale.symbol * total((key_of[h, key, r] - key_bias) * W_Q[h, b, r], r)
        ),
    )


@cache
def derived(**options):
    """The derived Jacobian in the weights, queries, keys and values by name."""
    jacobian = attention(heads=2, biases=True, **options).jacobian()
    return inlined(jacobian, keep=frozenset("Pqkv"))


def verdict(head, sink="head", **options) -> str:
    """On whether the sum of a head's block over heads is the derived Jacobian."""
    return is_zero(derived(sink=sink, **options) - total(head, h)).verdict


def is_the_extended_covariance(rest) -> bool:
    """Whether the last sum is a covariance where u = b = 0 has this much mass."""

    def centred(tensor):
        return tensor[k] - total(p[l] * tensor[l], l)

    means = total(p[l] * u[l], l) * total(p[l] * slope[l], l)
    extended = total(p[k] * centred(u) * centred(slope), k) + rest * means
    return is_zero(total(p[k] * centred(u) * slope[k], k) - extended).is_proved


def step_1_the_jacobian_keeps_its_block_form():
    for sink in ("head", "zero"):
        assert verdict(block(), sink) == "proved"


def step_2_masks_and_score_biases_enter_by_the_weights_only():
    assert verdict(block(), causal=True, bias=True) == "proved"


def step_3_the_sink_is_one_more_key_with_value_zero():
    assert is_the_extended_covariance(1 - total(p[k], k))


def mutant_some_term_of_the_block_is_dropped_or_flipped():
    return any(verdict(head) != "refuted" for head in one_term_changed(block()))


def mutant_the_key_bias_drops_out():
    return verdict(block(key_bias=b_K[h, r])) != "refuted"


def mutant_the_value_bias_drops_out():
    return verdict(block(value_bias=b_V[h, s])) != "refuted"


def mutant_the_sink_has_no_mass():
    return is_the_extended_covariance(0)
