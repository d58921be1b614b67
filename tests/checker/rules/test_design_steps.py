"""Rules on steps of designs: the prover's facts pass, stronger ones do not."""

from fractions import Fraction

import pytest
from checker.designs import accepts, attention, claim, decide, document, method, pair
from checker.designs import part as part_record
from hypothesis import given
from hypothesis import strategies as st

from stabcheck.checker.failures import ClaimRejected
from stabcheck.growth import designs
from stabcheck.growth.designs import StepFact, largest_step
from stabcheck.integrators import get

LITTLE = Fraction(1, 10**12)
ONE = {"part": 0}
FIELD = {"field": 0}
NAMES = [
    "forward-euler", "heun", "ssprk3", "rk4", "backward-euler", "implicit-midpoint",
    "ssprk104", "dopri5", "kutta3", "sdirk54", "explicit-midpoint",
]  # fmt: skip
SOFT = ("soft-pre-norm-mixed-norm", attention())
GRADIENT = (
    "gradient-feed-forward-spectrum",
    {"kind": "gradient-feed-forward", "activation": "relu", "matrix_norm": [1, 1]},
)
SIZES = st.sampled_from([Fraction(k, 8) for k in (0, 1, 2, 4, 7, 9, 13)])


def made(name, about, known, fact, *, field=SOFT, metric="token-max"):
    """A document with the premises that a fact names, and its claim."""
    theorem, record = field
    claims = [claim(theorem, kind, FIELD, known[kind]) for kind in fact.premises]
    parameters = {
        key: [pair(x) for x in value] if isinstance(value, list) else pair(value)
        for key, value in fact.parameters.items()
    }
    premises = range(len(claims))
    last = claim(fact.theorem, fact.quantity, ONE, fact.value, *premises, **parameters)
    step = {key: pair(about[key]) for key in ("step", "leak", "scale")}
    layer = {"kind": "composition", "parts": [part_record(**step)]}
    return document(
        *claims,
        last,
        fields=[record],
        methods=[method(name)],
        layer=layer,
        metric=metric,
    )


def is_a_little_stronger_refused(found, fact) -> bool:
    """Whether 1e-9 less of a growth, or more of another quantity, is refused."""
    sign = -1 if fact.quantity == "growth" else 1
    changed = fact.value * (1 + sign * Fraction(1, 10**9))
    found["claims"][-1]["bound"] = pair(changed)
    cells = found["claims"][-1].get("parameters", {}).get("cells")
    if cells:
        cells[-1] = pair(changed)
    return not accepts(found)


@given(st.sampled_from(NAMES), SIZES, SIZES, SIZES, st.booleans())
def test_every_fact_of_the_prover_is_accepted(name, K, leak, step, one_sided):
    about = {"step": step + Fraction(1, 16), "leak": leak, "scale": Fraction(1, 2)}
    known = {"lipschitz": 1 + K} | ({"log-norm": 1 + K / 2} if one_sided else {})
    facts = designs.step_bounds(get(name), about, known, "token-max")
    for purpose in ("contractive", "invertible"):
        found = largest_step(get(name), about, known, "token-max", purpose)
        facts += [found] if isinstance(found, StepFact) else []
    for fact in facts:
        decide(made(name, about, known, fact))


@given(st.sampled_from(NAMES), SIZES, SIZES)
def test_no_stronger_fact_is_accepted(name, leak, step):
    about = {"step": step + Fraction(1, 16), "leak": leak, "scale": Fraction(1)}
    known = {"lipschitz": Fraction(1), "log-norm": Fraction(1)}
    facts = designs.step_bounds(get(name), about, known, "token-max")
    for purpose in ("contractive", "invertible"):
        found = largest_step(get(name), about, known, "token-max", purpose)
        facts += [found] if isinstance(found, StepFact) else []
    for fact in facts:
        assert is_a_little_stronger_refused(made(name, about, known, fact), fact)


@given(
    st.sampled_from(NAMES), SIZES, SIZES, st.sampled_from(["token-max", "frobenius"])
)
def test_facts_from_a_spectrum_are_accepted_and_no_stronger_ones(
    name, leak, step, metric
):
    about = {"step": step + Fraction(1, 16), "leak": leak, "scale": Fraction(1)}
    known = {"spectrum-lower": Fraction(-1), "spectrum-upper": Fraction(0)}
    facts = designs.step_bounds(get(name), about, known, metric, token_wise=True)
    for purpose in ("contractive", "invertible"):
        found = largest_step(get(name), about, known, metric, purpose, token_wise=True)
        facts += [found] if isinstance(found, StepFact) else []
    assert facts
    for fact in facts:
        found = made(name, about, known, fact, field=GRADIENT, metric=metric)
        decide(found)
        assert is_a_little_stronger_refused(found, fact)


def about_step(theorem, quantity="growth", bound=1, *premises, **parameters):
    return claim(theorem, quantity, ONE, bound, *(premises or (0,)), **parameters)


KNOWN = claim("soft-pre-norm-mixed-norm", "lipschitz", FIELD, 1)
SLOPE = claim("soft-pre-norm-mixed-norm", "log-norm", FIELD, 1)


