"""The rules of field constants: what `constant` proposes is accepted, less is not."""

from fractions import Fraction

import flint
import pytest

from stabcheck.bounds.families import constant
from stabcheck.checker.context import Context
from stabcheck.checker.failures import ClaimRejected
from stabcheck.checker.main import PRECISION
from stabcheck.checker.rules import MODULES, rule_of

BALL = {"kind": "ball", "radius_squared": Fraction(3, 2)}
ALL = {"kind": "all"}
ATTENTION = {
    "kind": "attention",
    "normalisation": "none",
    "radius_squared": None,
    "mask": "any",
    "query_key_norm": Fraction(2),
    "value_norm": Fraction(5, 3),
    "tie": "none",
}
SOFT = ATTENTION | {"normalisation": "soft", "radius_squared": Fraction(1, 3)}
RMS = SOFT | {"normalisation": "rms"}
SINKHORN = ATTENTION | {"kind": "sinkhorn-attention", "mask": "none"}
COSINE = {
    "kind": "cosine-attention",
    "mask": "any",
    "query_norm": Fraction(1),
    "key_norm": Fraction(2),
    "value_norm": Fraction(1, 2),
    "temperature": Fraction(3),
    "output": Fraction(1, 7),
    "epsilon": Fraction(1, 10**6),
}
DISTANCE = {
    "kind": "l2-attention",
    "mask": "causal",
    "feature_norm": Fraction(3),
    "value_norm": Fraction(1, 10),
    "most_tokens": 1024,
}
MEMORY = {
    "kind": "hopfield",
    "beta": Fraction(2),
    "diameter_squared": Fraction(3),
    "sign": -1,
}
FORWARD = {
    "kind": "feed-forward",
    "normalisation": "soft",
    "activation": "gelu",
    "in_norm": Fraction(2),
    "out_norm": Fraction(3),
}
DESCENT = {
    "kind": "gradient-feed-forward",
    "activation": "silu",
    "matrix_norm": Fraction(3, 2),
}
TURN = DESCENT | {"kind": "antisymmetric-feed-forward"}
ROTARY = {
    "kind": "rotary-attention",
    "mask": "any",
    "query_key_norm": Fraction(2, 3),
    "value_norm": Fraction(5, 3),
}
CAPPED = ROTARY | {"kind": "soft-cap-attention", "cap": Fraction(30)}
SIGMOID = {
    "kind": "sigmoid-attention",
    "query_key_norm": Fraction(2, 3),
    "value_norm": Fraction(1, 5),
    "bias": Fraction(-3),
    "most_tokens": 20,
}
NORMALISED = {
    "kind": "qk-norm-attention",
    "mask": "causal",
    "query_norm": Fraction(1),
    "key_norm": Fraction(1, 2),
    "value_norm": Fraction(2),
    "gain": Fraction(3),
    "epsilon": Fraction(1, 10**6),
    "key_width": 4,
}
FLOOR = {"kind": "token-rms", "floor": Fraction(1, 2)}
NORM, SPECTRUM = ("lipschitz", "log-norm"), ("spectrum-lower", "spectrum-upper")
CASES = [
    ("attention-mixed-norm-family", ATTENTION, BALL, "token-max", NORM),
    ("attention-mixed-norm-family", ATTENTION, {"kind": "sphere"}, "token-max", NORM),
    ("rms-pre-norm-mixed-norm", RMS, FLOOR, "token-max", NORM),
    ("soft-pre-norm-mixed-norm", SOFT, ALL, "token-max", NORM),
    (
        "tied-negative-mixed-log-norm",
        ATTENTION | {"tie": "negative"},
        BALL,
        "token-max",
        ("log-norm",),
    ),
    ("sinkhorn-attention-norm", SINKHORN, BALL, "frobenius", NORM),
    (
        "sinkhorn-tied-log-norm",
        SINKHORN | {"tie": "negative"},
        BALL,
        "frobenius",
        ("log-norm",),
    ),
    (
        "convex-sinkhorn-energy",
        SINKHORN | {"tie": "convex"},
        BALL,
        "frobenius",
        (*SPECTRUM, "log-norm"),
    ),
    ("cosine-attention-norm", COSINE, ALL, "token-max", NORM),
    ("rotary-attention-norm", ROTARY, BALL, "token-max", NORM),
    ("soft-cap-attention-norm", CAPPED, BALL, "token-max", NORM),
    ("qk-norm-attention-norm", NORMALISED, BALL, "token-max", NORM),
    ("sigmoid-attention-norm", SIGMOID, BALL, "token-max", NORM),
    (
        "sigmoid-attention-norm",
        SIGMOID | {"bias": Fraction(3)},
        BALL,
        "token-max",
        NORM,
    ),
    (
        "sigmoid-attention-norm",
        SIGMOID | {"query_key_norm": Fraction(0)},
        BALL,
        "token-max",
        NORM,
    ),
    (
        "sigmoid-attention-norm",
        SIGMOID | {"query_key_norm": Fraction(5), "bias": Fraction(0)},
        BALL,
        "token-max",
        NORM,
    ),
    ("kim-l2-mixed-norm", DISTANCE, ALL, "token-max", NORM),
    ("hopfield-monotone", MEMORY, ALL, "frobenius", (*NORM, *SPECTRUM)),
    ("hopfield-monotone", MEMORY | {"sign": 1}, ALL, "token-max", (*NORM, *SPECTRUM)),
    ("feed-forward-family", FORWARD, ALL, "token-max", NORM),
    ("gradient-feed-forward-spectrum", DESCENT, ALL, "frobenius", (*NORM, *SPECTRUM)),
    ("antisymmetric-feed-forward-log-norm", TURN, ALL, "token-max", NORM),
]
EVERY = [(*case[:-1], quantity) for case in CASES for quantity in case[-1]]
LITTLE = Fraction(1, 10**9)


