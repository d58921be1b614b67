r"""Theorem leak-circle-contractivity.

In a Euclidean norm let $f = -\lambda x + F$, $|\Delta F| \le K|\Delta|$ and $\langle
\Delta F, \Delta\rangle \le \mu|\Delta|^2$ with $|\mu| \le K$.  A Runge-Kutta method
with $b \ge 0$ and $BA + A^{\mathsf T}B - bb^{\mathsf T} + B/r \succeq 0$ is
non-expansive for every step h whose stages exist with
$$h(\lambda + K) \le 2r, \qquad
h(\lambda^2 + K^2 - 2\lambda\mu) \le 2r(\lambda - \mu),$$
and for $r = \infty$ wherever $\mu \le \lambda$.  With $\mu = K$ the first condition
and $K \le \lambda$ suffice.  If J is symmetric with its spectrum in $[\nu_-, \nu_+]$,
all steps with $h(\lambda - \nu_-) \le 2r$ do, as long as $\nu_+ \le \lambda$.

Write $p = \langle\Delta F, \Delta\rangle$ and $q = |\Delta F|$ for $|\Delta| = 1$.
"""

from sympy import Matrix, Rational, diag, expand, symbols

from stabcheck.theorems.algebra import (
    is_positive_semidefinite,
    is_sum_of_nonnegative_terms,
)

THEOREM = "leak-circle-contractivity"

h, r, lam, K, q, g, s, u = symbols("h r lambda K q g s u", nonnegative=True)
mu, p = symbols("mu p", real=True)
HALF, SIXTH, THIRD = Rational(1, 2), Rational(1, 6), Rational(1, 3)
RK4 = (
    Matrix([[0, 0, 0, 0], [HALF, 0, 0, 0], [0, HALF, 0, 0], [0, 0, 1, 0]]),
    Matrix([SIXTH, THIRD, THIRD, SIXTH]),
)


def excess(work, size):
    """2r <Delta f, Delta> + h |Delta f|^2, to be at most 0 (circle-contractivity)."""
    return 2 * r * (work - lam) + h * (size**2 - 2 * lam * work + lam**2)


def is_contractive_on_circles(method, radius) -> bool:
    A, b = method
    B = diag(*b)
    form = B * A + A.T * B - b * b.T + B / Rational(radius)
    return min(b) >= 0 and is_positive_semidefinite(form)


def no_member_exceeds(step, leak, norm, slope, works) -> bool:
    """Whether the excess is at most 0 for r = 1 at these works and the full norm."""
    values = {r: 1, h: step, lam: leak}
    return all(excess(p, norm).subs(values).subs(p, w) <= 0 for w in works(slope))


def step_1_the_excess_grows_with_the_norm():
    assert is_sum_of_nonnegative_terms(excess(p, q + g) - excess(p, q))


def step_2_it_is_linear_in_the_work():
    # p is a mean of -K and mu, so that the two ends decide.
    mean = (s * -K + u * mu).subs(s, 1 - u)
    ends = (1 - u) * excess(-K, K) + u * excess(mu, K)
    assert expand(excess(mean, K) - ends) == 0


def step_3_the_two_ends():
    low = (lam + K) * (h * (lam + K) - 2 * r)
    assert expand(excess(-K, K) - low) == 0
    high = h * (lam**2 + K**2 - 2 * lam * mu) - 2 * r * (lam - mu)
    assert expand(excess(mu, K) - high) == 0


def step_4_with_the_norm_alone_the_first_condition_is_the_stronger_one():
    # mu = K, lambda = K + s, 2r = h(lambda + K) + g.
    at = {mu: K, r: (h * (2 * K + s) + g) / 2}
    assert is_sum_of_nonnegative_terms(-excess(mu, K).subs(at).subs(lam, K + s))


def step_5_a_spectrum_is_a_centre_and_half_its_width():
    low, high = symbols("low high", real=True)
    centre, width = (low + high) / 2, (high - low) / 2
    assert expand((lam - centre) + width - (lam - low)) == 0
    assert expand((lam - centre) - width - (lam - high)) == 0


def step_6_rk4_has_the_radius_one():
    assert is_contractive_on_circles(RK4, 1)


def witness_euler_attains_the_first_condition():
    # F = -K x: the factor of the step is 1 - h(lambda + K), which is -1 at its end.
    at_the_end = 1 - h * (lam + K)
    assert expand(at_the_end**2 - 1 - (lam + K) * h * (h * (lam + K) - 2)) == 0


def mutant_the_end_of_the_logarithmic_norm_suffices():
    # lambda = 1, K = 1/2, mu = 0: it would allow h = 8/5, the other end 4/3 only.
    step, leak, norm, slope = Rational(8, 5), 1, HALF, 0
    if not no_member_exceeds(step, leak, norm, slope, lambda mu: [mu]):
        return True
    return no_member_exceeds(step, leak, norm, slope, lambda mu: [-norm, mu])


def mutant_the_disc_of_rk4_in_its_stability_region_would_do():
    return is_contractive_on_circles(RK4, Rational(139, 100))


def mutant_a_step_a_little_longer():
    ends = lambda mu: [-HALF, mu]  # noqa: E731 - the same question as above
    return no_member_exceeds(Rational(401, 300), 1, HALF, HALF, ends)
