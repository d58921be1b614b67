r"""How tight the certified bounds are: against an ascent, and against published bounds.

Single-head attention with Gaussian weights $W \sim N(0, 1/d)$ on balls, at points and
on tubes, with the seeds of this project's theorem ledger.  The ledger's tightness table
holds ratio and ascent of each bound; their product, the numerator, has to be reproduced
to 1 % by the same formula, and no bound used today may be larger than it.

    python benchmarks/tightness.py          # about a minute; exit code 1 on a deviation

Published bounds beside ours: on a ball $\sqrt3\|V\|(\|A\|^2R^4(4n+1) + n)^{1/2}$
(Castin, Ablin, Peyre, arXiv:2312.14820, as this project's ledger quotes it); at a point
$\|V\|(\|P\| + 2\|X\|^2\|A\|\max_ig_1(p_i))$, built on $\lambda_{\max}(
\operatorname{diag}p - pp^T) \le g_1(p)$ (announced by Yudin et al., arXiv:2507.07814).
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from stabcheck import bounds, spectra
from stabcheck.bounds import Attention
from stabcheck.bounds.ball_heads import extremal_norms, extremal_turns, largest_share
from stabcheck.bounds.point import point_attention
from stabcheck.bounds.published import castin_ball, yudin_point
from stabcheck.domains import Ball, Domain, Point, Tube

TOLERANCE = 0.01
SMALL = 16


@dataclass(frozen=True)
class Entry:
    """One line: a bound of today beside the ledger's numerator, ratio times ascent.

    `ascent` is the largest value known, found now or by the ledger's longer search;
    `formula` is the ledger's own formula evaluated now, None where the bound of today
    is another theorem that has replaced it.
    """

    region: str
    theorem: str
    value: float
    ascent: float
    numerator: float
    formula: float | None
    published: float | None = None

    def holds(self) -> bool:
        """Whether the numerator is reproduced, and the bound no larger than it."""
        same = (
            self.formula is None or abs(self.formula / self.numerator - 1) <= TOLERANCE
        )
        return same and self.value <= self.numerator * (1 + TOLERANCE)

    def text(self) -> str:
        formula = "-" if self.formula is None else f"{self.formula:.4g}"
        published = "-" if self.published is None else f"{self.published:.4g}"
        return (
            f"{self.region:26} {self.theorem:28} {self.value:9.4g} "
            f"{self.ascent:9.4g} {self.value / self.ascent:7.3f} "
            f"{self.numerator:9.4g} {formula:>9} {published:>9} "
            f"{'' if self.holds() else '  DEVIATES'}"
        )


HEADER = (
    f"{'region':26} {'theorem':28} {'bound':>9} {'ascent':>9} {'ratio':>7} "
    f"{'numerator':>9} {'formula':>9} {'published':>9}"
)


class Case:
    """Weights of a seed; the generator goes on as the ledger's scripts drew from it."""

    def __init__(self, size: int, *, causal: bool = False) -> None:
        self.size = size
        self.generator = np.random.default_rng(0)
        draws = [
            self.generator.standard_normal((size, size)) / np.sqrt(size)
            for _ in range(3)
        ]
        self.field = Attention(*(W[None] for W in draws), causal=causal)
        self.causal = causal
        self.form = float(np.linalg.norm(draws[0] @ draws[1].T, 2)) / np.sqrt(size)
        self.value = float(np.linalg.norm(draws[2], 2))

    def name(self, region: str) -> str:
        causal = " causal" if self.causal else ""
        return f"{self.size},{self.size}{causal} {region}"

    def skip_ball_starts(self) -> None:
        """The draws of the ledger's starting states of one ball."""
        shape = (self.size, self.size)
        for _ in range(8):
            self.generator.standard_normal(shape)
            self.generator.uniform(0.2, 1)
        for kind in (1, 2, 3, 4):
            self.generator.standard_normal(shape)
            if kind % 2 == 0:
                self.generator.standard_normal(self.size)
        for _ in range(4):
            self.generator.standard_normal(shape)

    def state(self, radius: float) -> np.ndarray:
        """Random tokens on the sphere of a radius."""
        X = self.generator.standard_normal((self.size, self.size))
        return radius * X / np.linalg.norm(X, axis=1, keepdims=True)

    def skip_tube_starts(self) -> None:
        self.generator.standard_normal((6, self.size, self.size))

    def ascent(self, domain: Domain, quantity: str, known: float = 0.0) -> float:
        """The larger of a known value and of what this project's ascent finds."""
        effort = {} if self.size <= SMALL else {"starts": 1, "iterations": 8}
        found = spectra.ascend((self.field,), domain, quantity, **effort)
        return max(found.value, known)

    @property
    def iterations(self) -> int:
        """Steps of the search for the weights of a tube."""
        return 25 if self.size <= SMALL else 6


