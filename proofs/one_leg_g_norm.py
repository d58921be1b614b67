r"""Theorem one-leg-g-norm.

Let $\sum_j\alpha_jy_{n+j} = hf(\sum_j\beta_jy_{n+j})$, $j \le k$, with the rows $\rho =
(\alpha_j)$, $\sigma = (\beta_j)$, and let $L$, $\mu$, $m$ bound $\|J\|$, $\mu_2(J)$ and
$\lambda_{\min}((J + J^T)/2)$ on a convex set that holds the arguments of $f$.  If $G
\succ 0$, $\kappa, \lambda, \nu \ge 0$ and

$$\phi^2(G \oplus 0) - (0 \oplus G) - \kappa(h^2L^2\sigma^T\sigma - \rho^T\rho) -
\lambda(h\mu\,\sigma^T\sigma - \operatorname{sym}\rho^T\sigma) -
\nu(\operatorname{sym}\rho^T\sigma - hm\,\sigma^T\sigma) \succeq 0,$$

then $|Y_{n+1}|_G \le \phi|Y_n|_G$ for the differences $Y_n = (y_n, \dots, y_{n+k-1})$
of two solutions.  G-stable methods have $\phi = 1$ for $\mu \le 0$ (Dahlquist, BIT 18
(1978) 384-401).

The argument $v = \sigma y$ of $f$ is a stage of backward Euler: with $\gamma =
\beta_k/\alpha_k$, $v = w + h\gamma f(v)$, $w = \sum_{j<k}(\beta_j -
\gamma\alpha_j)y_{n+j}$.  If $\rho(1) = 0$ and $\sigma(1) = 1$ the weights of $w$ add up
to 1: from values within $r$ of a centre, $w$ lies within $r\sum_{j<k}|\beta_j -
\gamma\alpha_j|$ of it.
"""

from sympy import Matrix, Rational, diag, expand, symbols

from stabcheck.theorems.algebra import is_positive_semidefinite

THEOREM = "one-leg-g-norm"

BDF2 = (Matrix([[Rational(1, 2), -2, Rational(3, 2)]]), Matrix([[0, 0, 1]]))
G_OF_BDF2 = Matrix([[1, -2], [-2, 5]]) / 4
"""On the older value first."""


def matrix(method, G, bounds, square, multipliers):
    rho, sigma = method
    norm, upper, lower = bounds
    p, q, r = multipliers
    work = (rho.T * sigma + sigma.T * rho) / 2
    size = sigma.T * sigma
    found = square * diag(G, 0) - diag(0, G)
    found -= p * (norm**2 * size - rho.T * rho) + q * (upper * size - work)
    return found - r * (work - lower * size)


def argument_is_a_stage(gamma) -> bool:
    """Whether sigma y = w + gamma rho y, for a method of two steps."""
    rho, sigma, y = symbols("a:3"), symbols("b:3"), symbols("y:3")
    size = gamma(rho[2], sigma[2])
    w = sum((sigma[j] - size * rho[j]) * y[j] for j in range(2))
    total = sum(s * v for s, v in zip(sigma, y, strict=True))
    slope = sum(r * v for r, v in zip(rho, y, strict=True))
    return expand(total - w - size * slope) == 0


def is_proven(method, G, bounds, square, multipliers) -> bool:
    return min(multipliers) >= 0 and is_positive_semidefinite(
        matrix(method, G, bounds, square, multipliers)
    )


def step_1_the_inequality_is_what_the_conditions_leave_of_the_claim():
    # One coordinate of the differences y: the slope is rho y, the argument sigma y.
    rho, sigma = Matrix([symbols("a:3")]), Matrix([symbols("b:3")])
    g = symbols("g:3")
    G = Matrix([[g[0], g[1]], [g[1], g[2]]])
    y = Matrix(symbols("y:3"))
    norm, upper, lower, square = symbols("norm upper lower square")
    p, q, r = symbols("p q r")
    slope, value = (rho * y)[0], (sigma * y)[0]
    old, new = y[:2, :], y[1:, :]
    left = square * (old.T * G * old)[0] - (new.T * G * new)[0]
    left -= p * (norm**2 * value**2 - slope**2)
    left -= q * (upper * value**2 - slope * value)
    left -= r * (slope * value - lower * value**2)
    form = matrix((rho, sigma), G, (norm, upper, lower), square, (p, q, r))
    assert expand((y.T * form * y)[0] - left) == 0


def step_2_for_dissipative_fields_bdf2_leaves_a_square():
    # lambda = 1: half of Dahlquist's identity, (y_2 - 2 y_1 + y_0)^2/4 remains.
    G = G_OF_BDF2
    left = matrix(BDF2, G, (0, 0, 0), 1, (0, 1, 0))
    square = Matrix([[1, -2, 1]]) / 2
    assert left == square.T * square
    assert is_positive_semidefinite(G)
    assert G.det() == Rational(1, 16)


def step_3_the_argument_is_a_stage_of_backward_euler():
    # rho y = h f(sigma y): what stands behind gamma is h f of the argument.
    assert argument_is_a_stage(lambda a, b: b / a)


def step_4_the_weights_of_w_add_up_to_one():
    # y - c for y, with the sum 1, is w - c: triangle inequality.
    a, b, gamma = symbols("a:3"), symbols("b:3"), symbols("gamma")
    weights = sum(b[j] - gamma * a[j] for j in range(2))
    consistent = {a[2]: -a[0] - a[1], b[2]: gamma * (-a[0] - a[1])}
    assert expand((weights - (sum(b) - gamma * sum(a))).subs(consistent)) == 0


def witness_a_constant_field_keeps_the_norm():
    # mu = L = 0: y_0 = y_1 = y_2 solves the recursion.
    rho, _ = BDF2
    ones = Matrix([1, 1, 1])
    assert (rho * ones)[0] == 0
    assert is_proven(BDF2, G_OF_BDF2, (0, 0, 0), 1, (0, 1, 0))


def mutant_1_a_smaller_growth():
    return is_proven(BDF2, G_OF_BDF2, (0, 0, 0), Rational(999, 1000), (0, 1, 0))


def mutant_2_the_euclidean_norm_would_do():
    return is_proven(BDF2, diag(1, 1), (0, 0, 0), 1, (0, 1, 0))


def mutant_3_a_little_growth_of_the_field_is_allowed():
    upper = Rational(1, 1000)
    return is_proven(BDF2, G_OF_BDF2, (1, upper, -1), 1, (0, 1, 0))


def mutant_4_a_stage_of_another_size():
    return argument_is_a_stage(lambda a, b: b)
