r"""Theorem rotary-attention-jacobian.

With rotary positions, $s_{ij} = s\,(R_i W_Q^T x_i) \cdot (R_j W_K^T x_j)$ with
rotations $R_i$ by $i\theta_r$ in planes of two features, the Jacobian has the
covariance form of theorem attention-jacobian-covariance-form with

$$a_{ij} = A_{ij}^T x_i,\qquad b_{ij} = A_{ij} x_j,\qquad A_{ij} = s\,W_Q R_i^T R_j
W_K^T,$$

summed over heads.  $R_i^T R_j = R_{j-i}$ depends on the distance only and is
orthogonal, so $\lVert A_{ij}\rVert \le s\,\lVert W_Q\rVert \lVert W_K\rVert$.  Features
of a plane may be halves or neighbours.
"""

from functools import cache

from sympy import KroneckerDelta, Matrix, cos, expand, eye, sin, symbols

from stabcheck.fields import attention
from stabcheck.fields.heads import heads_of, pair, plane
from stabcheck.fields.notation import a, d, h, i, n, s
from stabcheck.fields.vectors import theta
from stabcheck.symbolic import Index, Tensor, indices, inlined, is_zero, total
from stabcheck.symbolic.proving.covariance_form import covariance_form, one_term_changed

THEOREM = "rotary-attention-jacobian"

(j,), (b,) = indices("j", "token", n), indices("b", "feature", d)
P, v = Tensor("P", (h, i, j)), Tensor("v", (h, j, s))
other = Index("f", "width", pair.size)
KEPT = frozenset(("P", "v", "theta", "q_turned", "k_turned"))


def rotation(at, row, column):
    """The entry of R at a position, in the plane that is a free index."""
    angle = at * theta[plane]
    return KroneckerDelta(row, column) * cos(angle) + (row - column) * sin(angle)


def score_slopes(heads):
    """a and b of the statement, as functions of the key.

    The turned query is $R_i W_Q^T x_i$, the turned key $R_j W_K^T x_j$.
    """
    W_Q, W_K = heads.parameters[:2]
    there = tuple({pair: other}.get(index, index) for index in heads.width)
    query, keyed = (Tensor(f"{x}_turned", (h, i, *heads.width)) for x in "qk")

    def form(turned, at, W):
        moved = rotation(at, pair, other) * W[(h, b, *there)]
        return heads.scale.symbol * total(turned * moved, pair, other, plane)

    def by_key(key):
        return form(query[(h, i, *heads.width)], key, W_K)

    def by_query(key):
        return form(keyed[(h, key, *heads.width)], i, W_Q)

    return by_key, by_query


def block(layout):
    """One head of the statement."""
    heads = heads_of(heads=2, groups=None, rotary=layout, output=True)
    _, _, W_V, W_O = heads.parameters[:4]
    by_key, by_query = score_slopes(heads)
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
def derived(layout, **options):
    """The derived Jacobian in the turned queries and keys by name."""
    jacobian = attention(heads=2, rotary=layout, **options).jacobian()
    return inlined(jacobian, keep=KEPT)


def verdict(head, layout, **options) -> str:
    """On whether the sum of a head's block over heads is the derived Jacobian."""
    return is_zero(derived(layout, **options) - total(head, h)).verdict


def step_1_the_jacobian_has_the_covariance_form_with_turned_scores():
    for layout in ("half", "interleaved"):
        assert verdict(block(layout), layout) == "proved"


def step_2_masks_enter_by_the_weights_only():
    assert verdict(block("half"), "half", causal=True, mask=True) == "proved"


def step_3_the_rotations_of_a_query_and_a_key_leave_one_by_their_distance():
    one, two = symbols("one two", real=True)

    def plain(angle):
        return Matrix([[cos(angle), -sin(angle)], [sin(angle), cos(angle)]])

    gap = plain(one).T * plain(two) - plain(two - one).applyfunc(
        lambda entry: entry.expand(trig=True)
    )
    assert gap.applyfunc(expand).is_zero_matrix
    square = (plain(one).T * plain(one)).applyfunc(lambda entry: entry.simplify())
    assert square == eye(2)


def mutant_some_term_of_the_block_is_dropped_or_flipped():
    wrong = one_term_changed(block("half"))
    return any(verdict(head, "half") != "refuted" for head in wrong)
