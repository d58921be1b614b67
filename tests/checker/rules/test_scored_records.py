"""Records of turned, capped and gated fields: wrong ones are malformed, in one line."""

from fractions import Fraction

import numpy as np
import pytest

from stabcheck.bounds import Attention, GatedFeedForward, Rotary, ScoredAttention
from stabcheck.bounds.scored_tube import scored_attention_norm_tube
from stabcheck.certificate import Claim, round_up
from stabcheck.certify.draft import Draft
from stabcheck.checker import check

RADIUS = Fraction(1, 64)


def scored(**changes) -> ScoredAttention:
    """One head of four features, turned and capped."""
    rng = np.random.default_rng(2)
    weights = rng.standard_normal((3, 1, 4, 4))
    frequencies = rng.standard_normal(2)
    options = {"rotary": Rotary(frequencies=frequencies), "soft_cap": 2} | changes
    return ScoredAttention(Attention(*weights), **options)


def gated() -> GatedFeedForward:
    """A SwiGLU field of four features."""
    rng = np.random.default_rng(3)
    return GatedFeedForward(*rng.standard_normal((3, 4, 4)))


def verdict(folder, field, edit=None, theorem="scored-attention-norm-tube", **claim):
    """What the checker says of a norm on a tube, its field's record edited."""
    draft, state = Draft(), np.random.default_rng(4).standard_normal((3, 4))
    plain = ScoredAttention if isinstance(field, ScoredAttention) else None
    bound = scored_attention_norm_tube(field, state, float(RADIUS)) if plain else None
    parameters = {} if bound is None else bound.parameters
    draft.claim(
        Claim(
            theorem=theorem,
            quantity=claim.pop("quantity", "spectral-norm"),
            subject={"branch": draft.branch("field", (field,), 3)},
            domain=draft.tube("field", state, RADIUS),
            bound=round_up(bound.value if bound else 10**6),
            parameters={k: [Fraction(x) for x in v] for k, v in parameters.items()}
            | claim,
        )
    )
    if edit is not None:
        edit(draft.fields[0])
    path = draft.certificate("A field.", r"\|J\| \le c", {}).save(folder)
    return check(path, jobs=1)


def removed(record):
    del record["rotary"], record["soft_cap"]


SCORED = {
    "neither": (removed, "neither rotary positions nor a soft cap"),
    "layout": (lambda r: r["rotary"].update(layout="thirds"), "layout is none of"),
    "both": (lambda r: r["rotary"].update(base=[10, 1]), "either base or frequencies"),
    "none": (lambda r: r["rotary"].pop("frequencies"), "either base or frequencies"),
    "other": (lambda r: r["rotary"].update(frequencies=r["W_Q"]), "has shape"),
    "cap": (lambda r: r.update(soft_cap=[0, 1]), "soft_cap"),
    "text": (lambda r: r.update(soft_cap="2"), "soft_cap"),
    "number": (lambda r: r.update(rotary=1), "rotary"),
    "unknown": (lambda r: r["rotary"].update(turn=1), "rotary"),
    "plain": (lambda r: r.update(kind="attention"), "rotary"),
}


@pytest.mark.parametrize("name", SCORED)
def test_a_wrong_record_of_scores_is_malformed(tmp_path, name):
    edit, words = SCORED[name]
    found = verdict(tmp_path, scored(), edit)
    assert found.status == "malformed"
    assert words in str(found)


@pytest.mark.parametrize("base", [[0, 1], [-10, 1], "10"])
def test_a_base_has_to_be_positive(tmp_path, base):
    def edit(record):
        record["rotary"]["base"] = base

    found = verdict(tmp_path, scored(rotary=Rotary(base=10)), edit)
    assert found.status == "malformed"


def test_planes_need_an_even_number_of_features(tmp_path):
    weights = np.ones((3, 1, 4, 3))
    field = ScoredAttention(Attention(*weights, W_O=np.ones((3, 4))), soft_cap=1)

    def edit(record):
        record["rotary"] = {"layout": "half", "base": [10, 1]}

    found = verdict(tmp_path, field, edit)
    assert found.status == "malformed"
    assert "even key_width" in str(found)


@pytest.mark.parametrize("activation", ["relu", None, 1])
def test_an_unknown_gate_is_malformed(tmp_path, activation):
    def edit(record):
        record["activation"] = activation

    theorem = "gated-feed-forward-deviation-tube"
    found = verdict(tmp_path, gated(), edit, theorem, quantity="jacobian-deviation")
    assert found.status == "malformed"


@pytest.mark.parametrize(
    "theorem",
    ["attention-norm-tube", "attention-norm-ball", "gated-feed-forward-deviation-tube"],
)
def test_a_theorem_about_other_fields_is_refused(tmp_path, theorem):
    quantity = "spectral-norm"
    if theorem.endswith("deviation-tube"):
        quantity = "jacobian-deviation"
    found = verdict(tmp_path, scored(), theorem=theorem, quantity=quantity)
    assert found.status == "rejected"


def test_weights_of_heads_have_to_be_one_a_head(tmp_path):
    found = verdict(tmp_path, scored(), value=[Fraction(1), Fraction(1)])
    assert found.status == "rejected"
    assert "a list of 1 rationals" in str(found)


def test_the_regular_record_is_accepted(tmp_path):
    assert verdict(tmp_path, scored()).status == "accepted"


@pytest.mark.parametrize(
    ("change", "turn"),
    [("soft_cap", [3, 2]), ("layout", "interleaved"), ("base", [100, 1])],
)
def test_another_cap_layout_or_base_is_another_field(tmp_path, change, turn):
    # Norms of turned scores are nearly those of plain ones: what tells the fields
    # apart exactly is what a state attains.
    field = scored(rotary=Rotary(base=10))
    draft, rng = Draft(), np.random.default_rng(5)
    state, direction = 3 * rng.standard_normal((2, 3, 4))
    turned = field.jvp(state, direction)
    value = np.linalg.norm(turned) / np.linalg.norm(direction)
    claim = Claim(
        theorem="attained",
        quantity="attained-spectral-norm",
        subject={"branch": draft.branch("field", (field,), 3)},
        domain=draft.point("field", state),
        bound=Fraction(value * (1 - 1e-9)),
        parameters={
            "state": draft.array("state", state),
            "direction": draft.array("direction", direction),
        },
    )
    draft.claim(claim)
    record = draft.fields[0]
    original = draft.certificate("A field.", r"\|J\| \ge c", {}).save(tmp_path)
    assert check(original, jobs=1).status == "accepted"
    part = record if change == "soft_cap" else record["rotary"]
    part[change] = turn
    other = field_of(record, field)
    moved = np.linalg.norm(other.jvp(state, direction)) / np.linalg.norm(direction)
    found = check(draft.certificate("A field.", r"\|J\| \ge c", {}).save(tmp_path))
    assert found.status == ("accepted" if moved > value else "rejected")


def field_of(record, field) -> ScoredAttention:
    """The field that an edited record means."""
    rotary = Rotary(record["rotary"]["layout"], base=record["rotary"]["base"][0])
    cap = Fraction(*record["soft_cap"])
    return ScoredAttention(field.plain, rotary, cap)
