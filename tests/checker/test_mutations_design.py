"""Sealed changes of a whole certificate: steps, stages, depth, attained values.

The certificate is that of a small design: two pre-norm blocks, an explicit and an
implicit method, ranges in depth in both tiers.
"""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest
from checker.mutations import Arrays, Document, claims_of, mutated, read
from hypothesis import given, settings
from hypothesis import strategies as st

from stabcheck.certify import depth, sources
from stabcheck.certify.run import run
from stabcheck.checker import check

DESIGN = """
[field]
kind = "block"
tokens = 2
features = 3
heads = 1
hidden = 4
norm = "pre-rms"
[parameters]
seed = 3
[step]
integrators = ["heun", "implicit-midpoint"]
size = "1/16"
depth = 2
[domain]
kind = "tube"
radius = "0.1%"
"""


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Path:
    """The path of the design's certificate, its depth put together from its maps.

    The theorems about whole tubes, which would win, have their own mutants.
    """
    folder = tmp_path_factory.mktemp("design")
    (folder / "design.toml").write_text(DESIGN)
    plan = sources.plan(str(folder / "design.toml"), sources.Options())
    with patch.object(depth, "certify_deep", return_value=None):
        run(plan, folder / "out", jobs=1, force=False, advance=lambda _: None)
    return folder / "out" / "certificate.json"


def test_the_whole_certificate_is_accepted_and_says_what_it_establishes(whole):
    verdict = check(whole, jobs=1)
    assert (verdict.status, verdict.tier, verdict.reasons) == (
        "accepted", "float64", [],
    )  # fmt: skip
    # The widest range of maps stands first; every line names bound and theorem.
    assert "of maps 0 to 3 on" in verdict.results[0]
    assert all("= " in line and line.endswith(")") for line in verdict.results)


def is_lower(quantity: str) -> bool:
    """Whether a larger number makes the claim stronger."""
    if quantity.startswith("attained"):
        return quantity != "attained-log-norm-lower"
    return quantity in ("shrink", "log-norm-lower")


LOOSE = ("-tube", "pre-norm-deviation", "pre-norm-block")
"""Claims that the prover may have left with room: a tube serves several others."""


@settings(max_examples=40)
@given(place=st.integers(0, 10**6), much=st.booleans())
def test_no_claim_survives_a_stronger_bound(whole, tmp_path_factory, place, much):
    document, _ = read(whole)
    index = place % len(document["claims"])
    loose = document["claims"][index]["theorem"].endswith(LOOSE)
    share = Fraction(1, 2) if much else Fraction(1, 10 if loose else 10**5)

    def strengthen(document: Document, _: Arrays) -> None:
        claim = document["claims"][index]
        value = Fraction(*claim["bound"])
        move = max(abs(value), Fraction(1, 1000)) * share
        value += move if is_lower(claim["quantity"]) else -move
        claim["bound"] = [value.numerator, value.denominator]

    path = mutated(whole, tmp_path_factory.mktemp("stronger"), strengthen)
    verdict = check(path, jobs=1)
    assert verdict.status != "accepted"
    assert index in [found for found, *_ in verdict.reasons]


@settings(max_examples=30)
@given(
    place=st.integers(0, 10**6),
    entry=st.integers(0, 10**6),
    factor=st.sampled_from([0.5, 0.99, 1.01, -1.0]),
)
def test_no_number_of_the_arrays_may_change(
    whole, tmp_path_factory, place, entry, factor
):
    _, arrays = read(whole)
    # Output biases and the direction of an attained value change no Jacobian.
    names = sorted(
        name for name, array in arrays.items()
        if array.dtype == np.float64 and "direction" not in name and "b_" not in name
    )  # fmt: skip
    name = names[place % len(names)]
    position = entry % arrays[name].size
    if abs(arrays[name].reshape(-1)[position] * (factor - 1)) < 1e-4:
        return

    def scale(_: Document, arrays: Arrays) -> None:
        changed = arrays[name].copy()
        changed.reshape(-1)[position] *= factor
        arrays[name] = changed

    verdict = check(mutated(whole, tmp_path_factory.mktemp("array"), scale), jobs=1)
    assert verdict.status != "accepted"


def each(theorem: str, quantity: str, change: Callable[[dict], None]):
    """A mutation of every claim of a theorem about a quantity."""

    def apply(document: Document, _: Arrays) -> None:
        found = [c for c in claims_of(document, theorem) if c["quantity"] == quantity]
        for claim in found:
            change(claim)

    return apply


def setting(key, value):
    return lambda claim: claim.update({key: value})


def change_stage(document: Document, _: Arrays) -> None:
    document["integrators"][1]["A"][1][0] = [1, 2]


def grow_stage(document: Document, _: Arrays) -> None:
    """A stage twice as far from the state leaves the tube of its premise."""
    document["integrators"][1]["A"][1][0] = [2, 1]


def turn_implicit(document: Document, _: Arrays) -> None:
    document["integrators"][1]["A"][0][0] = [1, 2]


def double_steps(document: Document, _: Arrays) -> None:
    for claim in document["claims"]:
        if "step" in claim["subject"]:
            top, bottom = claim["subject"]["step"]["size"]
            claim["subject"]["step"]["size"] = [2 * top, bottom]


