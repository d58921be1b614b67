r"""Theorem attention-jacobian.

Softmax attention $f_i = \sum_k p_{ik}\,U x_k$ with scores $s_{ik} = x_i^T A x_k +
B_{ik}$ over the admissible keys has the Jacobian

$$J_{ij} = p_{ij}\,U\,(I + y_{ij} a_i^T) + \delta_{ij}\, U C_i A^T,$$

$a_i = A^T x_i$, $y_{ij} = x_j - \sum_k p_{ik} x_k$, $C_i = \sum_k p_{ik} y_{ik}
y_{ik}^T$.  A mask $M$ or an additive bias $B$ changes $P$ only.  All $n$ and $d$ at
once.
"""

from sympy import KroneckerDelta, exp

from stabcheck.fields.notation import X, a, c, d, i, k, l, n
from stabcheck.symbolic import (
    Declaration,
    Softmax,
    Tensor,
    indices,
    inlined,
    is_zero,
    jacobian_identity,
    total,
)
from stabcheck.symbolic.proving.covariance_form import one_term_changed

THEOREM = "attention-jacobian"

(j,), (b, e) = indices("j", "token", n), indices("b e", "feature", d)
A, U = Tensor("A", (a, c)), Tensor("U", (a, c))
B, M = Tensor("B", (i, k)), Tensor("M", (i, k), zero_one=True)


def declared(masked=True, biased=True):
    """The field of the statement."""
    F = Declaration("attention", X, (A, U, B, M))
    scores = total(X[i, c] * A[c, e] * X[l, e], c, e) + int(biased) * B[i, l]
    P = F.let("P", (i, k), Softmax(k, l, scores, M[i, l] if masked else 1))
    return F.returns((i, a), total(P[i, k] * U[a, c] * X[k, c], k, c))


P = Tensor("P", (i, k))


def centred(key, feature):
    return X[key, feature] - total(P[i, l] * X[l, feature], l)


def mixing():
    return P[i, j] * U[a, b]


def rank_one():
    slope = total(X[i, c] * A[c, b], c)
    return P[i, j] * total(U[a, c] * centred(j, c), c) * slope


def covariance():
    moved = total(U[a, c] * centred(k, c), c) * total(A[b, c] * centred(k, c), c)
    return KroneckerDelta(i, j) * total(P[i, k] * moved, k)


def is_the_jacobian(formula, **options) -> bool:
    """Whether a formula in P is the derived Jacobian, for all sizes and values."""
    derived = inlined(declared(**options).jacobian(), keep=frozenset("P"))
    return is_zero(derived - formula, row_stochastic=("P",)).is_proved


def step_1_the_weights_of_a_row_sum_to_one():
    # The sum of the numerators is the denominator, which is positive where a query has
    # an admissible key.
    s = Tensor("s", (i, k))
    numerator, denominator = M[i, k] * exp(s[i, k]), total(M[i, l] * exp(s[i, l]), l)
    quotient = Softmax(k, l, s[i, l], M[i, l]).as_quotient()
    assert is_zero(quotient - numerator / denominator).is_proved
    assert is_zero(total(numerator, k) - denominator).is_proved


def step_2_the_derived_jacobian_is_the_derivative_of_the_exponentials():
    for masked in (False, True):
        assert jacobian_identity(declared(masked=masked)).is_proved


def step_3_it_is_the_covariance_form():
    formula = mixing() + rank_one() + covariance()
    assert is_the_jacobian(formula, masked=False, biased=False)


def step_4_a_mask_or_a_score_bias_leaves_the_formula_as_it_is():
    formula = mixing() + rank_one() + covariance()
    for masked, biased in ((True, False), (False, True), (True, True)):
        assert is_the_jacobian(formula, masked=masked, biased=biased)


def mutant_the_covariance_term_is_dropped():
    return is_the_jacobian(mixing() + rank_one())


def mutant_the_rank_one_term_is_dropped():
    return is_the_jacobian(mixing() + covariance())


def mutant_the_mean_is_not_subtracted():
    slope = total(X[i, c] * A[c, b], c)
    raw = P[i, j] * total(U[a, c] * X[j, c], c) * slope
    return is_the_jacobian(mixing() + raw + covariance())


def mutant_the_rank_one_term_has_the_other_sign():
    return is_the_jacobian(mixing() - rank_one() + covariance())


def mutant_some_term_is_dropped_or_flipped():
    # One of the two factors of the covariance centred is enough: the other mean, which
    # may be left out, is left out first.
    moved = total(U[a, c] * centred(k, c), c) * total(A[b, c] * X[k, c], c)
    own = KroneckerDelta(i, j) * total(P[i, k] * moved, k)
    formula = mixing() + rank_one() + own
    assert is_the_jacobian(formula)
    return any(is_the_jacobian(wrong) for wrong in one_term_changed(formula))