def ledger_column_mass(case: Case, state: np.ndarray) -> float:
    """|U| (root of the column mass + max |C_i A^T|): U outside of the receivers."""
    at = point_attention(case.field, state)
    found = bounds.attention_norm_column_mass(case.field, state).value
    turned = at.covariance @ at.form.transpose(0, 2, 1)[:, None]
    inside = np.linalg.norm(at.receivers, 2, axis=(1, 2)).max()
    outside = case.value * np.linalg.norm(turned[0], 2, axis=(1, 2)).max()
    return float(found - inside + outside)


def ledger_mixed(case: Case, radius: float) -> float:
    """|V|(1 + alpha) + R^2 chi: the ledger's mixed norm on a ball."""
    chi, _ = extremal_norms(case.field)
    return case.value * (1 + case.form * radius**2) + radius**2 * float(chi[0])


def ledger_masked(case: Case, radius: float) -> float:
    """The ledger's norm on a ball under a causal mask: the first row counts in full."""
    alpha = case.form * radius**2
    rows = [largest_share(alpha, 2 * alpha, k) for k in range(2, case.size + 1)]
    total = sum(rows) + largest_share(alpha, 1e4, 2)
    chi, _ = extremal_norms(case.field)
    return case.value * float(np.sqrt(total)) + radius**2 * float(chi[0])


def ledger_log(case: Case, radius: float) -> float:
    """The ledger's logarithmic norm on a ball; under a mask with p-bar = 1."""
    alpha, n = case.form * radius**2, case.size
    keys, spread = (2, 1e4) if case.causal else (n, 2 * alpha)
    top = largest_share(alpha, spread, keys)
    omega, _ = extremal_turns(case.field, 1)
    first = np.sqrt(1 + alpha**2) + np.sqrt(n * top)
    return case.value * float(first) / 2 + radius**2 * float(omega[0])


# Radius of the ball: ascent and ratio of norm (3.3), mixed norm (3.5'), mu_2 (3.10).
BALLS = {
    (16, False): {
        0.5: ((1.80, 1.21), (1.85, 1.17), (1.23, 1.60)),
        1.0: ((2.12, 1.94), (2.50, 1.40), (1.40, 2.22)),
        2.0: ((6.51, 2.57), (6.30, 1.40), (3.13, 3.43)),
        4.0: ((33.3, 1.87), (23.3, 1.30), (17.2, 2.31)),
    },
    (16, True): {
        1.0: ((3.07, 1.82), (1.71, 2.04), (1.89, 2.57)),
        4.0: ((34.7, 1.79), (23.4, 1.29), (17.1, 2.33)),
    },
    (64, False): {
        1.0: ((2.06, 1.57), (2.36, 1.28), (1.53, 1.76)),
        2.0: ((3.65, 3.41), (4.36, 1.43), (1.88, 4.26)),
        8.0: ((176.9, 1.56), (53.4, 1.33), (88.4, 1.83)),
    },
}
# Radius of the tokens, relative radius of the tube: at points the exact norm and mu_2
# with the ratios of 3.1, 3.2, 3.8; on tubes ascent and ratio of 3.7.  The order is that
# of the ledger's draws.
STATES = {
    (16, False): (
        (4.0, 0.0, (2.41, 2.90, 2.22, 1.49, 1.93)),
        (4.0, 0.01, (2.10, 2.81)),
        (4.0, 0.05, (3.75, 4.35)),
        (4.0, 0.2, (9.07, 9.61)),
        (1.0, 0.0, (1.72, 1.06, 1.08, 1.18, 1.05)),
        (1.0, 0.1, (1.73, 1.28)),
    ),
    (16, True): ((4.0, 0.0, (3.40, 2.62, 2.02, 1.85, 2.07)), (4.0, 0.05, (3.98, 3.79))),
    (64, False): (
        (8.0, 0.0, (3.22, 3.69, 2.11)),
        (8.0, 0.01, (3.15, 2.97)),
        (8.0, 0.05, (5.40, 6.24)),
        (1.0, 0.1, (1.93, 1.10)),
    ),
}


