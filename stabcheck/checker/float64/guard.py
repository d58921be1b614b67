"""What has to hold before a floating-point verdict counts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import numpy as np

from stabcheck.checker.failures import ClaimUndecided
from stabcheck.checker.float64.midpoint_radius import arithmetic_is_ieee

MOST_ROWS = 8192
"""Jacobians of more rows are not formed: each one would take half a gigabyte."""


@cache
def _probed() -> bool:
    return arithmetic_is_ieee()


@contextmanager
def verified_arithmetic() -> Iterator[None]:
    """Probe the arithmetic once; overflow and NaN travel silently to a comparison.

    Every decision of this tier is a comparison that NaN and infinity do not pass.

    **Raises:** `ClaimUndecided` on a machine that does not round as assumed, or where
    the memory does not suffice.
    """
    with np.errstate(all="ignore"):
        if not _probed():
            raise ClaimUndecided(
                "this machine's floating point does not round as IEEE 754 prescribes: "
                "check the certificate on another one"
            )
        try:
            yield
        except MemoryError as error:
            raise ClaimUndecided(
                f"the memory does not suffice for dense Jacobians: {error}"
            ) from error


def check_rows(rows: int) -> None:
    """Refuse a dense matrix that is too large."""
    if rows > MOST_ROWS:
        raise ClaimUndecided(
            f"the float64 tier forms Jacobians of at most {MOST_ROWS} rows, this claim "
            f"needs {rows}"
        )


def check_finite(*values: float | np.ndarray, what: str) -> None:
    """Refuse numbers that overflowed."""
    if not all(np.isfinite(value).all() for value in values):
        raise ClaimUndecided(f"{what} overflows float64")
