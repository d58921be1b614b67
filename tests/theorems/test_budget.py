"""The budget bounds on tubes, boxes and Frobenius balls: true, and sharp at one key."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import SEEDS, attention_cases, radii
from theorems.round_domains import KINDS, climb
from theorems.search import QUANTITIES, spectral_norm

from stabcheck import bounds
from stabcheck.bounds import Attention
from stabcheck.errors import InvalidInput

DOMAINS = st.sampled_from(KINDS)
RADII = st.one_of(radii(8), radii(256))


def budget_bound(field, state, kind, radius, quantity, **options):
    """The bound of the theorem that speaks about a quantity."""
    if quantity == "spectral-norm":
        return bounds.attention_norm_budget(field, state, kind, radius, **options)
    return bounds.attention_log_norm_budget(
        field, state, kind, radius, quantity, **options
    )


def holds(case, kind, radius, quantity, seed) -> None:
    field, state = case.field, case.state
    found = budget_bound(field, state, kind, float(radius), quantity, cells=4).value
    sign = -1 if quantity == "log-norm-lower" else 1

    def value(x: np.ndarray) -> float:
        jacobian = field.jacobian(x)
        room = 1e-12 * spectral_norm(jacobian)
        return sign * QUANTITIES[quantity](jacobian) - room

    assert climb(value, state, kind, float(radius), seed) <= sign * found


@pytest.mark.theorem("attention-norm-budget")
@given(attention_cases(), DOMAINS, RADII, SEEDS)
def test_the_norm_holds_at_every_state_that_is_tried(case, kind, radius, seed):
    holds(case, kind, radius, "spectral-norm", seed)


@pytest.mark.theorem("attention-log-norm-budget")
@given(
    attention_cases(),
    DOMAINS,
    RADII,
    st.sampled_from(["log-norm", "log-norm-lower"]),
    SEEDS,
)
def test_the_log_norms_hold_at_every_state_that_is_tried(
    case, kind, radius, quantity, seed
):
    holds(case, kind, radius, quantity, seed)


def one_token(values: np.ndarray) -> tuple[Attention, np.ndarray]:
    """One token that sees itself: the Jacobian is the value matrix everywhere."""
    rng = np.random.default_rng(1)
    d = len(values)
    W_Q, W_K = rng.standard_normal((2, 1, d, d))
    return Attention(W_Q, W_K, values[None]), rng.standard_normal((1, d))


@pytest.mark.theorem("attention-norm-budget", refutes="the bound less a thousandth")
@pytest.mark.parametrize("kind", KINDS)
def test_one_token_attains_the_norm(kind):
    values = np.random.default_rng(2).standard_normal((3, 3))
    field, state = one_token(values)
    found = budget_bound(field, state, kind, 1.0, "spectral-norm").value
    assert np.linalg.norm(values, 2) > found * (1 - 1e-3)


@pytest.mark.theorem("attention-log-norm-budget", refutes="the bound less a thousandth")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("sign", [1, -1])
def test_one_token_attains_the_log_norm(kind, sign):
    field, state = one_token(sign * 1.5 * np.eye(3))
    quantity = "log-norm" if sign == 1 else "log-norm-lower"
    found = budget_bound(field, state, kind, 1.0, quantity).value
    assert sign * found * (1 - 1e-3) < 1.5


def gaussian(n: int, seed: int) -> tuple[Attention, np.ndarray]:
    """Logits x A x/sqrt(d) with A, V of entries of variance 1/d and Gaussian tokens."""
    rng = np.random.default_rng([5, seed, n])
    A, V = rng.standard_normal((2, n, n)) / np.sqrt(n)
    return Attention(A[None], np.eye(n)[None], V[None]), rng.standard_normal((n, n))


@pytest.mark.parametrize(("kind", "radius"), [("frobenius", 1.0), ("box", 0.1)])
def test_a_large_domain_does_not_explode(kind, radius):
    field, state = gaussian(8, 0)
    norm = spectral_norm(field.jacobian(state))
    found = budget_bound(field, state, kind, radius, "spectral-norm").value
    assert norm <= found <= 9 * norm


def test_more_cells_sharpen_a_frobenius_ball():
    field, state = gaussian(4, 0)
    few, many = (
        budget_bound(field, state, "frobenius", 1.0, "spectral-norm", cells=cells).value
        for cells in (2, 16)
    )
    assert many < few


@pytest.mark.parametrize("quantity", ["spectral-norm", "log-norm", "log-norm-lower"])
def test_a_frobenius_ball_is_bounded_by_less_than_its_tube(quantity):
    field, state = gaussian(6, 3)
    sign = -1 if quantity == "log-norm-lower" else 1
    ball, tube = (
        sign * budget_bound(field, state, kind, 0.5, quantity).value
        for kind in ("frobenius", "tube")
    )
    assert ball < tube


def test_another_domain_or_quantity_is_refused():
    field, state = gaussian(3, 0)
    with pytest.raises(InvalidInput, match="asked for a budget on a ball"):
        bounds.attention_norm_budget(field, state, "ball", 1.0)
    with pytest.raises(InvalidInput, match="bounds log-norm, log-norm-lower"):
        bounds.attention_log_norm_budget(field, state, "box", 1.0, "spectral-norm")
    with pytest.raises(InvalidInput, match="radius"):
        bounds.attention_norm_budget(field, state, "box", -1.0)


def test_huge_weights_give_infinity_and_no_error():
    field, state = gaussian(3, 0)
    huge = Attention(1e200 * field.W_Q, 1e200 * field.W_K, field.W_V)
    assert bounds.attention_norm_budget(huge, state, "tube", 1.0).value == np.inf
