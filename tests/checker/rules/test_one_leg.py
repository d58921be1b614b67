"""One-leg steps: the form in rationals, the argument of the field in its tube."""

from dataclasses import replace
from fractions import Fraction

import pytest
from checker.rules.documents import Document
from checker.rules.step_claims import (
    LOWER,
    NORM,
    RADIUS,
    STATE,
    STEP,
    TOKENS,
    UPPER,
    field,
)

from stabcheck import growth
from stabcheck.certificate import rational
from stabcheck.checker.failures import Malformed
from stabcheck.growth import StageBounds
from stabcheck.integrators import get
from stabcheck.integrators.memory.multistep import LinearMultistep
from stabcheck.layers import stage_states

TRAPEZOID = LinearMultistep("trapezoid-twin", (-1, 1), ("1/2", "1/2"))
METHODS = {name: get(name) for name in ("bdf:1", "bdf:2", "ndf:2", "dln:2/3")}
METHODS["trapezoid-twin"] = TRAPEZOID
ALL = {NORM: Fraction(2), UPPER: Fraction(-1), LOWER: Fraction(-2)}
KINDS = {NORM: "norms", UPPER: "uppers", LOWER: "lowers"}


def record(method):
    rows = {"alpha": method.alpha, "beta": method.beta}
    return {"name": method.name} | {
        k: [rational(x) for x in v] for k, v in rows.items()
    }


def proposed(method, values, h):
    bounds = StageBounds(**{KINDS[q]: (value,) for q, value in values.items()})
    found = growth.one_leg_growth(method, h, bounds)
    names = ("norm_multipliers", "upper_multipliers", "lower_multipliers")
    chosen = [name for name, q in zip(names, KINDS, strict=True) if q in values]
    pairs = zip(chosen, found.multipliers, strict=True)
    return found, {name: [value] for name, value in pairs}


def claimed(name="bdf:2", values=ALL, *, radius=RADIUS, wide=8, h=STEP, **changes):
    method, branch = METHODS[name], field()
    made = Document()
    index = [made.field(branch, TOKENS)]
    gamma = method.beta[-1] / method.alpha[-1]
    stage = get("backward-euler")
    (centre,) = stage_states((branch,), STATE, stage, h * gamma)
    tube = made.tube(centre, wide * radius)
    premises = [made.given(q, {"branch": index}, tube, v) for q, v in values.items()]
    found, parameters = proposed(method, values, h)
    made.integrators.append(record(method))
    subject = {
        "branch": index,
        "integrator": len(made.integrators) - 1,
        "size": rational(h),
        "G": [rational(x) for row in found.G for x in row],
    } | changes
    made.claim(
        "one-leg-g-norm",
        "g-growth",
        {"one-leg": subject},
        made.tube(STATE, radius),
        Fraction(found.bound.value),
        premises,
        **parameters,
    )
    return made


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize(
    "values",
    [ALL, {NORM: Fraction(2), UPPER: Fraction(1)}, {NORM: Fraction(1, 2)}],
    ids=["all", "upper", "norm"],
)
def test_what_the_multipliers_prove_is_accepted(name, values):
    assert claimed(name, values).verdict() == "accepted"


@pytest.mark.parametrize("name", METHODS)
def test_a_growth_a_little_smaller_is_refused(name):
    made = claimed(name)
    bound = made.claims[-1].bound * (1 - Fraction(1, 10**6))
    assert "stronger than the premises give" in made.changed(bound=bound).verdict()


def test_a_premise_a_little_weaker_is_refused():
    made = claimed(values={NORM: Fraction(2), UPPER: Fraction(-1)})
    place = made.claims[-1].premises[1]
    weaker = made.claims[place].bound + Fraction(1, 1000)
    made.claims[place] = replace(made.claims[place], bound=weaker)
    assert "stronger than the premises give" in made.verdict()


def test_the_argument_has_to_lie_in_the_tube_of_its_premises():
    # bdf:2: w = 4/3 y_1 - 1/3 y_0 lies within 5/3 radii, the argument not much farther.
    assert claimed(wide=4).verdict() == "accepted"
    assert "the distance of stage 1" in claimed(wide=Fraction(5, 3)).verdict()


def test_a_premise_on_a_smaller_tube_is_refused():
    made = claimed()
    place = made.claims[-1].premises[1]
    tube = made.tube(STATE, RADIUS / 2)
    made.claims[place] = replace(made.claims[place], domain=tube)
    assert "round" in made.verdict()


def test_a_step_whose_argument_may_not_exist_is_refused():
    made = claimed(values={NORM: Fraction(1, 2)})
    (place,) = made.claims[-1].premises
    large = Fraction(1000)
    made.claims[place] = replace(made.claims[place], bound=large)
    assert "one solution" in made.verdict()


@pytest.mark.parametrize(
    ("G", "match"),
    [
        ([[1, 1], [2, 1], [0, 1], [1, 1]], "symmetric"),
        ([[1, 1], [1, 1], [1, 1], [1, 1]], "positive definite"),
        ([[1, 1], [2, 1], [2, 1], [1, 1]], "positive definite"),
        ([[1, 1], [0, 1], [0, 1], [1, 1]], "stronger than the premises give"),
    ],
)
def test_a_wrong_matrix_is_refused(G, match):
    assert match in claimed(G=G).verdict()


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"G": [[1, 1]]}, "list of 4 rationals"),
        ({"G": 3}, "no list"),
        ({"integrator": 7}, "no index"),
        ({"root": 1}, "unknown key"),
    ],
)
def test_a_wrong_subject_is_malformed(changes, match):
    with pytest.raises(Malformed, match=match):
        claimed(**changes).verdict()


def test_a_step_needs_a_tableau_and_a_one_leg_step_a_multistep_method():
    made = claimed()
    place = made.claims[-1].subject["one-leg"]["integrator"]
    with pytest.raises(Malformed, match="no Runge-Kutta method"):
        made.changed(subject=made.step([0], place, STEP)).verdict()
    euler = made.method("backward-euler")
    subject = dict(made.claims[-1].subject["one-leg"]) | {"integrator": euler}
    with pytest.raises(Malformed, match="no multistep method"):
        made.changed(subject={"one-leg": subject}).verdict()


def test_other_quantities_subjects_and_parameters_are_refused():
    made = claimed()
    assert "bounds g-growth" in made.changed(quantity="growth").verdict()
    assert "one-leg step" in made.changed(subject={"branch": [0]}).verdict()
    assert "not negative" in made.changed(bound=Fraction(-1)).verdict()
    assert "parameters are" in made.changed(parameters={}).verdict()
    assert "the premises" in made.changed(premises=()).verdict()
    negative = made.claims[-1].parameters | {"upper_multipliers": [Fraction(-1)]}
    assert "negative entry" in made.changed(parameters=negative).verdict()


def test_an_inconsistent_method_is_refused():
    made = claimed()
    made.integrators[-1]["alpha"][0] = [1, 7]
    assert "not consistent" in made.verdict()


def test_a_rule_about_methods_refuses_a_tableau():
    from checker.methods import accepts

    from stabcheck.integrators.certificates import certificate

    document = certificate(get("rk4"))
    document["claims"] = [
        {"theorem": "one-leg-g-norm", "quantity": "G-stable", "G": [[1, 1]]}
    ]
    assert not accepts(document)
