r"""Theorem convex-sinkhorn-energy.

Let $A = WW^{\mathsf T}$, $V = -\kappa A$, $\kappa \ge 0$, $P$ doubly stochastic as in
theorem sinkhorn-attention-norm, $\kappa\lVert A\rVert \le v$ and $\lVert A\rVert R^2
\le \alpha$ (heads: the sum of such fields).  On tokens of norm at most $R$

$$-v\,\ell(\alpha)\,I \preceq J = J^{\mathsf T} \preceq 0,\qquad \ell(\alpha) =
\begin{cases} 1 & \alpha \le \tfrac14 \\ 2\alpha + \frac1{8\alpha} & \alpha \ge
\tfrac14 ; \end{cases}$$

the upper bound holds for every state.  $S = XAX^{\mathsf T}$ is symmetric and so is
$P$; $-J/\kappa = P\otimes A + M$ with $v\cdot Mv = \langle\rho, \varphi\rangle$, $\rho$
the orthogonal projection of $\psi + \varphi$, $\psi_{ij} = x_i\cdot Av_j =
\varphi_{ji}$.  As far as we know this self-attention is new.
"""

from sympy import Matrix, Rational, expand, factorial, simplify, symbols

from stabcheck.theorems.algebra import (
    is_positive_semidefinite,
    is_sum_of_nonnegative_terms,
)

THEOREM = "convex-sinkhorn-energy"

alpha = symbols("alpha", positive=True)
p = symbols("p", nonnegative=True)


def parts_are_covered(factor) -> bool:
    """Whether |a + b|^2 / 2 <= factor |a|^2 for |a| = |b|: up to (a - b)^2 / 2."""
    a, b = symbols("a b", real=True)
    gap = factor * (a**2 + b**2) / 2 - (a + b) ** 2 / 2
    rest = expand(gap - (a - b) ** 2 / 2)
    return bool(rest.subs({a: 1, b: 1}) >= 0) and bool(rest.subs({a: 1, b: 0}) >= 0)


def parabola_is_covered(constant) -> bool:
    """Whether the constant exceeds p + 2 alpha (1 - p^2) by a square, for every p."""
    gap = constant - p - 2 * alpha * (1 - p**2)
    return bool(simplify(gap - 2 * alpha * (p - 1 / (4 * alpha)) ** 2) >= 0)


def small_logits_are_covered(most) -> bool:
    """Whether 1 - 2 alpha (1 + p) >= 0 for alpha = most - s, p <= 1."""
    s = symbols("s", nonnegative=True)
    return is_sum_of_nonnegative_terms(expand(1 - 4 * (most - s)))


def step_1_the_jacobian_is_symmetric():
    # v . J w with the mean part sum P_ij v_i . A w_j and <proj(psi_w + phi_w), phi_v>.
    # By P_ij = P_ji the transposition keeps the inner product and the projection, and
    # psi_v is phi_v transposed: the second part is half of <proj(psi_w + phi_w), psi_v
    # + phi_v>, symmetric in v and w.  Two tokens, the transposition of pairs:
    P12 = symbols("P12", real=True)
    a, b = (symbols(f"{name}:2:2", real=True) for name in ("a", "b"))
    P = Matrix([[1 - P12, P12], [P12, 1 - P12]])
    direct = sum(P[i, j] * a[2 * i + j] * b[2 * i + j] for i in (0, 1) for j in (0, 1))
    turned = sum(P[i, j] * a[2 * j + i] * b[2 * j + i] for i in (0, 1) for j in (0, 1))
    assert expand(direct - turned) == 0


def step_2_the_weights_are_positive_semidefinite():
    # Powers entry by entry of a Gram matrix are Gram matrices: (x . y)^2 is the inner
    # product of x (x) x and y (x) y.  e^S is their sum with weights 1/k!, and P = D e^S
    # D.  So P (x) A is positive semidefinite.
    x1, x2, y1, y2 = symbols("x1 x2 y1 y2", real=True)
    squares = [x1 * x1, x1 * x2, x2 * x1, x2 * x2], [y1 * y1, y1 * y2, y2 * y1, y2 * y2]
    inner = sum(a * b for a, b in zip(*squares, strict=True))
    assert expand((x1 * y1 + x2 * y2) ** 2 - inner) == 0
    assert all(1 / factorial(k) > 0 for k in range(20))
    assert is_positive_semidefinite(Matrix([[1, Rational(1, 2)], [Rational(1, 2), 1]]))


def step_3_the_other_part_is_half_of_a_square():
    # <proj(psi + phi), phi> = <proj(psi + phi), psi> by the transposition, so it is
    # half of |proj(psi + phi)|^2: nothing expands.
    s, t = symbols("s t", real=True)  # coordinates of the projections of psi and phi
    half = (s + t) ** 2 / 2
    assert expand(((s + t) * t + (s + t) * s) / 2 - half) == 0


def step_4_the_square_by_the_part_of_the_keys():
    # |proj phi| = |proj psi| and |proj psi|^2 <= |A| alpha (1 - |Pv|^2).
    assert parts_are_covered(2)


def step_5_an_eigenvector_of_the_weights():
    # v . (P (x) A) v <= |A| v . (P (x) I) v: per eigenvalue p in [0, 1] of P the form
    # is at most |A| (p + 2 alpha (1 - p^2)).
    assert parabola_is_covered(2 * alpha + 1 / (8 * alpha))
    gap = 1 - p - 2 * alpha * (1 - p**2)
    assert expand(gap - (1 - p) * (1 - 2 * alpha * (1 + p))) == 0
    assert small_logits_are_covered(Rational(1, 4))


def witness_one_token_attains_both_ends_for_small_logits():
    # n = 1, P = 1: J = -kappa A with A = (alpha/R^2) e e^T: -v along e, 0 across.
    kappa, size = symbols("kappa size", positive=True)
    J = -kappa * size * Matrix([[1, 0], [0, 0]])
    assert J.eigenvals() == {-kappa * size: 1, 0: 1}


def mutant_the_square_counts_once():
    return parts_are_covered(1)


def mutant_logits_of_one_half_are_free():
    return small_logits_are_covered(Rational(1, 2))


def mutant_a_smaller_constant():
    return parabola_is_covered(2 * alpha + 1 / (9 * alpha))
