r"""Theorem swiglu-jacobian.

A gated feed-forward branch $(\varphi(x W_g) \circ x W_1) W_2$ has the Jacobian

$$J_{ij} = \delta_{ij}\,W_2^T\,\bigl(\mathrm{diag}(z_i \circ \varphi'(u_i))\,W_g^T +
\mathrm{diag}(\varphi(u_i))\,W_1^T\bigr),\qquad u_i = W_g^T x_i,\ z_i = W_1^T x_i,$$

for SwiGLU ($\varphi$ SiLU) and GeGLU ($\varphi$ GELU).  SwiGLU is quadratic at infinity
and not globally Lipschitz: for $d = m = 1$ and unit weights $J(x) \ge x$ for $x \ge 0$.
"""

from functools import cache

from sympy import KroneckerDelta, Rational, erf, exp, expand, pi, sqrt, symbols

from stabcheck.fields import gated_feed_forward
from stabcheck.fields.notation import W_1, W_2, W_g, a, d, g, i, n
from stabcheck.symbolic import Tensor, indices, inlined, is_zero, total
from stabcheck.symbolic.functions import sigmoid
from stabcheck.symbolic.proving.covariance_form import one_term_changed
from stabcheck.theorems.algebra import is_sum_of_nonnegative_terms

THEOREM = "swiglu-jacobian"

(j,), (b,) = indices("j", "token", n), indices("b", "feature", d)
u, z = Tensor("u", (i, g))[i, g], Tensor("z", (i, g))[i, g]
x = symbols("x", real=True)

SILU = u * sigmoid(u), sigmoid(u) + u * sigmoid(u) * (1 - sigmoid(u))
GELU = (
    u * (1 + erf(u / sqrt(2))) / 2,
    (1 + erf(u / sqrt(2))) / 2 + u * exp(-(u**2) / 2) / sqrt(2 * pi),
)


def inner(value, slope):
    """The matrix that W_2^T multiplies."""
    return W_g[b, g] * z * slope + W_1[b, g] * value


@cache
def derived(activation):
    """The derived Jacobian with the gate and the inner state by name."""
    field = gated_feed_forward(activation=activation)
    return inlined(field.jacobian(), keep=frozenset("uz"))


def verdict(matrix, activation, same_token=True) -> str:
    """On whether W_2^T times a matrix is the derived Jacobian."""
    token = KroneckerDelta(i, j) if same_token else 1
    formula = token * total(W_2[g, a] * matrix, g)
    return is_zero(derived(activation) - formula).verdict


def grows_like(factor) -> bool:
    r"""Whether $(x^2 \sigma)' \ge$ factor $x$, for $\sigma = 1/2 + s$, $0 \le s$."""
    half, rest, place = symbols("s t x", nonnegative=True)
    weight, above = half + Rational(1, 2), rest  # sigma and 1 - sigma
    slope = 2 * place * weight + place**2 * weight * above
    return is_sum_of_nonnegative_terms(slope - factor * place)


def step_1_the_jacobian_is_the_formula():
    assert verdict(inner(*SILU), "silu") == "proved"
    assert verdict(inner(*GELU), "gelu") == "proved"


def step_2_along_a_line_it_is_the_slope_of_x_squared_sigma():
    # d = m = 1 and unit weights: F(x) = silu(x) x, and z = u = x in the formula.
    field = (x * sigmoid(x)) * x
    slope = 2 * x * sigmoid(x) + x**2 * sigmoid(x) * (1 - sigmoid(x))
    assert expand(field.diff(x) - slope) == 0
    value, rate = (part.xreplace({u: x}) for part in SILU)
    assert expand(x * rate + value - slope) == 0


def step_3_so_it_is_not_globally_lipschitz():
    # sigma(x) >= 1/2 for x >= 0, and 1 - sigma > 0: J(N) >= N for every N.
    assert grows_like(1)


def mutant_some_term_is_dropped_or_flipped():
    return any(
        verdict(wrong, "silu") != "refuted" for wrong in one_term_changed(inner(*SILU))
    )


def mutant_tokens_are_coupled():
    return verdict(inner(*SILU), "silu", same_token=False) != "refuted"


def mutant_it_grows_twice_as_fast():
    return grows_like(2)
