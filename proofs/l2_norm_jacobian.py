r"""Theorem l2-norm-jacobian.

Normalisation to the unit sphere, $u = x/r$ with $r = \sqrt{|x|^2 + \epsilon}$, has at
each token the symmetric Jacobian

$$D = (I - u u^T)/r$$

with the eigenvalues $\epsilon/r^3$ (on $x$) and $1/r$ (on what is orthogonal to it, $d
- 1$ times).
"""

from sympy import KroneckerDelta, S, simplify, sqrt, symbols

from stabcheck.fields import l2_norm
from stabcheck.fields.notation import X, a, c, d, epsilon, i, n
from stabcheck.symbolic import Tensor, indices, inlined, is_zero, total
from stabcheck.symbolic.proving.covariance_form import one_term_changed

THEOREM = "l2-norm-jacobian"

(j,), (b,) = indices("j", "token", n), indices("b", "feature", d)
y = Tensor("y", (a,))
root = sqrt(total(X[i, c] ** 2, c) + epsilon.symbol)


def inner():
    """The matrix that 1/r multiplies."""
    return KroneckerDelta(a, b) - X[i, a] * X[i, b] / root**2


def verdict(matrix) -> str:
    """On whether delta_ij times a matrix over r is the derived Jacobian."""
    formula = KroneckerDelta(i, j) * matrix / root
    return is_zero(inlined(l2_norm().jacobian()) - formula).verdict


def radial_eigenvalue(square):
    """How far one minus |u|^2, over r, is from epsilon over r cubed."""
    q, e = symbols("q epsilon", positive=True)
    r = sqrt(q + e)
    return simplify((1 - square(q, r)) / r - e / r**3)


def step_1_the_derived_jacobian_is_the_formula():
    assert verdict(inner()) == "proved"


def step_2_along_the_token_the_eigenvalue_is_epsilon_over_r_cubed():
    # (I - u u^T) x = (1 - |u|^2) x.
    square = total(X[i, c] ** 2, c) / root**2
    moved = total(inner() * X[i, b], b) - (1 - square) * X[i, a]
    assert is_zero(moved).is_proved
    assert radial_eigenvalue(lambda q, r: q / r**2) == S.Zero


def step_3_orthogonal_to_it_the_matrix_is_the_identity():
    # (I - u u^T) y = y - u (u.y), and u.y = 0 there.
    rest = total(inner() * y[b], b) - y[a]
    along = total(X[i, b] * y[b], b)
    assert is_zero(rest + X[i, a] * along / root**2).is_proved


def mutant_some_term_is_dropped_or_flipped():
    return any(verdict(matrix) != "refuted" for matrix in one_term_changed(inner()))


def mutant_u_is_a_unit_vector():
    return radial_eigenvalue(lambda q, r: S.One) == S.Zero
