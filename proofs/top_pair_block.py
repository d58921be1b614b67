r"""Theorem top-pair-block.

Let $M$ be a matrix, $u$, $v$ unit vectors, and let $m_{11} \ge |u^{\mathsf T}Mv|$,
$m_{12} \ge |u^{\mathsf T}M(I - vv^{\mathsf T})|$,
$m_{21} \ge |(I - uu^{\mathsf T})Mv|$,
$m_{22} \ge \lVert(I - uu^{\mathsf T})M(I - vv^{\mathsf T})\rVert$.  Then

$$\lVert M\rVert \le \left\lVert\begin{pmatrix}m_{11} & m_{12}\\m_{21} & m_{22}
\end{pmatrix}\right\rVert .$$

For $M = B + E$ the entries are at most those of $B$ plus those of $E$, and $m_{22}$ of
$E$ is at most $\lVert E\rVert$.
"""

from sympy import Matrix, Rational, expand, symbols

from stabcheck.theorems.algebra import is_positive_semidefinite

THEOREM = "top-pair-block"


def is_covered(matrix, block, bound_squared) -> bool:
    """Whether the norm of a 2 x 2 block matrix covers that of a 2 x 2 matrix.

    With u, v the first unit vectors; both norms are compared with the same square.
    """
    identity = bound_squared * Matrix.eye(2)
    if not is_positive_semidefinite(identity - block.T * block):
        return False
    return is_positive_semidefinite(identity - matrix.T * matrix)


def step_1_the_parts_of_the_image_are_orthogonal():
    # x = xi v + x', |x|^2 = xi^2 + eta^2: the part of M x along u is at most m11 xi +
    # m12 eta in modulus, what is across at most m21 xi + m22 eta, and the squares add.
    m = symbols("m11 m12 m21 m22", nonnegative=True)
    xi, eta = symbols("xi eta", nonnegative=True)
    image = Matrix([[m[0], m[1]], [m[2], m[3]]]) * Matrix([xi, eta])
    along, across = m[0] * xi + m[1] * eta, m[2] * xi + m[3] * eta
    assert expand((image.T * image)[0] - along**2 - across**2) == 0


def step_2_more_in_an_entry_is_more_in_the_norm():
    # For nonnegative x the image grows with every entry; the norm of a nonnegative
    # matrix is attained at a nonnegative vector.
    a, b, s, xi, eta = symbols("a b s xi eta", nonnegative=True)
    more, less = (a + s) * xi + b * eta, a * xi + b * eta
    assert expand(more**2 - less**2 - s * xi * (more + less)) == 0


def witness_the_block_of_a_two_by_two_matrix_is_itself():
    matrix = Matrix([[3, 1], [1, 2]])
    assert is_covered(matrix, matrix, Rational(14))


def mutant_the_corners_do_not_count():
    # Without the entries across the norm would be 3, and that of the matrix is larger.
    matrix, block = Matrix([[3, 1], [1, 2]]), Matrix([[3, 0], [0, 2]])
    return is_covered(matrix, block, Rational(9))
