"""Parts of domains: whatever the checker calls a part is one, and nothing smaller."""

from fractions import Fraction

import numpy as np
import pytest
from checker.rules.documents import Document
from hypothesis import given
from hypothesis import strategies as st

from stabcheck import domains
from stabcheck.bounds import Attention

TOKENS, FEATURES = 3, 4
ATTENTION = Attention(*(np.eye(FEATURES)[None] for _ in range(3)))
MADE = {"tube": domains.Tube, "box": domains.Box, "frobenius": domains.Frobenius}
SQUARED = {
    ("box", "tube"): FEATURES,
    ("box", "frobenius"): TOKENS * FEATURES,
    ("tube", "frobenius"): TOKENS,
}
"""How much larger the squared radius of the whole has to be."""
KINDS = st.sampled_from(list(MADE))
RADII = st.fractions(0, 3, max_denominator=64)


def said(part, whole, *, bounds=(1, 1), quantity="spectral-norm"):
    """What the rule says of a claim on `part` from a premise on `whole`."""
    made = Document()
    branch = {"branch": [made.field(ATTENTION, TOKENS)]}
    claims = [
        made.claim("spectral-norm-psd", quantity, branch, whole(made), bounds[0]),
        made.claim(
            "domain-inclusion", quantity, branch, part(made), bounds[1], premises=(0,)
        ),
    ]
    assert claims == [0, 1]
    return made.verdict()


def round_domain(kind, centre, radius):
    return lambda made: made.round(kind, centre, radius)


def rim(kind: str, centre: np.ndarray, radius: float, rng) -> np.ndarray:
    """A state on the rim of a domain, a little inside for rounding."""
    move = rng.choice([-1.0, 1.0], centre.shape)
    if kind == "tube":
        move /= np.sqrt(centre.shape[1])
    if kind == "frobenius":
        place = rng.integers(centre.size)
        move = np.zeros_like(centre)
        move.flat[place] = 1.0
    return centre + move * radius * (1 - 1e-12)


@pytest.mark.theorem("domain-inclusion")
@given(KINDS, KINDS, RADII, RADII, st.integers(0, 2**16))
def test_every_state_of_a_part_belongs_to_the_whole(kind, other, radius, most, seed):
    rng = np.random.default_rng(seed)
    centre = np.zeros((TOKENS, FEATURES))
    part, whole = round_domain(kind, centre, radius), round_domain(other, centre, most)
    if said(part, whole) == "accepted":
        state = rim(kind, centre, float(radius), rng)
        assert MADE[other](centre, most).contains(state)


@pytest.mark.theorem("domain-inclusion", refutes="a radius smaller by 1/10^6")
@pytest.mark.parametrize("kind", MADE)
@pytest.mark.parametrize("other", MADE)
def test_no_smaller_whole_would_do(kind, other):
    centre = np.zeros((TOKENS, FEATURES))
    root = Fraction(np.sqrt(SQUARED.get((kind, other), 1))) + Fraction(1, 10**9)
    part = round_domain(kind, centre, Fraction(1))
    assert said(part, round_domain(other, centre, root)) == "accepted"
    less = root * (1 - Fraction(1, 10**6))
    assert "not known to lie inside" in said(part, round_domain(other, centre, less))
    # Nearest to a corner of the box is a state that moves one entry alone.
    spread = "frobenius" if (kind, other) == ("tube", "box") else kind
    outside = rim(spread, centre, 1.0, np.random.default_rng(0))
    assert not MADE[other](centre, less).contains(outside)


@given(RADII, st.integers(0, 2**16))
def test_a_tube_lies_in_the_ball_that_its_longest_token_reaches(radius, seed):
    centre = np.random.default_rng(seed).standard_normal((TOKENS, FEATURES))
    reach = np.linalg.norm(centre, axis=1).max()
    part = round_domain("tube", centre, radius)
    for room, expected in ((1e-9, True), (-1e-9, False)):
        most = Fraction(reach * (1 + room)) + radius
        verdict = said(part, lambda made, r=most: made.ball(r, TOKENS, FEATURES))
        assert (verdict == "accepted") == expected


def test_a_smaller_ball_and_a_point_are_parts():
    def ball(radius):
        return lambda made: made.ball(Fraction(radius), TOKENS, FEATURES)

    centre = np.ones((TOKENS, FEATURES))
    assert said(ball(1), ball(2)) == "accepted"
    assert "not known" in said(ball(2), ball(1))
    assert said(lambda made: made.tube(centre), ball(2)) == "accepted"
    assert "not known" in said(lambda made: made.tube(centre), ball(1))
    assert "not known" in said(ball(1), round_domain("box", centre, Fraction(9)))
    other = round_domain("box", centre + 1, Fraction(9))
    assert "not known" in said(round_domain("box", centre, Fraction(1)), other)
    wide = round_domain("box", np.ones((TOKENS, FEATURES + 1)), Fraction(1, 9))
    assert "not known" in said(wide, ball(9))


def test_the_bound_may_only_become_weaker():
    centre = np.zeros((TOKENS, FEATURES))
    whole = round_domain("tube", centre, Fraction(1))
    assert said(whole, whole, bounds=(1, 2)) == "accepted"
    assert "stronger" in said(whole, whole, bounds=(2, 1))
    lower = "log-norm-lower"
    assert said(whole, whole, bounds=(2, 1), quantity=lower) == "accepted"
    assert "stronger" in said(whole, whole, bounds=(1, 2), quantity=lower)


def test_other_premises_are_refused():
    centre = np.zeros((TOKENS, FEATURES))
    made = Document()
    branch = {"branch": [made.field(ATTENTION, TOKENS)]}
    place = made.tube(centre, Fraction(1))
    made.claim("spectral-norm-psd", "spectral-norm", branch, place, 1)
    made.claim("domain-inclusion", "log-norm", branch, place, 1, premises=(0,))
    assert "another quantity" in made.verdict()
    made.claim("domain-inclusion", "spectral-norm", branch, place, 1)
    assert "one premise" in made.verdict()
    quantity = "attained-spectral-norm"
    made.claim("attained", quantity, branch, place, 1)
    made.claim("domain-inclusion", quantity, branch, place, 1, premises=(3,))
    assert "attained" in made.verdict()


@pytest.mark.parametrize("whole", MADE)
def test_domains_with_radii_of_their_own_are_not_compared(whole):
    centre = np.zeros((TOKENS, FEATURES))
    wide = round_domain(whole, centre, Fraction(9))
    shape = (TOKENS, FEATURES)

    def tubes(made):
        centre_name, radii = made.array(centre), made.array(np.ones(TOKENS))
        made.domains.append({"kind": "tubes", "centre": centre_name, "radii": radii})
        return len(made.domains) - 1

    def rectangle(made):
        return made.rectangle(centre, np.full(shape, 1e-9))

    for part in (tubes, rectangle):
        assert "not known to lie inside" in said(part, wide)
        assert "not known to lie inside" in said(wide, part)
        assert "not known to lie inside" in said(
            part, lambda made: made.ball(Fraction(9), TOKENS, FEATURES)
        )
