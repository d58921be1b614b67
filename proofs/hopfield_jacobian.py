r"""Theorem hopfield-jacobian.

The modern Hopfield field $f(x_i) = \sum_k p_{ik} y_k - x_i$, $p_i =
\mathrm{softmax}_k\,\beta\,x_i \cdot y_k$, has the symmetric Jacobian

$$J_{ij} = \delta_{ij}\,(\beta\,C_i - I),\qquad C_i = \mathrm{Cov}_{p_i}(y),$$

with eigenvalues at least $-1$.  It is the negative gradient of $|x|^2/2 - \beta^{-1}
\log \sum_k e^{\beta x \cdot y_k}$.
"""

from sympy import IndexedBase, KroneckerDelta, Rational, exp, log

from stabcheck.fields import hopfield
from stabcheck.fields.cross import patterns
from stabcheck.fields.notation import X, a, c, d, i, inverse_temperature, k_c, l_c, n
from stabcheck.symbolic import (
    Tensor,
    contract,
    indices,
    inlined,
    is_zero,
    rename,
    total,
)
from stabcheck.symbolic.proving.covariance_form import one_term_changed

THEOREM = "hopfield-jacobian"

(j,), (b,) = indices("j", "token", n), indices("b", "feature", d)
P, z = Tensor("P", (i, k_c)), Tensor("z", (a,))
beta = inverse_temperature.symbol


def centred(feature):
    return patterns[k_c, feature] - total(P[i, l_c] * patterns[l_c, feature], l_c)


def covariance():
    """One of the two factors centred is enough."""
    return total(P[i, k_c] * centred(a) * patterns[k_c, b], k_c)


def inner():
    return beta * covariance() - KroneckerDelta(a, b)


def verdict(matrix) -> str:
    """On whether delta_ij times a matrix is the derived Jacobian."""
    derived = inlined(hopfield().jacobian(), frozenset("P"))
    gap = derived - KroneckerDelta(i, j) * matrix
    return is_zero(gap, row_stochastic=("P",)).verdict


def is_the_gradient(share) -> bool:
    """Whether the field is minus the gradient of share |x|^2 - log-sum-exp."""
    score = beta * total(X[i, c] * patterns[k_c, c], c)
    energy = share * total(X[i, c] ** 2, c) - log(total(exp(score), k_c)) / beta
    slope = energy.diff(IndexedBase("X")[i, a])
    return is_zero(inlined(hopfield()) + contract(slope)).is_proved


def step_1_the_jacobian_is_a_covariance_minus_the_identity():
    assert verdict(inner()) == "proved"


def step_2_the_covariance_is_symmetric_and_positive_semidefinite():
    # z^T C z is the mean of (z.(y_k - m))^2.
    form = total(z[a] * covariance() * z[b], a, b)
    square = total(P[i, k_c] * total(z[a] * centred(a), a) ** 2, k_c)
    assert is_zero(form - square, row_stochastic=("P",)).is_proved
    turned = rename(covariance(), {a: b, b: a})
    assert is_zero(covariance() - turned, row_stochastic=("P",)).is_proved


def step_3_the_field_descends_its_energy():
    assert is_the_gradient(Rational(1, 2))


def mutant_some_term_is_dropped_or_flipped():
    return any(verdict(matrix) != "refuted" for matrix in one_term_changed(inner()))


def mutant_the_energy_has_the_whole_square():
    return is_the_gradient(1)
