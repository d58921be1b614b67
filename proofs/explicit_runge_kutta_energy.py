r"""Theorem explicit-runge-kutta-energy.

Let an explicit Runge-Kutta method have weights $b \ge 0$, and let $L_i$, $\mu_i$ bound
$\|J\|$ and $\mu_2(J)$ on a convex set that holds stage $i$ of two steps.  With $d_i = 1
+ h\sum_j|a_{ij}|L_jd_j$, $e_i = hL_id_i$ and $m_{ij} = b_ia_{ij} + b_ja_{ji} - b_ib_j$,

$$|\Delta_1|^2 \le |\Delta_0|^2\Bigl(1 + 2h\sum_ib_i\mu_i\,c_i^2 + \sum_{i\ne j}|m_{ij}|
e_ie_j + \sum_i\max(0, -m_{ii})e_i^2\Bigr),$$

$c_i = d_i$ where $\mu_i \ge 0$ and $\max(0, 2 - d_i)$ where $\mu_i < 0$.  The lower
bound has $\lambda_{\min}$ for $\mu$, the other case for $c_i$ and the other signs.

Write $g_i = h\Delta f_i$ and $\Delta Y_i = \Delta_0 + \sum_ja_{ij}g_j$.
"""

from itertools import product

from sympy import Rational, Symbol, expand, sqrt, symbols

THEOREM = "explicit-runge-kutta-energy"

# A quadratic form in vectors is determined by its values on scalars: the coefficient
# of g_i g_j is that of the inner product of g_i and g_j.  Every coefficient involves
# at most two stages, so two stages with arbitrary entries stand for all.
D0, G1, G2 = symbols("D0 g1 g2")
G = (G1, G2)
B = symbols("b1 b2")
A = [[Symbol(f"a{i}{j}") for j in (1, 2)] for i in (1, 2)]


def is_the_energy_identity(form):
    """Whether |D_1|^2 = |D_0|^2 + 2 sum b_i <g_i, dY_i> - sum m_ij <g_i, g_j>."""
    after = D0 + sum(b * g for b, g in zip(B, G, strict=True))
    stages = [D0 + sum(a * g for a, g in zip(row, G, strict=True)) for row in A]
    work = 2 * sum(b * g * y for b, g, y in zip(B, G, stages, strict=True))
    rest = sum(form(i, j) * G[i] * G[j] for i, j in product(range(2), repeat=2))
    return expand(after**2 - (D0**2 + work - rest)) == 0


def algebraic_form(i, j):
    return B[i] * A[i][j] + B[j] * A[j][i] - B[i] * B[j]


def step_1_the_energy_identity():
    assert is_the_energy_identity(algebraic_form)


def step_2_the_stages_spread_between_two_minus_d_and_d():
    # |dY_i| <= |D_0| + sum |a_ij| |g_j| and |g_j| <= h L_j |dY_j|, by induction on i,
    # give |dY_i| <= d_i |D_0| and |dY_i - D_0| <= (d_i - 1)|D_0|; then the triangle
    # inequality |dY_i| >= |D_0| - |dY_i - D_0| is 2 - d_i.
    d = symbols("d", positive=True)
    assert expand(1 - (d - 1) - (2 - d)) == 0


def is_at_most_the_bound(mu, distance, low, high):
    """Whether mu r^2 <= mu distance^2 for every r between two nonnegative ends.

    The difference is linear in r^2: its sign at both ends decides.
    """
    return all(mu * distance**2 - mu * r**2 >= 0 for r in (low, high))


def step_3_the_work_is_at_most_mu_times_the_extreme_distance():
    # b_i <g_i, dY_i> <= b_i h mu_i |dY_i|^2 needs b_i >= 0.  The sign of mu decides
    # which end of the interval of distances is the extreme one; scaling makes any
    # interval one of these, because both sides are homogeneous in (low, high).
    for low, high in ((0, 1), (Rational(1, 3), 1), (1, 1)):
        assert is_at_most_the_bound(1, high, low, high)
        assert is_at_most_the_bound(-1, low, low, high)


def step_4_the_cross_terms_are_at_most_the_products_of_norms():
    # -m_ij <g_i, g_j> <= |m_ij| |g_i| |g_j| by Cauchy-Schwarz, in the plane of two
    # vectors: |g|^2 |k|^2 - <g, k>^2 is the square of the cross product.  And
    # -m_ii |g_i|^2 <= max(0, -m_ii) e_i^2 because |g_i|^2 lies in [0, e_i^2].
    g, h, k, m = symbols("g h k m", real=True)
    gap = (g**2 + h**2) * (k**2 + m**2) - (g * k + h * m) ** 2
    assert expand(gap - (g * m - h * k) ** 2) == 0


def is_bounded_at(value, ratio_squared):
    return ratio_squared <= value


def witness_a_rotation_attains_it_for_forward_euler():
    # b = 1, m_11 = -1, d = 1: the bound 1 + 2h mu + h^2 L^2 is |1 + h(mu + i w)|^2 for
    # the field (mu, -w; w, mu), whose norm is L = |mu + i w|.
    h, mu, w = symbols("h mu w", real=True)
    L = sqrt(mu**2 + w**2)
    exact = (1 + h * mu) ** 2 + (h * w) ** 2
    assert expand(exact - (1 + 2 * h * mu + h**2 * L**2)) == 0


def mutant_1_the_form_without_the_product_of_weights():
    return is_the_energy_identity(lambda i, j: B[i] * A[i][j] + B[j] * A[j][i])


def mutant_2_the_farthest_distance_for_a_negative_log_norm():
    return is_at_most_the_bound(-1, 1, Rational(1, 3), 1)


def mutant_3_the_diagonal_of_the_form_dropped():
    # Forward Euler on a rotation with mu = 0, h = L = 1: the ratio squared is 2.
    return is_bounded_at(1, 2)
