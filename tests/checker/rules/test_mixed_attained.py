"""The attained mixed norm: the largest token of Jv over that of v, at a state."""

from fractions import Fraction

import numpy as np
from checker.rules.documents import Document
from checker.small import FEATURES, RADIUS, TOKENS, attention, state

from stabcheck.bounds import LayerNorm


def claimed(bound: float, direction: np.ndarray) -> Document:
    """The attained mixed norm of the small attention field at the centre."""
    made = Document()
    index, domain = made.field(attention(), TOKENS), made.tube(state(), RADIUS)
    made.claim(
        "attained",
        "attained-mixed-norm",
        {"branch": [index]},
        domain,
        Fraction(bound),
        state=made.array(state()),
        direction=made.array(direction),
    )
    return made


def quotient(direction: np.ndarray) -> float:
    turned = attention().jvp(state(), direction)
    lengths = [np.linalg.norm(tokens, axis=1).max() for tokens in (turned, direction)]
    return float(lengths[0] / lengths[1])


DIRECTION = np.random.default_rng(3).standard_normal((TOKENS, FEATURES))


def test_the_quotient_of_the_largest_tokens_passes_and_a_larger_one_does_not():
    value = quotient(DIRECTION)
    assert claimed(value * (1 - 1e-9), DIRECTION).verdict() == "accepted"
    refused = claimed(value * (1 + 1e-9), DIRECTION).verdict()
    assert "the value attained is" in refused


def test_it_is_not_the_quotient_of_the_frobenius_norms():
    turned = attention().jvp(state(), DIRECTION)
    frobenius = np.linalg.norm(turned) / np.linalg.norm(DIRECTION)
    value = quotient(DIRECTION)
    larger = claimed(max(value, frobenius) * 1.001, DIRECTION)
    assert "the value attained is" in larger.verdict()
    spectral = claimed(min(value, frobenius) * 0.999, DIRECTION)
    assert spectral.verdict() == "accepted"


def test_a_zero_direction_attains_nothing():
    assert "the direction is zero" in claimed(0.0, 0 * DIRECTION).verdict()


def test_a_token_wise_field_attains_the_norm_of_one_token():
    norm = LayerNorm(np.ones(FEATURES), np.zeros(FEATURES), Fraction(1, 100))
    blocks = norm.token_jacobians(state())
    worst = int(np.argmax(np.linalg.norm(blocks, 2, axis=(1, 2))))
    direction = np.zeros((TOKENS, FEATURES))
    direction[worst] = np.linalg.svd(blocks[worst])[2][0]
    made = claimed(0.0, direction)
    made.fields, made.arrays = [], dict(made.arrays)
    index = made.field(norm, TOKENS)
    top = float(np.linalg.norm(blocks[worst], 2)) * (1 - 1e-9)
    subject = {"branch": [index]}
    assert made.changed(subject=subject, bound=Fraction(top)).verdict() == "accepted"
