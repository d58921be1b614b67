"""Documents about designs: what is no such document is said in one line."""

import json
from fractions import Fraction

import pytest
from checker.designs import (
    attention,
    claim,
    decide,
    document,
    part,
    plain_attention,
)

from stabcheck.checker import check
from stabcheck.checker.failures import ClaimRejected, Malformed
from stabcheck.checker.main import main
from stabcheck.checker.reading.design_records import check_design_document

LIPSCHITZ = claim("soft-pre-norm-mixed-norm", "lipschitz", {"field": 0}, 1)
GROWTH = claim(
    "design-every-depth", "growth", {"every-depth": 4}, Fraction(2719, 1000), 0
)
LAYER = {"kind": "composition", "parts": [part()]}


def good(**changes):
    return document(LIPSCHITZ, GROWTH, **changes)


def test_a_good_document_is_accepted_in_the_checkers_own_words(tmp_path, capsys):
    path = tmp_path / "certificate.json"
    path.write_text(json.dumps(good()))
    assert main([str(path)]) == 0
    printed = capsys.readouterr().out
    assert (
        "claim 1: growth of every number of layers from 4 on, of the same horizon <= "
        "2.71900000 (design-every-depth)"
    ) in printed
    assert "for all weights of field 0: attention, normalisation soft" in printed
    assert "for all states of the domain all, in the metric token-max" in printed
    assert "not checked: statement = a design" in printed
    assert printed.endswith("accepted: 2 claims\n")


WRONG = [
    ({"metric": "euclid"}, "metric is 'euclid', none of"),
    ({"depth": 0}, "depth has to be an integer in"),
    ({"depth": True}, "depth has to be an integer in"),
    ({"claims": []}, "makes no claim"),
    ({"weights": 3}, "unknown key 'weights'"),
    ({"domain": {"kind": "tube"}}, "domain.kind is 'tube'"),
    ({"domain": {"kind": "ball"}}, "lacks the key 'radius_squared'"),
    ({"domain": {"kind": "ball", "radius_squared": [0, 1]}}, "has to be positive"),
    ({"fields": [attention(value_norm=[-1, 1])]}, "value_norm is below 0"),
    ({"fields": [attention(mask="half")]}, "mask is 'half'"),
    ({"fields": [attention(tie="convex")]}, "for Sinkhorn attention only"),
    ({"fields": [attention(radius_squared=None)]}, "belongs to a normalisation"),
    ({"fields": [attention(kind="sinkhorn-attention")]}, "the mask 'none' only"),
    ({"fields": [{"kind": "mlp"}]}, "kind is 'mlp'"),
    ({"layer": {"kind": "composition", "parts": []}}, "to have 1 to 64 parts"),
    ({"layer": LAYER | {"parts": [part(step=[0, 1])]}}, "has to be positive"),
    ({"layer": LAYER | {"parts": [part(leak=[-1, 1])]}}, "leak is below 0"),
    ({"layer": LAYER | {"parts": [part(field=1)]}}, "no index below 1"),
    ({"layer": LAYER | {"parts": [part(method=1)]}}, "no index below 1"),
    ({"layer": LAYER | {"kind": "momentum"}}, "lacks the key 'gamma'"),
    ({"layer": LAYER | {"kind": "momentum", "gamma": [1, 1]}}, "between 0 and 1"),
    ({"layer": LAYER | {"kind": "reversible"}}, "to have 2 to 2 parts"),
    (
        {"layer": {"kind": "sphere", "parts": [part(leak=[1, 1])]}},
        "has no leak and names forward Euler",
    ),
    ({"layer": LAYER | {"kind": "sphere"}}, "go together"),
    ({"domain": {"kind": "sphere"}}, "go together"),
]


@pytest.mark.parametrize(("changes", "reason"), WRONG)
def test_what_is_wrong_in_a_document_is_said(changes, reason):
    with pytest.raises(Malformed, match=reason):
        check_design_document(good() | changes)


CLAIMS = [
    ({"theorem": "euler-growth"}, "has no rule for designs"),
    ({"theorem": "nonsense"}, "has no rule for designs"),
    ({"quantity": "lipschitz"}, "quantity is 'lipschitz', none of growth"),
    ({"subject": {"every-depth": 5}}, "is not the depth of the design"),
    ({"subject": {"depth": True}}, "is not the depth of the design"),
    ({"subject": {"layer": 1}}, "layer has to be true"),
    ({"subject": {"maps": [0, 1]}}, "has to be one of field, part"),
    ({"subject": {"field": 1}}, "no index below 1"),
    ({"subject": {"part": 1}}, "no index below 1"),
    ({"premises": [1]}, "no index below 1"),
    ({"bound": [1, 0]}, "no rational"),
    ({"tier": "exact"}, "unknown key 'tier'"),
]