@pytest.fixture(autouse=True)
def _precision_of_the_checker(monkeypatch):
    monkeypatch.setattr(flint.ctx, "prec", PRECISION)


def decided(theorem, field, domain, metric, quantity, bound, **changes):
    """Apply a theorem's rule to one claim of a validated design."""
    document = {"fields": [field], "domain": domain, "metric": metric}
    claim = {
        "theorem": theorem,
        "quantity": quantity,
        "subject": {"field": 0},
        "premises": [],
        "bound": bound,
        "parameters": {},
    } | changes
    premises = changes.get("premises", [])
    rule_of(theorem)(Context(document, {}), claim, premises)


@pytest.mark.parametrize(("theorem", "field", "domain", "metric", "quantity"), EVERY)
def test_a_proposed_constant_is_accepted_and_a_better_one_is_not(
    theorem, field, domain, metric, quantity
):
    found = constant(field, domain, metric, quantity)
    assert found.theorem == theorem
    decided(theorem, field, domain, metric, quantity, found.value)
    step = LITTLE * (1 + abs(found.value))
    better = found.value + step * (1 if quantity == "spectrum-lower" else -1)
    with pytest.raises(ClaimRejected, match=r"the claim is|not at least|not at most"):
        decided(theorem, field, domain, metric, quantity, better)


def test_every_theorem_of_the_module_is_proposed_and_tried():
    assert {case[0] for case in CASES} == {
        *MODULES["designs.fields"],
        *MODULES["designs.scores"],
        *MODULES["designs.token_wise"],
    }


@pytest.mark.parametrize(("theorem", "field", "domain", "metric", "quantity"), EVERY)
def test_a_claim_that_does_not_fit_the_theorem_is_refused_with_the_reason(
    theorem, field, domain, metric, quantity
):
    arguments = (theorem, field, domain, metric, quantity, Fraction(10**6))
    with pytest.raises(ClaimRejected, match="no premises"):
        decided(*arguments, premises=[{}])
    with pytest.raises(ClaimRejected, match="no parameters"):
        decided(*arguments, parameters={"t": Fraction(1)})
    with pytest.raises(ClaimRejected, match="speaks about a field, not about a part"):
        decided(*arguments, subject={"part": 0})
    with pytest.raises(ClaimRejected, match="this theorem bounds"):
        decided(theorem, field, domain, metric, "growth", Fraction(10**6))
    with pytest.raises(ClaimRejected, match=r"holds for .*, not for other"):
        decided(theorem, field | {"kind": "other"}, *arguments[2:])


@pytest.mark.parametrize(
    ("theorem", "field", "domain", "metric", "quantity", "reason"),
    [
        (
            "attention-mixed-norm-family",
            ATTENTION,
            ALL,
            "token-max",
            "lipschitz",
            "not on the domain all",
        ),
        (
            "attention-mixed-norm-family",
            ATTENTION,
            BALL,
            "frobenius",
            "lipschitz",
            "in the metric token-max, not in frobenius",
        ),
        (
            "attention-mixed-norm-family",
            SOFT,
            BALL,
            "token-max",
            "lipschitz",
            "normalisation none, not for soft",
        ),
        (
            "rms-pre-norm-mixed-norm",
            RMS,
            ALL,
            "token-max",
            "lipschitz",
            "root mean square of the tokens has a floor",
        ),
        (
            "tied-negative-mixed-log-norm",
            ATTENTION,
            BALL,
            "token-max",
            "log-norm",
            "tie negative, not for none",
        ),
        (
            "sinkhorn-attention-norm",
            SINKHORN,
            BALL,
            "token-max",
            "lipschitz",
            "in the metric frobenius, not in token-max",
        ),
        (
            "convex-sinkhorn-energy",
            SINKHORN | {"tie": "negative"},
            BALL,
            "frobenius",
            "spectrum-upper",
            "tie convex, not for negative",
        ),
        (
            "kim-l2-mixed-norm",
            DISTANCE | {"mask": "any"},
            ALL,
            "token-max",
            "lipschitz",
            "every token sees itself",
        ),
    ],
)
def test_a_hypothesis_that_fails_is_named(
    theorem, field, domain, metric, quantity, reason
):
    with pytest.raises(ClaimRejected, match=reason):
        decided(theorem, field, domain, metric, quantity, Fraction(10**6))


def test_distances_with_a_huge_claim_or_no_weights_are_decided():
    arguments = ("kim-l2-mixed-norm", DISTANCE, ALL, "token-max", "lipschitz")
    decided(*arguments, Fraction(10) ** 400)
    nothing = DISTANCE | {"value_norm": Fraction(0)}
    decided("kim-l2-mixed-norm", nothing, ALL, "token-max", "lipschitz", Fraction(0))
    with pytest.raises(ClaimRejected):
        decided(*arguments, Fraction(-1))


def test_the_slopes_of_the_checker_are_those_of_the_prover():
    from stabcheck.bounds.families.token_wise import SLOPES as PROPOSED
    from stabcheck.checker.rules.designs.token_wise import SLOPES

    assert SLOPES == PROPOSED
