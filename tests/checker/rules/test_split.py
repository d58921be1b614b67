"""Boxes in parts: whatever the checker calls a cover is one, and nothing smaller."""

from fractions import Fraction

import numpy as np
import pytest
from checker.rules.documents import Document
from hypothesis import given
from hypothesis import strategies as st

from stabcheck import domains
from stabcheck.bounds import Attention

TOKENS, FEATURES = 2, 3
SIZE = TOKENS * FEATURES
ATTENTION = Attention(*(np.eye(FEATURES)[None] for _ in range(3)))
RADIUS = Fraction(1, 10)
LEAF = (-1, 0.0)


def grown(rng, lower, upper, depth: int):
    """A random tree over a region: its nodes in preorder, its leaves' ends."""
    if depth == 0 or rng.random() < 0.2:
        return [LEAF], [(lower, upper)]
    place = int(rng.integers(SIZE))
    cut = float(rng.uniform(float(lower[place]), float(upper[place])))
    below, above = list(upper), list(lower)
    below[place] = above[place] = Fraction(cut)
    nodes, leaves = [(place, cut)], []
    for ends in ((lower, below), (above, upper)):
        more, parts = grown(rng, *ends, depth - 1)
        nodes, leaves = nodes + more, leaves + parts
    return nodes, leaves


def rectangle(lower, upper) -> tuple[np.ndarray, np.ndarray]:
    """Centre and radii of a rectangle that holds a region, hardly more."""
    centre = np.array([float((a + b) / 2) for a, b in zip(lower, upper, strict=True)])
    radii = np.array(
        [
            np.nextafter(float(max(b - Fraction(c), Fraction(c) - a)), np.inf)
            for a, b, c in zip(lower, upper, centre.tolist(), strict=True)
        ]
    )
    return centre.reshape(TOKENS, FEATURES), radii.reshape(TOKENS, FEATURES)


CENTRE = np.random.default_rng(5).standard_normal((TOKENS, FEATURES))
ENDS = tuple(
    [Fraction(x) + sign * RADIUS for x in CENTRE.ravel().tolist()] for sign in (-1, 1)
)


def tree(seed: int, depth: int = 3):
    """Nodes of a tree over the box, and the rectangles of its leaves."""
    nodes, leaves = grown(np.random.default_rng(seed), *ENDS, depth)
    return nodes, [rectangle(*ends) for ends in leaves]


def claimed(
    nodes, parts, *, value=1, quantity="spectral-norm", values=None, radius=RADIUS
) -> Document:
    """A claim on the box from premises on rectangles."""
    made = Document()
    branch = {"branch": [made.field(ATTENTION, TOKENS)]}
    values = values or [1] * len(parts)
    premises = [
        made.claim("attention-pencil", quantity, branch, made.rectangle(*part), bound)
        for part, bound in zip(parts, values, strict=True)
    ]
    made.claim(
        "domain-split",
        quantity,
        branch,
        made.round("box", CENTRE, radius),
        value,
        premises=premises,
        coordinates=made.array(np.array([place for place, _ in nodes])),
        cuts=made.array(np.array([float(cut) for _, cut in nodes])),
    )
    return made


@pytest.mark.theorem("domain-split")
@given(st.integers(0, 2**16))
def test_the_leaves_of_an_accepted_tree_hold_every_state(seed):
    nodes, parts = tree(seed)
    assert claimed(nodes, parts).verdict() == "accepted"
    rng = np.random.default_rng(seed)
    shapes = [domains.Rectangle(*part) for part in parts]
    for _ in range(5):
        # Inside, on faces and at vertices.
        share = np.clip(rng.uniform(-2, 2, CENTRE.shape), -1, 1)
        state = CENTRE + float(RADIUS) * (1 - 1e-12) * share
        assert domains.Box(CENTRE, RADIUS).contains(state)
        assert any(shape.contains(state) for shape in shapes)


