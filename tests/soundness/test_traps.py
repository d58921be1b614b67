"""Every trap that the theory has met: the wrong number is written and sealed, and the
checker refuses it.  Where a state shows that the number is wrong, it is shown."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from checker import designs
from checker.methods import accepts_fact
from soundness.oracle import refutation

from stabcheck import bounds, domains, integrators
from stabcheck.bounds import Attention, FeedForward, LayerNorm, RMSNorm, published
from stabcheck.certificate import Claim, round_up
from stabcheck.certify.attained import domain_index
from stabcheck.certify.draft import Draft
from stabcheck.certify.layer import certify
from stabcheck.certify.single import propose
from stabcheck.checker import check
from stabcheck.checker.failures import Malformed
from stabcheck.growth.deep import along, curvature_of, deep_growth
from stabcheck.layers import Branch, Normalise, Residual, Stack

TINY_RADII = ("0", "1e-300", "1e-17", "1e-9")
QUANTITIES = ("spectral-norm", "mixed-norm", "log-norm", "log-norm-lower")


def attention(seed: int, tokens: int = 3, **changes: Any) -> Attention:
    """Two heads of width 2 on 3 features."""
    rng = np.random.default_rng(seed)
    shapes = {"W_Q": (2, 3, 2), "W_K": (2, 3, 2), "W_V": (2, 3, 2), "W_O": (4, 3)}
    arrays = {name: rng.standard_normal(shape) for name, shape in shapes.items()}
    return Attention(**arrays | changes)


def state(seed: int, tokens: int = 3, features: int = 3) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((tokens, features))


def about(
    branch: Branch,
    domain: domains.Domain,
    theorem: str,
    quantity: str,
    bound: float | Fraction,
    **more: Any,
) -> Draft:
    """A draft of one claim about a branch."""
    draft = Draft()
    subject = {"branch": draft.branch("field", branch, domain.shape[0])}
    index = domain_index(draft, "field", domain)
    draft.claim(Claim(theorem, quantity, subject, index, round_up(bound), **more))
    return draft


def status(draft: Draft, folder: Path) -> str:
    path = draft.certificate("a trap", "x", {}).save(folder)
    return check(path, jobs=1).status


def changed(path: Path, folder: Path, place: int, **values: Any) -> str:
    """The verdict on a certificate with one claim changed."""
    document = json.loads(path.read_text())
    document["claims"][place] |= values
    other = path.with_name("changed.json")
    other.write_text(json.dumps(document))
    return check(other, jobs=1).status


def test_a_causal_mask_does_not_average_the_columns_over_all_rows(tmp_path):
    # Row i of a causal mask has i entries: the first column gets 1 + 1/2 + 1/3 + ...
    field, ball = attention(1, causal=True), domains.Ball(Fraction(1, 2), 8, 3)
    full = bounds.attention_norm_ball(replace(field, causal=False), 0.5, 8)
    masked = bounds.attention_norm_ball(field, 0.5, 8)
    assert full.theorem == "attention-norm-ball"
    assert masked.theorem == "attention-norm-ball-masked"
    assert full.value < masked.value
    for place, (theorem, bound, expected) in enumerate(
        (
            (masked.theorem, masked, "accepted"),
            (masked.theorem, full, "rejected"),
            (full.theorem, full, "rejected"),
        )
    ):
        given = {k: [Fraction(x) for x in v] for k, v in bound.parameters.items()}
        draft = about(
            (field,), ball, theorem, "spectral-norm", bound.value, parameters=given
        )
        assert status(draft, tmp_path / str(place)) == expected


def test_the_mean_field_bound_is_not_taken_for_a_causal_mask(tmp_path):
    # All rows see one first token: the sum over receivers of its weight is n there.
    value = np.eye(1)
    field = Attention(
        np.zeros((1, 1, 1)), np.zeros((1, 1, 1)), value[None], causal=True
    )
    tokens, radius = 64, 1.0
    mean_field = published.castin_mean_field(1.0, 0.0, radius, masked=False)
    jacobian = np.tril(np.ones((tokens, tokens))) / np.arange(1, tokens + 1)[:, None]
    assert np.linalg.norm(jacobian, 2) > mean_field
    ball = domains.Ball(Fraction(1), tokens, 1)
    for theorem in ("attention-norm-ball", "attention-norm-ball-masked"):
        draft = about((field,), ball, theorem, "spectral-norm", mean_field)
        assert status(draft, tmp_path / theorem) == "rejected"


def test_the_linear_disc_of_a_method_is_not_its_circle_of_contractivity():
    rk4, midpoint = (integrators.get(n) for n in ("rk4", "explicit-midpoint"))
    assert rk4.largest_disc_radius > 1
    linear = {"lower": [1392, 1000], "upper": [1393, 1000]}
    assert accepts_fact(rk4, "circle-contractivity")
    assert not accepts_fact(rk4, "circle-contractivity", **linear)
    one = {"lower": [1, 1], "upper": [1001, 1000]}
    assert accepts_fact(rk4, "largest-disc")
    assert not accepts_fact(midpoint, "circle-contractivity", **one)


def falling(scale: float = 1.0) -> FeedForward:
    """Close to -c x: the slope of the activation is nearly 1 everywhere near 0."""
    factor = np.sqrt(scale) * np.eye(2)
    return FeedForward(factor, np.full(2, 10.0), -factor, np.zeros(2))


def steps_of(field: FeedForward, name: str, size: Fraction, folder: Path) -> Path:
    """The certificate of one step on a small tube."""
    method = integrators.get(name)
    maps = (Residual("map", (field,), method, size),)
    subject = Stack("stack", maps, (("stack", 0, 1),))
    tube = domains.Tube(np.zeros((2, 2)), Fraction(1, 100))
    return certify(subject, domain=tube).save(folder)


def places(path: Path, name: str, quantity: str) -> list[int]:
    """Claims about a quantity of steps of a method."""
    document = json.loads(path.read_text())
    return [
        place
        for place, claim in enumerate(document["claims"])
        if claim["quantity"] == quantity
        and "step" in claim["subject"]
        and document["integrators"][claim["subject"]["step"]["integrator"]]["name"]
        == name
    ]


def test_no_step_of_rk4_rests_on_the_linear_disc(tmp_path):
    path = steps_of(falling(), "rk4", Fraction(1, 2), tmp_path / "steps")
    place = places(path, "rk4", "growth")[0]
    for radius in ([1392, 1000], [2, 1]):
        made = {
            "theorem": "circle-contractivity",
            "bound": [1, 1],
            "parameters": {"radius": radius},
        }
        assert changed(path, tmp_path, place, **made) == "rejected"


def test_the_error_growth_function_of_radau_bounds_no_nonlinear_step(tmp_path):
    rising = FeedForward(np.eye(2), np.full(2, 10.0), np.eye(2), np.zeros(2))
    h = Fraction(1, 4)
    path = steps_of(rising, "radau-iia:2", h, tmp_path / "steps")
    document = json.loads(path.read_text())
    place = places(path, "radau-iia:2", "growth")[0]
    claim = document["claims"][place]
    upper = max(
        Fraction(*document["claims"][k]["bound"])
        for k in claim["premises"]
        if document["claims"][k]["quantity"] == "log-norm"
    )
    x = h * upper
    linear = (1 + x / 3) / (1 - 2 * x / 3 + x * x / 6)
    assert linear < Fraction(*claim["bound"])
    made = [linear.numerator, linear.denominator]
    assert changed(path, tmp_path, place, bound=made) in ("rejected", "undecided")


def test_a_soft_cap_bounds_no_field_on_the_whole_space():
    field = {
        "kind": "soft-cap-attention",
        "mask": "any",
        "query_key_norm": [1, 1],
        "value_norm": [1, 1],
        "cap": [1, 1],
    }
    theorem, subject = "soft-cap-attention-norm", {"field": 0}
    claim = designs.claim(theorem, "lipschitz", subject, 10**6)
    assert not designs.accepts(designs.document(claim, fields=[field]))
    ball = {"kind": "ball", "radius_squared": [1, 1]}
    assert designs.accepts(designs.document(claim, fields=[field], domain=ball))


def test_a_gated_feed_forward_has_no_family():
    field = {"kind": "swiglu-feed-forward", "in_norm": [1, 1], "out_norm": [1, 1]}
    claim = designs.claim("feed-forward-family", "lipschitz", {"field": 0}, 10**6)
    with pytest.raises(Malformed, match="kind"):
        designs.accepts(designs.document(claim, fields=[field]))


def test_nothing_behind_a_layer_norm_has_a_positive_shrink(tmp_path):
    norm = Normalise("norm", LayerNorm(np.ones(3), np.zeros(3), Fraction(1, 100)))
    draft = Draft()
    draft.map(norm, 2)
    point = draft.point("state", state(2, 2))
    for bound in (0, Fraction(1, 10**6)):
        claim = Claim("layer-norm-kernel", "shrink", {"maps": [0, 1]}, point, bound)
        made = Draft(draft.arrays, draft.fields, [], draft.maps, draft.domains, [claim])
        expected = "rejected" if bound else "accepted"
        assert status(made, tmp_path / str(bool(bound))) == expected
    lower = about(
        (norm.field,),
        domains.Point(state(2, 2)),
        "layer-norm-tube",
        "log-norm-lower",
        1e-6,
        parameters={"centre": Fraction(1, 10**6)},
    )
    assert status(lower, tmp_path / "lower") == "rejected"


def test_eigenvalues_in_the_stability_region_bound_no_product(tmp_path):
    # J is nilpotent: the eigenvalues of I + hJ are all 1, and two such layers grow.
    values = np.array([[0.0, 100.0], [0.0, 0.0]])
    zero = np.zeros((1, 2, 1))
    field, transposed = (
        Attention(zero, zero, matrix[None]) for matrix in (values, values.T)
    )
    euler = integrators.get("forward-euler")
    draft = Draft()
    for inner in (field, transposed):
        draft.map(Residual("map", (inner,), euler, Fraction(1)), 1)
    point = draft.point("state", np.ones((1, 2)))
    claim = Claim(
        "depth-point", "growth", {"maps": [0, 2]}, point, Fraction(2), "float64"
    )
    draft.claim(claim)
    assert status(draft, tmp_path / "product") == "rejected"
    step = about(
        (field,), domains.Point(np.ones((1, 2))), "spectral-norm-psd",
        "spectral-norm", Fraction(1),
    )  # fmt: skip
    assert status(step, tmp_path / "norm") in ("rejected", "malformed")


def test_rk4_has_no_contractivity_in_the_mixed_norm():
    rk4 = integrators.get("rk4")
    assert accepts_fact(rk4, "absolute-monotonicity")
    some = {"lower": [1, 100], "upper": [1, 1]}
    assert not accepts_fact(rk4, "absolute-monotonicity", **some)
    fact = designs.claim("attention-mixed-norm-family", "lipschitz", {"field": 0}, 1)
    step = designs.claim(
        "leak-circle-contractivity", "growth", {"part": 0}, 1, 0, radius=[1, 1]
    )
    layer = {"kind": "composition", "parts": [designs.part(leak=[4, 1], step=[1, 9])]}
    made = designs.document(fact, step, methods=[designs.method("rk4")], layer=layer)
    assert not designs.accepts(made)


def test_the_direction_of_rms_norm_is_no_unit_vector(tmp_path):
    # One feature: with a unit direction the derivative would be 0; it is eps/r^3.
    norm, point = RMSNorm(np.ones(1), Fraction(1, 4)), domains.Point(np.ones((1, 1)))
    truth = 0.25 / 1.25**1.5
    for value, expected in ((truth * (1 + 1e-9), "accepted"), (0.0, "rejected")):
        draft = about(
            (norm,), point, "rms-norm-tube", "spectral-norm", value,
            parameters={"centre": round_up(value)},
        )  # fmt: skip
        assert status(draft, tmp_path / expected) == expected


@pytest.mark.parametrize("quantity", QUANTITIES)
def test_projection_biases_of_size_five_count(quantity, tmp_path):
    rng = np.random.default_rng(5)
    shifts = {name: 5 * rng.standard_normal((2, 2)) for name in ("b_Q", "b_K", "b_V")}
    plain, biased = attention(5), attention(5, **shifts)
    centre = state(6)
    tube = domains.Tube(centre, Fraction(1, 100))
    found = propose(plain, centre, tube, quantity, {}).certificate
    assert check(found.save(tmp_path / "plain"), jobs=1).status == "accepted"
    arrays = dict(found.arrays) | shifts
    record = dict(found.fields[0]) | {name: name for name in shifts}
    made = replace(found, arrays=arrays, fields=(record,))
    assert check(made.save(tmp_path / "biased"), jobs=1).status != "accepted"
    own = propose(biased, centre, tube, quantity, {}).certificate
    assert check(own.save(tmp_path / "own"), jobs=1).status == "accepted"


@pytest.mark.parametrize("kind", ["tube", "box", "frobenius"])
@pytest.mark.parametrize("radius", TINY_RADII)
def test_on_tiny_domains_the_value_at_the_centre_stays_inside(kind, radius, tmp_path):
    field, centre = attention(7), state(8)
    domain = domains.parse(f"{kind}:{radius}", centre)
    found = propose(field, centre, domain, "spectral-norm", {})
    path = found.certificate.save(tmp_path / "bound")
    assert check(path, jobs=1).status == "accepted"
    truth = Fraction(float(np.linalg.norm(field.jacobian(centre), 2)))
    assert found.certified.value >= truth * (1 - Fraction(1, 10**12))
    document = json.loads(path.read_text())
    below = truth * (1 - Fraction(1, 10**6))
    for place, claim in enumerate(document["claims"]):
        if claim["quantity"] == "spectral-norm":
            bound = [below.numerator, below.denominator]
            assert changed(path, tmp_path, place, bound=bound) != "accepted"


@pytest.mark.parametrize("quantity", QUANTITIES)
def test_exact_ties_are_certified_and_not_exceeded(quantity, tmp_path):
    centre = np.ones((4, 3)) * np.array([1.0, -2.0, 0.5])
    field = attention(9, causal=True)
    for text in ("point", "tube:0.05", "box:0.05", "frobenius:0.05"):
        domain = domains.parse(text, centre)
        found = propose(field, centre, domain, quantity, {}).certificate
        path = found.save(tmp_path / text.split(":")[0])
        assert check(path, jobs=1).status == "accepted"
        document = json.loads(path.read_text())
        arrays = dict(found.arrays)
        assert refutation(document, arrays, np.random.default_rng(0)) is None


def test_the_growth_at_a_point_is_not_the_growth_over_a_tube(tmp_path):
    field, centre = attention(10), state(11)
    euler = integrators.get("forward-euler")
    maps = [Residual(f"map.{k}", (field,), euler, Fraction(1, 4)) for k in range(2)]
    path, radii = along(maps, centre), np.full(3, 1e-3)
    over = deep_growth(path, curvature_of(path), radii).value
    singular = np.linalg.svd(path.products[2, 0], compute_uv=False)
    claims = (
        ("depth-tube-first-order", "growth", over * (1 + 1e-6), "accepted"),
        ("depth-tube-first-order", "growth", singular[0] * (1 + 1e-9), "rejected"),
        ("depth-tube-inverse", "shrink", singular[-1] * (1 - 1e-9), "rejected"),
    )
    for place, (theorem, quantity, value, expected) in enumerate(claims):
        draft = Draft()
        for map_ in maps:
            draft.map(map_, 3)
        tube = draft.tubes("state", centre, radii)
        bound, subject = Fraction(value), {"maps": [0, 2]}
        draft.claim(Claim(theorem, quantity, subject, tube, bound, "float64"))
        assert status(draft, tmp_path / str(place)) == expected


def test_rms_norms_of_two_widths_stand_in_no_one_layer():
    def field(square: int) -> dict[str, Any]:
        return designs.attention(normalisation="rms", radius_squared=[square, 1])

    def accepts(second: int) -> bool:
        facts = [
            designs.claim("rms-pre-norm-mixed-norm", "lipschitz", {"field": k}, 9)
            for k in range(2)
        ]
        last = designs.claim("token-rms-recursion", "growth", {"depth": 1}, 100, 0, 1)
        parts = [designs.part(field=k) for k in range(2)]
        return designs.accepts(
            designs.document(
                *facts,
                last,
                fields=[field(2), field(second)],
                domain={"kind": "token-rms", "floor": [2, 1]},
                layer={"kind": "composition", "parts": parts},
                depth=1,
            )
        )

    assert accepts(2)
    assert not accepts(3)
