"""Steps of designs: no member leaves growth and shrink, and no better number holds."""

import math
from fractions import Fraction

import numpy as np
import pytest
from checker.designs import accepts, claim, document, pair, part
from growth.step_fields import SIZES, bounded_fields, ratios
from hypothesis import given
from hypothesis import strategies as st
from strategies import SEEDS, generator
from theorems.stage_fields import (
    drawn,
    frobenius,
    largest_rows,
    lipschitz,
    with_fields,
)

from stabcheck.growth import designs
from stabcheck.growth.designs import compare
from stabcheck.integrators import get

ROUNDING = 1e-9
LITTLE = Fraction(1, 10**9)
ONE = {"part": 0}
EXPLICIT = [
    "forward-euler", "heun", "ssprk3", "rk4", "kutta3", "explicit-midpoint", "dopri5",
]  # fmt: skip
IMPLICIT = ["backward-euler", "implicit-midpoint", "trapezoid", "gauss:2", "sdirk54"]
SHARES = st.sampled_from([Fraction(k, 8) for k in (0, 1, 3, 8, 11, 16, 21)])


@pytest.mark.theorem("leak-comparison")
@given(
    st.sampled_from([*EXPLICIT, *IMPLICIT]),
    SHARES,
    SHARES,
    SIZES,
    st.sampled_from(["frobenius", "token-max"]),
    SEEDS,
)
def test_stages_with_fields_of_their_own_stay_within(
    name, x, share, size, metric, seed
):
    kappa = share / 4
    found = compare(get(name), x, kappa)
    if found is None:
        return
    rng = generator(seed)
    fields = [
        drawn(rng, size, float(kappa) * (1 - 1e-12), metric)
        for _ in range(get(name).stages)
    ]
    measure = frobenius if metric == "frobenius" else largest_rows
    grown, kept = measure(with_fields(name, float(x), fields))
    assert grown <= float(found.growth) * (1 + ROUNDING) + ROUNDING
    assert kept >= float(found.shrink) * (1 - ROUNDING) - ROUNDING


def extremal_step(name: str, x: Fraction, kappa: Fraction) -> Fraction:
    """The largest entry reached from (1, ..., 1) by the worst field of every stage.

    Entry i serves stage i, the last entry the end (proofs/leak_comparison.py).
    """
    tableau = get(name)
    s = tableau.stages
    Z: list[list[Fraction]] = []
    for i, row in enumerate(tableau.A):
        unit = [Fraction(int(i == j)) for j in range(s)]
        for a, before in zip(row, Z, strict=False):
            unit = [u - x * a * z for u, z in zip(unit, before, strict=True)]
        Z.append(unit)
    spread = [
        [sum(a * z[j] for a, z in zip(row, Z, strict=True)) for j in range(s)]
        for row in (*tableau.A, tableau.b)
    ]
    heads = [*(sum(row) for row in Z), 1 - x * sum(spread[-1])]
    slopes: list[list[Fraction]] = []

    def entry(weights, c):
        return 1 + sum(w * k[c] for w, k in zip(weights, slopes, strict=False))

    for i in range(s):
        stage = [entry(tableau.A[i], c) for c in range(s + 1)]
        size = kappa * stage[i] * (-1 if heads[i] < 0 else 1)
        slopes.append(
            [
                size * (-1 if spread[c][i] * heads[c] < 0 else 1) - x * stage[c]
                for c in range(s + 1)
            ]
        )
    return max(abs(entry(tableau.b, c)) for c in range(s + 1))


@pytest.mark.theorem("leak-comparison", refutes="any growth below G, of any method")
@pytest.mark.parametrize("name", EXPLICIT)
def test_the_largest_norm_attains_the_comparison_exactly(name):
    for x in (Fraction(0), Fraction(1, 2), Fraction(3, 2), Fraction(5, 2)):
        for kappa in (Fraction(1, 4), Fraction(1), Fraction(7, 3)):
            assert extremal_step(name, x, kappa) == compare(get(name), x, kappa).growth


