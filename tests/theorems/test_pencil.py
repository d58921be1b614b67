"""The pencil: its terms add up, each product covers its term, the bound holds."""

from fractions import Fraction
from unittest import mock

import numpy as np
import pytest
from checker.rules.documents import Document
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import SEEDS, attention_cases, generator
from theorems.pencil_terms import SHAPES, drawn, states_of, terms
from theorems.search import log_norm, spectral_norm

from stabcheck import bounds, domains
from stabcheck.bounds import Attention, Bound
from stabcheck.bounds.pencil.domain import KINDS, PencilDomain
from stabcheck.bounds.pencil.heads import pencil_heads
from stabcheck.bounds.pencil.matrix import Multipliers, PencilMatrix, anchor_matrix
from stabcheck.bounds.pencil.movement import movement
from stabcheck.bounds.pencil.products import Anchor, middle_anchor, products
from stabcheck.spectra import ascend

SIGNS = {"spectral-norm": 1, "log-norm": 1, "log-norm-lower": -1}
FINITE = st.sampled_from([0.01, 0.2, 1.0])
RADII = st.sampled_from([0.0, 1e-300, 1e-9, 0.01, 0.1, 0.5, 2.0])


def exact(quantity: str, jacobian: np.ndarray) -> float:
    """The quantity of a Jacobian, with the sign that makes it an upper bound."""
    if quantity == "spectral-norm":
        return spectral_norm(jacobian)
    return log_norm(SIGNS[quantity] * jacobian)


def drawn_anchor(heads, moves, seed) -> Anchor:
    """Shares and shifts that nothing chose."""
    rng = generator(seed)
    shares = rng.uniform(size=(4, *moves.turn.shape)).round(2)
    middle = middle_anchor(heads, moves, shares)
    return Anchor(
        middle.covariance * rng.uniform(0, 2), middle.means * rng.uniform(0, 2), shares
    )


@pytest.mark.theorem("attention-pencil")
@given(attention_cases(), SHAPES, st.sampled_from([0.01, 0.2, 1.0]), SEEDS)
def test_each_product_covers_its_term_and_the_terms_add_up(case, shape, radius, seed):
    kind, radius = drawn(shape, radius, case.state, seed)
    heads = pencil_heads(case.field, case.state)
    domain = PencilDomain.of(kind, radius, case.state.shape)
    moves = movement(heads, domain)
    taken = drawn_anchor(heads, moves, seed)
    found = products(heads, domain, moves, taken)
    rng = generator(seed)
    for other in states_of(kind, case.state, radius, seed, count=4):
        u, v = rng.standard_normal((2, *case.state.shape))
        at = terms(heads, taken, other, u, v)
        lone = [v * (np.arange(len(v)) == t)[:, None] for t in range(len(v))]
        size = 1e-9 * (
            1 + sum(abs(terms(heads, taken, other, u, w).each) for w in lone)
        )
        assert abs(at.total - at.difference) <= size.sum()
        left = np.einsum("jhiab,ia,ib->jhi", found.blocks, u, u)
        right = falling(heads, found, v)
        assert (abs(at.each) <= np.sqrt(left * right) + size).all()
        K = heads.first_derivative(v.ravel(), taken.shares)
        linear = u.ravel() @ K @ (other - case.state).ravel()
        assert abs(at.each[7:].sum() - linear) <= size.sum()


def falling(heads, found, v) -> np.ndarray:
    """The right sides of the products at v `(n, d)`, `(12, H, n)`."""
    squares = (heads.rows @ v.ravel()) ** 2
    keys = ((heads.forms[:, None] @ v[..., None]) ** 2).sum(axis=(2, 3))
    pulled = ((heads.forms.swapaxes(1, 2)[:, None] @ v[..., None]) ** 2).sum(
        axis=(2, 3)
    )
    return (
        (found.on_rows * squares).sum(axis=3)
        + (found.on_keys * keys[:, None]).sum(axis=3)
        + found.on_receivers * pulled
        + found.on_tokens @ (v**2).sum(axis=1)
    )


