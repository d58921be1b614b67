"""`stabcheck bound`: one quantity of one attention layer, from files to a verdict."""

from fractions import Fraction

import numpy as np
import pytest
from theorems.mixed import mixed_norm
from theorems.search import QUANTITIES as EXACT

from stabcheck.bounds import Attention
from stabcheck.certify import candidate, single
from stabcheck.certify.single import bound_of
from stabcheck.errors import InvalidInput, Rejected, Undecided

TOKENS, FEATURES, HEADS, WIDTH = 3, 4, 2, 2


def weights(seed: int = 0) -> dict[str, np.ndarray]:
    """All arrays of a layer with two heads."""
    rng = np.random.default_rng(seed)
    shapes = {
        "W_Q": (HEADS, FEATURES, WIDTH),
        "W_K": (HEADS, FEATURES, WIDTH),
        "W_V": (HEADS, FEATURES, WIDTH),
        "W_O": (HEADS * WIDTH, FEATURES),
        "b_Q": (HEADS, WIDTH),
        "b_V": (HEADS, WIDTH),
        "b_O": (FEATURES,),
    }
    return {name: rng.standard_normal(shape) / 2 for name, shape in shapes.items()}


STATE = np.random.default_rng(1).standard_normal((TOKENS, FEATURES))


@pytest.fixture
def files(tmp_path):
    """Writes the two files and says where they are."""

    def write(arrays=None, state=STATE, **changes):
        kept = (weights() if arrays is None else arrays) | changes
        kept = {name: value for name, value in kept.items() if value is not None}
        np.savez(tmp_path / "P.npz", **kept)
        np.savez(tmp_path / "X.npz", **({} if state is None else {"X": state}))
        return tmp_path / "P.npz", tmp_path / "X.npz"

    return write


def certified(record: dict) -> Fraction:
    return Fraction(record["lower" if "lower" in record else "upper"])


@pytest.mark.parametrize("quantity", single.QUANTITIES)
@pytest.mark.parametrize(
    "domain",
    [
        "point",
        "tube:0.05",
        "tube:1%",
        "ball:2",
        "box:0.02",
        "frobenius:0.05",
        "sphere:2",
    ],
)
def test_every_quantity_is_bounded_attained_and_checked(files, quantity, domain):
    record = bound_of(*files(), domain, quantity, only_exact=True)
    assert record["quantity"] == quantity
    assert record["checked"] == "exact"
    assert record["seconds"] > 0
    value, attained = certified(record), record["attained"]
    lower = quantity == "log-norm-lower"
    assert ("lower" in record) == lower
    assert value <= attained if lower else value >= attained
    if record["slack"] is not None:
        assert record["slack"] >= 0.9999 or lower
    kind = domain.partition(":")[0]
    assert record["domain"].partition(":")[0] == kind


def test_at_a_point_the_bound_is_the_exact_value(files):
    jacobian = Attention(**weights()).jacobian(STATE)
    for quantity, exact in EXACT.items():
        value = float(certified(bound_of(*files(), "point", quantity)))
        assert abs(value - exact(jacobian)) <= 1e-5 * (1 + abs(value))
    mixed = bound_of(*files(), "point", "mixed-norm")
    assert mixed["attained"] >= 0.999 * mixed_norm(jacobian, TOKENS, 0)


def test_causal_and_scale_reach_the_layer(files):
    causal = bound_of(*files(), "point", "spectral-norm", causal=True)
    plain = bound_of(*files(), "point", "spectral-norm")
    scaled = bound_of(*files(scale=np.array(2.0)), "point", "spectral-norm")
    assert len({record["upper"] for record in (causal, plain, scaled)}) == 3
    jacobian = Attention(**weights(), causal=True).jacobian(STATE)
    exact = EXACT["spectral-norm"](jacobian)
    assert exact <= float(certified(causal)) <= exact * (1 + 1e-5)


def test_two_dimensional_weights_mean_one_head(files):
    rng = np.random.default_rng(2)
    arrays = {
        name: rng.standard_normal((FEATURES, FEATURES)) / 2
        for name in ("W_Q", "W_K", "W_V")
    } | {"b_Q": rng.standard_normal(FEATURES)}
    record = bound_of(*files(arrays), "point", "log-norm")
    field = Attention(**{name: array[None] for name, array in arrays.items()})
    exact = EXACT["log-norm"](field.jacobian(STATE))
    assert exact <= float(certified(record)) <= exact + 1e-5


def test_integers_and_single_precision_are_taken_exactly(files):
    arrays = {name: np.eye(FEATURES, dtype=int) for name in ("W_Q", "W_K", "W_V")}
    state = STATE.astype(np.float32)
    record = bound_of(*files(arrays, state), "point", "spectral-norm")
    assert record["checked"] == "exact"


def test_one_token_of_one_feature_is_a_layer_too(files):
    arrays = {name: np.ones((1, 1)) for name in ("W_Q", "W_K", "W_V")}
    for quantity in single.QUANTITIES:
        record = bound_of(*files(arrays, np.ones((1, 1))), "tube:0.5", quantity)
        assert abs(float(certified(record)) - 1) < 1.5


