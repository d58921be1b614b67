r"""Theorem rms-norm-jacobian.

RMSNorm has at each token the Jacobian

$$D = \mathrm{diag}(\gamma)\,\bigl(I - u u^T/d\bigr)/r,\qquad u = x/r,\quad
r = \sqrt{|x|^2/d + \epsilon}.$$
"""

from sympy import KroneckerDelta, S, simplify, sqrt, symbols

from stabcheck.fields import rms_norm
from stabcheck.fields.notation import X, a, c, d, epsilon, gamma, i, n
from stabcheck.symbolic import Tensor, indices, inlined, is_zero, total

THEOREM = "rms-norm-jacobian"

(j,), (b,) = indices("j", "token", n), indices("b", "feature", d)
square = Tensor("square", (i,))
root = sqrt(square[i] + epsilon.symbol)


def u(feature):
    return X[i, feature] / root


def is_the_jacobian(radial) -> bool:
    """Whether I minus this multiple of u u^T gives the derived Jacobian."""
    matrix = KroneckerDelta(a, b) - radial * u(a) * u(b)
    derived = inlined(rms_norm().jacobian(), keep=frozenset(["square"]))
    formula = KroneckerDelta(i, j) * gamma[a] * matrix / root
    return is_zero(derived - formula).is_proved


def step_1_the_derived_jacobian_is_the_formula():
    assert is_the_jacobian(1 / d)


def step_2_along_the_token_it_is_epsilon_over_r_cubed():
    # (I - u u^T/d) u = (1 - |u|^2/d) u with |u|^2 = d q/r^2, r^2 = q + epsilon: for
    # gamma = 1 the smallest singular value, the others being 1/r.
    declared = rms_norm().definitions[0].body
    assert is_zero(total(u(c) ** 2, c) - total(X[i, c] ** 2, c) / root**2).is_proved
    assert is_zero(declared - total(X[i, c] ** 2, c) / d).is_proved
    q, e = symbols("q epsilon", positive=True)
    r = sqrt(q + e)
    assert simplify((1 - q / r**2) / r - e / r**3) == S.Zero


def mutant_the_radial_term_is_dropped():
    return is_the_jacobian(0)


def mutant_u_is_a_unit_vector():
    # |u|^2 is nearly d, so a projection would subtract u u^T, not u u^T / d.
    return is_the_jacobian(1)
