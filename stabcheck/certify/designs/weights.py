"""Weights of a design in an `.npz`: read layer by layer, their shapes compared."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from stabcheck.certify.designs.description import Branch
from stabcheck.errors import InvalidInput

LAYER = re.compile(r"layers\.(\d+)\.(.+)")
Arrays = Mapping[str, np.ndarray]

ATTENTION = {
    "W_Q": "hdk",
    "W_K": "hdk",
    "W_V": "hdv",
    "W_O": "od",
    "scale": "",
    "kappa": "",
}
AXES = {
    "attention": ATTENTION,
    "sinkhorn-attention": ATTENTION,
    "cosine-attention": {"W_Q": "dk", "W_K": "dk", "W_V": "dv"},
    "l2-attention": {"W": "dk", "B": "dk"},
    "hopfield": {"Y": "md", "beta": ""},
    "feed-forward": {"W_1": "dm", "W_2": "md"},
    "gradient-feed-forward": {"W": "dm"},
    "antisymmetric-feed-forward": {"K": "dd"},
}
"""The axes of each array of a kind; the same letter is the same length."""
NAMES = {
    "h": "heads",
    "d": "features",
    "k": "d_k",
    "v": "d_v",
    "o": "rows",
    "m": "units",
}


def read_weights(path: Path) -> dict[str, dict[str, np.ndarray]]:
    """The arrays of an `.npz` by layer: `layers.3.W_Q` is layer 3, `W_Q` is layer 0.

    **Raises:** `InvalidInput` for what is no such file, or holds no numbers.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
    except OSError as error:
        raise InvalidInput(
            f"asked for the weights {path}: {error.strerror or error}"
        ) from error
    except (ValueError, TypeError, EOFError, BadZipFile) as error:
        raise InvalidInput(
            f"asked for the weights {path}, found no .npz of arrays of numbers; save "
            "one with numpy.savez"
        ) from error
    layers: dict[str, dict[str, np.ndarray]] = {}
    for name, array in arrays.items():
        if array.dtype.kind not in "iuf" or not np.isfinite(array).all():
            raise InvalidInput(
                f"asked for the weights {path}, found {name} of type {array.dtype}, "
                "or NaN or infinity in it; give finite numbers"
            )
        match = LAYER.fullmatch(name)
        layer, key = (match[1], match[2]) if match else ("0", name)
        layers.setdefault(layer, {})[key] = array
    return layers


def check_shapes(path: Path, layer: str, branch: Branch, arrays: Arrays) -> None:
    """Compare the axes of a branch's arrays with each other, and with its features.

    **Raises:** `InvalidInput` for the first that does not fit.
    """
    lengths: dict[str, tuple[int, str]] = {}
    square = branch.field.get("radius_squared")
    if square is not None and square > 1:
        lengths["d"] = (int(square), "the design")
    for name, axes in AXES[branch.field["kind"]].items():
        if name not in arrays:
            continue
        array = arrays[name]
        if array.ndim != len(axes) or not array.size:
            raise InvalidInput(
                f"asked {path} for {name} with {len(axes)} axes, found the shape "
                f"{array.shape} in layer {layer}"
            )
        for axis, length in zip(axes, array.shape, strict=True):
            known, where = lengths.setdefault(axis, (length, name))
            if known != length:
                raise InvalidInput(
                    f"asked {path} for {name} with {known} {NAMES[axis]} as in "
                    f"{where}, found the shape {array.shape} in layer {layer}"
                )
    if "h" in lengths:
        _check_output(path, layer, arrays)


def _check_output(path: Path, layer: str, arrays: Arrays) -> None:
    """One block of rows of W_O for each head; without W_O there is one head."""
    heads, _, width = arrays["W_V"].shape
    rows = len(arrays["W_O"]) if "W_O" in arrays else width
    if rows != heads * width:
        raise InvalidInput(
            f"asked {path} for W_O with {heads} times {width} rows, found {rows} in "
            f"layer {layer}"
        )


def number(array: np.ndarray) -> Fraction:
    """The number that an array without axes holds."""
    return Fraction(float(array))
