r"""Theorem post-norm-block.

A post-norm block $\Psi(X) = N(X + hF(X))$ has the Jacobian $D(z)\,(I + hJ_F(X))$, $D$
the block diagonal Jacobian of the normalisation at $z = X + hF(X)$: the chain rule.
Here it is proven of the derived Jacobians of the declared blocks.
"""

from sympy import Indexed, IndexedBase, KroneckerDelta

from stabcheck.fields import (
    attention,
    feed_forward,
    layer_norm,
    notation,
    post_norm,
    rms_norm,
)
from stabcheck.fields.notation import a, d, i, n
from stabcheck.symbolic import contract, indices, inlined, is_zero, rename, total

THEOREM = "post-norm-block"

(j,), (b, e) = indices("j", "token", n), indices("b e", "feature", d)
NAMED = frozenset(("q", "k", "v", "P", "z", "y", "f", "Z", "mu", "var", "square"))


def derived(field):
    """A derived Jacobian in the named definitions, at the indices i a, j b."""
    jacobian = field.jacobian()
    own = dict(zip(jacobian.output.indices, (i, a, j, b), strict=True))
    return rename(inlined(jacobian, keep=NAMED), own)


def at_sum(expression):
    """An expression in X, read at Z."""
    moved = {
        entry: IndexedBase("Z")[entry.indices]
        for entry in expression.atoms(Indexed)
        if entry.base.label.name == "X"
    }
    return expression.xreplace(moved)


def is_the_product(norm, branch, step=notation.step_size.symbol, place=at_sum) -> bool:
    """Whether sum_e D(place)_{iae} (delta + step J_F)_{ie,jb} is the derived one."""
    # D is block diagonal: delta_ij times a block, read off by summing over j.
    block = contract(total(rename(derived(norm), {b: e}), j))
    inner = KroneckerDelta(i, j) * KroneckerDelta(e, b)
    inner += step * rename(derived(branch), {a: e})
    product = contract(total(place(block) * inner, e))
    return is_zero(derived(post_norm(norm, branch)) - product).is_proved


def step_1_behind_attention_the_jacobian_is_the_product():
    for norm in (layer_norm, rms_norm):
        assert is_the_product(norm(), attention(heads=2, biases=True, mask=True))


def step_2_behind_a_feed_forward_branch_the_jacobian_is_the_product():
    for norm in (layer_norm, rms_norm):
        assert is_the_product(norm(), feed_forward())


def mutant_the_normalisation_is_taken_at_the_input():
    return is_the_product(layer_norm(), feed_forward(), place=lambda block: block)


def mutant_the_step_is_forgotten():
    return is_the_product(layer_norm(), feed_forward(), step=1)


def mutant_the_skip_connection_counts_for_nothing():
    return is_the_product(rms_norm(), attention(), step=0)
