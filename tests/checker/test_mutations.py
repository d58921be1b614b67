"""Sealed changes of an accepted certificate: none that strengthens it is accepted.

Every mutant has right digests, so that only the mathematics can refuse it.
"""

from fractions import Fraction

import numpy as np
import pytest
from checker.mutations import claims_of, mutated, read, scaled
from hypothesis import given
from hypothesis import strategies as st

from stabcheck.checker import check
from stabcheck.checker.main import main


def verdict_of(accepted, folder, mutation):
    return check(mutated(accepted, folder, mutation), jobs=1)


def test_the_certificate_itself_is_accepted_by_one_worker_and_by_two(accepted):
    for jobs in (1, 2):
        verdict = check(accepted, jobs=jobs)
        assert (verdict.status, verdict.tier, verdict.reasons) == (
            "accepted", "exact", [],
        )  # fmt: skip


def test_resealing_alone_changes_nothing(accepted, tmp_path):
    def rename(document, _) -> None:
        document["provenance"]["source"] = "another"

    assert verdict_of(accepted, tmp_path, rename).status == "accepted"
    with pytest.raises(ValueError, match="changed nothing"):
        mutated(accepted, tmp_path, lambda *_: None)


def test_the_words_of_the_prover_are_shown_as_unchecked(accepted, tmp_path, capsys):
    def boast(document, _) -> None:
        document["statement"] = "Every claim is sharp."

    assert main([str(mutated(accepted, tmp_path, boast))]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "not checked: statement = Every claim is sharp." in lines
    assert lines[-1] == "accepted: 12 claims"
    result = "claim 3: spectral-norm of field 0 on the tube"
    assert any(line.startswith(result) for line in lines)


TIGHT = {
    "spectral-norm-psd": Fraction(1, 10**6),
    "log-norm-psd": Fraction(1, 10**6),
    "attention-norm-tube": Fraction(1, 10**4),
    "attention-jacobian-deviation-tube": Fraction(1, 10**4),
    "feed-forward-tube": Fraction(1, 10**4),
    "feed-forward-deviation-tube": Fraction(1, 10**4),
    "tube-from-centre": Fraction(1, 10**6),
}
"""By how much a claim may be stronger before the checker has to refuse it."""


@pytest.mark.parametrize("index", range(12))
def test_a_stronger_bound_is_refused_and_a_weaker_one_accepted(
    accepted, tmp_path, index
):
    document, _ = read(accepted)
    claim = document["claims"][index]
    share = TIGHT[claim["theorem"]]
    stronger = 1 - share if bound_is_upper_and_positive(claim) else 1 + share

    def set_bound(factor):
        def apply(document, _) -> None:
            claim = document["claims"][index]
            claim["bound"] = scaled(claim["bound"], factor)

        return apply

    verdict = verdict_of(accepted, tmp_path / "stronger", set_bound(stronger))
    assert verdict.status == "rejected"
    assert verdict.reasons[0][:2] == (index, claim["theorem"])
    weaker = verdict_of(accepted, tmp_path / "weaker", set_bound(2 - stronger))
    refused = [found for found, *_ in weaker.reasons]
    # Its witness still fits; only claims that build on it may have become too strong.
    assert index not in refused


def bound_is_upper_and_positive(claim) -> bool:
    """Whether shrinking the number strengthens the claim."""
    lower = claim["quantity"] == "log-norm-lower"
    positive = claim["bound"][0] > 0
    return positive != lower


@pytest.mark.parametrize(
    "factor", [Fraction(0), Fraction(-1), Fraction(1, 2), Fraction(99, 100)]
)
def test_a_norm_below_the_attained_value_is_refused(accepted, tmp_path, factor):
    document, _ = read(accepted)
    attained = Fraction(*claims_of(document, "spectral-norm-psd")[0]["bound"])

    def lower(document, _) -> None:
        for theorem in ("attention-norm-tube", "tube-from-centre", "spectral-norm-psd"):
            for claim in claims_of(document, theorem):
                if claim["quantity"] == "spectral-norm":
                    value = attained * factor
                    claim["bound"] = [value.numerator, value.denominator]

    verdict = verdict_of(accepted, tmp_path, lower)
    assert {index for index, *_ in verdict.reasons} == {0, 2, 3}


def scale_array(name, factor, place=None):
    def apply(_, arrays) -> None:
        arrays[name] = arrays[name].copy()
        if place is None:
            arrays[name] *= factor
        else:
            arrays[name][place] *= factor

    return apply


def swap_rows(name):
    def apply(_, arrays) -> None:
        arrays[name] = np.ascontiguousarray(arrays[name][::-1])

    return apply


def set_field(key, value):
    def apply(document, _) -> None:
        document["fields"][0][key] = value

    return apply


def drop(key, field=0):
    def apply(document, arrays) -> None:
        name = document["fields"][field].pop(key)
        arrays.pop(name)

    return apply


def set_claims(theorem, key, value):
    def apply(document, _) -> None:
        for claim in claims_of(document, theorem):
            claim[key] = value

    return apply


def unmask(_, arrays) -> None:
    arrays["mask"] = np.ones_like(arrays["mask"])


def enlarge(document, _) -> None:
    document["domains"][0]["radius"] = [1, 32]


def swap_two_arrays(document, _) -> None:
    document["fields"][0]["W_Q"], document["fields"][0]["W_K"] = (
        document["fields"][0]["W_K"],
        document["fields"][0]["W_Q"],
    )


NOT_PSD = "is not shown positive semidefinite by its witness"
BOUND = "not at most the claimed"


@pytest.mark.parametrize(
    ("mutation", "reason"),
    [
        (scale_array("W_V", 1.001), NOT_PSD),
        (scale_array("W_O", 1.001, (0, 0)), NOT_PSD),
        (scale_array("state", 1.01), NOT_PSD),
        (scale_array("b_Q", 0.5), NOT_PSD),
        (scale_array("W_2", 1.001), BOUND),
        (scale_array("W_2", 0.5), NOT_PSD),
        (scale_array("b_1", 0.9), BOUND),
        (scale_array("factor.0", 2), NOT_PSD),
        (scale_array("factor.0", 0), NOT_PSD),
        (swap_rows("W_Q"), NOT_PSD),
        (swap_rows("W_O"), NOT_PSD),
        (swap_rows("bias"), NOT_PSD),
        (swap_rows("mask"), NOT_PSD),
        (swap_two_arrays, NOT_PSD),
        (unmask, NOT_PSD),
        (drop("b_Q"), NOT_PSD),
        (drop("bias"), NOT_PSD),
        (drop("mask"), NOT_PSD),
        (set_field("causal", True), NOT_PSD),
        (set_field("scale", {"rsqrt": 1}), NOT_PSD),
        (set_field("scale", {"value": [1, 2]}), NOT_PSD),
        (enlarge, BOUND),
        (set_claims("log-norm-psd", "quantity", "growth"), "this theorem bounds"),
        (set_claims("spectral-norm-psd", "quantity", "log-norm"), "theorem bounds"),
        (
            set_claims("attention-norm-tube", "quantity", "jacobian-deviation"),
            "this theorem bounds spectral-norm, not jacobian-deviation",
        ),
        (
            set_claims("attention-jacobian-deviation-tube", "quantity", "log-norm"),
            "this theorem bounds",
        ),
        (
            set_claims("attention-norm-tube", "theorem", "feed-forward-tube"),
            "a single field of kind feed-forward",
        ),
        (
            set_claims("feed-forward-deviation-tube", "theorem", "layer-norm-tube"),
            "this theorem bounds",
        ),
        (
            set_claims("attention-norm-tube", "subject", {"branch": [1]}),
            "a single field of kind attention",
        ),
        (
            set_claims("attention-norm-tube", "subject", {"branch": [0, 1]}),
            "a single field of kind attention",
        ),
        (
            set_claims("attention-norm-tube", "subject", {"maps": [0, 1]}),
            "a branch of fields, not about maps",
        ),
        (set_claims("feed-forward-tube", "premises", [0]), "has no premises"),
        (set_claims("feed-forward-tube", "parameters", {}), "centre"),
        (set_claims("feed-forward-tube", "witness", {}), "name one factor"),
        (set_claims("log-norm-psd", "witness", {}), "needs a witness"),
        (set_claims("log-norm-psd", "domain", 0), "at a point"),
        (set_claims("attention-norm-tube", "parameters", {}), "list of 2 rationals"),
        (
            set_claims(
                "attention-norm-tube",
                "parameters",
                {k: [[0, 1], [1, 1]] for k in ("output", "value", "key", "query")},
            ),
            "has to be positive",
        ),
        (set_claims("tube-from-centre", "premises", [0, 1]), "a premise has to bound"),
        (set_claims("tube-from-centre", "premises", [2, 0]), "a premise has to bound"),
        (set_claims("tube-from-centre", "premises", [2]), "two premises"),
        (set_claims("tube-from-centre", "premises", [2, 2]), "a premise has to bound"),
        (set_claims("tube-from-centre", "subject", {"branch": [1]}), "the same branch"),
    ],
)
def test_a_certificate_about_something_else_is_refused(
    accepted, tmp_path, mutation, reason
):
    verdict = verdict_of(accepted, tmp_path, mutation)
    assert verdict.status == "rejected"
    assert any(reason in why for *_, why in verdict.reasons)


@pytest.mark.parametrize("name", ["b_K", "b_V", "b_O"])
def test_biases_that_never_enter_the_jacobian_may_change(accepted, tmp_path, name):
    verdict = verdict_of(accepted, tmp_path, scale_array(name, 0.5))
    assert verdict.status == "accepted"


def other_centre(document, arrays) -> None:
    """A tube round another state, with premises about the first one."""
    arrays["elsewhere"] = arrays["state"] + 1
    document["domains"].append(
        {"kind": "tube", "centre": "elsewhere", "radius": [1, 64]}
    )
    for claim in claims_of(document, "tube-from-centre"):
        claim["domain"] = 2


def larger_tube(document, _) -> None:
    """A tube wider than the one on which the deviation was bounded."""
    wider = document["domains"][0] | {"radius": [1, 63]}
    document["domains"].append(wider)
    for claim in claims_of(document, "tube-from-centre"):
        claim["domain"] = 2


def ball_with_the_same_numbers(document, _) -> None:
    document["domains"].append(
        {"kind": "ball", "radius": [1, 64], "tokens": 3, "features": 4}
    )
    for claim in document["claims"]:
        if claim["domain"] == 0:
            claim["domain"] = 2


@pytest.mark.parametrize(
    ("mutation", "reason"),
    [
        (other_centre, "another centre than the claim's tube"),
        (larger_tube, "bounded on a smaller tube"),
        (ball_with_the_same_numbers, "not a"),
    ],
)
def test_a_claim_on_another_domain_than_its_premises_is_refused(
    accepted, tmp_path, mutation, reason
):
    verdict = verdict_of(accepted, tmp_path, mutation)
    assert verdict.status == "rejected"
    assert any(reason in why for *_, why in verdict.reasons)


def test_a_smaller_tube_keeps_its_claims(accepted, tmp_path):
    def shrink(document, _) -> None:
        document["domains"][0]["radius"] = [1, 128]

    assert verdict_of(accepted, tmp_path, shrink).status == "accepted"


def test_a_deviation_bound_is_no_norm_bound_of_the_same_branch(accepted, tmp_path):
    def confuse(document, _) -> None:
        deviation = claims_of(document, "attention-jacobian-deviation-tube")[0]
        for claim in claims_of(document, "attention-norm-tube"):
            claim["bound"] = deviation["bound"]

    verdict = verdict_of(accepted, tmp_path, confuse)
    assert [index for index, *_ in verdict.reasons] == [0]


def test_an_upper_triangle_of_a_witness_is_ignored(accepted, tmp_path):
    def scribble(_, arrays) -> None:
        arrays["factor.0"] = arrays["factor.0"] + np.triu(
            np.full_like(arrays["factor.0"], 12345), 1
        )

    assert verdict_of(accepted, tmp_path, scribble).status == "accepted"


def test_a_theorem_of_the_float64_tier_may_not_call_itself_exact(accepted, tmp_path):
    def relabel(document, _) -> None:
        for claim in claims_of(document, "log-norm-psd"):
            claim["theorem"] = "psd-floating-point-cholesky"
            claim["witness"] = {}

    verdict = verdict_of(accepted, tmp_path, relabel)
    assert verdict.status == "rejected"
    assert all("float64 tier only" in why for *_, why in verdict.reasons)


@given(
    index=st.integers(0, 11),
    share=st.fractions(Fraction(1, 1000), Fraction(1, 2), max_denominator=1000),
)
def test_no_claim_survives_a_stronger_bound(accepted, tmp_path_factory, index, share):
    def strengthen(document, _) -> None:
        claim = document["claims"][index]
        upper = bound_is_upper_and_positive(claim)
        claim["bound"] = scaled(claim["bound"], 1 - share if upper else 1 + share)

    verdict = verdict_of(accepted, tmp_path_factory.mktemp("stronger"), strengthen)
    assert index in [found for found, *_ in verdict.reasons]


@given(
    place=st.integers(0, 10**6),
    bit=st.integers(30, 62),
    name=st.sampled_from(["W_Q", "W_K", "W_V", "W_O", "b_Q", "state"]),
)
def test_a_flipped_bit_of_a_weight_is_refused_unless_it_hardly_matters(
    accepted, tmp_path_factory, place, bit, name
):
    def flip(_, arrays) -> None:
        words = arrays[name].view(np.uint64).reshape(-1).copy()
        words[place % len(words)] ^= np.uint64(1 << bit)
        changed = words.view(np.float64).reshape(arrays[name].shape)
        arrays[name] = np.where(np.isfinite(changed), changed, 0.0)

    folder = tmp_path_factory.mktemp("flip")
    verdict = verdict_of(accepted, folder, flip)
    _, before = read(accepted)
    _, after = read(folder / "certificate.json")
    moved = np.abs(after[name] - before[name]).max()
    # Witnesses leave a relative room of 1e-7: a change beyond it has to be seen.
    if moved > 1e-4:
        assert verdict.status != "accepted"