@pytest.mark.theorem("attention-pencil")
@given(attention_cases(), SHAPES, RADII, SEEDS, st.sampled_from([*SIGNS]))
def test_the_bound_holds_at_every_state_that_is_tried(
    case, shape, radius, seed, quantity
):
    field, state = case.field, case.state
    kind, radius = drawn(shape, radius, state, seed)
    bound = bounds.attention_pencil(
        field, state, radius, quantity, kind=kind, rounds=1, iterations=5, turns=1
    )
    for other in [state, *states_of(kind, state, radius, seed, count=6)]:
        jacobian = field.jacobian(other)
        room = 1e-13 * spectral_norm(jacobian)
        assert exact(quantity, jacobian) - room <= SIGNS[quantity] * bound.value


@pytest.mark.theorem("attention-pencil")
@settings(max_examples=20)
@given(attention_cases(), st.sampled_from(["box", "frobenius"]), SEEDS)
def test_no_ascent_exceeds_the_bound(case, kind, seed):
    radius = [0.01, 0.1, 0.5][seed % 3]
    shape = {"box": domains.Box, "frobenius": domains.Frobenius}[kind]
    for quantity, sign in SIGNS.items():
        found = ascend(
            (case.field,), shape(case.state, str(radius)), quantity, starts=3
        )
        bound = bounds.attention_pencil(
            case.field, case.state, radius, quantity, kind=kind, iterations=8,
            rounds=1, turns=1,
        )  # fmt: skip
        assert sign * found.value - 1e-12 * found.scale <= sign * bound.value


@pytest.mark.theorem("attention-pencil")
@given(attention_cases(), SHAPES, st.sampled_from([0.02, 0.3]), SEEDS)
def test_any_multipliers_and_any_subspace_give_a_true_bound(case, shape, radius, seed):
    field, state = case.field, case.state
    kind, radius = drawn(shape, radius, state, seed)
    heads = pencil_heads(field, state)
    domain, rng = PencilDomain.of(kind, radius, state.shape), generator(seed)
    moves = movement(heads, domain)
    taken = drawn_anchor(heads, moves, seed)
    vectors = rng.standard_normal((rng.integers(1, 4), state.size)) / 3
    multipliers = Multipliers(
        np.exp(rng.standard_normal((12, *moves.turn.shape))),
        np.exp(rng.standard_normal(len(vectors))),
    )
    for quantity in ("spectral-norm", "log-norm"):
        matrix = PencilMatrix(
            heads=heads,
            domain=domain,
            products=products(heads, domain, moves, taken),
            taken=taken,
            anchor=anchor_matrix(heads, taken, quantity),
            subspace=vectors,
            derivatives=np.stack(
                [heads.first_derivative(f, taken.shares) for f in vectors]
            ),
            weights=np.exp(rng.standard_normal(state.shape)),
            dilated=quantity == "spectral-norm",
        )
        spectrum = np.linalg.eigvalsh(matrix.at(multipliers))
        room = 1e-12 * abs(spectrum).max()
        for other in states_of(kind, state, radius, seed, count=6):
            assert exact(quantity, field.jacobian(other)) <= spectrum[-1] + room


def typical(seed: int = 0, size: int = 6) -> tuple[Attention, np.ndarray]:
    """One Gaussian head."""
    rng = np.random.default_rng(seed)
    state = rng.standard_normal((size, size))
    form, value = rng.standard_normal((2, 1, size, size)) / np.sqrt(size)
    identity = np.eye(size)[None]
    return Attention(form, identity, value, scale=size**-0.5), state


