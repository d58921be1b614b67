r"""Theorem sphere-projection-jacobian.

The projection to the unit sphere, $u = x/|x|$ for $x \ne 0$, has at each token the
Jacobian

$$D = (I - u u^T)/|x|,$$

the projection to the tangent space at $u$ over the length of the token: 0 on $x$,
$1/|x|$ on what is orthogonal to it.
"""

from sympy import KroneckerDelta, sqrt

from stabcheck.fields import sphere_projection
from stabcheck.fields.notation import X, a, c, d, i, n
from stabcheck.symbolic import Tensor, indices, inlined, is_zero, total
from stabcheck.symbolic.proving.covariance_form import one_term_changed

THEOREM = "sphere-projection-jacobian"

(j,), (b,) = indices("j", "token", n), indices("b", "feature", d)
y = Tensor("y", (a,))
square = total(X[i, c] ** 2, c)


def tangent():
    """I - u u^T."""
    return KroneckerDelta(a, b) - X[i, a] * X[i, b] / square


def verdict(matrix) -> str:
    """On whether delta_ij times a matrix over |x| is the derived Jacobian."""
    formula = KroneckerDelta(i, j) * matrix / sqrt(square)
    return is_zero(inlined(sphere_projection().jacobian()) - formula).verdict


def over_the_square():
    """|x|^2 (I - u u^T)."""
    return square * KroneckerDelta(a, b) - X[i, a] * X[i, b]


def moves_the_token_by(multiple) -> bool:
    """Whether I - u u^T takes x to a multiple of x, times |x|^2."""
    moved = total(over_the_square() * X[i, b], b)
    return is_zero(moved - multiple * square * X[i, a]).is_proved


def step_1_the_derived_jacobian_is_the_formula():
    assert verdict(tangent()) == "proved"


def step_2_it_annuls_the_token():
    assert moves_the_token_by(0)


def step_3_what_is_orthogonal_to_the_token_stays():
    # |x|^2 (I - u u^T) y = |x|^2 y - x (x.y), and x.y = 0 there.
    rest = total(over_the_square() * y[b], b) - square * y[a]
    along = total(X[i, b] * y[b], b)
    assert is_zero(rest + X[i, a] * along).is_proved


def step_4_its_image_is_tangent():
    # x.(I - u u^T) y = x.y - x.y.
    assert is_zero(total(X[i, a] * over_the_square() * y[b], a, b)).is_proved


def mutant_some_term_is_dropped_or_flipped():
    return any(verdict(matrix) != "refuted" for matrix in one_term_changed(tangent()))


def mutant_the_token_is_kept():
    return moves_the_token_by(1)
