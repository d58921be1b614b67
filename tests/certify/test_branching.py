"""Branch and bound: a box in parts has a closer bound, and the checker accepts it."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from stabcheck import bounds, domains
from stabcheck.bounds import Attention
from stabcheck.certify import candidate
from stabcheck.certify.branching import Search, Target, branched, is_branched
from stabcheck.certify.draft import Draft
from stabcheck.certify.run import accept
from stabcheck.certify.single import propose
from stabcheck.errors import InvalidInput, Rejected
from stabcheck.spectra import ascend

SIGNS = {"spectral-norm": 1, "log-norm": 1, "log-norm-lower": -1}


def head(seed: int = 0, size: int = 2) -> tuple[Attention, np.ndarray]:
    """One Gaussian head and a state."""
    rng = np.random.default_rng(seed)
    form, value = rng.standard_normal((2, 1, size, size)) / np.sqrt(size)
    state = rng.standard_normal((size, size))
    return Attention(form, np.eye(size)[None], value), state


def written(found: candidate.Candidate):
    """The certificate of a candidate and its last claim."""
    draft = Draft()
    claim = draft.claims[found.write(draft).claim]
    return draft.certificate("a bound", "", {}), claim


@pytest.mark.parametrize("quantity", SIGNS)
def test_parts_have_a_closer_bound_that_the_checker_accepts(quantity, tmp_path):
    field, state = head()
    box, sign = domains.Box(state, "0.1"), SIGNS[quantity]
    attained = ascend((field,), box, quantity, starts=3).value
    whole = bounds.attention_pencil(field, state, 0.1, quantity).value
    wanted = 1 + (sign * whole / (sign * attained) - 1) / 2
    found = branched(field, box, quantity, Target(attained, wanted))
    assert sign * attained < sign * found.value < sign * whole
    assert Target(attained, wanted).is_reached(found.value, sign)
    certificate, claim = written(found)
    assert claim.theorem == "domain-split"
    assert abs(float(claim.bound) - found.value) <= 1e-9 * abs(found.value)
    assert len(claim.premises) >= 2
    accept(certificate.save(tmp_path), jobs=1)


def test_parts_that_claim_too_much_are_rejected(tmp_path):
    field, state = head()
    box = domains.Box(state, "0.1")
    found = branched(field, box, "log-norm", Target(-10.0, 1.0, seconds=0.3))
    certificate, claim = written(found)
    less = replace(claim, bound=claim.bound - Fraction(1, 1000))
    changed = replace(certificate, claims=(*certificate.claims[:-1], less))
    with pytest.raises(Rejected, match="stronger than that of premise"):
        accept(changed.save(tmp_path), jobs=1)


def test_a_search_without_time_or_need_cuts_nothing():
    field, state = head()
    box = domains.Box(state, "0.1")
    assert branched(field, box, "log-norm", Target(0.0, 1.0, seconds=-1.0)) is None
    assert branched(field, box, "log-norm", Target(100.0, 1.0)) is None


def test_a_box_that_float64_cannot_cut_is_left_alone():
    field, state = head()
    box = domains.Box(state + 1e3, "1e-300")
    search = Search(field, box, "log-norm")
    assert search.root.rectangle.contains(state + 1e3)
    for _ in range(40):
        if not search.split():
            break
    else:
        pytest.fail("a box between two floats was cut 40 times")


def test_the_leaves_cover_the_box_exactly():
    field, state = head(seed=3)
    radius = Fraction(1, 10)
    search = Search(field, domains.Box(state, radius), "spectral-norm")
    for _ in range(25):
        assert search.split()
    leaves, waiting = [], [search.root]
    while waiting:
        node = waiting.pop()
        waiting += node.parts
        if node.cut is None:
            leaves.append(node)
    sizes = [
        np.prod([float(b - a) for a, b in zip(leaf.lower, leaf.upper, strict=True)])
        for leaf in leaves
    ]
    assert len(leaves) == 26
    assert abs(sum(sizes) - 0.2**4) <= 1e-12
    for leaf in leaves:
        ends = zip(
            leaf.rectangle.X0.ravel().tolist(),
            leaf.rectangle.radii.ravel().tolist(),
            leaf.lower,
            leaf.upper,
            strict=True,
        )
        for middle, reach, low, high in ends:
            assert Fraction(middle) - Fraction(reach) <= low
            assert high <= Fraction(middle) + Fraction(reach)


def test_only_small_boxes_of_three_quantities_are_branched():
    state = np.ones((2, 2))
    assert is_branched(domains.Box(state, 1), "log-norm")
    assert not is_branched(domains.Box(state, 0), "log-norm")
    assert not is_branched(domains.Box(state, 1), "mixed-norm")
    assert not is_branched(domains.Tube(state, 1), "log-norm")
    assert not is_branched(domains.Box(np.ones((9, 9)), 1), "log-norm")


@pytest.mark.parametrize("quantity", ["spectral-norm", "log-norm"])
def test_a_target_slack_is_reached_and_without_one_nothing_is_split(quantity):
    field, state = head(seed=1)
    box = domains.Box(state, "0.2")
    plain = propose(field, state, box, quantity, {})
    closer = propose(field, state, box, quantity, {}, target_slack=1.05)
    assert plain.certified.theorem == "attention-pencil"
    assert closer.certified.theorem == "domain-split"
    assert closer.tier == "float64"
    assert closer.certified.value < plain.certified.value
    assert closer.certified.value <= Fraction(1051, 1000) * closer.attained.value
    exact = propose(field, state, box, quantity, {}, target_slack=1.05, only_exact=True)
    assert exact.tier == "exact"


def test_a_target_below_1_is_refused():
    field, state = head()
    with pytest.raises(InvalidInput, match="bound over attained is at least 1"):
        propose(field, state, domains.Box(state, 1), "log-norm", {}, target_slack=0.5)
