"""Attention with turned or capped scores and gated fields of every shape."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from hypothesis import strategies as st
from strategies import MAGNITUDES, SEEDS, Case, attention_cases, generator, states

from stabcheck.bounds import (
    Attention,
    Bound,
    GatedFeedForward,
    Rotary,
    ScoredAttention,
)
from stabcheck.certificate import Claim, round_up
from stabcheck.certify.draft import Draft
from stabcheck.checker import check

LAYOUTS = st.sampled_from(["half", "interleaved"])


@st.composite
def rotaries(draw, key_width: int) -> Rotary:
    """A base, or frequencies of one's own, in both layouts."""
    if draw(st.booleans()):
        return Rotary(draw(LAYOUTS), base=draw(st.sampled_from([2, 10, 10000])))
    found = generator(draw(SEEDS)).standard_normal(key_width // 2)
    return Rotary(draw(LAYOUTS), frequencies=found)


@st.composite
def scored_cases(draw) -> Case:
    """An attention of any shape with rotary positions, a soft cap, or both."""
    case = draw(attention_cases(most_heads=2))
    plain: Attention = case.field
    key_width = plain.key_width
    turned = key_width % 2 == 0 and draw(st.booleans())
    rotary = draw(rotaries(key_width)) if turned else None
    caps = [0.25, 1, Fraction(30)] + ([None] if turned else [])
    field = ScoredAttention(plain, rotary, draw(st.sampled_from(caps)))
    return Case(field, case.state)


@st.composite
def gated_cases(draw, most_tokens: int = 3, most_features: int = 4) -> Case:
    """SwiGLU and GeGLU fields."""
    tokens = draw(st.integers(1, most_tokens))
    features, hidden = draw(st.integers(1, most_features)), draw(st.integers(1, 6))
    rng = generator(draw(SEEDS))
    gate, first, second = (
        draw(MAGNITUDES) * rng.standard_normal(shape)
        for shape in ((features, hidden), (features, hidden), (hidden, features))
    )
    activation = draw(st.sampled_from(["silu", "gelu"]))
    field = GatedFeedForward(gate, first, second, activation)
    return Case(field, draw(states(tokens, features)))


def verdict_of(
    folder: Path,
    case: Case,
    radius: Fraction,
    bound: Bound,
    share: float,
    *,
    on_ball: bool = False,
) -> str:
    """What the checker says of a share of a bound on the tube of a case, or a ball."""
    draft = Draft()
    domain = (
        draft.ball(radius, *case.state.shape)
        if on_ball
        else draft.tube("field", case.state, radius)
    )
    draft.claim(
        Claim(
            theorem=bound.theorem,
            quantity=bound.quantity,
            subject={"branch": draft.branch("field", (case.field,), len(case.state))},
            domain=domain,
            bound=round_up(bound.value * share),
            parameters={
                name: [Fraction(entry) for entry in value]
                for name, value in bound.parameters.items()
            },
        )
    )
    path = draft.certificate("A field on a tube.", r"\|J\| \le c", {}).save(folder)
    return check(path, jobs=1).status
