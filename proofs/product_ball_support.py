r"""Theorem product-ball-support.

Let $|\delta_j| \le \varepsilon_j$ with $\varepsilon_j > 0$, and let $\beta_j > 0$ be
any numbers.  Then

$$\Bigl|\sum_jM_j\delta_j\Bigr|^2 \le \Bigl(\sum_j\beta_j\varepsilon_j\Bigr)
\lambda_{\max}\Bigl(\sum_j\tfrac{\varepsilon_j}{\beta_j}M_jM_j^{\mathsf T}\Bigr),$$

and $\lVert\sum_k\delta_kG_k\rVert^2$ has the same bound with $\Gamma_j = \sum_{k \in j}
G_kG_k^{\mathsf T}$ in the place of $M_jM_j^{\mathsf T}$.
"""

from sympy import Rational, expand, symbols

from stabcheck.theorems.algebra import is_sum_of_nonnegative_terms

THEOREM = "product-ball-support"


def is_covered(maps, radii, weights, counted=None) -> bool:
    """Whether numbers m_j and radii obey the bound: then the eigenvalue is the sum.

    `counted` are the weights that enter the first factor, the same unless told.
    """
    total = sum(abs(m) * r for m, r in zip(maps, radii, strict=True))
    counted = weights if counted is None else counted
    first = sum(b * r for b, r in zip(counted, radii, strict=True))
    shares = zip(maps, radii, weights, strict=True)
    second = sum(m * m * r / b for m, r, b in shares)
    return bool(total**2 <= first * second)


def step_1_cauchy_and_schwarz_for_every_pair_of_terms():
    # (a1 b1 + a2 b2)^2 <= (a1^2 + a2^2)(b1^2 + b2^2): the gap is a square, and for
    # more terms it is the sum of such squares over the pairs (Lagrange).
    a, b = symbols("a1:4", real=True), symbols("b1:4", real=True)
    gap = sum(x * x for x in a) * sum(y * y for y in b)
    gap -= sum(x * y for x, y in zip(a, b, strict=True)) ** 2
    squares = sum(
        (a[i] * b[j] - a[j] * b[i]) ** 2 for i in range(3) for j in range(i + 1, 3)
    )
    assert expand(gap - squares) == 0


def step_2_with_the_weights_the_factors_are_those_of_the_bound():
    # For a unit vector u, a_j = |delta_j| sqrt(beta_j/eps_j) and b_j = |M_j^T u|
    # sqrt(eps_j/beta_j): a_j b_j >= |u . M_j delta_j|, and a_j^2 <= beta_j eps_j.
    eps, beta, slack, image = symbols("eps beta slack image", positive=True)
    length = eps - slack
    assert expand(length**2 * beta / eps * image**2 * eps / beta) == expand(
        length**2 * image**2
    )
    # beta eps - length^2 beta/eps = (beta/eps) slack (eps + length).
    gap = beta * eps - length**2 * beta / eps
    assert expand(gap - beta / eps * slack * (eps + length)) == 0


def step_3_a_matrix_for_each_direction_adds_its_own_square():
    # For unit u, v: (u . G_k v)^2 <= |G_k^T u|^2 = u . G_k G_k^T u, as |v| = 1: the
    # part of G_k^T u across v is given away.
    along, across = symbols("along across", nonnegative=True)
    assert is_sum_of_nonnegative_terms((along**2 + across**2) - along**2)


def witness_weights_in_proportion_lose_nothing():
    maps, radii = (Rational(3), Rational(1, 2)), (Rational(1, 5), Rational(2))
    total = sum(m * r for m, r in zip(maps, radii, strict=True))
    first = second = total
    assert total**2 == first * second
    assert is_covered(maps, radii, maps)


def mutant_the_first_factor_needs_no_weights():
    maps, radii = (Rational(3), Rational(1, 2)), (Rational(1, 5), Rational(2))
    halves = tuple(m / 2 for m in maps)
    return is_covered(maps, radii, maps, counted=halves)
