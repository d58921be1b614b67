r"""Theorem layer-norm-deviation-tube.

Let $D$ be the Jacobian of LayerNorm or RMSNorm at a token: $D = \operatorname{diag}
(\gamma)(\Pi - \hat z\hat z^{\mathsf T})/s$ with $\hat z = \Pi x/(s\sqrt d)$, $s^2 =
|\Pi x|^2/d + \epsilon$, and $\Pi$ the projection off the mean (RMSNorm: the identity).
For $|x - x_0| \le \varepsilon$ and $\rho = \varepsilon/(s_0\sqrt d) < 1$

$$\lVert D(x) - D(x_0)\rVert \le \tfrac{2}{\sqrt 3}\,\lVert\gamma\rVert_\infty\,
 \frac{\rho}{s_0(1 - \rho)} .$$

Along the segment $x_0 + t\delta$, $|\delta| \le \varepsilon$; write $u = \Pi\delta$, $r
= |\hat z| \le 1$, $q = 1 - r^2$.  Inner products of $\hat z$ and $u$ are plain numbers,
so the steps hold in every dimension.
"""

from sympy import Function, Matrix, Rational, diff, expand, integrate, sqrt, symbols

from stabcheck.theorems.algebra import is_positive_semidefinite

THEOREM = "layer-norm-deviation-tube"

t, d, epsilon = symbols("t d epsilon", positive=True)
CONSTANT = 2 / sqrt(3)


def change_is_bounded(constant, cosine, length) -> bool:
    """Whether constant I -+ M >= 0, M the derivative over its scale, for |u| = 1.

    M is in the basis of z/r and the rest of u; `cosine` and `length` are of u and r.
    """
    sine = sqrt(1 - cosine**2)
    q = 1 - length**2
    M = length * Matrix([[3 * cosine * q, sine], [sine, cosine]])
    above, below = (constant * Matrix.eye(2) + sign * M for sign in (-1, 1))
    return is_positive_semidefinite(above) and is_positive_semidefinite(below)


def tube_is_covered(deviation, rho) -> bool:
    """Whether s_0 times a bound is enough for a token that moves straight inwards.

    With epsilon = 0 that token keeps z and has the scale s_0 (1 - rho): the norm of D
    grows from 1/s_0 to 1/(s_0 (1 - rho)).
    """
    return bool(1 / (1 - rho) - 1 <= deviation)


def step_1_scale_and_direction_move_along_the_segment():
    # |Pi x|^2 is quadratic in t with the half derivative (Pi x).u = s sqrt(d) (z.u).
    square, s = Function("square")(t), Function("s")(t)
    inner = symbols("inner", real=True)  # z.u
    of_scale = diff(square / d + epsilon - s**2, t).subs(
        diff(square, t), 2 * s * sqrt(d) * inner
    )
    rate = inner / sqrt(d)
    assert expand(of_scale.subs(diff(s, t), rate)) == 0
    # An entry of z = (Pi x)/(s sqrt d): its numerator moves with the entry of u.
    y, z, u = Function("y")(t), symbols("z", real=True), symbols("u", real=True)
    moved = diff(y / (s * sqrt(d)), t).subs(diff(y, t), u).subs(diff(s, t), rate)
    assert expand(moved.subs(y, z * s * sqrt(d)) - (u - z * inner) / (s * sqrt(d))) == 0


def step_2_the_derivative_of_the_jacobian():
    # Entry (a, b) of (Pi - z z^T)/s: -(1/(s^2 sqrt d)) [(z.u)(Pi - z z^T) + u' z^T + z
    # u'^T] with u' = u - z (z.u).
    P, inner, ua, ub = symbols("P inner u_a u_b", real=True)
    za, zb, s = (Function(name)(t) for name in ("z_a", "z_b", "s"))
    rates = {
        diff(za, t): (ua - za * inner) / (s * sqrt(d)),
        diff(zb, t): (ub - zb * inner) / (s * sqrt(d)),
        diff(s, t): inner / sqrt(d),
    }
    found = diff((P - za * zb) / s, t).subs(rates)
    turn = (ua - za * inner) * zb + za * (ub - zb * inner)
    claimed = -(inner * (P - za * zb) + turn) / (s**2 * sqrt(d))
    assert expand(found - claimed) == 0


