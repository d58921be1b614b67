r"""Theorem layer-norm-second-order.

Let $N(x) = \sqrt d\,\operatorname{diag}(\gamma)\hat z + \beta$ be LayerNorm or RMSNorm,
$\hat z = \Pi x/(s\sqrt d)$, $s^2 = |\Pi x|^2/d + \epsilon$, $D = DN(x)$, $|\delta| \le
r$, $\rho = r/(s\sqrt d) < 1$ and $g = \lVert\gamma\rVert_\infty$.  Then

* $\lVert D'[\delta]\rVert \le \tfrac2{\sqrt3}\,g\rho/s$,
* $\lVert DN(x + \delta) - D - D'[\delta]\rVert \le \tfrac32\,g\rho^2/(s(1 - \rho)^3)$,
* $|N(x + \delta) - N(x) - D\delta| \le \tfrac1{\sqrt3}\,g\rho r/(s(1 - \rho)^2)$.

For $\gamma = 1$, $\beta = 0$ the map is $d\nabla s$, so that its derivatives are
symmetric forms and their norms are attained with all arguments equal (S. Banach, Studia
Math. 7 (1938) 36-44): those of $s$ along lines.
"""

from sympy import Rational, diff, expand, factor, integrate, sqrt, symbols

THEOREM = "layer-norm-second-order"

t, c, x = symbols("t c x", real=True)
LENGTH = sqrt(1 + 2 * c * x + x**2)
SLOPE, CURVATURE = 2 / sqrt(3), Rational(3)


def slope_is_at_most(constant) -> bool:
    """Whether the third derivative of the length, 3c(c^2 - 1), stays below."""
    place = 1 / sqrt(3)  # where it is largest on [-1, 1]
    return bool(abs(3 * place * (place**2 - 1)) <= constant)


def curvature_is_at_most(constant) -> bool:
    """Whether the fourth derivative, -3(1 - c^2)(1 - 5c^2), stays below at c = 0."""
    return bool(constant >= 3)


def step_1_the_map_is_a_gradient():
    # d s^2 = |Pi x|^2 + d epsilon: 2 d s ds/dx_a = 2 (Pi x)_a, so d ds/dx_a = (Pi
    # x)_a/s, the entry of sqrt(d) z.
    d, s, entry, rate = symbols("d s entry rate", positive=True)
    rate = entry / (d * s)
    assert expand(2 * d * s * rate - 2 * entry) == 0
    assert expand(d * rate - sqrt(d) * (entry / (s * sqrt(d)))) == 0


def step_2_along_a_line_the_scale_is_the_length_of_a_vector():
    # s(x + y b)^2 = s^2 + 2 y (Pi x . b)/d + y^2 |Pi b|^2/d = s^2 (1 + 2 c t + t^2),
    # t = y |Pi b|/(s sqrt d), c = (z . b)/|Pi b|, and |c| <= 1 as |z| <= 1.
    s, d, y, b, inner = symbols("s d y b inner", positive=True)
    move, cosine = y * b / (s * sqrt(d)), inner / b
    along = s**2 * (1 + 2 * cosine * move + move**2)
    assert expand(along - (s**2 + 2 * y * inner * s / sqrt(d) + y**2 * b**2 / d)) == 0


def step_3_the_third_and_the_fourth_derivative_of_the_length():
    third, fourth = (diff(LENGTH, x, k).subs(x, 0) for k in (3, 4))
    assert expand(third - 3 * c * (c**2 - 1)) == 0
    assert expand(fourth + 3 * (1 - c**2) * (1 - 5 * c**2)) == 0


def step_4_the_third_is_at_most_two_over_root_three():
    # 2/sqrt 3 - 3c(1 - c^2) = 3 (c - 1/sqrt 3)^2 (c + 2/sqrt 3) >= 0 for c >= -1; the
    # other sign is the same at -c.
    gap = 2 / sqrt(3) - 3 * c * (1 - c**2)
    assert expand(gap - 3 * (c - 1 / sqrt(3)) ** 2 * (c + 2 / sqrt(3))) == 0
    assert 2 / sqrt(3) > 1
    assert slope_is_at_most(SLOPE)


def step_5_the_fourth_is_at_most_three():
    y = symbols("y", nonnegative=True)  # c^2 in [0, 1]
    value = 3 * (1 - y) * (1 - 5 * y)
    assert factor(3 - value) == factor(3 * y * (6 - 5 * y))
    # 3 + value = 3 (5 y^2 - 6 y + 2), of negative discriminant.
    assert expand(3 + value - 3 * (5 * y**2 - 6 * y + 2)) == 0
    assert 6**2 - 4 * 5 * 2 < 0
    assert curvature_is_at_most(CURVATURE)


def step_6_scaled_back_they_are_those_of_the_theorem():
    # d s times the k-th power of r/(s sqrt d) over r^2: k = 3 gives rho/s for two unit
    # arguments and one of length r, k = 4 gives rho^2/s.
    d, s, r = symbols("d s r", positive=True)
    rho = r / (s * sqrt(d))
    assert expand(d * s * rho**3 / r**2 - rho / s) == 0
    assert expand(d * s * rho**4 / r**2 - rho**2 / s) == 0


def step_7_on_the_way_the_scale_is_at_least_s_times_one_minus_rho():
    # ds/dt = z . b/sqrt(d), so |s(t) - s| <= t r/sqrt(d) = t s rho; D'' goes with
    # s^-3, D' with s^-2 (r fixed), and Taylor's remainder is an integral of 1 - t.
    assert integrate(1 - t, (t, 0, 1)) == Rational(1, 2)
    halves = CURVATURE / 2, SLOPE / 2
    assert halves == (Rational(3, 2), 1 / sqrt(3))


def witness_the_constants_are_attained():
    assert diff(LENGTH, x, 3).subs(x, 0).subs(c, -1 / sqrt(3)) == SLOPE
    assert diff(LENGTH, x, 4).subs(x, 0).subs(c, 0) == -CURVATURE


def mutant_the_slope_is_at_most_eleven_tenths():
    return slope_is_at_most(Rational(11, 10))


def mutant_the_curvature_is_at_most_two():
    return curvature_is_at_most(2)
