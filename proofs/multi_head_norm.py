r"""Theorem multi-head-norm.

Let $o^h$ be the derivative of head $h$ before its output matrix in the direction $v$,
$|o^h| \le L_h|v|$.  Then the derivative $\sum_hW_O^{hT}o^h$ of the field is at most
$\lVert W_O\rVert(\sum_hL_h^2)^{1/2}|v|$ and at most $\sum_h\lVert W_O^h\rVert L_h|v|$.

$|o^h| = L_h|v| - s_h$ with slacks $s_h \ge 0$, and $|v| = 1$.
"""

from sympy import Matrix, Rational, expand, symbols

from stabcheck.theorems.algebra import is_sum_of_nonnegative_terms

THEOREM = "multi-head-norm"

HEADS = 3
s = symbols(f"s:{HEADS}", nonnegative=True)
o = symbols(f"o:{HEADS}", nonnegative=True)
w = symbols(f"w:{HEADS}", nonnegative=True)


def concatenation_is_covered(square) -> bool:
    """Whether the square of |o| is at most square(L); L_h = o_h + s_h."""
    L = [length + slack for length, slack in zip(o, s, strict=True)]
    total = sum(length**2 for length in o)
    return is_sum_of_nonnegative_terms(expand(square(L) - total))


def sum_is_covered(total) -> bool:
    """Whether |sum_h W_O^hT o^h| = sum_h w_h o_h - slack is at most total(w, L)."""
    slack = symbols("slack", nonnegative=True)
    L = [length + extra for length, extra in zip(o, s, strict=True)]
    value = sum(a * b for a, b in zip(w, o, strict=True)) - slack
    return is_sum_of_nonnegative_terms(expand(total(w, L) - value))


def step_1_the_output_is_one_matrix_times_the_concatenated_heads():
    a, b, x, y = symbols("a b x y")
    joined = Matrix([[a], [b]]).T * Matrix([x, y])
    assert expand(joined[0, 0] - (a * x + b * y)) == 0
    # Hence |W_O^T o| <= |W_O| |o|, by the definition of the norm.


def step_2_squares_of_the_heads_add():
    assert concatenation_is_covered(lambda L: sum(length**2 for length in L))


def step_3_or_the_triangle_inequality_adds_the_norms():
    assert sum_is_covered(lambda w, L: sum(a * b for a, b in zip(w, L, strict=True)))


def witness_equal_heads_attain_both():
    # W_O^h = 1 and o^h = 1 for two heads: |W_O|^2 = 2, the sum of squares is 2.
    output = Matrix([[1], [1]])
    assert (output.T * output)[0, 0] * 2 == (1 + 1) ** 2


def mutant_the_largest_head_alone():
    return concatenation_is_covered(lambda L: L[0] ** 2)


def mutant_the_mean_of_the_squares():
    return concatenation_is_covered(
        lambda L: Rational(1, HEADS) * sum(length**2 for length in L)
    )


def mutant_a_head_is_left_out_of_the_sum():
    return sum_is_covered(lambda w, L: w[0] * L[0] + w[1] * L[1])