def step_3_in_two_directions_it_is_a_small_matrix():
    # z = r e, u = c e + k f with c^2 + k^2 = 1; e, f orthonormal.  Off e and f the
    # bracket is z.u = r c times Pi, and |r c| <= 1 < 2/sqrt 3.
    r, c, k = symbols("r c k", real=True)
    z, u = Matrix([r, 0]), Matrix([c, k])
    inner = (z.T * u)[0]
    turned = u - z * inner
    bracket = inner * (Matrix.eye(2) - z * z.T) + turned * z.T + z * turned.T
    small = r * Matrix([[3 * c * (1 - r**2), k], [k, c]])
    assert (bracket - small).applyfunc(expand).is_zero_matrix
    assert CONSTANT > 1


def step_4_that_matrix_is_between_plus_and_minus_two_over_root_three():
    # r kappa I - M with kappa = 2/(r sqrt 3): its determinant over r^2 is a square
    # times 1 + 3 q > 0, and its last diagonal entry over r is kappa - c > 0 as kappa >=
    # 2/sqrt 3 > 1 >= c.  For + M replace f by -f and c by -c.
    c, q, kappa = symbols("c q kappa", real=True)
    determinant = (kappa - 3 * c * q) * (kappa - c) - (1 - c**2)
    square = (1 + 3 * q) * (c - kappa / 2) ** 2
    # kappa^2 = 4/(3 r^2) and r^2 = 1 - q: kappa^2 (1 - q) = 4/3.
    gap = expand(determinant - square)
    assert expand(gap - (Rational(3, 4) * kappa**2 * (1 - q) - 1)) == 0


def step_5_the_projection_and_the_gains_never_lengthen():
    # |delta|^2 = |Pi delta|^2 + |delta - Pi delta|^2, so |u| <= |delta| <= radius, and
    # |diag(gamma) v|^2 = sum gamma_a^2 v_a^2 <= |gamma|_inf^2 |v|^2 entry by entry.
    a, mean = symbols("a mean", real=True)
    # The entries of Pi delta = delta - mean sum to zero: the cross term vanishes.
    assert expand(a**2 - ((a - mean) ** 2 + mean**2) - 2 * mean * (a - mean)) == 0


def step_6_the_scale_shrinks_at_most_linearly_and_the_change_adds_up():
    # |s'| = |z.u|/sqrt d <= radius/sqrt d = rho s_0, so s(t) >= s_0 (1 - rho t) > 0;
    # the norm of D' is at most (2/sqrt 3) |gamma| (rho s_0)/s(t)^2 by steps 2 to 5.
    s, rho = symbols("s rho", positive=True)
    share = integrate(rho * s / (s * (1 - rho * t)) ** 2, t)
    total = share.subs(t, 1) - share.subs(t, 0)
    assert (total - rho / (s * (1 - rho))).simplify() == 0


def witness_the_constant_is_attained_by_the_rate_of_change():
    # r = 1 (epsilon = 0) and the cosine 1/sqrt 3: the matrix has the eigenvalue 2/sqrt
    # 3.
    cosine = 1 / sqrt(3)
    M = Matrix([[0, sqrt(Rational(2, 3))], [sqrt(Rational(2, 3)), cosine]])
    assert (M - CONSTANT * Matrix.eye(2)).det() == 0
    assert change_is_bounded(CONSTANT, cosine, 1)


def witness_the_growth_of_the_scale_is_attained_straight_inwards():
    assert tube_is_covered(Rational(1, 2) / (1 - Rational(1, 2)), Rational(1, 2))


def mutant_a_smaller_constant():
    return change_is_bounded(Rational(11, 10), 1 / sqrt(3), 1)


def mutant_the_constant_one():
    return change_is_bounded(1, 1 / sqrt(3), 1)


def mutant_the_shrinking_scale_may_be_forgotten():
    rho = Rational(1, 2)
    return tube_is_covered(CONSTANT * rho, rho)
