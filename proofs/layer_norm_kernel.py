r"""Theorem layer-norm-kernel.

LayerNorm does not change when the same number is added to all features of a token.  Its
Jacobian has the vector of ones in its kernel, so a stack that ends in LayerNorm, or
passes through one, has a singular Jacobian: no positive shrink exists.

$c_i = x_i - \tfrac1d\sum_jx_j$, $v = \tfrac1d\sum_jc_j^2$; LayerNorm is $\gamma_ic_i/
\sqrt{v + \epsilon} + \beta_i$, a function of $c$ alone.
"""

from sympy import Matrix, Rational, cancel, expand, simplify, sqrt, symbols

THEOREM = "layer-norm-kernel"

d, t, S = symbols("d t S", real=True)
epsilon = symbols("epsilon", positive=True)


def is_unmoved_by_a_common_shift(centre) -> bool:
    """Whether x_i - centre(sum of x) is the same for x and for x + t: any d."""
    x = symbols("x", real=True)
    shifted = (x + t) - centre(S + d * t)
    return cancel(expand(shifted - (x - centre(S)))) == 0


def has_the_ones_in_its_kernel(normalise, size) -> bool:
    """Whether the derived Jacobian maps the vector of ones to 0, at every x."""
    x = Matrix(symbols(f"x:{size}", real=True))
    gamma = symbols(f"gamma:{size}", real=True)
    output = Matrix([g * y for g, y in zip(gamma, normalise(x), strict=True)])
    image = output.jacobian(x) * Matrix([1] * size)
    return image.applyfunc(simplify).is_zero_matrix is True


def layer_norm(x):
    mean = sum(x) * Rational(1, len(x))
    centred = [entry - mean for entry in x]
    variance = sum(c**2 for c in centred) * Rational(1, len(x))
    return [c / sqrt(variance + epsilon) for c in centred]


def rms_norm(x):
    square = sum(entry**2 for entry in x) * Rational(1, len(x))
    return [entry / sqrt(square + epsilon) for entry in x]


def step_1_the_centred_features_do_not_see_a_common_shift():
    # LayerNorm is a function of them alone: so it does not see the shift either, and
    # its derivative along the vector of ones is 0, in every dimension d.
    assert is_unmoved_by_a_common_shift(lambda total: total / d)


def step_2_the_derived_jacobian_has_the_ones_in_its_kernel():
    for size in (1, 2, 3):
        assert has_the_ones_in_its_kernel(layer_norm, size)


def step_3_a_product_with_a_singular_square_factor_is_singular():
    # det(A D) = det(A) det(D) = 0, whatever stands before and after; a shrink psi > 0
    # of the map would be a lower bound on the smallest singular value of its Jacobian.
    first = Matrix(2, 2, symbols("a:4"))
    D = Matrix(2, 2, [1, -1, -1, 1])  # a matrix with the ones in its kernel
    assert expand((first * D).det()) == 0
    assert expand((D * first).det()) == 0


def witness_two_different_tokens_have_one_image():
    first, second = layer_norm(Matrix([1, 2, 4])), layer_norm(Matrix([6, 7, 9]))
    assert all(simplify(a - b) == 0 for a, b in zip(first, second, strict=True))


def mutant_rms_norm_has_the_same_kernel():
    return has_the_ones_in_its_kernel(rms_norm, 2)


def mutant_half_of_the_mean_would_do():
    return is_unmoved_by_a_common_shift(lambda total: total / (2 * d))
