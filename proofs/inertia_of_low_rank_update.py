r"""Theorem inertia-of-low-rank-update.

Let $E$ and $K$ be invertible and symmetric, of sizes $d$ and $k$, and $W$ any $d
\times k$ matrix.  With $\nu$ the number of negative eigenvalues,

$$\nu(E + WKW^{\mathsf T}) = \nu(E) + \nu(-K^{-1} - W^{\mathsf T}E^{-1}W)
 - \nu(-K^{-1}).$$

Both sides come from the one matrix $M = \begin{pmatrix}E & W\\ W^{\mathsf T} &
-K^{-1}\end{pmatrix}$, block-diagonalised by two congruences (Haynsworth 1968).

`E, K, W` stand for matrices of any size: symbols that do not commute.  `E_`, `K_` are
the inverses and `V` is the transpose of `W`.
"""

from itertools import pairwise

from sympy import Integer, Matrix, Poly, Rational, expand, eye, symbols

THEOREM = "inertia-of-low-rank-update"

E, E_, K, K_, W, V = symbols("E E_ K K_ W V", commutative=False)
ZERO, ONE = Integer(0), Integer(1)
M = [[E, W], [V, -K_]]


def reduced(entry):
    """Expand, and cancel a matrix beside its inverse."""
    entry = expand(entry)
    for pair in (E * E_, E_ * E, K * K_, K_ * K):
        entry = expand(entry.subs(pair, 1))
    return entry


def product(left, right):
    return [
        [reduced(sum((row[k] * right[k][j] for k in range(2)), ZERO)) for j in range(2)]
        for row in left
    ]


def transposed(entry):
    """Reverse every product and exchange W and V; E, K and the inverses are symmetric.
    """
    total = ZERO
    for term in expand(entry).as_ordered_terms():
        coefficient, factors = term.as_coeff_mul()
        swapped = [{W: V, V: W}.get(factor, factor) for factor in factors]
        value = coefficient
        for factor in reversed(swapped):
            value = value * factor
        total = total + value
    return total


def is_congruent(triangle, diagonal):
    """Whether T M T^T is the block diagonal matrix, for a unit triangular T."""
    unit = triangle[0][0] == triangle[1][1] == ONE
    triangular = ZERO in (triangle[0][1], triangle[1][0])
    other = [[transposed(triangle[j][i]) for j in range(2)] for i in range(2)]
    found = product(product(triangle, M), other)
    expected = [[diagonal[0], ZERO], [ZERO, diagonal[1]]]
    same = all(
        reduced(found[i][j] - expected[i][j]) == 0 for i in range(2) for j in range(2)
    )
    return unit and triangular and same


LOWER = [[ONE, ZERO], [-V * E_, ONE]]
UPPER = [[ONE, W * K], [ZERO, ONE]]


def step_1_eliminating_E_leaves_its_schur_complement():
    assert is_congruent(LOWER, [E, -K_ - V * E_ * W])


def step_2_eliminating_the_corner_leaves_the_updated_matrix():
    assert is_congruent(UPPER, [E + W * K * V, -K_])


# A unit triangular matrix is invertible, so both are congruences and, by Sylvester's
# law of inertia, M has nu(E) + nu(-K^-1 - W^T E^-1 W) negative eigenvalues and also
# nu(E + W K W^T) + nu(-K^-1): the eigenvalues of a block diagonal matrix are those of
# its blocks.  The theorem is the difference.


def negative(matrix):
    """Count the negative eigenvalues of a rational symmetric matrix, exactly.

    All roots of the characteristic polynomial are real; then Descartes' rule counts
    its negative roots: the changes of sign of the coefficients of p(-x).
    """
    x = symbols("x")
    polynomial = Poly((-x * eye(matrix.rows) - matrix).det(), x)
    signs = [c > 0 for c in polynomial.all_coeffs() if c != 0]
    return sum(a != b for a, b in pairwise(signs))


def counted(E, W, K, core):
    """The right side; `core` says how the count of -1/K enters."""
    small = -K.inv() - W.T * E.inv() * W
    return negative(E) + negative(small) + core * negative(-K.inv())


def agrees(core):
    """Whether the count is right on examples where every term decides."""
    examples = [
        (Matrix([[-1]]), Matrix([[1]]), Matrix([[2]])),
        (Matrix([[1]]), Matrix([[1]]), Matrix([[1]])),
        (Matrix([[1]]), Matrix([[2]]), Matrix([[-1]])),
        (
            Matrix([[-1, 0, 0], [0, 2, 0], [0, 0, Rational(1, 2)]]),
            Matrix([[1, 2], [0, 1], [1, -1]]),
            Matrix([[0, 1], [1, 0]]),
        ),
    ]
    return all(
        counted(E, W, K, core) == negative(E + W * K * W.T) for E, W, K in examples
    )


def step_3_the_count_decides_examples_with_every_sign():
    assert agrees(core=-1)


def witness_an_update_can_remove_the_only_negative_eigenvalue():
    assert negative(Matrix([[-1]])) == 1
    assert negative(Matrix([[-1]]) + Matrix([[2]])) == 0


def mutant_the_schur_complement_with_the_other_sign():
    return is_congruent(LOWER, [E, -K_ + V * E_ * W])


def mutant_the_corner_with_the_other_sign():
    return is_congruent(UPPER, [E - W * K * V, -K_])


def mutant_the_count_of_the_core_is_dropped():
    return agrees(core=0)
