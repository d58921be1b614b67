"""A safetensors file as exact float32 arrays of known names and shapes."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from types import TracebackType

import numpy as np

from stabcheck.errors import InvalidInput

LARGEST_HEADER = 16 * 2**20
"""Bytes; a real header names a few hundred tensors in a few dozen kilobytes."""
EXACT_IN_FLOAT32 = ("F16", "F32", "BF16")


class TensorFile:
    """The tensors of one safetensors file, read one at a time.

    **Raises:** `InvalidInput` for a file that is missing or not safetensors.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._check_header_length()
        self._file = _opened(path)
        self._names = frozenset(self._file.keys())

    def __enter__(self) -> TensorFile:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.__exit__(kind, error, trace)

    @property
    def names(self) -> frozenset[str]:
        """The names of all tensors."""
        return self._names

    def read(self, name: str, shape: tuple[int, ...]) -> np.ndarray:
        """A tensor as a finite float32 array, exactly as stored.

        **Raises:** `InvalidInput` for a tensor that is missing, of another shape, of
        a type that float32 does not hold exactly, or with NaN or infinite entries.
        """
        if name not in self._names:
            raise InvalidInput(
                f"asked {self.path} for the tensor {name}, found none of that name; "
                "give a complete checkpoint"
            )
        entry = self._file.get_slice(name)
        found = tuple(entry.get_shape())
        if found != shape:
            raise InvalidInput(
                f"asked {self.path} for {name} of shape {shape}, found the shape "
                f"{found}; make config.json and the weights agree"
            )
        if entry.get_dtype() not in EXACT_IN_FLOAT32:
            raise InvalidInput(
                f"asked {self.path} for {name} in float32, found {entry.get_dtype()}; "
                "save the checkpoint in float32"
            )
        if entry.get_dtype() == "BF16":
            array = self._brain_floats(name, shape)
        else:
            array = self._file.get_tensor(name).astype(np.float32, copy=False)
        bad = int((~np.isfinite(array)).sum())
        if bad:
            raise InvalidInput(
                f"asked {self.path} for finite weights, found {bad} entries of {name} "
                "that are infinite or not a number; save the checkpoint again"
            )
        return array

    def _brain_floats(self, name: str, shape: tuple[int, ...]) -> np.ndarray:
        """A tensor of bfloat16, the upper half of float32: numpy has no such type."""
        with self.path.open("rb") as stream:
            (length,) = struct.unpack("<Q", stream.read(8))
            start, end = json.loads(stream.read(length))[name]["data_offsets"]
            stream.seek(8 + length + start)
            halves = np.frombuffer(stream.read(end - start), dtype="<u2")
        return (halves.astype(np.uint32) << 16).view(np.float32).reshape(shape)

    def _check_header_length(self) -> None:
        try:
            size = self.path.stat().st_size
            with self.path.open("rb") as stream:
                prefix = stream.read(8)
        except OSError as error:
            raise InvalidInput(
                f"asked for the weights {self.path}, found no readable file: "
                f"{error.strerror}; give a folder with model.safetensors"
            ) from error
        if len(prefix) < 8:
            raise _not_safetensors(self.path, f"only {size} bytes")
        (length,) = struct.unpack("<Q", prefix)
        if length > min(size - 8, LARGEST_HEADER):
            raise _not_safetensors(
                self.path, f"a header of {length} bytes in a file of {size}"
            )


def _opened(path: Path):
    try:
        from safetensors import SafetensorError, safe_open
    except ImportError as error:
        raise InvalidInput(
            f"asked to read {path}, found no package safetensors; "
            "install it: pip install 'stabcheck[models]'"
        ) from error
    try:
        return safe_open(path, framework="numpy").__enter__()
    except (SafetensorError, OSError, UnicodeDecodeError) as error:
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise _not_safetensors(path, first[:200]) from error


def _not_safetensors(path: Path, found: str) -> InvalidInput:
    return InvalidInput(
        f"asked to read {path} as safetensors, found {found}; the file is truncated "
        "or of another kind: fetch it again"
    )
