"""Exact facts of the methods of the registry, timed one by one.

    python benchmarks/integrators.py

Every fact of every method with at most 13 stages is computed anew and printed to
fifteen digits; the median and the slowest are shown beside the number to reach.  Then
the intervals of a Chebyshev method with 200 stages, the rooted trees with up to ten
nodes, and the import.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

from stabcheck.integrators import ButcherTableau, OneStepMethod, get, names
from stabcheck.integrators.runge_kutta.order import ElementaryWeights
from stabcheck.integrators.runge_kutta.rooted_trees import growths

MOST_STAGES = 13
FACTS = {
    # fact: milliseconds to reach, median
    "stability_function": 50,
    "order": 50,
    "principal_error_norm": 50,
    "error_constant": 50,
    "real_stability_interval": 1,
    "imaginary_stability_interval": 1,
    "largest_disc_radius": 50,
    "circle_contractivity_radius": 50,
    "absolute_monotonicity_radius": 50,
    "linear_absolute_monotonicity_radius": 50,
    "A_alpha_degrees": 50,
    "is_A_stable": 50,
    "is_L_stable": 50,
    "is_algebraically_stable": 50,
    "simplifying_assumptions": 50,
    "is_symplectic": 50,
    "is_symmetric": 50,
    "internal_stability_functions": 50,
}


def milliseconds(measure: Callable[[], Any]) -> float:
    start = time.perf_counter()
    measure()
    return 1e3 * (time.perf_counter() - start)


def fact(method: OneStepMethod, key: str) -> None:
    """The fact, and its digits if it is a number."""
    value = getattr(method, key)
    if hasattr(value, "decimal"):
        value.decimal(15)


def time_facts() -> None:
    found: dict[str, list[tuple[float, str]]] = {key: [] for key in FACTS}
    methods = [get(name) for name in names()]
    small = [
        method
        for method in methods
        if isinstance(method, ButcherTableau) and method.stages <= MOST_STAGES
    ]
    for method in small:
        _ = method.stability_function
        for key, times in found.items():
            if key == "stability_function":
                method.__dict__.pop(key)
            times.append(
                (milliseconds(lambda k=key, m=method: fact(m, k)), method.name)
            )
    print(f"{len(small)} Runge-Kutta methods with at most {MOST_STAGES} stages, ms")
    print(f"  {'fact':<38} {'median':>8} {'to reach':>9} {'slowest':>9}")
    for key, times in found.items():
        median = statistics.median(value for value, _ in times)
        slowest, name = max(times)
        print(f"  {key:<38} {median:8.2f} {FACTS[key]:9d} {slowest:9.1f}  {name}")


def time_chebyshev() -> None:
    def intervals() -> None:
        get("rkc1:200").real_stability_interval.decimal(15)
        get("rkc1:200").imaginary_stability_interval.decimal(15)

    print(f"rkc1:200, both intervals: {milliseconds(intervals):.1f} ms (100 to reach)")


def time_trees() -> None:
    def by_trees() -> None:
        rk4 = get("rk4")
        weights = ElementaryWeights({"f": (rk4.A, rk4.b)})
        for nodes in range(1, 11):
            weights.defects(nodes)

    spent = milliseconds(by_trees)
    count = len(growths(10, ("f",)))
    print(
        f"order conditions of {count} trees to order 10: {spent:.1f} ms (1000 to reach)"
    )


def time_import() -> None:
    command = [sys.executable, "-c", "import stabcheck.integrators"]
    bare = [sys.executable, "-c", "pass"]
    spent, start = (
        min(
            milliseconds(lambda c=line: subprocess.run(c, check=True)) for _ in range(5)
        )
        for line in (command, bare)
    )
    print(
        f"import stabcheck.integrators: {spent:.0f} ms, of which the interpreter takes "
        f"{start:.0f} (300 to reach)"
    )


if __name__ == "__main__":
    time_facts()
    time_chebyshev()
    time_trees()
    time_import()
