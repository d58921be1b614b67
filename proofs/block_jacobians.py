r"""Theorem block-jacobians.

Of a branch with Jacobian $J_f$, token-wise norms with Jacobians $D$, $D'$ and a second
branch $g$:

- pre-norm $f(N(X))$: $J_f(Y)\,D(X)$ with $Y = N(X)$;
- sandwich $M(f(N(X)))$: $D'(f(Y))\,J_f(Y)\,D(X)$;
- parallel $f(N(X)) + g(N(X))$: $(J_f(Y) + J_g(Y))\,D(X)$;
- DeepNorm $N(Z)$, $Z = \alpha X + f(X)$: $D(Z)\,(\alpha I + J_f(X))$;
- residual $X + hf(X)$: $I + hJ_f$;
- LayerScale $\lambda \circ f$: $\mathrm{diag}(\lambda)\,J_f$;
- ReZero $\alpha f$: $\alpha J_f$, so that its residual step is exactly $I$ at $\alpha =
  0$;
- leak $f - \lambda X$: $J_f - \lambda I$.

Proven of the declared blocks for branches and norms with arbitrary values and slopes:
polynomials of degree two with arbitrary coefficients, on which, by the chain rule, the
Jacobian at a state depends no further.
"""

from sympy import Indexed, IndexedBase, KroneckerDelta

from stabcheck.fields import (
    deep_norm,
    layer_scale,
    leaky,
    notation,
    parallel,
    pre_norm,
    re_zero,
    residual,
    sandwich_norm,
)
from stabcheck.fields.notation import (
    X,
    a,
    c,
    d,
    gate,
    i,
    k,
    layer_scale_vector,
    leak_rate,
    n,
    skip,
)
from stabcheck.symbolic import (
    Declaration,
    Tensor,
    contract,
    indices,
    inlined,
    is_zero,
    rename,
    total,
)

THEOREM = "block-jacobians"

(j, m), (b, e) = indices("j m", "token", n), indices("b e", "feature", d)


def branch(name):
    """A field of degree two with arbitrary coefficients."""
    first = Tensor(f"T_{name}", (i, a, k, c))
    second = Tensor(f"S_{name}", (i, a, k, c, m, e))
    F = Declaration(name, X, (first, second))
    linear = total(first[i, a, k, c] * X[k, c], k, c)
    square = second[i, a, k, c, m, e] * X[k, c] * X[m, e]
    return F.returns((i, a), linear + total(square, k, c, m, e))


def norm(name):
    """A token-wise field of degree two with arbitrary coefficients."""
    first, second = Tensor(f"G_{name}", (a, c)), Tensor(f"Q_{name}", (a, c, e))
    F = Declaration(name, X, (first, second))
    linear = total(first[a, c] * X[i, c], c)
    square = total(second[a, c, e] * X[i, c] * X[i, e], c, e)
    return F.returns((i, a), linear + square)


FIRST, SECOND = branch("first"), branch("second")
NORM = norm("inner")
IDENTITY = KroneckerDelta(i, j) * KroneckerDelta(a, b)


def derived(field, state="X", row=(i, a), column=(j, b)):
    """A derived Jacobian in the named definitions, at a state and at indices."""
    jacobian = field.jacobian()
    kept = frozenset(definition.name for definition in field.definitions)
    mapping = dict(zip(jacobian.output.indices, (*row, *column), strict=True))
    expression = rename(inlined(jacobian, keep=kept), mapping)
    return expression.xreplace(
        {
            entry: IndexedBase(state)[entry.indices]
            for entry in expression.atoms(Indexed)
            if entry.base.label.name == "X"
        }
    )


def times(left, right):
    """The product of two Jacobians, each a function of its row and its column."""
    middle = (m, e)
    return contract(total(left((i, a), middle) * right(middle, (j, b)), *middle))


def of(field, state="X"):
    return lambda row, column: derived(field, state, row, column)


def is_the_jacobian(block, formula) -> bool:
    """Whether a formula is the derived Jacobian of a block."""
    return is_zero(derived(block) - formula, counterexamples=False).is_proved


def step_1_pre_norm_is_a_product():
    product = times(of(FIRST, "N"), of(NORM))
    assert is_the_jacobian(pre_norm(NORM, FIRST), product)


def step_2_sandwich_norm_is_a_product_of_three():
    def inner(row, column):
        middle = (k, c)
        left, right = of(FIRST, "N")(row, middle), of(NORM)(middle, column)
        return contract(total(left * right, *middle))

    # The block renames the parameters of its outer norm.
    product = times(of(norm("outer_out"), "f"), inner)
    assert is_the_jacobian(sandwich_norm(NORM, FIRST, norm("outer")), product)


def step_3_parallel_branches_add():
    both = times(of(FIRST, "N"), of(NORM)) + times(of(SECOND, "N"), of(NORM))
    assert is_the_jacobian(parallel(NORM, FIRST, SECOND), both)


def step_4_deep_norm_scales_the_skip_connection():
    def inner(row, column):
        own = KroneckerDelta(row[0], column[0]) * KroneckerDelta(row[1], column[1])
        return skip.symbol * own + of(FIRST)(row, column)

    assert is_the_jacobian(deep_norm(NORM, FIRST), times(of(NORM, "Z"), inner))


def step_5_scalings_and_leaks():
    slope = derived(FIRST)
    for block, formula in (
        (residual(FIRST), IDENTITY + notation.step_size.symbol * slope),
        (layer_scale(FIRST), layer_scale_vector[a] * slope),
        (re_zero(FIRST), gate.symbol * slope),
        (leaky(FIRST), slope - leak_rate.symbol * IDENTITY),
    ):
        assert is_the_jacobian(block, formula)


def step_6_a_residual_step_of_re_zero_starts_at_the_identity():
    start = derived(residual(re_zero(FIRST))).xreplace({gate.symbol: 0})
    assert is_zero(start - IDENTITY).is_proved


def mutant_the_branch_is_taken_before_the_norm():
    return is_the_jacobian(pre_norm(NORM, FIRST), times(of(FIRST), of(NORM)))


def mutant_the_factors_are_swapped():
    return is_the_jacobian(pre_norm(NORM, FIRST), times(of(NORM), of(FIRST, "N")))


def mutant_the_outer_norm_is_taken_at_the_input():
    wrong = times(of(NORM), of(FIRST))
    return is_the_jacobian(deep_norm(NORM, FIRST), wrong)


def mutant_the_leak_has_the_other_sign():
    wrong = derived(FIRST) + leak_rate.symbol * IDENTITY
    return is_the_jacobian(leaky(FIRST), wrong)


def mutant_a_residual_step_forgets_its_skip_connection():
    return is_the_jacobian(residual(FIRST), notation.step_size.symbol * derived(FIRST))
