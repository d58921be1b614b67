"""What a line of the table proves by itself, for symbolic sizes, and refuses."""

import numpy as np
import pytest
from agreement.cases import EXPLICIT, VARIANTS, derived, drawn, named, tolerance

from stabcheck.errors import InvalidInput
from stabcheck.fields import FIELDS, energy_attention
from stabcheck.symbolic import (
    adjoint_identity,
    inlined,
    is_zero,
    jacobian_identity,
    rename,
)
from stabcheck.symbolic.proving.mutations import mutants


def ids(variant):
    return variant.name


TABLED = {variant.declare().text() for variant in VARIANTS}
OTHERS = sorted(name for name, field in FIELDS.items() if field().text() not in TABLED)


# All options at once are proven too, but written out they take minutes.
SEPARATE = [variant for variant in EXPLICIT if variant.name != "everything"]


@pytest.mark.parametrize("variant", SEPARATE, ids=ids)
def test_the_derived_jacobian_is_the_derivative_of_the_field_written_out(variant):
    field, dense, _, _ = derived(variant)
    assert jacobian_identity(field, dense).is_proved


@pytest.mark.parametrize("variant", VARIANTS, ids=ids)
def test_the_derived_products_are_adjoint(variant):
    assert adjoint_identity(derived(variant)[0]).is_proved


@pytest.mark.parametrize("name", OTHERS)
def test_so_it_is_for_every_field_that_has_a_name_and_no_line(name):
    field = FIELDS[name]()
    assert jacobian_identity(field).is_proved
    assert adjoint_identity(field).is_proved


@pytest.mark.parametrize("variant", EXPLICIT, ids=ids)
def test_no_term_of_the_jacobian_can_be_left_out(variant):
    # Its sign turned, a term is missed twice as much.
    _, dense, _, _ = derived(variant)
    _, state, _, parameters = drawn(variant, 3, 2, seed=1)
    true = dense.lower("numpy")(state, **parameters)
    wrong = [mutant for mutant in mutants(dense) if mutant.change == "drops"]
    assert wrong
    for mutant in wrong:
        value = mutant.jacobian.lower("numpy")(state, **parameters)
        assert np.abs(value - true).max() > 2**10 * tolerance(true), mutant.line


def test_the_limit_of_sinkhorn_is_refused_where_it_would_be_written_out():
    with pytest.raises(InvalidInput, match="without a closed form; unroll"):
        jacobian_identity(derived(named("sinkhorn"))[0])


def test_the_jacobian_of_energy_attention_is_symmetric():
    dense = energy_attention(heads=2, causal=True).jacobian()
    written = inlined(dense, frozenset({"q", "k", "P"}))
    i, a, j, b = dense.output.indices
    turned = rename(written, {i: j, j: i, a: b, b: a})
    assert is_zero(written - turned).is_proved
    # Not so for attention: its values are not its keys.
    dense = derived(named("causal"))[1]
    written = inlined(dense, frozenset({"q", "k", "v", "P"}))
    i, a, j, b = dense.output.indices
    turned = rename(written, {i: j, j: i, a: b, b: a})
    assert is_zero(written - turned).verdict == "refuted"