def refused(*claims, **changes) -> str:
    with pytest.raises(ClaimRejected) as caught:
        decide(document(KNOWN, SLOPE, *claims, **changes))
    return str(caught.value)


BALL = {"kind": "token-rms", "floor": [1, 1]}
RK4, BACKWARD, GAUSS = (
    [method(name)] for name in ("rk4", "backward-euler", "implicit-midpoint")
)


@pytest.mark.parametrize(
    ("one", "changes", "reason"),
    [
        (about_step("leak-comparison"), {"domain": BALL}, "on all states or on a ball"),
        (about_step("leak-comparison", radius=[1, 1]), {}, "no parameter 'radius'"),
        (about_step("leak-comparison", "growth", 9, 1), {}, "has the premises"),
        (about_step("leak-comparison", "growth", 9, 0, 1), {}, "has the premises"),
        (claim("leak-comparison", "growth", {"layer": True}, 9, 0), {}, "about a part"),
        (
            about_step("leak-comparison", "growth", 9),
            {"methods": BACKWARD, "layer": None},
            "the step is too long",
        ),
        (
            about_step("leak-comparison", "invertible-step", "1/2", cells=[1, 4]),
            {},
            "cells has to be a list",
        ),
        (
            about_step("leak-comparison", "invertible-step", "1/2", cells=[[1, 4]]),
            {},
            "has to end at the claimed step",
        ),
        (
            about_step(
                "leak-comparison", "invertible-step", "1/2", cells=[[1, 2], [1, 4]]
            ),
            {},
            "ascending",
        ),
        (
            about_step("row-wise-euler", "growth", 9, 0, 1),
            {"methods": RK4},
            "not 'rk4'",
        ),
        (about_step("row-wise-euler", "growth", 9), {}, "has the premises"),
        (about_step("row-wise-euler", "shrink", 0, 0, 1), {}, "bounds growth, not"),
        (about_step("monotone-step-contractivity"), {}, "radius, of absolute"),
        (
            about_step("monotone-step-contractivity", radius=[0, 1]),
            {},
            "radius has to be positive",
        ),
        (
            about_step("monotone-step-contractivity", radius=[1, 100]),
            {"methods": RK4},
            "is not absolutely monotonic at the radius 1/100",
        ),
        (about_step("monotone-step-contractivity", radius=[1, 1]), {}, "is stronger"),
        (about_step("leak-circle-contractivity"), {}, "needs a Euclidean norm"),
        (
            about_step("leak-circle-contractivity", radius=[139, 100]),
            {"methods": RK4, "metric": "frobenius"},
            "is not contractive on circles of radius 139/100",
        ),
        (
            about_step("leak-circle-contractivity"),
            {"metric": "frobenius"},
            "is not contractive on circles of every radius",
        ),
        (about_step("backward-euler-comparison"), {}, "about backward Euler"),
        (
            about_step("backward-euler-comparison", "shrink", 0),
            {"methods": BACKWARD, "layer": None},
            "not known to have one solution",
        ),
        (about_step("implicit-midpoint-comparison"), {}, "about the implicit midpoint"),
        (
            about_step("implicit-midpoint-comparison", "invertible-step", 2),
            {"methods": GAUSS},
            "not known to have one solution",
        ),
        (
            about_step("implicit-midpoint-comparison", "contractive-step", 1),
            {"methods": GAUSS},
            "is stronger",
        ),
    ],
)
def test_every_wrong_hypothesis_has_its_reason(one, changes, reason):
    if "layer" in changes:
        parts = [part_record(step=[2, 1])]
        changes = changes | {"layer": {"kind": "composition", "parts": parts}}
    assert reason in refused(one, **changes)


def test_a_premise_about_another_field_is_refused():
    fields = [attention(), attention()]
    parts = [part_record(field=1)]
    layer = {"kind": "composition", "parts": parts}
    one = about_step("leak-comparison", "growth", 9)
    assert "about another subject" in refused(one, fields=fields, layer=layer)


def test_the_largest_steps_of_the_catalogue():
    table = {
        "ssprk3": [2.512, 2.284, 2.010, 1.675, 1.293, 1.105],
        "rk4": [2.785, 2.532, 2.228, 1.751, 1.163, 0.608],
    }
    about = {"step": Fraction(1), "leak": Fraction(1), "scale": Fraction(1)}
    for name, row in table.items():
        for ratio, expected in zip((0, 10, 25, 50, 75, 90), row, strict=True):
            known = {"lipschitz": Fraction(ratio, 100)}
            found = largest_step(get(name), about, known, "token-max", "contractive")
            assert expected <= float(found.value) < expected + 0.0015


def test_the_invertible_steps_of_the_catalogue():
    about = {"step": Fraction(1), "leak": Fraction(0), "scale": Fraction(1)}
    known = {"lipschitz": Fraction(1)}
    for name, expected in (
        ("forward-euler", 1.0),
        ("heun", 0.73205),
        ("ssprk3", 0.69888),
        ("rk4", 0.69390),
        ("implicit-midpoint", 2.0),
    ):
        found = largest_step(get(name), about, known, "token-max", "invertible")
        assert expected - 1e-5 < float(found.value) <= expected + 1e-5
        decide(made(name, about, known, found))