@pytest.mark.parametrize(("changes", "reason"), CLAIMS)
def test_what_is_wrong_in_a_claim_is_said(changes, reason):
    found = good()
    found["claims"][1] |= changes
    with pytest.raises(Malformed, match=reason):
        check_design_document(found)


REJECTED = [
    ({"quantity": "shrink", "bound": [1, 3]}, "not at least the claimed"),
    ({"bound": [2, 1]}, "not at most the claimed"),
    ({"premises": []}, "has the premises lipschitz, or spectrum-lower"),
    ({"premises": [0, 0]}, "names 1 premises too many"),
]


@pytest.mark.parametrize(("changes", "reason"), REJECTED)
def test_a_claim_about_every_depth_is_rejected_for_one_reason(changes, reason):
    found = good()
    found["claims"][1] |= changes
    with pytest.raises(ClaimRejected, match=reason):
        decide(found)


def test_every_depth_takes_no_premise_about_another_field():
    # The first premise is about a field of values 0; the second fits both parts.
    still = claim("soft-pre-norm-mixed-norm", "lipschitz", {"field": 1}, 0)
    bound = Fraction(2719, 1000)
    last = claim("design-every-depth", "growth", {"every-depth": 4}, bound, 1, 0)
    found = document(
        LIPSCHITZ,
        still,
        last,
        fields=[attention(), attention(value_norm=[0, 1])],
        layer=LAYER | {"parts": [part(), part()]},
    )
    with pytest.raises(ClaimRejected, match="of field 0 for each part, in order"):
        decide(found)


def test_every_depth_needs_explicit_steps_on_all_states():
    coarse = {"name": "coarse", "A": [[[0, 1]]], "b": [[2, 1]]}
    implicit = {"name": "implicit", "A": [[[1, 1]]], "b": [[1, 1]]}
    leaking = LAYER | {"parts": [part(leak=[5, 1])]}
    ball = {"kind": "ball", "radius_squared": [1, 1]}
    for changes, reason in (
        ({"methods": [coarse]}, "exceeds the exponential in the power 1"),
        ({"methods": [implicit]}, "is not explicit"),
        ({"layer": leaking}, "needs forward Euler and h leak <= 1"),
        ({"domain": ball}, "on all states"),
    ):
        with pytest.raises(ClaimRejected, match=reason):
            decide(good(**changes))


def test_the_ball_needs_plain_attention_and_a_claim_about_the_depth():
    reach = claim("design-ball-reach", "start-radius-squared", {"depth": 4}, 0)
    ball = {"kind": "ball", "radius_squared": [1, 1]}
    decide(document(reach, domain=ball, fields=[plain_attention()]))
    for changes, reason in (
        ({"domain": {"kind": "all"}}, "compositions of steps on a ball"),
        ({"fields": [attention()]}, "without a normalisation, not for attention"),
    ):
        with pytest.raises(ClaimRejected, match=reason):
            decide(
                document(
                    reach, **({"domain": ball, "fields": [plain_attention()]} | changes)
                )
            )


def test_a_theorem_about_weights_is_no_theorem_about_designs(tmp_path):
    path = tmp_path / "certificate.json"
    found = good()
    found["claims"][0]["theorem"] = "attention-norm-ball"
    path.write_text(json.dumps(found))
    verdict = check(path, jobs=1)
    assert verdict.status == "malformed"


def test_the_radius_of_rms_norm_is_one_number_for_all_fields():
    fields = [attention(normalisation="rms", radius_squared=[d, 1]) for d in (4, 64)]
    constants = [
        claim("rms-pre-norm-mixed-norm", "lipschitz", {"field": place}, 65)
        for place in (0, 1)
    ]
    last = claim("token-rms-recursion", "growth", {"depth": 4}, 10**12, 0, 1)
    found = document(
        *constants,
        last,
        fields=fields,
        domain={"kind": "token-rms", "floor": [9, 1]},
        layer=LAYER | {"parts": [part(), part(field=1)]},
    )
    with pytest.raises(ClaimRejected, match="the same whole number for every part"):
        decide(found)
    found["fields"][0]["radius_squared"] = [64, 1]
    decide(found)
