"""Attained values: a state of the domain and a direction, re-derived in balls."""

from fractions import Fraction

import numpy as np
import pytest
from checker.rules.documents import Document
from hypothesis import given
from hypothesis import strategies as st
from strategies import SEEDS, attention_cases, feed_forward_cases, norm_cases

from stabcheck.bounds import Attention, FeedForward, LayerNorm

TOKENS, FEATURES = 3, 4
RNG = np.random.default_rng(11)
STATE = RNG.standard_normal((TOKENS, FEATURES))
ATTENTION = Attention(
    W_Q=RNG.standard_normal((2, 4, 2)),
    W_K=RNG.standard_normal((2, 4, 2)),
    W_V=RNG.standard_normal((2, 4, 2)),
    W_O=RNG.standard_normal((4, 4)),
    b_Q=2 * RNG.standard_normal((2, 2)),
    causal=True,
)
NORM = LayerNorm(RNG.standard_normal(4), RNG.standard_normal(4), Fraction(1, 10**5))
ROOM = 1e-9


def extreme(jacobian, quantity):
    """The value and the direction of a quantity of a dense Jacobian."""
    if quantity == "attained-spectral-norm":
        _, values, right = np.linalg.svd(jacobian)
        return values[0], right[0]
    values, vectors = np.linalg.eigh((jacobian + jacobian.T) / 2)
    place = 0 if quantity == "attained-log-norm-lower" else -1
    return values[place], vectors[:, place]


def stated(field, state, quantity, room):
    """The extreme value at a state, `room` norms weaker, at that point."""
    made = Document()
    jacobian = field.jacobian(state)
    value, direction = extreme(jacobian, quantity)
    sign = 1 if quantity == "attained-log-norm-lower" else -1
    made.claim(
        "attained",
        quantity,
        {"branch": [made.field(field, len(state))]},
        made.tube(state),
        Fraction(value) + sign * Fraction(room * np.linalg.norm(jacobian, 2)),
        state=made.array(state),
        direction=made.array(direction.reshape(state.shape)),
    )
    return made


BRANCH_QUANTITIES = (
    "attained-spectral-norm",
    "attained-log-norm",
    "attained-log-norm-lower",
)
CASES = st.one_of(attention_cases(), feed_forward_cases(), norm_cases())


@given(CASES, st.sampled_from(BRANCH_QUANTITIES))
def test_an_attained_value_is_accepted_and_a_stronger_one_rejected(case, quantity):
    field, state = case.field, case.state
    assert stated(field, state, quantity, ROOM).verdict() == "accepted"
    if np.linalg.norm(field.jacobian(state), 2) > 1e-9:
        stronger = stated(field, state, quantity, -1e-6)
        assert stronger.verdict().startswith("rejected: the value attained")


def in_domain(domain, state):
    """An attained norm of at least zero, at a state, on a domain."""
    made = Document()
    made.claim(
        "attained",
        "attained-spectral-norm",
        {"branch": [made.field(ATTENTION, TOKENS)]},
        domain(made),
        0,
        state=made.array(state),
        direction=made.array(np.ones_like(state)),
    )
    return made.verdict()


def test_the_state_of_a_point_has_to_be_the_point():
    assert in_domain(lambda made: made.tube(STATE), STATE) == "accepted"
    moved = STATE.copy()
    moved[1, 2] = np.nextafter(moved[1, 2], 9)
    verdict = in_domain(lambda made: made.tube(STATE), moved)
    assert "not the point" in verdict


def test_a_state_on_the_edge_of_a_tube_is_inside_and_one_bit_beyond_is_not():
    centre = np.zeros((TOKENS, FEATURES))
    edge = centre.copy()
    edge[1, :2] = 3, 4
    beyond = edge.copy()
    beyond[1, 1] = np.nextafter(4, 5)
    for domain in (
        lambda made: made.tube(centre, Fraction(5)),
        lambda made: made.ball(Fraction(5), TOKENS, FEATURES),
    ):
        assert in_domain(domain, edge) == "accepted"
        assert "token 1 of the state lies outside" in in_domain(domain, beyond)