def test_a_relative_radius_is_printed_as_the_number_it_became(files):
    record = bound_of(*files(), "tube:1%", "spectral-norm")
    radius = Fraction(record["domain"].partition(":")[2])
    smallest = np.linalg.norm(STATE, axis=1).min()
    assert radius <= Fraction(float(smallest)) / 100 * (1 + Fraction(1, 10**9))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"W_K": None}, "found no W_K"),
        ({"W_R": np.ones(2)}, "the unknown array 'W_R'"),
        ({"W_K": np.ones((HEADS, FEATURES, 3))}, "W_K must have shape"),
        ({"W_V": np.full((HEADS, FEATURES, WIDTH), np.nan)}, "W_V must be finite"),
        ({"W_O": np.ones((3, FEATURES))}, "W_O must have shape"),
        ({"W_O": None}, "W_O may be absent only for one head"),
        ({"b_Q": np.ones((HEADS, 5))}, "b_Q must have shape"),
        ({"W_Q": np.ones((HEADS, FEATURES, WIDTH), dtype=complex)}, "float32 or"),
        ({"scale": np.array(-1.0)}, "give a positive number"),
        ({"scale": np.array(np.nan)}, "give a positive number"),
        ({"scale": np.ones(2)}, "give one number"),
        ({"W_Q": np.ones(3)}, "W_Q must have shape"),
    ],
)
def test_weights_that_cannot_be_used_are_named(files, changes, message):
    with pytest.raises(InvalidInput, match=message):
        bound_of(*files(**changes), "point", "spectral-norm")


@pytest.mark.parametrize(
    ("state", "message"),
    [
        (None, "for the state X, found no array"),
        (np.ones((2, FEATURES + 1)), r"X of shape \(n, 4\), found the shape \(2, 5\)"),
        (np.ones(FEATURES), r"X of shape \(n, 4\)"),
        (np.ones((0, FEATURES)), "found no token"),
        (np.full((2, FEATURES), np.inf), "NaN or infinity"),
        (np.ones((2, FEATURES), dtype=bool), "the type bool"),
    ],
)
def test_states_that_cannot_be_used_are_named(files, state, message):
    with pytest.raises(InvalidInput, match=message):
        bound_of(*files(state=state), "point", "spectral-norm")


def test_masks_and_score_biases_have_to_fit_the_state(files):
    with pytest.raises(InvalidInput, match="does not fit 3 tokens"):
        bound_of(*files(mask=np.ones((2, 2))), "point", "log-norm")
    with pytest.raises(InvalidInput, match="does not fit 3 tokens"):
        bound_of(*files(bias=np.zeros((2, 2))), "point", "log-norm")
    with pytest.raises(InvalidInput, match="no admissible key"):
        bound_of(*files(mask=np.zeros((3, 3))), "point", "log-norm")


def test_files_that_are_no_archives_are_named(files, tmp_path):
    parameters, state = files()
    with pytest.raises(InvalidInput, match="found no such file"):
        bound_of(tmp_path / "none.npz", state, "point", "log-norm")
    parameters.write_bytes(b"not an archive")
    with pytest.raises(InvalidInput, match=r"found no \.npz of plain arrays"):
        bound_of(parameters, state, "point", "log-norm")
    parameters.write_bytes(b"")
    with pytest.raises(InvalidInput, match=r"found no \.npz of plain arrays"):
        bound_of(parameters, state, "point", "log-norm")
    np.save(tmp_path / "one.npy", np.ones(2))
    with pytest.raises(InvalidInput, match="it is no archive of arrays"):
        bound_of(tmp_path / "one.npy", state, "point", "log-norm")
    np.savez(parameters, W_Q=np.array([{}], dtype=object))
    with pytest.raises(InvalidInput, match=r"found no \.npz of plain arrays"):
        bound_of(parameters, state, "point", "log-norm")


def test_a_truncated_archive_is_named(files):
    parameters, state = files()
    parameters.write_bytes(parameters.read_bytes()[:-200])
    with pytest.raises(InvalidInput, match=r"found no \.npz of plain arrays"):
        bound_of(parameters, state, "point", "log-norm")


def test_unknown_quantities_and_domains_are_named(files):
    with pytest.raises(InvalidInput, match="use one of spectral-norm"):
        bound_of(*files(), "point", "norm")
    with pytest.raises(InvalidInput, match="found none of that form"):
        bound_of(*files(), "disc:1", "log-norm")
    with pytest.raises(InvalidInput, match="found a negative number"):
        bound_of(*files(), "tube:-1", "log-norm")


@pytest.mark.parametrize("quantity", single.QUANTITIES)
def test_a_tube_that_no_theorem_reaches_is_undecided(files, quantity):
    with pytest.raises(Undecided, match="take a smaller"):
        bound_of(*files(), "tube:1e300", quantity)


def test_what_the_checker_does_not_accept_is_not_reported(files, monkeypatch):
    outward = candidate.round_up
    monkeypatch.setattr(candidate, "round_up", lambda value: outward(value) / 2)
    with pytest.raises(Rejected, match="the checker does not accept"):
        bound_of(*files(), "ball:1", "spectral-norm")


@pytest.mark.parametrize("domain", ["box:0.02", "frobenius:0.05", "tube:0.05"])
def test_the_pencil_wins_where_the_first_order_says_most(files, domain):
    exact = bound_of(*files(), domain, "log-norm", only_exact=True)
    best = bound_of(*files(), domain, "log-norm")
    assert best["theorem"] == "attention-pencil"
    assert best["checked"] == "float64"
    assert best["attained"] <= certified(best) < certified(exact)


def test_the_budget_wins_on_a_wide_domain(files):
    record = bound_of(*files(), "frobenius:1", "spectral-norm", only_exact=True)
    assert record["theorem"] == "attention-norm-budget"


def test_a_ball_holds_what_no_tube_reaches(files):
    record = bound_of(*files(), "tube:1000", "mixed-norm")
    assert record["theorem"] == "attention-mixed-norm-ball"
    assert record["attained"] <= certified(record)


def test_a_time_limit_leaves_out_the_slow_theorems(files):
    record = bound_of(*files(), "box:0.02", "log-norm", time_limit=1e-9)
    assert record["theorem"] != "attention-pencil"