def ball_entries(case: Case, radius: float, ledger: tuple) -> Iterator[Entry]:
    """The three bounds on one ball."""
    n = case.size
    region, domain = case.name(f"ball {radius:g}"), Ball(Fraction(radius), n, n)
    norm = bounds.attention_norm_ball(case.field, radius, n)
    mixed = bounds.attention_mixed_norm_ball(case.field, radius, n)
    log_norm = bounds.attention_log_norm_ball(case.field, radius, n)
    formula = ledger_masked(case, radius) if case.causal else norm.value
    (norm_found, norm_ratio), (mixed_found, mixed_ratio), (mu, mu_ratio) = ledger
    yield Entry(
        region, norm.theorem, norm.value,
        case.ascent(domain, "spectral-norm", norm_found),
        norm_found * norm_ratio, formula, castin_ball(case.value, case.form, radius, n),
    )  # fmt: skip
    # The ledger's ascent of the mixed norm stands in for one of our own.
    yield Entry(
        region, mixed.theorem, mixed.value, mixed_found, mixed_found * mixed_ratio,
        ledger_mixed(case, radius),
    )  # fmt: skip
    yield Entry(
        region, log_norm.theorem, log_norm.value, case.ascent(domain, "log-norm", mu),
        mu * mu_ratio, ledger_log(case, radius),
    )  # fmt: skip


def point_entries(case: Case, state: np.ndarray, ledger: tuple) -> Iterator[Entry]:
    """The closed forms at a state, and the exact values they bound."""
    region = case.name(f"point {np.linalg.norm(state[0]):g}")
    exact = case.ascent(Point(state), "spectral-norm")
    published = yudin_point(case.field, state)
    mass = bounds.attention_norm_column_mass(case.field, state)
    split = bounds.attention_norm_split(case.field, state)
    for found, ratio, formula in (
        (mass, ledger[1], ledger_column_mass(case, state)),
        (split, ledger[2], split.value),
    ):
        yield Entry(
            region, found.theorem, found.value, exact, ledger[0] * ratio, formula,
            published,
        )  # fmt: skip
    if len(ledger) > 3:
        found = bounds.attention_log_norm_point(case.field, state)
        exact = case.ascent(Point(state), "log-norm")
        yield Entry(
            region, found.theorem, found.value, exact, ledger[3] * ledger[4],
            found.value,
        )  # fmt: skip


def tube_entries(
    case: Case, state: np.ndarray, share: float, ledger: tuple
) -> Iterator[Entry]:
    """The best of the theorems that bound the norm over a tube today, and mu_2."""
    length = float(np.linalg.norm(state[0]))
    radius = Fraction(length * share).limit_denominator(10**6)
    region, domain = case.name(f"tube {length:g} ({share:.0%})"), Tube(state, radius)
    local = bounds.local_attention(case.field, state)
    arguments = (case.field, state, float(radius))
    norm = min(
        (
            bounds.attention_norm_tube(*arguments, local=local),
            bounds.attention_norm_joint_tube(
                *arguments, local=local, iterations=case.iterations
            ),
        ),
        key=lambda found: found.value,
    )
    numerator = ledger[0] * ledger[1]
    found = case.ascent(domain, "spectral-norm", ledger[0])
    yield Entry(region, norm.theorem, norm.value, found, numerator, None)
    log_norm = bounds.attention_log_norm_tube(
        *arguments, "log-norm", local=local, iterations=case.iterations
    )
    mu = case.ascent(domain, "log-norm")
    # The ledger has no tube bound of mu_2 but the norm's: it may not be larger.
    yield Entry(region, log_norm.theorem, log_norm.value, mu, numerator, None)


def entries() -> Iterator[Entry]:
    """Every line of the table."""
    for (size, causal), balls in BALLS.items():
        case = Case(size, causal=causal)
        for radius, ledger in balls.items():
            case.skip_ball_starts()
            yield from ball_entries(case, radius, ledger)
        for radius, share, ledger in STATES[(size, causal)]:
            state = case.state(radius)
            if share == 0:
                yield from point_entries(case, state, ledger)
            else:
                case.skip_tube_starts()
                yield from tube_entries(case, state, share, ledger)


def main() -> int:
    """Print the table.  **Returns:** the exit code."""
    start = time.perf_counter()
    print(HEADER)
    deviating = 0
    for entry in entries():
        print(entry.text(), flush=True)
        deviating += not entry.holds()
    print(f"{deviating} deviate; {time.perf_counter() - start:.0f} s")
    return 1 if deviating else 0


if __name__ == "__main__":
    sys.exit(main())