def double_maps(document: Document, _: Arrays) -> None:
    for record in document["maps"]:
        top, bottom = record["size"]
        record["size"] = [2 * top, bottom]


def swap_maps(document: Document, _: Arrays) -> None:
    document["maps"][0], document["maps"][1] = document["maps"][1], document["maps"][0]


def drop_last_map(document: Document, _: Arrays) -> None:
    """The depth is claimed of three maps with the numbers of four."""
    for theorem in ("depth-product", "depth-point"):
        for claim in claims_of(document, theorem):
            if claim["subject"]["maps"] == [0, 4]:
                claim["subject"]["maps"] = [0, 3]


def skip_a_piece(document: Document, _: Arrays) -> None:
    for claim in claims_of(document, "depth-product"):
        claim["premises"] = claim["premises"][:-1]


def repeat_a_piece(document: Document, _: Arrays) -> None:
    for claim in claims_of(document, "depth-product"):
        claim["premises"] = [claim["premises"][0]] * len(claim["premises"])


def widen_input(document: Document, _: Arrays) -> None:
    """The depth is claimed on a tube a thousand times as wide."""
    for claim in claims_of(document, "depth-product"):
        wide = dict(document["domains"][claim["domain"]])
        wide["radius"] = [wide["radius"][0] * 1000, wide["radius"][1]]
        document["domains"].append(wide)
        claim["domain"] = len(document["domains"]) - 1


def no_direction(document: Document, arrays: Arrays) -> None:
    arrays["nothing"] = np.zeros((2, 3))
    for claim in claims_of(document, "attained"):
        claim["parameters"]["direction"] = "nothing"


def far_state(document: Document, arrays: Arrays) -> None:
    arrays["far"] = np.full((2, 3), 10.0)
    for claim in claims_of(document, "attained"):
        claim["parameters"]["state"] = "far"


def norm_for_log_norm(document: Document, _: Arrays) -> None:
    """A claim of growth whose logarithmic norm is that of the other sign."""
    lower = {
        index
        for index, claim in enumerate(document["claims"])
        if claim["quantity"] == "log-norm-lower"
    }
    for claim in claims_of(document, "implicit-midpoint-growth"):
        if claim["quantity"] == "growth":
            claim["premises"] = [*claim["premises"][:1], min(lower)]


def attained_as_bound(document: Document, _: Arrays) -> None:
    """The largest value found stands in for a bound."""
    attained = next(
        index
        for index, claim in enumerate(document["claims"])
        if claim["quantity"] == "attained-spectral-norm"
    )
    for claim in claims_of(document, "euler-growth"):
        if attained < document["claims"].index(claim):
            claim["premises"] = [attained]


def exact_depth(document: Document, _: Arrays) -> None:
    for claim in claims_of(document, "depth-point"):
        claim["tier"] = "exact"


@pytest.mark.parametrize(
    ("mutation", "reason"),
    [
        (change_stage, "distance of stage 2 from its tube's centre"),
        (grow_stage, "distance of stage 2 from its tube's centre"),
        (turn_implicit, "distance of stage 1 from its tube's centre"),
        (double_steps, "stronger than the premises give"),
        (double_maps, "does not bound the growth of what stands there"),
        (swap_maps, "does not bound the growth of what stands there"),
        (drop_last_map, "the premises on shrink lead|has no premises|one premise"),
        (skip_a_piece, "the claim ends at|one premise on shrink"),
        (repeat_a_piece, "does not bound the growth of what stands there"),
        (widen_input, "is about a smaller tube than the claim's tube"),
        (no_direction, "the direction is zero"),
        (far_state, "lies outside the domain"),
        (norm_for_log_norm, "this theorem has the premises"),
        (attained_as_bound, "this theorem has the premises"),
        (exact_depth, "float64 tier only"),
        (
            each("euler-growth", "growth", setting("quantity", "shrink")),
            "this theorem bounds growth, not shrink",
        ),
        (
            each("euler-shrink", "shrink", setting("theorem", "euler-growth")),
            "this theorem bounds growth, not shrink",
        ),
        (
            each(
                "runge-kutta-growth-lmi",
                "growth",
                setting("theorem", "implicit-midpoint-growth"),
            ),
            "another one|this theorem has the premises",
        ),
        (
            each(
                "runge-kutta-shrink-lmi",
                "shrink",
                setting("parameters", {}),
            ),
            "with these premises the parameters are norm_multipliers",
        ),
        (
            each(
                "implicit-midpoint-growth",
                "growth",
                setting("theorem", "backward-euler-growth"),
            ),
            "this theorem is about backward Euler",
        ),
        (
            each("pre-norm-deviation", "jacobian-deviation", setting("premises", [])),
            "this theorem has the premises",
        ),
        (
            each(
                "rms-norm-tube", "spectral-norm", setting("theorem", "layer-norm-tube")
            ),
            "a single field of kind layer-norm",
        ),
    ],
)
def test_a_certificate_about_something_else_is_refused(
    whole, tmp_path, mutation, reason
):
    verdict = check(mutated(whole, tmp_path, mutation), jobs=1)
    assert verdict.status == "rejected"
    reasons = [why for *_, why in verdict.reasons]
    assert any(part in why for part in reason.split("|") for why in reasons)