def test_every_entry_of_a_rectangle_has_its_own_radius():
    centre = np.zeros((TOKENS, FEATURES))
    radii = np.arange(TOKENS * FEATURES, dtype=float).reshape(TOKENS, FEATURES) / 8

    def rectangle(made):
        return made.rectangle(centre, radii)

    assert in_domain(rectangle, -radii) == "accepted"
    for place in (0, 1, TOKENS * FEATURES - 1):
        beyond = radii.copy()
        beyond.flat[place] = np.nextafter(beyond.flat[place], 9)
        said = in_domain(rectangle, beyond)
        assert f"entry {place} of the state lies outside" in said


def test_every_token_of_a_tube_with_radii_has_its_own():
    edge = np.zeros((TOKENS, FEATURES))
    edge[:, 0] = np.arange(TOKENS)

    def tubes(made):
        name = made.array(np.zeros((TOKENS, FEATURES)))
        record = {"kind": "tubes", "centre": name}
        made.domains.append(record | {"radii": made.array(np.arange(float(TOKENS)))})
        return len(made.domains) - 1

    assert in_domain(tubes, edge) == "accepted"
    edge[1, 1] = 2.0**-60
    assert "token 1 of the state lies outside" in in_domain(tubes, edge)


def test_a_tube_of_another_shape_is_refused():
    other = np.zeros((TOKENS - 1, FEATURES))
    assert "not the shape" in in_domain(lambda m: m.tube(other, Fraction(9)), STATE)
    verdict = in_domain(lambda m: m.ball(Fraction(9), 2, FEATURES), STATE)
    assert "not one of states" in verdict


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"quantity": "spectral-norm"}, "not spectral-norm"),
        ({"quantity": "attained-growth"}, "not a branch"),
        ({"parameters": {}}, "parameter state"),
        ({"parameters": {"state": Fraction(1)}}, "parameter state"),
        ({"premises": (0,)}, "no premises"),
        ({"subject": {"maps": [0, 1]}}, "branch of fields"),
    ],
)
def test_each_hypothesis_is_looked_at(changes, reason):
    made = stated(ATTENTION, STATE, "attained-spectral-norm", ROOM)
    made.residual([0], made.method("forward-euler"), Fraction(1))
    made.claims.append(made.claims[0])
    assert made.verdict() == "accepted"
    assert reason in made.changed(**changes).verdict()


@pytest.mark.parametrize(
    ("direction", "reason"),
    [
        (np.zeros((TOKENS, FEATURES)), "direction is zero"),
        (np.ones((TOKENS, FEATURES), dtype=np.float32), "float64 array"),
        (np.ones((FEATURES, TOKENS)), "float64 array"),
    ],
)
def test_the_direction_has_to_be_a_nonzero_state(direction, reason):
    made = stated(ATTENTION, STATE, "attained-spectral-norm", ROOM)
    names = dict(made.claims[-1].parameters) | {"direction": made.array(direction)}
    assert reason in made.changed(parameters=names).verdict()


def runge_kutta(jacobian, field, state, direction, A, b, h):
    """The step and its derivative, in float64."""
    stages, turns = [], []
    for row in A:
        stage, turn = state, direction
        for a, slope, turned in zip(row, stages, turns, strict=True):
            stage, turn = stage + h * a * slope, turn + h * a * turned
        stages.append(field(stage))
        turns.append(jacobian(stage) @ turn)
    return (
        state + h * sum(w * s for w, s in zip(b, stages, strict=True)),
        direction + h * sum(w * t for w, t in zip(b, turns, strict=True)),
    )


RK4 = ([[], [0.5], [0, 0.5], [0, 0, 1]], [1 / 6, 1 / 3, 1 / 3, 1 / 6])
EULER = ([[]], [1])


