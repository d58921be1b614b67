"""Steps by multipliers: the form in rationals, the stages of any method in tubes."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from checker.rules.documents import METHODS, Document
from checker.rules.step_claims import (
    LOWER,
    NORM,
    RADIUS,
    STATE,
    STEP,
    TINY,
    TOKENS,
    UPPER,
    field,
)
from hypothesis import given
from hypothesis import strategies as st
from strategies import attention_cases, feed_forward_cases

from stabcheck import growth
from stabcheck.bounds import FeedForward
from stabcheck.growth import StageBounds
from stabcheck.growth.monotone_stages import monotone_weights
from stabcheck.integrators import ButcherTableau, get
from stabcheck.integrators.runge_kutta.record import tableau_record
from stabcheck.layers import stage_states

RADAU = ([["5/12", "-1/12"], ["3/4", "1/4"]], ["3/4", "1/4"])
LOBATTO = ([[0, 0], ["1/2", "1/2"]], ["1/2", "1/2"])
TABLEAUS = {
    **{name: METHODS[name] for name in ("heun", "rk4", "implicit-midpoint")},
    "radau-iia:2": RADAU,
    "trapezoid": LOBATTO,
}
IRRATIONAL = ("gauss:2", "sdirk2", "sdirk33", "gill4")
EVERY = (*TABLEAUS, *IRRATIONAL)
KINDS = {NORM: "norms", UPPER: "uppers", LOWER: "lowers"}
NAMES = {NORM: "norm", UPPER: "upper", LOWER: "lower"}
PAIRS = {"growth": (UPPER,), "shrink": (LOWER,)}


def tableau(name):
    if name in IRRATIONAL:
        return get(name)
    A, b = TABLEAUS[name]
    return ButcherTableau(name, A, b)


def method(made, name):
    record = made.integrators
    record.append(tableau_record(tableau(name)))
    return len(record) - 1


def proposed(name, quantity, values, h):
    """Bound and parameters, for the same bounds at every stage; None if none hold."""
    found = tableau(name)
    bounds = StageBounds(
        **{KINDS[q]: (Fraction(v),) * found.stages for q, v in values.items()}
    )
    search = growth.growth_lmi if quantity == "growth" else growth.shrink_lmi
    proven = search(found.A, found.b, h, bounds)
    if proven.multipliers is None:
        return None
    parameters = {
        f"{NAMES[q]}_multipliers": list(getattr(proven.multipliers, KINDS[q]))
        for q in values
    }
    return Fraction(proven.bound.value), parameters


def claimed(
    name,
    quantity="growth",
    values=None,
    *,
    radii=None,
    branch=None,
    state=STATE,
    h=STEP,
    radius=RADIUS,
):
    """A claim about a step, its premises one kind after the other."""
    values = values or {NORM: 2, PAIRS[quantity][0]: -1}
    branch = branch or field()
    made, found = Document(), tableau(name)
    index = [made.field(branch, len(state))]
    centres = stage_states((branch,), state, found, h)
    if radii is None:
        radii = [8 * radius] * found.stages
    tubes = [made.tube(c, r) for c, r in zip(centres, radii, strict=True)]
    premises = [
        made.given(quantity_, {"branch": index}, tube, value)
        for quantity_, value in values.items()
        for tube in tubes
    ]
    bound, parameters = proposed(name, quantity, values, h)
    subject = made.step(index, method(made, name), h)
    made.claim(
        f"runge-kutta-{quantity}-lmi",
        quantity,
        subject,
        made.tube(state, radius),
        bound,
        premises,
        **parameters,
    )
    return made


ALL = {NORM: 2, UPPER: Fraction(1, 2), LOWER: -1}


@pytest.mark.parametrize("quantity", ["growth", "shrink"])
@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize(
    "values", [{NORM: 2}, {NORM: 2, UPPER: -1}, {NORM: 2, LOWER: -1}, ALL]
)
def test_what_the_multipliers_prove_is_accepted(name, quantity, values):
    assert claimed(name, quantity, values).verdict() == "accepted"


@pytest.mark.parametrize("quantity", ["growth", "shrink"])
@pytest.mark.parametrize("name", EVERY)
def test_a_bound_a_little_stronger_is_refused(name, quantity):
    made = claimed(name, quantity)
    sign = 1 if quantity == "growth" else -1
    step = Fraction(1, 10**14)
    stronger = made.changed(bound=made.claims[-1].bound - sign * step)
    assert "stronger than the premises give" in stronger.verdict()


def test_the_form_is_decided_exactly():
    # Forward Euler's growth by kappa = 1, lambda = 2: nothing is left of the form.
    made = claimed("heun")
    euler = made.step([0], made.method("forward-euler"), STEP)
    square = (1 - Fraction(1, 5)) ** 2  # 1 - 2/5 + 1/25: L = 4/5, mu = -4/5, h = 1/4
    premises = [
        made.given(q, {"branch": [0]}, made.claims[-1].domain, v)
        for q, v in ((NORM, Fraction(4, 5)), (UPPER, Fraction(-4, 5)))
    ]
    parameters = {
        "norm_multipliers": [Fraction(1)],
        "upper_multipliers": [Fraction(2)],
    }
    exact = replace(
        made.claims[0],
        theorem="runge-kutta-growth-lmi",
        quantity="growth",
        subject=euler,
        domain=made.tube(STATE, 8 * RADIUS),
        bound=Fraction(4, 5),
        premises=tuple(premises),
        parameters=parameters,
    )
    made.claims[premises[0]] = replace(made.claims[premises[0]], domain=exact.domain)
    made.claims[premises[1]] = replace(made.claims[premises[1]], domain=exact.domain)
    made.claims.append(exact)
    assert square == Fraction(4, 5) ** 2
    assert made.verdict() == "accepted"
    stronger = made.changed(bound=Fraction(4, 5) - TINY)
    assert "stronger than the premises give" in stronger.verdict()


def test_the_growth_of_a_dissipative_field_is_exactly_one_for_midpoint_and_radau():
    for name in ("implicit-midpoint", "radau-iia:2"):
        made = claimed(name, values={NORM: 2, UPPER: 0})
        assert made.claims[-1].bound == 1
        assert made.verdict() == "accepted"
        assert made.changed(bound=1 - TINY).verdict().startswith("rejected")


def test_a_premise_a_little_weaker_is_refused():
    made = claimed("rk4")
    for place, worse in ((0, 2 + Fraction(1, 10**12)), (4, -1 + Fraction(1, 10**12))):
        weaker = made.with_premise(place, bound=worse)
        assert "stronger than the premises give" in weaker.verdict()


def test_the_multipliers_have_to_be_there_and_nonnegative():
    made = claimed("heun")
    good = made.claims[-1].parameters

    def says(message, **changes):
        assert message in made.changed(parameters=good | changes).verdict()

    assert "the claim names none" in made.changed(parameters={}).verdict()
    says("the claim names", more=[Fraction(1)])
    says("a list of 2 rationals", norm_multipliers=[Fraction(1)])
    says("a list of 2 rationals", norm_multipliers=Fraction(1))
    says("has a negative entry", upper_multipliers=[Fraction(-1), Fraction(1)])
    says("stronger than", upper_multipliers=[Fraction(0), Fraction(0)])


def test_the_rule_looks_at_its_other_hypotheses():
    made = claimed("heun")
    assert "not shrink" in made.changed(quantity="shrink").verdict()
    assert "not negative" in made.changed(bound=-made.claims[-1].bound).verdict()
    fewer = made.changed(premises=made.claims[-1].premises[:3])
    assert "has the premises" in fewer.verdict()
    smaller = made.tube(STATE, RADIUS / 2)
    assert "smaller tube than" in made.with_premise(2, domain=smaller).verdict()
    other = made.tube(STATE + 1, RADIUS)
    assert "a premise is about a tube round" in (
        made.with_premise(3, domain=other).verdict()
    )
    weak = claimed("heun", "shrink").changed(bound=Fraction(-1))
    assert weak.verdict() == "accepted"


def needed_radii(name, norm, *, token_wise):
    """What the stages need, by the recursion of the rule, in float64."""
    found = tableau(name)
    A = np.abs(np.array(found.A, dtype=float))
    resolvent = np.linalg.inv(np.eye(len(A)) - float(STEP) * norm * A)
    whole = np.sqrt(TOKENS) * float(RADIUS) * resolvent.sum(axis=1)
    radii = whole.copy()
    for _ in range(200):
        near = np.minimum(whole, (1 if token_wise else np.sqrt(TOKENS)) * radii)
        radii = np.minimum(whole, float(RADIUS) + float(STEP) * norm * A @ near)
    return radii


@pytest.mark.parametrize("name", ["implicit-midpoint", "radau-iia:2"])
def test_the_tubes_of_implicit_stages_have_to_hold_them(name):
    radii = needed_radii(name, 2.0, token_wise=True)
    for factor, expected in ((1.001, "accepted"), (0.999, "the distance of stage 1")):
        made = claimed(name, radii=[Fraction(factor * r) for r in radii])
        assert expected in made.verdict()


def test_the_first_stage_of_the_trapezoidal_rule_is_the_state_itself():
    radius = Fraction(1, 3)  # no dyadic number: balls would straddle
    made = claimed("trapezoid", radius=radius, radii=[radius, 8 * radius])
    assert made.verdict() == "accepted"


def test_without_a_contraction_the_stages_are_not_known_to_exist():
    # h |A| L has the spectral radius h L/2 for the midpoint: 1 at h L = 2.
    made = claimed("implicit-midpoint")
    for norm in (8, 9):
        assert "a spectral radius of 1 or more" in (
            made.with_premise(0, bound=Fraction(norm)).verdict()
        )
    other = claimed("radau-iia:2").with_premise(0, bound=Fraction(100))
    assert "a spectral radius of 1 or more" in other.verdict()


def monotone(name, mu, h, radius, **values):
    """A claim whose stages exist because their equations are monotone."""
    found = tableau(name)
    made = claimed(name, values={NORM: 30, UPPER: mu} | values, h=h, radii=radius)
    inverse = np.linalg.inv(np.array(found.A, dtype=float))
    weights, margin = monotone_weights(inverse, float(h), [float(mu)] * found.stages)
    existence = {"stage_weights": list(weights), "stage_margin": margin}
    parameters = made.claims[-1].parameters | existence
    return made.changed(parameters=parameters)


FAR = Fraction(3, 4)
"""With L = 30, h L is far above 1."""


@pytest.mark.parametrize("name", ["implicit-midpoint", "radau-iia:2"])
def test_monotone_stages_exist_where_no_contraction_is_known(name):
    radii = [16 * RADIUS] * tableau(name).stages
    made = monotone(name, 1, FAR, radii)
    assert made.verdict() == "accepted"
    good = made.claims[-1].parameters
    alone = {k: v for k, v in good.items() if not k.startswith("stage")}
    assert "spectral radius" in made.changed(parameters=alone).verdict()

    def says(message, **changes):
        assert message in made.changed(parameters=good | changes).verdict()

    stages = tableau(name).stages
    says("must be positive", stage_margin=Fraction(0))
    says("must be positive", stage_weights=[Fraction(0)] * stages)
    says("not shown monotone", stage_margin=2 * good["stage_margin"])
    says("a list of", stage_weights=[Fraction(1)] * (stages + 1))
    says("has to be a rational", stage_margin=[Fraction(1)])
    one_only = {k: v for k, v in good.items() if k != "stage_margin"}
    assert "the claim names" in made.changed(parameters=one_only).verdict()
    steeper = made.with_premise(stages, bound=Fraction(5))
    assert "not shown monotone" in steeper.verdict()


def test_monotone_stages_have_to_lie_inside_their_tubes():
    # One stage, a = 1/2: D/beta A^{-1} is 2/(2 - h mu), here 8/5, times the root of n.
    needed = np.sqrt(TOKENS) * float(RADIUS) * 8 / 5
    for factor, expected in ((1.001, "accepted"), (0.999, "the distance of stage 1")):
        made = monotone("implicit-midpoint", 1, FAR, [Fraction(factor * needed)])
        assert expected in made.verdict()


def test_monotone_stages_need_an_invertible_stage_matrix_and_log_norms():
    made = claimed("trapezoid", h=FAR, values={NORM: 1, UPPER: 0, LOWER: -1})
    existence = {"stage_weights": [Fraction(1)] * 2, "stage_margin": Fraction(1)}
    parameters = made.claims[-1].parameters | existence
    assert "is singular" in made.changed(parameters=parameters).verdict()
    made = claimed("implicit-midpoint", values={NORM: 1, LOWER: -1})
    existence = {"stage_weights": [Fraction(1)], "stage_margin": Fraction(1)}
    parameters = made.claims[-1].parameters | existence
    found = made.changed(parameters=parameters).verdict()
    assert "need logarithmic norms" in found


def attained_growth(branch, state, found, h):
    """The norm of the derivative of one step, its stages solved with J frozen."""
    stages = stage_states((branch,), state, found, h)
    jacobians = [branch.jacobian(stage) for stage in stages]
    A = np.array([[float(a) for a in row] for row in found.A])
    size, count = state.size, len(A)
    system = np.eye(count * size)
    for i, j in np.ndindex(count, count):
        block = np.s_[i * size : (i + 1) * size, j * size : (j + 1) * size]
        system[block] -= float(h) * A[i, j] * jacobians[i]
    slopes = np.linalg.solve(system, np.vstack(jacobians))
    weights = [float(b) for b in found.b]
    moved = np.tensordot(weights, slopes.reshape(count, size, size), axes=1)
    return np.eye(size) + float(h) * moved, jacobians


@pytest.mark.theorem("runge-kutta-growth-lmi")
@pytest.mark.theorem("runge-kutta-shrink-lmi")
@given(
    st.one_of(attention_cases(), feed_forward_cases()),
    st.sampled_from(sorted(TABLEAUS)),
)
def test_no_bound_beyond_the_step_of_a_true_field_is_accepted(case, name):
    branch, state, found = case.field, case.state, tableau(name)
    size = float(np.linalg.norm(branch.jacobian(state), 2))
    h = Fraction(min(1.0, 0.7 / (size + 0.1))).limit_denominator(64)
    if isinstance(branch, FeedForward):
        h /= 2
    step, jacobians = attained_growth(branch, state, found, h)
    norm = max(np.linalg.norm(J, 2) for J in jacobians) * (1 + 1e-9) + 1e-9
    values = [np.linalg.eigvalsh((J + J.T) / 2) for J in jacobians]
    bounds = {
        NORM: norm,
        UPPER: max(v[-1] for v in values) + 1e-9,
        LOWER: min(v[0] for v in values) - 1e-9,
    }
    if float(h) * norm * max(sum(abs(a) for a in row) for row in found.A) >= 0.95:
        return
    singular = np.linalg.svd(step, compute_uv=False)
    tiny = Fraction(1, 10**9)
    for quantity, value in (
        ("growth", singular[0] * (1 - 1e-6) - 1e-6),
        ("shrink", singular[-1] * (1 + 1e-6) + 1e-6),
    ):
        if proposed(name, quantity, bounds, h) is None:
            continue
        made = claimed(
            name, quantity, bounds, branch=branch, state=state, h=h, radius=tiny
        )
        assert made.verdict() == "accepted"
        assert made.changed(bound=Fraction(value)).verdict() != "accepted"
