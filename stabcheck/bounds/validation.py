"""Checks of parameters and states: one clear line instead of a wrong number."""

from __future__ import annotations

from typing import Any

import numpy as np

from stabcheck.errors import InvalidInput

Array = np.ndarray[Any, np.dtype[Any]]


def checked_array(name: str, value: object, shape: tuple[int | None, ...]) -> Array:
    """Return `value` as a finite float32 or float64 array of the given shape.

    **Arguments:** `shape`, where None leaves an axis free.

    **Raises:** `InvalidInput` for another number of axes or another size, a
    dtype that is not real, an empty axis, or an entry that is not finite.
    """
    array = np.asarray(value)
    if array.dtype.kind in "iu":
        array = array.astype(np.float64)
    if array.dtype not in (np.float32, np.float64):
        raise InvalidInput(
            f"{name} must hold float32 or float64 numbers, found {array.dtype}; "
            "convert it first"
        )
    matches = array.ndim == len(shape) and all(
        wanted is None or wanted == found
        for wanted, found in zip(shape, array.shape, strict=True)
    )
    if not matches:
        wanted_shape = tuple("any" if size is None else size for size in shape)
        raise InvalidInput(
            f"{name} must have shape {wanted_shape}, found {array.shape}"
        )
    if array.size == 0:
        raise InvalidInput(f"{name} must not be empty, found shape {array.shape}")
    if not np.isfinite(array).all():
        raise InvalidInput(
            f"{name} must be finite, found {int((~np.isfinite(array)).sum())} entries "
            "that are infinite or not a number"
        )
    return array


def checked_optional(
    name: str, value: object | None, shape: tuple[int | None, ...]
) -> Array | None:
    """`checked_array` for a value that may be absent (None)."""
    return None if value is None else checked_array(name, value, shape)


def checked_nonnegative(name: str, value: object) -> float:
    """Return `value` as a finite float of at least 0.  **Raises:** `InvalidInput`."""
    number = checked_number(name, value)
    if number < 0:
        raise InvalidInput(f"{name} must not be negative, found {value}")
    return number


def checked_number(name: str, value: object) -> float:
    """Return `value` as a finite float.  **Raises:** `InvalidInput`."""
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        raise InvalidInput(f"{name} must be a number, found {value!r}") from None
    if not np.isfinite(number):
        raise InvalidInput(f"{name} must be finite, found {value}")
    return number


def checked_count(name: str, value: object) -> int:
    """Return `value` as a positive integer.  **Raises:** `InvalidInput`."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise InvalidInput(f"{name} must be a whole number, found {value!r}")
    if value < 1:
        raise InvalidInput(f"{name} must be at least 1, found {value}")
    return int(value)


def checked_state(state: object, features: int) -> Array:
    """Return a state of shape `(n, features)` in float64.

    **Raises:** `InvalidInput`.
    """
    return checked_array("state", state, (None, features)).astype(np.float64)