@pytest.mark.parametrize(("name", "tableau"), [("forward-euler", EULER), ("rk4", RK4)])
def test_the_growth_of_an_explicit_step_is_attained(name, tableau):
    size = Fraction(1, 4)
    moved = runge_kutta(
        ATTENTION.jacobian, ATTENTION, STATE, np.eye(STATE.size), *tableau, float(size)
    )[1]
    value, direction = extreme(moved, "attained-spectral-norm")
    made = Document()
    subject = made.step([made.field(ATTENTION, TOKENS)], made.method(name), size)
    made.claim(
        "attained", "attained-growth", subject, made.tube(STATE, Fraction(1, 8)),
        Fraction(value * (1 - ROOM)), state=made.array(STATE),
        direction=made.array(direction.reshape(STATE.shape)),
    )  # fmt: skip
    assert made.verdict() == "accepted"
    stronger = made.changed(bound=Fraction(value * (1 + ROOM)))
    assert stronger.verdict().startswith("rejected")


def test_an_implicit_step_is_refused_with_its_reason():
    made = Document()
    field = made.field(ATTENTION, TOKENS)
    subject = made.step([field], made.method("backward-euler"), Fraction(1, 4))
    parameters = {"state": made.array(STATE), "direction": made.array(STATE)}
    domain = made.tube(STATE)
    made.claim("attained", "attained-growth", subject, domain, 0, **parameters)
    assert "'backward-euler' is not enclosed: the method is implicit" in made.verdict()


def test_a_deep_stack_keeps_its_digits():
    # The widths of balls grow with absolute values, the derivative does not: at the
    # precision of the single rules nothing would be left behind forty layers.
    rng = np.random.default_rng(9)
    made, state = Document(), rng.standard_normal((1, 16))
    field = FeedForward(
        rng.standard_normal((16, 32)), np.zeros(32), rng.standard_normal((32, 16)),
        np.zeros(16),
    )  # fmt: skip
    norm = LayerNorm(np.ones(16), np.zeros(16), Fraction(1, 10**5))
    indices, euler = (made.field(field, 1), made.field(norm, 1)), 0
    made.method("forward-euler")
    direction, point = rng.standard_normal(state.shape), state
    moved = direction
    for _ in range(40):
        made.residual([indices[0]], euler, Fraction(1))
        made.normalise(indices[1])
        moved = moved + (field.jacobian(point) @ moved.ravel()).reshape(moved.shape)
        point = point + field(point)
        moved = (norm.jacobian(point) @ moved.ravel()).reshape(moved.shape)
        point = norm(point)
    value = np.linalg.norm(moved) / np.linalg.norm(direction)
    made.claim(
        "attained", "attained-growth", {"maps": [0, 80]}, made.tube(state),
        Fraction(value / 2), state=made.array(state),
        direction=made.array(direction),
    )  # fmt: skip
    assert made.verdict() == "accepted"


@given(SEEDS, st.integers(1, 3))
def test_the_growth_of_a_stack_is_attained(seed, layers):
    rng = np.random.default_rng(seed)
    made = Document()
    attention = made.field(ATTENTION, TOKENS)
    norm, euler = made.field(NORM, TOKENS), made.method("forward-euler")
    state, product = STATE, np.eye(STATE.size)
    for _ in range(layers):
        size = Fraction(int(rng.integers(1, 9)), 8)
        made.residual([attention], euler, size)
        made.normalise(norm)
        step = np.eye(STATE.size) + float(size) * ATTENTION.jacobian(state)
        state = state + float(size) * ATTENTION(state)
        product = NORM.jacobian(state) @ step @ product
        state = NORM(state)
    value, direction = extreme(product, "attained-spectral-norm")
    made.claim(
        "attained", "attained-growth", {"maps": [0, 2 * layers]}, made.tube(STATE),
        Fraction(value * (1 - ROOM)), state=made.array(STATE),
        direction=made.array(direction.reshape(STATE.shape)),
    )  # fmt: skip
    assert made.verdict() == "accepted"
    stronger = made.changed(bound=Fraction(value * (1 + 1e-6)))
    assert stronger.verdict().startswith("rejected")