@pytest.mark.theorem("leak-comparison", refutes="the stability function for RK4")
def test_rk4_outgrows_its_stability_function():
    x, kappa = Fraction(3, 4), Fraction(3, 4)
    assert extremal_step("rk4", x, kappa) == Fraction(9, 8) + Fraction(1, 64)
    assert sum((kappa - x) ** k for k in range(1, 5)) == 0


@pytest.mark.theorem("row-wise-euler")
@given(bounded_fields(), st.sampled_from([0.1, 0.4, 1.0, 2.5]), SHARES, SEEDS)
def test_euler_steps_with_a_leak_stay_within_the_row_wise_growth(field, h, leak, seed):
    K, mu = Fraction(field.L), Fraction(min(field.mu, field.L))
    about = {"step": Fraction(h), "leak": leak, "scale": Fraction(1)}
    euler = get("forward-euler")
    known = {"lipschitz": K, "log-norm": mu}
    (fact,) = (
        f
        for f in designs.step_bounds(euler, about, known, "frobenius")
        if f.theorem == "row-wise-euler"
    )
    leaky = type(field)(field.J - float(leak) * np.eye(field.size), field.W, field.c)
    for ratio in ratios(euler, leaky, h, seed):
        assert ratio <= float(fact.value) * (1 + ROUNDING) + ROUNDING


@pytest.mark.theorem("row-wise-euler")
@given(st.integers(1, 4), st.integers(1, 3), SHARES, SEEDS)
def test_rows_of_tokens_stay_within_the_row_wise_growth(tokens, features, x, seed):
    # J_ij = P_ij U plus a block B on the diagonal: mu_m and the norm row by row.
    rng = generator(seed)
    P = rng.dirichlet(np.full(tokens, 0.3), tokens)
    U, B = rng.standard_normal((2, features, features))
    J = np.kron(P, U) + np.kron(np.eye(tokens), B)
    blocks = J.reshape(tokens, features, tokens, features).transpose(0, 2, 1, 3)
    norms = np.linalg.norm(blocks, 2, axis=(2, 3))
    own = [
        np.linalg.eigvalsh((b + b.T) / 2)[-1]
        for b in blocks[range(tokens), range(tokens)]
    ]
    mu = max(
        o + n.sum() - n[i] for i, (o, n) in enumerate(zip(own, norms, strict=True))
    )
    K, h = norms.sum(axis=1).max(), 0.3
    kept = 1 - float(x) * h
    square = kept**2 + 2 * h * max(kept * mu, -kept * K) + (h * K) ** 2
    step = kept * np.eye(len(J)) + h * J
    for _ in range(8):
        v = rng.standard_normal((tokens, features))
        v /= np.linalg.norm(v, axis=1, keepdims=True)
        moved = (step @ v.ravel()).reshape(tokens, features)
        assert (np.linalg.norm(moved, axis=1) ** 2).max() <= square * (1 + ROUNDING)


@pytest.mark.theorem("row-wise-euler", refutes="0.999 of the logarithmic norm")
def test_a_spiral_attains_the_row_wise_growth():
    mu, K, h = 0.5, 1.0, 0.5
    turn = math.sqrt(K**2 - mu**2)
    step = (1 - h) * np.eye(2) + h * np.array([[mu, -turn], [turn, mu]])
    exact = np.linalg.norm(step, 2) ** 2
    assert exact > (1 - h) ** 2 + 2 * h * (1 - h) * 0.999 * mu + h**2 * K**2
    growth = claim("row-wise-euler", "growth", ONE, Fraction(866025404, 10**9), 0, 1)
    layer = {"kind": "composition", "parts": [part(leak=[1, 1], step=[1, 2])]}
    assert accepts(document(*lipschitz(1, "1/2"), growth, layer=layer))
    growth["bound"] = pair(Fraction(866025403, 10**9))
    assert not accepts(document(*lipschitz(1, "1/2"), growth, layer=layer))
