r"""Theorem antisymmetric-feed-forward-log-norm.

$f(x) = \sigma(Kx + b)$ with $K^{\mathsf T} = -K$ and slopes of $\sigma$ in $[m, s]$,
$|m| \le s$, has at every state $\lVert J\rVert \le s\lVert K\rVert$ and

$$\mu_2(J) \le \tfrac12(s - m)\lVert K\rVert ,$$

which is attained: eigenvalues of $K$ on the imaginary axis do not make it
non-expansive.  Token by token, so the same in the largest-token norm.
"""

from sympy import Matrix, Rational, expand, symbols

from stabcheck.theorems.algebra import (
    is_positive_semidefinite,
    is_sum_of_nonnegative_terms,
)

THEOREM = "antisymmetric-feed-forward-log-norm"

k, s, m = symbols("k s m", real=True)


def member(least, most) -> Matrix:
    """The symmetric part of D K for D = diag(most, least), K a quarter turn times 1."""
    J = Matrix([[most, 0], [0, least]]) * Matrix([[0, 1], [-1, 0]])
    return (J + J.T) / 2


def member_is_covered(least, most, share) -> bool:
    """Whether share (most - least) I is above that symmetric part."""
    bound = share * (most - least) * Matrix.eye(2)
    return is_positive_semidefinite(bound - member(least, most))


def centred_slopes_are_covered(share) -> bool:
    """Whether |d - (s + m)/2| <= share (s - m) for d = m + below = s - above."""
    below, above = symbols("below above", nonnegative=True)
    # d - centre = (below - above)/2, s - m = below + above.
    offset = (below - above) / 2
    return all(
        is_sum_of_nonnegative_terms(expand(share * (below + above) - sign * offset))
        for sign in (1, -1)
    )


def step_1_the_symmetric_part_is_a_commutator():
    # (D K + (D K)^T)/2 = (D K - K D)/2, and D may be replaced by D - c I.
    c, d1, d2 = symbols("c d1 d2", real=True)
    K = Matrix([[0, k], [-k, 0]])
    D = Matrix([[d1, 0], [0, d2]])
    centred = D - c * Matrix.eye(2)
    moved = centred * K - K * centred
    assert (D * K + (D * K).T - moved).expand() == Matrix.zeros(2)


def step_2_at_the_middle_of_the_range_the_slopes_are_half_of_it():
    # |((D - c) K - K (D - c))/2| <= |D - c| |K| <= (s - m)/2 |K|.
    assert centred_slopes_are_covered(Rational(1, 2))


def step_3_the_norm_itself():
    # |D K| <= s |K| since every slope has at most the size s.
    x, d, more = symbols("x d more", nonnegative=True)
    assert is_sum_of_nonnegative_terms(expand((d + more) * x - d * x))


def witness_two_features_attain_the_bound():
    # D = diag(s, m), K = k [[0, 1], [-1, 0]]: the symmetric part has (s - m) k/2 off
    # its diagonal.
    D, K = Matrix([[s, 0], [0, m]]), Matrix([[0, k], [-k, 0]])
    half = (D * K + (D * K).T) / 2
    assert (half - Matrix([[0, 1], [1, 0]]) * (s - m) * k / 2).expand() == Matrix.zeros(
        2
    )


def mutant_two_fifths_suffice():
    return member_is_covered(0, 1, Rational(2, 5))


def mutant_the_slopes_deviate_by_a_third():
    return centred_slopes_are_covered(Rational(1, 3))
