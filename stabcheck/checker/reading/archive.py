"""Reads an `.npz` without numpy: limits first, then bytes, then exact integers.

Only plain arrays are read: little-endian float32 and float64, int64, int8 and bool, in
C order.  Everything else (objects, other orders, odd names) is malformed.
"""

from __future__ import annotations

import hashlib
import re
import struct
import sys
import zipfile
from array import array
from dataclasses import dataclass
from math import prod
from pathlib import Path

from stabcheck.checker.failures import Malformed

MAX_BYTES = 2 << 30
"""All arrays together, inflated."""
MAX_RATIO = 1100
"""Deflate cannot exceed 1032:1; a header that claims more lies about its size."""
MAX_ENTRIES = 100_000
NAME = re.compile(r"[A-Za-z0-9._~-]{1,200}")
FILE_NAME = re.compile(r"[A-Za-z0-9_~-][A-Za-z0-9._~-]{0,199}")
"""A file beside the certificate: no separator, no leading dot."""
HEADER = re.compile(
    r"\{'descr': '(?P<type>[<|][a-z][0-9])', 'fortran_order': (?P<fortran>True|False), "
    r"'shape': \((?P<shape>[0-9, ]*)\), \}\s*"
)
TYPES = {"<f4": ("f", 4), "<f8": ("d", 8), "<i8": ("q", 8), "|i1": ("b", 1)}
TYPES["|b1"] = ("b", 1)


@dataclass(frozen=True)
class Tensor:
    """An array of dyadic rationals: value = mantissa * 2**exponent, exactly.

    `raw` are the little-endian bytes; `mantissas` decodes them on demand.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    raw: bytes

    @property
    def size(self) -> int:
        """How many numbers it holds."""
        return prod(self.shape)

    @property
    def mantissas(self) -> list[int]:
        """The integers that, times the power of two, are the numbers."""
        return self.integers()[0]

    @property
    def exponent(self) -> int:
        """The exponent of the common power of two."""
        return self.integers()[1]

    def integers(self) -> tuple[list[int], int]:
        """The mantissas over one common exponent, decoded from the bits."""
        values = self.values()
        if self.dtype in ("<i8", "|i1", "|b1"):
            return list(values), 0
        pairs = [value.as_integer_ratio() for value in values]
        most = max((bottom for _, bottom in pairs), default=1)
        return [top * (most // bottom) for top, bottom in pairs], 1 - most.bit_length()

    def values(self) -> array:
        """The numbers as the machine stores them; floats are dyadic rationals."""
        numbers = array(TYPES[self.dtype][0])
        numbers.frombytes(self.raw)
        if sys.byteorder == "big":
            numbers.byteswap()
        return numbers

    def digest(self) -> str:
        """SHA-256 of type, shape and bytes, as the document lists it."""
        shape = ",".join(str(size) for size in self.shape)
        state = hashlib.sha256(f"{self.dtype}|{shape}|".encode())
        state.update(self.raw)
        return state.hexdigest()


def read_archive(path: Path) -> dict[str, Tensor]:
    """Read every array of an `.npz`.

    **Raises:** `Malformed` for anything but a plain archive of plain arrays.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            _check_entries(path, entries)
            return dict(_read_entry(path, archive, entry) for entry in entries)
    except Malformed:
        raise
    except (OSError, zipfile.BadZipFile, NotImplementedError) as error:
        raise Malformed(f"{path}: not a readable .npz archive: {error}") from error
    except (EOFError, RuntimeError, ValueError, struct.error) as error:
        raise Malformed(f"{path}: damaged .npz archive: {error}") from error
    except Exception as error:
        # zlib.error and friends derive from Exception directly.
        raise Malformed(f"{path}: damaged .npz archive: {error}") from error


def _check_entries(path: Path, entries: list[zipfile.ZipInfo]) -> None:
    if len(entries) > MAX_ENTRIES:
        raise Malformed(f"{path}: {len(entries)} arrays; at most {MAX_ENTRIES}")
    names = [entry.filename for entry in entries]
    if len(set(names)) != len(names):
        raise Malformed(f"{path}: two arrays of the same name")
    total = sum(entry.file_size for entry in entries)
    if total > MAX_BYTES:
        raise Malformed(f"{path}: {total} bytes inflated; at most {MAX_BYTES}")
    for entry in entries:
        name, suffix = entry.filename[:-4], entry.filename[-4:]
        if suffix != ".npy" or not NAME.fullmatch(name):
            raise Malformed(
                f"{path}: the entry {entry.filename[:80]!r} is no array name"
            )
        if entry.file_size > MAX_RATIO * max(entry.compress_size, 1):
            raise Malformed(
                f"{path}: {entry.filename} claims {entry.file_size} bytes from "
                f"{entry.compress_size}"
            )


def _read_entry(
    path: Path, archive: zipfile.ZipFile, entry: zipfile.ZipInfo
) -> tuple[str, Tensor]:
    name = entry.filename[:-4]
    with archive.open(entry) as stream:
        content = stream.read(entry.file_size + 1)
    if len(content) != entry.file_size:
        raise Malformed(f"{path}: {name} is not as long as the archive says")
    return name, parse_array(name, content)


def parse_array(name: str, content: bytes) -> Tensor:
    """Read one array in the .npy format, versions 1 to 3."""
    if content[:6] != b"\x93NUMPY" or content[6:8] not in (
        b"\x01\x00",
        b"\x02\x00",
        b"\x03\x00",
    ):
        raise Malformed(f"array {name}: not in the .npy format")
    width = 2 if content[6] == 1 else 4
    length = int.from_bytes(content[8 : 8 + width], "little")
    header = content[8 + width : 8 + width + length]
    match = HEADER.fullmatch(header.decode("latin-1"))
    if match is None or match["type"] not in TYPES:
        raise Malformed(
            f"array {name}: only float32, float64, int64, int8 and bool arrays are read"
        )
    if match["fortran"] == "True":
        raise Malformed(f"array {name}: stored in Fortran order; store it in C order")
    shape = _shape(name, match["shape"])
    raw = content[8 + width + length :]
    if len(raw) != prod(shape) * TYPES[match["type"]][1]:
        raise Malformed(f"array {name}: {len(raw)} bytes do not fill shape {shape}")
    tensor = Tensor(name, match["type"], shape, raw)
    _check_finite(tensor)
    return tensor


def _shape(name: str, text: str) -> tuple[int, ...]:
    sizes = [size.strip() for size in text.split(",")]
    sizes = sizes[:-1] if sizes[-1] == "" else sizes
    if len(sizes) > 4 or not all(re.fullmatch(r"[0-9]{1,12}", s) for s in sizes):
        raise Malformed(f"array {name}: the shape ({text[:60]}) is not understood")
    return tuple(int(size) for size in sizes)


def _check_finite(tensor: Tensor) -> None:
    if tensor.dtype == "<f4":
        bits, mask = "I", 0x7F800000
    elif tensor.dtype == "<f8":
        bits, mask = "Q", 0x7FF0000000000000
    else:
        if tensor.dtype == "|b1" and not set(tensor.raw) <= {0, 1}:
            raise Malformed(f"array {tensor.name}: a bool that is neither 0 nor 1")
        return
    words = array(bits)
    words.frombytes(tensor.raw)
    if sys.byteorder == "big":
        words.byteswap()
    if any(word & mask == mask for word in words):
        raise Malformed(f"array {tensor.name}: holds NaN or an infinity")
