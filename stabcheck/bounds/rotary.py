r"""Rotary positions: queries and keys turned by their position, plane by plane.

Position $i$ turns plane $r$ by $i\,\theta_r$ (RoPE, Su et al. 2021, arXiv:2104.09864),
with $\theta_r = b^{-2r/d_k}$ for a base $b$ or frequencies of one's own.  Turns are
orthogonal: no length changes.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from stabcheck.bounds.validation import Array, checked_array, checked_number
from stabcheck.errors import InvalidInput

LAYOUTS = ("half", "interleaved")


@dataclass(frozen=True, eq=False)
class Rotary:
    """How a position turns the features of a query or a key.

    **Arguments:** `layout`, which features share a plane: `half` for features
    $d_k/2$ apart, `interleaved` for neighbours; `base` of the frequencies, or the
    `frequencies` `(d_k/2,)` themselves.

    **Raises:** `InvalidInput`.
    """

    layout: str = "half"
    base: Fraction | float | int | None = None
    frequencies: Array | None = None

    def __post_init__(self) -> None:
        if self.layout not in LAYOUTS:
            raise InvalidInput(
                f"asked for rotary positions with layout={self.layout!r}; give one of "
                f"{', '.join(LAYOUTS)}"
            )
        if (self.base is None) == (self.frequencies is None):
            raise InvalidInput(
                "asked for rotary positions, found base and frequencies both given or "
                "both missing; give one of them"
            )
        if self.base is not None and not checked_number("base", self.base) > 0:
            raise InvalidInput(f"asked for the base {self.base}; it must be positive")
        if self.frequencies is not None:
            found = checked_array("frequencies", self.frequencies, (None,))
            object.__setattr__(self, "frequencies", found)

    def check_width(self, key_width: int) -> None:
        """Refuse queries that do not fall into planes, or other frequencies."""
        if key_width % 2:
            raise InvalidInput(
                f"asked for rotary positions with d_k = {key_width}; planes need an "
                "even number of features"
            )
        if self.frequencies is not None and len(self.frequencies) != key_width // 2:
            raise InvalidInput(
                f"asked for rotary positions with {len(self.frequencies)} frequencies, "
                f"found d_k = {key_width}; give {key_width // 2}"
            )

    def steps(self, key_width: int) -> Array:
        """The angle between neighbours in each plane, `(d_k/2,)`."""
        if self.frequencies is not None:
            return self.frequencies.astype(np.float64)
        planes = key_width // 2
        return float(self.base) ** (-np.arange(planes) / planes)

    def turned(self, rows: Array, *, by: Array | None = None) -> Array:
        """Rows `(..., n, d_k)` turned by their positions, or by those of `by`.

        `by` holds one position for every row, or one for all; negative turns back.
        """
        tokens, key_width = rows.shape[-2:]
        positions = np.arange(tokens) if by is None else by
        angles = np.multiply.outer(positions, self.steps(key_width))
        cosine, sine = np.cos(angles), np.sin(angles)
        result = np.empty_like(rows)
        first, second = self._planes(key_width)
        x, y = rows[..., first], rows[..., second]
        result[..., first] = x * cosine - y * sine
        result[..., second] = y * cosine + x * sine
        return result

    def _planes(self, key_width: int) -> tuple[slice, slice]:
        half = key_width // 2
        if self.layout == "half":
            return slice(0, half), slice(half, key_width)
        return slice(0, key_width, 2), slice(1, key_width, 2)