@pytest.mark.theorem("domain-split", refutes="a rectangle smaller by 1/10^6")
@given(st.integers(0, 2**16))
def test_no_smaller_rectangle_would_do(seed):
    nodes, parts = tree(seed)
    rng = np.random.default_rng(seed)
    which = int(rng.integers(len(parts)))
    centre, radii = parts[which]
    entry = tuple(int(rng.integers(size)) for size in radii.shape)
    radii = radii.copy()
    radii[entry] *= 1 - 1e-6
    parts[which] = centre, radii
    assert f"premise {which} does not cover" in claimed(nodes, parts).verdict()


def test_a_larger_box_is_not_covered():
    nodes, parts = tree(1)
    wide = claimed(nodes, parts, radius=RADIUS * (1 + Fraction(1, 10**6)))
    assert "does not cover" in wide.verdict()


def test_a_rectangle_is_split_too_and_a_tube_is_not():
    nodes, parts = tree(1)
    made = claimed(nodes, parts)
    inner = made.rectangle(CENTRE, np.full(CENTRE.shape, 0.09))
    assert made.changed(domain=inner).verdict() == "accepted"
    for other in (
        made.round("tube", CENTRE, RADIUS),
        made.round("frobenius", CENTRE, RADIUS),
        made.tube(CENTRE),
        made.ball(Fraction(1, 10), TOKENS, FEATURES),
    ):
        assert "about boxes and rectangles" in made.changed(domain=other).verdict()


def test_no_bound_may_be_stronger_than_its_premises():
    nodes, parts = tree(1)
    values = [1] * len(parts)
    values[-1] = 2
    assert "stronger" in claimed(nodes, parts, values=values).verdict()
    assert claimed(nodes, parts, values=values, value=2).verdict() == "accepted"
    lower = claimed(nodes, parts, values=values, quantity="log-norm-lower")
    assert lower.verdict() == "accepted"
    lower = claimed(nodes, parts, values=values, quantity="log-norm-lower", value=2)
    assert "stronger" in lower.verdict()


@pytest.mark.parametrize(
    "quantity", ["shrink", "growth", "jacobian-deviation", "attained-spectral-norm"]
)
def test_numbers_of_pairs_of_states_are_refused(quantity):
    nodes, parts = tree(1)
    verdict = claimed(nodes, parts, quantity=quantity).verdict()
    assert "this theorem bounds spectral-norm, mixed-norm" in verdict


def test_premises_about_something_else_are_refused():
    nodes, parts = tree(1)
    made = claimed(nodes, parts)
    other = made.with_premise(0, quantity="log-norm")
    assert "premise 0 is about another quantity" in other.verdict()
    other = made.with_premise(1, subject={"branch": [0, 0]})
    assert "premise 1 is about another subject" in other.verdict()
    tall = made.rectangle(np.zeros((3, FEATURES)), np.ones((3, FEATURES)))
    other = made.with_premise(0, domain=tall)
    assert "holds states of shape" in other.verdict()
    assert "there is none" in made.changed(premises=()).verdict()


def test_trees_that_are_none_are_refused():
    half = (0, float(CENTRE[0, 0]))
    whole = rectangle(*ENDS)
    for nodes, said in (
        ([LEAF, half, LEAF], "goes on after its last leaf"),
        ([LEAF, LEAF, LEAF], "goes on after its last leaf"),
        ([half, half, LEAF], "ends before its last leaf"),
        ([(-2, 0.0), LEAF, LEAF], "cuts a coordinate -2"),
        ([(SIZE, 0.0), LEAF, LEAF], f"cuts a coordinate {SIZE}"),
        ([half, LEAF], "with 3 entries, one for each node"),
    ):
        assert said in claimed(nodes, [whole, whole]).verdict()
    # A cut outside the region leaves the whole of it on one side.
    assert claimed([(0, 9.0), LEAF, LEAF], [whole, whole]).verdict() == "accepted"
    made = claimed([half, LEAF, LEAF], [whole, whole])
    wrong = {"coordinates": made.array(np.zeros(3))}
    kept = made.claims[-1].parameters
    verdict = made.changed(parameters=kept | wrong).verdict()
    assert "coordinates has to be an array of type <i8" in verdict
    verdict = made.changed(parameters=kept | {"cuts": Fraction(1)}).verdict()
    assert "cuts has to be an array of type <f8" in verdict
