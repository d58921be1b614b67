"""Attention at sizes drawn by hypothesis, against differences of the plain function."""

import numpy as np
from agreement.attention_cases import ATTENTIONS
from agreement.cases import derived, drawn, named
from hypothesis import given
from hypothesis import strategies as st

STEP = 2.0**-9
STENCIL = ((-2, 1 / 12), (-1, -8 / 12), (1, 8 / 12), (2, -1 / 12))
ROOM = 1e-6
"""The stencil errs by STEP^4/30 of a fifth derivative: 5e-13 times at most 1e6 here."""


def differences(reference, state, direction, parameters):
    """The derivative along a direction by a stencil of five points."""
    return (
        sum(
            weight * reference(state + place * STEP * direction, xp=np, **parameters)
            for place, weight in STENCIL
        )
        / STEP
    )


@given(
    st.sampled_from([line[0] for line in ATTENTIONS]),
    st.integers(1, 4),
    st.integers(1, 4),
    st.integers(0, 2**16),
)
def test_derivatives_agree_with_differences_at_every_size(name, n, d, seed):
    variant = named(name)
    _, dense, forward, backward = derived(variant)
    _, state, direction, parameters = drawn(variant, n, d, seed)
    true = differences(variant.reference, state, direction, parameters)
    room = ROOM * (1 + np.abs(true).max())
    pushed = forward.lower("numpy")(state, direction, **parameters)
    assert np.abs(pushed - true).max() <= room
    matrix = dense.lower("numpy")(state, **parameters)
    applied = np.einsum("iajb,jb->ia", matrix, direction)
    assert np.abs(pushed - applied).max() <= ROOM * room
    # Any fixed cotangent: the transposed product is linear in it.
    cotangent = np.cos(np.arange(n * d)).reshape(n, d)
    back = backward.lower("numpy")(state, cotangent, **parameters)
    pulled = np.einsum("iajb,ia->jb", matrix, cotangent)
    assert np.abs(back - pulled).max() <= ROOM * (1 + np.abs(matrix).max())