@pytest.mark.parametrize(
    ("kind", "radius", "slack"),
    [("box", 0.01, 1.03), ("frobenius", 0.1, 1.08), ("box", 0.1, 2.0)],
)
@pytest.mark.parametrize("quantity", ["spectral-norm", "log-norm"])
def test_on_typical_heads_it_is_close_to_what_is_attained(
    kind, radius, slack, quantity
):
    field, state = typical()
    shape = {"box": domains.Box, "frobenius": domains.Frobenius}[kind]
    attained = ascend((field,), shape(state, str(radius)), quantity, starts=3).value
    bound = bounds.attention_pencil(field, state, radius, quantity, kind=kind)
    assert attained < bound.value < slack * attained


@pytest.mark.parametrize("quantity", ["spectral-norm", "log-norm"])
def test_turning_the_subspace_helps_in_a_wide_box(quantity):
    field, state = typical()
    plain, turned = (
        bounds.attention_pencil(field, state, 0.1, quantity, turns=turns).value
        for turns in (0, 4)
    )
    assert turned < 0.999 * plain


@pytest.mark.theorem("attention-pencil", refutes="any factor below 1")
def test_at_radius_zero_it_is_the_norm_at_the_centre():
    field, state = typical()
    for quantity, sign in SIGNS.items():
        bound = bounds.attention_pencil(field, state, 0.0, quantity)
        truth = exact(quantity, field.jacobian(state))
        assert truth <= sign * bound.value <= truth + 1e-6


@pytest.mark.theorem("attention-pencil", refutes="the first order dropped")
def test_without_the_budget_of_the_pencil_the_bound_is_violated():
    field, state = typical()
    attained = ascend((field,), domains.Box(state, "0.01"), "spectral-norm").value
    with mock.patch.object(PencilDomain, "budget", return_value=1e-12):
        dropped = bounds.attention_pencil(field, state, 0.01, "spectral-norm")
    assert dropped.value < attained
    assert (
        attained <= bounds.attention_pencil(field, state, 0.01, "spectral-norm").value
    )


def shares_of_products(kind: str, seed: int) -> np.ndarray:
    """The largest parts of the products that terms of a small head reach, `(12,)`."""
    rng = generator(seed)
    tokens, features = int(rng.integers(2, 4)), int(rng.integers(1, 3))
    arrays = rng.standard_normal((3, 1, features, features))
    field = Attention(*arrays, scale=1.0)
    state = rng.standard_normal((tokens, features))
    radius, share = [0.003, 0.03, 0.2][seed % 3], float(seed % 4 > 0)
    heads = pencil_heads(field, state)
    domain = PencilDomain.of(kind, radius, state.shape)
    moves = movement(heads, domain)
    taken = middle_anchor(heads, moves, np.full((4, 1, tokens), share))
    if seed % 2:
        taken = Anchor(0 * taken.covariance, 0 * taken.means, taken.shares)
    found = products(heads, domain, moves, taken)
    best = np.zeros(12)
    for other in states_of(kind, state, radius, seed, count=4):
        for _ in range(3):
            u, v = rng.standard_normal((2, *state.shape))
            each = abs(terms(heads, taken, other, u, v).each)
            left = np.einsum("jhiab,ia,ib->jhi", found.blocks, u, u)
            size = np.maximum(np.sqrt(left * falling(heads, found, v)), 1e-12)
            best = np.maximum(best, (each / size).max(axis=(1, 2)))
    return best


@pytest.mark.theorem("attention-pencil", refutes="six tenths of any product")
@pytest.mark.parametrize("kind", KINDS)
def test_every_product_is_nearly_attained(kind):
    best = np.max([shares_of_products(kind, seed) for seed in range(80)], axis=0)
    assert (best > 0.6).all()


def document(field, state, kind: str, radius, bound: Bound) -> Document:
    """One claim about one field round a state."""
    made = Document()
    index = made.field(field, len(state))
    if np.ndim(radius):
        domain = made.rectangle(state, radius)
    else:
        domain = made.round(kind, state, radius)
    arrays = {name: made.array(value) for name, value in bound.parameters.items()}
    made.claim(
        bound.theorem,
        bound.quantity,
        {"branch": [index]},
        domain,
        bound.value,
        **arrays,
    )
    return made.changed(tier="float64")


