r"""Theorem layer-norm-jacobian.

LayerNorm has at each token the Jacobian

$$D = \mathrm{diag}(\gamma)\,\bigl(\Pi - z z^T/d\bigr)/s,\qquad \Pi = I - 11^T/d,$$

$z = (x - \bar x)/s$, $s = \sqrt{\mathrm{var} + \epsilon}$.  For $\gamma = 1$ it is
symmetric with the eigenvalues $0$ (on $1$), $\epsilon/s^3$ (on $z$) and $1/s$ (on what
is orthogonal to both, $d - 2$ times).
"""

from sympy import KroneckerDelta, S, simplify, sqrt, symbols

from stabcheck.fields import layer_norm
from stabcheck.fields.notation import X, a, c, d, epsilon, gamma, i, n
from stabcheck.symbolic import Tensor, indices, inlined, is_zero, total

THEOREM = "layer-norm-jacobian"

(j,), (b,) = indices("j", "token", n), indices("b", "feature", d)
var = Tensor("var", (i,))
mean = total(X[i, c], c) / d

deviation = sqrt(var[i] + epsilon.symbol)


def z(feature):
    return (X[i, feature] - mean) / deviation


def inner(ones=1 / d, radial=1 / d):
    """The matrix that diag(gamma) / s multiplies."""
    return KroneckerDelta(a, b) - ones - radial * z(a) * z(b)


def is_the_jacobian(matrix) -> bool:
    """Whether diag(gamma) times the matrix over s is the derived Jacobian."""
    derived = inlined(layer_norm().jacobian(), keep=frozenset(["var"]))
    formula = KroneckerDelta(i, j) * gamma[a] * matrix / deviation
    return is_zero(derived - formula).is_proved


def radial_eigenvalue(square):
    r"""How far $\Pi - zz^T/d$ is from that eigenvalue on z; $s^2 = v + \epsilon$."""
    v, e = symbols("v epsilon", positive=True)
    s = sqrt(v + e)
    return simplify((1 - square(v, s)) / s - e / s**3)


def step_1_the_derived_jacobian_is_the_formula():
    assert is_the_jacobian(inner())


def step_2_the_ones_are_in_the_kernel():
    # sum_b (delta_ab - 1/d) = 0, and z sums to zero: sum_c (x_c - mean) = 0.
    assert is_zero(total(KroneckerDelta(a, b) - 1 / d, b)).is_proved
    assert is_zero(total(X[i, c] - mean, c)).is_proved


def step_3_the_square_of_z_is_d_times_the_variance_over_s_squared():
    # With step 2, Pi z = z and (z z^T/d) z = (|z|^2/d) z.
    square = total((X[i, c] - mean) ** 2, c)
    assert is_zero(total(z(c) ** 2, c) - square / deviation**2).is_proved
    # and the sum of squares is d var, by the declaration of var:
    mu, declared = Tensor("mu", (i,)), layer_norm().definitions[1].body
    declared = declared.xreplace({mu[i]: mean})
    assert is_zero(declared - square / d).is_proved


def step_4_so_z_has_the_eigenvalue_epsilon_over_s_cubed():
    assert radial_eigenvalue(lambda v, s: v / s**2) == S.Zero


def step_5_orthogonally_to_both_it_is_the_identity_over_s():
    # For w with 1.w = z.w = 0 only the delta acts.  d - 2 such directions, 1 and z make
    # an orthogonal basis (where z = 0, its place is taken by one more w and 1/s =
    # epsilon/s^3 there, since s^2 = epsilon).
    w = Tensor("w", (a,))
    image = total(inner() * w[b], b)
    ones, along = total(w[b], b), total(z(b) * w[b], b)
    rest = w[a] - ones / d - z(a) * along / d
    assert is_zero(image - rest).is_proved


def mutant_the_radial_term_is_dropped():
    return is_the_jacobian(inner(radial=0))


def mutant_the_mean_is_not_projected_out():
    return is_the_jacobian(inner(ones=0))


def mutant_z_has_the_length_root_d():
    # Then the eigenvalue would be 0, although epsilon > 0.
    return radial_eigenvalue(lambda v, s: S.One) == S.Zero
