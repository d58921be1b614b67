r"""Theorem weighted-schur-test.

Let $X = [X_1 \dots]$ be groups of columns, $Z$ groups of rows, and $\mathcal K$ a
matrix whose block between them has $\lVert\mathcal K_{ab}\rVert \le K_{ab}$.  For all
positive $\alpha$, $\beta$, with $r_a = \tfrac1{\alpha_a}\sum_bK_{ab}\beta_b$ and $c_b =
\tfrac1{\beta_b}\sum_aK_{ab}\alpha_a$,

$$\lVert X\mathcal KZ\rVert \le \lVert X\operatorname{diag}(\sqrt r)\rVert\,
\lVert\operatorname{diag}(\sqrt c)Z\rVert .$$

For unit vectors $u$, $v$ write $x_a = |X_a^{\mathsf T}u|$ and $z_b = |Z_bv|$; then
$|u\cdot X\mathcal KZv| \le \sum_{ab}K_{ab}x_az_b$.
"""

from sympy import Rational, expand, simplify, sqrt, symbols

THEOREM = "weighted-schur-test"


def is_covered(K, alpha, beta, x, z, share=1) -> bool:
    """Whether (sum K x z)^2 is at most `share` times the product of the two sums."""
    rows, columns = range(len(K)), range(len(K[0]))
    total = sum(K[a][b] * x[a] * z[b] for a in rows for b in columns)
    r = [sum(K[a][b] * beta[b] for b in columns) / alpha[a] for a in rows]
    c = [sum(K[a][b] * alpha[a] for a in rows) / beta[b] for b in columns]
    first = sum(r[a] * x[a] ** 2 for a in rows)
    second = sum(c[b] * z[b] ** 2 for b in columns)
    return bool(total**2 <= share * first * second)


def step_1_each_term_is_between_the_means():
    # 2 x z <= t x^2 + z^2/t for t > 0: the gap is a square over t.
    x, z, t = symbols("x z t", positive=True)
    assert expand(t * x**2 + z**2 / t - 2 * x * z - (t * x - z) ** 2 / t) == 0


def step_2_with_the_weights_the_sums_are_those_of_the_theorem():
    # t = lambda beta_b/alpha_a: the terms K_ab t x_a^2 add up to lambda r_a x_a^2 over
    # b, and K_ab z_b^2/t to c_b z_b^2/lambda over a.
    K = [symbols("K11 K12", positive=True), symbols("K21 K22", positive=True)]
    alpha, beta = symbols("a1:3", positive=True), symbols("b1:3", positive=True)
    scale = symbols("lambda", positive=True)
    row = sum(K[0][b] * scale * beta[b] / alpha[0] for b in range(2))
    r = sum(K[0][b] * beta[b] for b in range(2)) / alpha[0]
    assert simplify(row - scale * r) == 0
    column = sum(K[a][0] * alpha[a] / (scale * beta[0]) for a in range(2))
    c = sum(K[a][0] * alpha[a] for a in range(2)) / beta[0]
    assert simplify(column - c / scale) == 0


def step_3_the_best_scale_gives_the_product_of_the_roots():
    # (lambda A + C/lambda)/2 at lambda = sqrt(C/A) is sqrt(A C).
    A, C = symbols("A C", positive=True)
    scale = sqrt(C / A)
    assert simplify((scale * A + C / scale) / 2 - sqrt(A * C)) == 0


def witness_one_entry_attains_it():
    K, one = [[Rational(2)]], [Rational(1)]
    assert is_covered(K, one, one, one, one)
    assert not is_covered(K, one, one, one, one, share=Rational(999, 1000))


def witness_weights_in_proportion_lose_nothing():
    # K = x z^T with alpha = x, beta = z: both sums are |x|^2 |z|^2.
    x, z = [Rational(1), Rational(3)], [Rational(2), Rational(5)]
    K = [[a * b for b in z] for a in x]
    assert is_covered(K, x, z, x, z)
    assert not is_covered(K, x, z, x, z, share=Rational(999, 1000))


def mutant_a_smaller_product_suffices():
    x, z = [Rational(1), Rational(3)], [Rational(2), Rational(5)]
    K = [[a * b for b in z] for a in x]
    return is_covered(K, x, z, x, z, share=Rational(99, 100))
