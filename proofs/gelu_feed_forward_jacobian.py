r"""Theorem gelu-feed-forward-jacobian.

$\mathrm{GELU}(x W_1 + b_1) W_2 + b_2$ with $\mathrm{GELU}(z) = z\,\Phi(z)$ has the
Jacobian

$$J_{ij} = \delta_{ij}\,W_2^T\,\mathrm{diag}\bigl(\Phi(z_i) + z_i\,\varphi(z_i)\bigr)\,
W_1^T,\qquad z_i = W_1^T x_i + b_1,$$

block diagonal over tokens; $\Phi$, $\varphi$ are the normal law and its density.
"""

from sympy import KroneckerDelta, diff, erf, exp, pi, simplify, sqrt, symbols

from stabcheck.fields import feed_forward
from stabcheck.fields.notation import W_1, W_2, a, d, g, i, n
from stabcheck.symbolic import Tensor, indices, inlined, is_zero, total

THEOREM = "gelu-feed-forward-jacobian"

(j,), (b,) = indices("j", "token", n), indices("b", "feature", d)
z = Tensor("z", (i, g))


def law(x):
    return (1 + erf(x / sqrt(2))) / 2


def density(x):
    return exp(-(x**2) / 2) / sqrt(2 * pi)


def is_the_jacobian(slope, same_token=True) -> bool:
    """Whether W_2^T diag(slope(z)) W_1^T is the derived Jacobian, for all sizes."""
    derived = inlined(feed_forward().jacobian(), keep=frozenset("z"))
    token = KroneckerDelta(i, j) if same_token else 1
    formula = token * total(W_1[b, g] * slope(z[i, g]) * W_2[g, a], g)
    return is_zero(derived - formula).is_proved


def step_1_phi_is_the_derivative_of_the_law():
    x = symbols("x", real=True)
    assert simplify(diff(law(x), x) - density(x)) == 0


def step_2_the_derived_jacobian_is_the_formula():
    assert is_the_jacobian(lambda x: law(x) + x * density(x))


def mutant_the_density_term_is_dropped():
    return is_the_jacobian(law)


def mutant_the_density_is_not_weighted_by_z():
    return is_the_jacobian(lambda x: law(x) + density(x))


def mutant_tokens_are_coupled():
    return is_the_jacobian(lambda x: law(x) + x * density(x), same_token=False)
