r"""Theorem soft-norm-jacobian.

The soft norm $N(x) = x/r$ with $r = \sqrt{1 + |x|^2/\rho^2}$ has at each token the
symmetric Jacobian

$$D = \bigl(I - N N^T/\rho^2\bigr)/r$$

with the eigenvalues $1/r^3$ (on $x$) and $1/r$ (on what is orthogonal to it, $d - 1$
times).  So $\lVert D \rVert_2 \le 1/r = \sqrt{1 - |N|^2/\rho^2} \le 1$ with $|N| <
\rho$, and 1 is attained at $x = 0$.
"""

from sympy import KroneckerDelta, S, simplify, sqrt, symbols

from stabcheck.fields import soft_norm
from stabcheck.fields.notation import X, a, c, d, i, n, radius
from stabcheck.symbolic import Tensor, indices, inlined, is_zero, total
from stabcheck.symbolic.proving.covariance_form import one_term_changed

THEOREM = "soft-norm-jacobian"

(j,), (b,) = indices("j", "token", n), indices("b", "feature", d)
y = Tensor("y", (a,))
rho = radius.symbol
root = sqrt(1 + total(X[i, c] ** 2, c) / rho**2)
q, size = symbols("q rho", positive=True)
r = sqrt(1 + q / size**2)


def inner():
    """The matrix that 1/r multiplies."""
    return KroneckerDelta(a, b) - X[i, a] * X[i, b] / (root * rho) ** 2


def verdict(matrix) -> str:
    """On whether delta_ij times a matrix over r is the derived Jacobian."""
    formula = KroneckerDelta(i, j) * matrix / root
    return is_zero(inlined(soft_norm().jacobian()) - formula).verdict


def has_the_radial_eigenvalue(value) -> bool:
    """Whether 1 - |N|^2/rho^2, over r, is a value, with q = |x|^2."""
    square = (q / r**2) / size**2
    return simplify((1 - square) / r - value) == S.Zero


def step_1_the_derived_jacobian_is_the_formula():
    assert verdict(inner()) == "proved"


def step_2_along_the_token_the_eigenvalue_is_one_over_r_cubed():
    # (I - N N^T/rho^2) x = (1 - |N|^2/rho^2) x.
    square = total(X[i, c] ** 2, c) / (root * rho) ** 2
    moved = total(inner() * X[i, b], b) - (1 - square) * X[i, a]
    assert is_zero(moved).is_proved
    assert has_the_radial_eigenvalue(1 / r**3)


def step_3_orthogonal_to_it_the_matrix_is_the_identity():
    # (I - N N^T/rho^2) y = y - N (N.y)/rho^2, and N.y = 0 there.
    rest = total(inner() * y[b], b) - y[a]
    along = total(X[i, b] * y[b], b)
    assert is_zero(rest + X[i, a] * along / (root * rho) ** 2).is_proved


def step_4_the_larger_eigenvalue_is_the_root_of_what_is_left_of_the_ball():
    # r >= 1, so 1/r^3 <= 1/r; and 1/r^2 > 0, so |N| < rho.
    assert simplify(1 / r**2 - (1 - (q / r**2) / size**2)) == S.Zero
    assert (r**2 - 1).is_positive


def witness_at_the_origin_it_is_the_identity():
    assert r.subs(q, 0) == 1
    at = soft_norm().jacobian().lower("exact")([[0, 0]])
    assert at[0, :, 0].tolist() == [[1, 0], [0, 1]]


def mutant_some_term_is_dropped_or_flipped():
    return any(verdict(matrix) != "refuted" for matrix in one_term_changed(inner()))


def mutant_the_radial_eigenvalue_is_zero_as_on_the_sphere():
    return has_the_radial_eigenvalue(S.Zero)


def mutant_the_radial_eigenvalue_is_one_over_r():
    return has_the_radial_eigenvalue(1 / r)
