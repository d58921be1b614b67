r"""Theorem value-gradient-vanishes-at-consensus.

The derivative of attention by its bilinear form is a covariance,

$$\mathrm d_A f_i\,[G] = U\,C_i\,G^T x_i,\qquad C_i = \mathrm{Cov}_{p_i}(x),$$

for every direction $G$.  So where $C_i = 0$, in particular where all tokens are equal,
the gradients by $W_Q$ and $W_K$ of anything that reads token $i$ vanish: with $A = s\,
W_Q W_K^T$ they enter by $G = s\,(\dot W_Q W_K^T + W_Q \dot W_K^T)$.
"""

from sympy import Indexed, S, Symbol

from stabcheck.fields.notation import (
    W_K,
    W_Q,
    X,
    a,
    c,
    d,
    h,
    i,
    k,
    l,
    r,
    s,
    scale,
)
from stabcheck.symbolic import Softmax, Tensor, indices, is_zero, total
from stabcheck.symbolic.proving.covariance_form import one_term_changed

THEOREM = "value-gradient-vanishes-at-consensus"

b, e = indices("b e", "feature", d)
t = Symbol("t", real=True)
A, U = Tensor("A", (a, c)), Tensor("U", (a, c))
G, M = Tensor("G", (a, c)), Tensor("M", (i, k))
P, W_V = Tensor("P", (h, i, k)), Tensor("W_V", (h, c, s))
moved_Q, moved_K = Tensor("moved_Q", (h, c, r)), Tensor("moved_K", (h, c, r))


def moved_weights(key):
    """The weights at A + tG, under any mask."""
    form = A[b, c] + t * G[b, c]
    logits = total(X[i, b] * form * X[l, c], b, c)
    return Softmax(key, l, logits, M[i, l])


def weight(key):
    return moved_weights(key).xreplace({t: S.Zero})


def covariance():
    """U C_i G^T x_i; one of the two factors of C centred is enough."""
    mean = total(weight(l).at_index(l) * X[l, e], l)
    centred = X[k, e] - mean
    slope = total(X[i, b] * G[b, c] * X[k, c], b, c)
    return total(weight(k) * total(U[a, e] * centred, e) * slope, k)


def verdict(formula) -> str:
    """On whether a formula is the derivative of the field by A along G."""
    field = total(moved_weights(k) * U[a, e] * X[k, e], k, e)
    return is_zero(field.diff(t).xreplace({t: S.Zero}) - formula).verdict


def moved(entry):
    direction = {"W_Q": moved_Q, "W_K": moved_K}[entry.base.label.name]
    return entry + t * direction[entry.indices]


def is_the_derivative_by_the_projections(factor) -> bool:
    """Whether A enters by so much of s (dW_Q W_K^T + W_Q dW_K^T)."""
    scores = total(
        scale.symbol
        * total(W_Q[h, b, r] * X[i, b], b)
        * total(W_K[h, c, r] * X[k, c], c),
        r,
    )
    entries = [x for x in scores.atoms(Indexed) if x.base.label.name != "X"]
    change = scores.xreplace({entry: moved(entry) for entry in entries}).diff(t)
    form = moved_Q[h, b, r] * W_K[h, c, r] + W_Q[h, b, r] * moved_K[h, c, r]
    along = factor * scale.symbol * total(form, r)
    given = total(X[i, b] * along * X[k, c], b, c)
    return is_zero(change.xreplace({t: S.Zero}) - given).is_proved


def vanishes(centre) -> bool:
    """Whether C_i = 0 for equal tokens, less this much of the mean."""
    p, token = Tensor("P", (i, k)), Tensor("token", (a,))
    mean = total(p[i, l] * token[a], l)
    form = total(p[i, k] * (token[a] - centre * mean) * token[b], k)
    return is_zero(form, row_stochastic=("P",)).is_proved


def step_1_the_derivative_by_the_form_is_a_covariance():
    assert verdict(covariance()) == "proved"


def step_2_the_projections_enter_by_the_form_only():
    assert is_the_derivative_by_the_projections(1)


def step_3_the_covariance_of_equal_tokens_is_zero():
    assert vanishes(1)


def mutant_some_term_is_dropped_or_flipped():
    return any(verdict(x) != "refuted" for x in one_term_changed(covariance()))


def mutant_the_projections_enter_twice():
    return is_the_derivative_by_the_projections(2)


def mutant_the_second_moment_of_equal_tokens_is_zero():
    return vanishes(0)
