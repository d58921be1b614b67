"""The two files of `stabcheck bound`: the weights of one attention layer, a state."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np

from stabcheck.bounds import Attention
from stabcheck.errors import InvalidInput

WEIGHTS = ("W_Q", "W_K", "W_V")
BIASES = ("b_Q", "b_K", "b_V")
KNOWN = (*WEIGHTS, "W_O", *BIASES, "b_O", "scale", "mask", "bias")


def read_attention(path: Path, *, causal: bool) -> Attention:
    """The attention layer whose arrays an `.npz` holds; 2-D weights mean one head.

    **Raises:** `InvalidInput` for a file that is missing or no archive, a missing or
    unknown array, objects, wrong shapes, NaN or infinity.
    """
    arrays = _read(path)
    missing = [name for name in WEIGHTS if name not in arrays]
    if missing:
        raise InvalidInput(
            f"asked {path} for {', '.join(WEIGHTS)}, found no {missing[0]}; "
            "save it with numpy.savez"
        )
    unknown = sorted(set(arrays) - set(KNOWN))
    if unknown:
        raise InvalidInput(
            f"asked {path} for attention weights, found the unknown array "
            f"{unknown[0]!r}; known: {', '.join(KNOWN)}"
        )
    scale = arrays.pop("scale", None)
    for name in (*WEIGHTS, *BIASES):
        axes = 2 if name in WEIGHTS else 1
        if name in arrays and arrays[name].ndim == axes:
            arrays[name] = arrays[name][None]
    try:
        return Attention(**arrays, scale=_scale(scale), causal=causal)
    except InvalidInput as error:
        raise InvalidInput(f"asked to use the weights of {path}: {error}") from error


def _scale(value: np.ndarray | None) -> float | None:
    if value is None:
        return None
    if value.size != 1 or value.dtype.kind not in "iuf":
        raise InvalidInput(
            f"scale has shape {value.shape} and type {value.dtype}; give one number"
        )
    scale = float(value.reshape(()))
    if not scale > 0:
        raise InvalidInput(f"scale is {scale}; give a positive number")
    return scale


def read_state(path: Path, attention: Attention) -> np.ndarray:
    """The state `X` `(n, d)` of an `.npz`, as float64, that fits an attention layer.

    **Raises:** `InvalidInput`.
    """
    arrays = _read(path)
    if "X" not in arrays:
        names = ", ".join(sorted(arrays)) or "no array"
        raise InvalidInput(f"asked {path} for the state X, found {names}")
    state = arrays["X"]
    wanted = attention.features
    if state.dtype.kind not in "iuf" or state.ndim != 2 or state.shape[1] != wanted:
        raise InvalidInput(
            f"asked {path} for X of shape (n, {wanted}), found the shape {state.shape} "
            f"and the type {state.dtype}; tokens are rows"
        )
    if len(state) == 0:
        raise InvalidInput(f"asked {path} for X, found no token in it")
    if not np.isfinite(state).all():
        raise InvalidInput(
            f"asked {path} for X, found NaN or infinity in it; give finite numbers"
        )
    try:
        attention.admissible(len(state))
        attention.attention_weights(*attention.projections(state)[:2])
    except InvalidInput as error:
        raise InvalidInput(f"asked to use X of {path}: {error}") from error
    return state.astype(np.float64)


def _read(path: Path) -> dict[str, np.ndarray]:
    if not path.is_file():
        raise InvalidInput(f"asked to read {path}, found no such file; give an .npz")
    try:
        with path.open("rb") as stream:
            if not zipfile.is_zipfile(stream):
                raise ValueError("it is no archive of arrays")
            stream.seek(0)
            archive = np.load(stream, allow_pickle=False)
            return {name: archive[name] for name in archive.files}
    except (OSError, ValueError, EOFError, TypeError, zipfile.BadZipFile) as error:
        raise InvalidInput(
            f"asked to read {path}, found no .npz of plain arrays ({error}); save one "
            "with numpy.savez"
        ) from error