@pytest.mark.theorem("attention-pencil")
@settings(max_examples=25)
@given(
    attention_cases(),
    SHAPES,
    st.integers(0, 64),
    st.sampled_from([*SIGNS]),
)
def test_the_checker_accepts_the_value_of_the_prover_and_hardly_less(
    case, shape, part, quantity
):
    field, state = case.field, case.state
    kind, radius = drawn(shape, part / 128, state, part)
    bound = bounds.attention_pencil(
        field, state, radius, quantity, kind=kind, rounds=1, iterations=4
    )
    radius = radius if np.ndim(radius) else Fraction(radius)
    made = document(field, state, kind, radius, bound)
    assert made.verdict() == "accepted"
    jacobian = field.jacobian(state)
    size = max(abs(bound.value), spectral_norm(jacobian))
    less = Fraction(bound.value - SIGNS[quantity] * 1e-3 * size)
    assert made.changed(bound=less).verdict().startswith("rejected: the matrix")


@pytest.mark.theorem("attention-pencil")
@pytest.mark.parametrize("radius", ["0", "1/1000000000000000000", "1e-300"])
def test_the_checker_accepts_tiny_radii(radius):
    field, state = typical(size=3)
    for quantity in SIGNS:
        bound = bounds.attention_pencil(field, state, float(Fraction(radius)), quantity)
        made = document(field, state, "box", Fraction(radius), bound)
        assert made.verdict() == "accepted"


def test_a_single_number_is_no_list_of_scales():
    field, state = typical(size=3)
    bound = bounds.attention_pencil(field, state, 0.1, "log-norm", rounds=1, turns=0)
    made = document(field, state, "box", Fraction(1, 10), bound)
    made.arrays[made.claims[0].parameters["scales"]] = np.ones(())
    assert "scales has to have 1 to 256 entries" in made.verdict()


def test_a_rectangle_of_equal_radii_is_the_box():
    field, state = typical(size=3)
    even = np.full((3, 3), 0.1)
    less = even.copy()
    less[0] = 0.0
    for quantity, sign in SIGNS.items():
        box, same, part = (
            sign * bounds.attention_pencil(field, state, radius, quantity).value
            for radius in (0.1, even, less)
        )
        assert abs(box - same) <= 1e-9 * abs(box)
        assert part < box


@pytest.mark.theorem("attention-pencil", refutes="the reach of another token")
def test_the_checker_minds_the_radius_of_every_entry():
    field, state = typical(size=3)
    radii = np.full((3, 3), 0.1)
    bound = bounds.attention_pencil(field, state, radii, "spectral-norm")
    for place in np.ndindex(3, 3):
        wider = radii.copy()
        wider[place] = 0.2
        made = document(field, state, "box", wider, bound)
        assert made.verdict().startswith("rejected: the matrix")


def test_a_domain_that_float64_cannot_hold_has_no_bound():
    field, state = typical(size=3)
    for quantity, sign in SIGNS.items():
        bound = bounds.attention_pencil(field, state, 1e200, quantity)
        assert bound.value == sign * np.inf


def test_wrong_questions_are_refused():
    field, state = typical(size=3)
    with pytest.raises(ValueError, match="asked for the pencil of shrink"):
        bounds.attention_pencil(field, state, 0.1, "shrink")
    with pytest.raises(ValueError, match="use one of box, tube, frobenius"):
        bounds.attention_pencil(field, state, 0.1, "log-norm", kind="ball")
    with pytest.raises(ValueError, match=r"give one number or, for a box, an array of"):
        bounds.attention_pencil(field, state, np.ones(3), "log-norm")
    with pytest.raises(ValueError, match=r"a tube with radii of shape \(3, 3\)"):
        bounds.attention_pencil(field, state, np.ones((3, 3)), "log-norm", kind="tube")
    with pytest.raises(ValueError, match="a matrix of 4096 rows"):
        bounds.attention_pencil(
            *typical(size=1)[:1], np.ones((2048, 1)), 0.1, "spectral-norm"
        )
