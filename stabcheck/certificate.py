"""The certificate: frozen records here, canonical JSON and an `.npz` on disk.

A certificate is what crosses the wall between the prover and the checker.  It holds
the exact weights and states, the architecture constants and a list of claims; never
a Jacobian and never a floating-point number (the checker's README says what
is trusted).  This module only writes and reads it; it decides nothing.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from stabcheck.errors import InvalidInput

SCHEMA = "stabcheck-certificate/1"
DOCUMENT = "certificate.json"
ARRAYS = "certificate.npz"
SIGNIFICANT_BITS = 40
"""Claimed bounds are dyadic with this many bits: short to print, 1e-12 apart."""


def round_up(value: float | Fraction, bits: int = SIGNIFICANT_BITS) -> Fraction:
    """The least dyadic rational with `bits` significant bits that is >= `value`.

    **Raises:** `InvalidInput` for NaN and infinities, which bound nothing.
    """
    if isinstance(value, float) and not math.isfinite(value):
        raise InvalidInput(f"a bound has to be a finite number, found {value}")
    exact = Fraction(value)
    if exact == 0:
        return exact
    magnitude = abs(exact)
    exponent = magnitude.numerator.bit_length() - magnitude.denominator.bit_length()
    unit = Fraction(2) ** (exponent - bits)
    return math.ceil(exact / unit) * unit


def round_down(value: float | Fraction, bits: int = SIGNIFICANT_BITS) -> Fraction:
    """The greatest dyadic rational with `bits` significant bits that is <= `value`."""
    return -round_up(-value, bits)


def digest(array: np.ndarray) -> str:
    """SHA-256 of an array: its type, its shape, its little-endian bytes in C order."""
    array = np.asarray(array, order="C")
    shape = ",".join(str(size) for size in array.shape)
    state = hashlib.sha256(f"{array.dtype.str}|{shape}|".encode())
    state.update(array.tobytes())
    return state.hexdigest()


@dataclass(frozen=True)
class Claim:
    """One line of a certificate: a theorem applied to a subject on a domain.

    `premises` are indices of earlier claims; `bound` is rational; `witness` names
    integer arrays that make checking cheap; `parameters` are the free choices of the
    theorem (weights, centres), any admissible value of which gives a true statement.
    """

    theorem: str
    quantity: str
    subject: Mapping[str, Any]
    domain: int
    bound: Fraction
    tier: str = "exact"
    premises: tuple[int, ...] = ()
    witness: Mapping[str, Any] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        record: dict[str, Any] = {
            "theorem": self.theorem,
            "tier": self.tier,
            "premises": list(self.premises),
            "subject": plain(self.subject),
            "quantity": self.quantity,
            "domain": self.domain,
            "bound": rational(self.bound),
        }
        if self.witness:
            record["witness"] = plain(self.witness)
        if self.parameters:
            record["parameters"] = plain(self.parameters)
        return record

    @staticmethod
    def from_json(record: Mapping[str, Any]) -> Claim:
        """The claim of a JSON record."""
        return Claim(
            theorem=record["theorem"],
            quantity=record["quantity"],
            subject=record["subject"],
            domain=record["domain"],
            bound=Fraction(*record["bound"]),
            tier=record["tier"],
            premises=tuple(record["premises"]),
            witness=record.get("witness", {}),
            parameters=record.get("parameters", {}),
        )


def rational(value: Fraction | int) -> list[int]:
    """A rational as the checker reads it: `[numerator, denominator]`."""
    exact = Fraction(value)
    return [exact.numerator, exact.denominator]


def plain(value: Any) -> Any:
    """Rationals and tuples inside nested records as JSON values; floats are refused."""
    if isinstance(value, Fraction):
        return rational(value)
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    if isinstance(value, float):
        raise InvalidInput(
            f"a certificate holds no floating-point number, found {value}: "
            "convert it with Fraction first"
        )
    return value


@dataclass(frozen=True)
class Certificate:
    """Everything the checker reads.

    `fields`, `integrators`, `maps` and `domains` are JSON records as the checker's
    README describes them; `arrays` maps their array names to numpy arrays.
    """

    statement: str
    latex: str
    provenance: Mapping[str, str]
    fields: tuple[Mapping[str, Any], ...]
    integrators: tuple[Mapping[str, Any], ...]
    maps: tuple[Mapping[str, Any], ...]
    domains: tuple[Mapping[str, Any], ...]
    claims: tuple[Claim, ...]
    arrays: Mapping[str, np.ndarray]

    def to_json(self, arrays_sha256: str) -> dict[str, Any]:
        return {
            "schema": SCHEMA,
            "statement": self.statement,
            "latex": self.latex,
            "provenance": dict(self.provenance),
            "arrays": {
                "file": ARRAYS,
                "sha256": arrays_sha256,
                "digests": {name: digest(a) for name, a in self.arrays.items()},
            },
            "fields": plain(self.fields),
            "integrators": plain(self.integrators),
            "maps": plain(self.maps),
            "domains": plain(self.domains),
            "claims": [claim.to_json() for claim in self.claims],
        }

    def save(self, folder: Path) -> Path:
        """Write `certificate.npz`, then `certificate.json`, each whole or not at all.

        **Returns:** the path of the JSON document.
        """
        folder.mkdir(parents=True, exist_ok=True)
        arrays_path = folder / ARRAYS
        with Replacing(arrays_path) as stream:
            np.savez_compressed(stream, **without_objects(self.arrays))
        document = self.to_json(file_sha256(arrays_path))
        text = json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False)
        with Replacing(folder / DOCUMENT) as stream:
            stream.write(text.encode())
        return folder / DOCUMENT

    @staticmethod
    def load(path: Path) -> Certificate:
        """Read a certificate for display; only the checker may call it accepted."""
        try:
            document = json.loads(path.read_text())
            with np.load(path.with_name(ARRAYS), allow_pickle=False) as archive:
                arrays = {name: archive[name] for name in archive.files}
            claims = tuple(Claim.from_json(record) for record in document["claims"])
            return Certificate(
                document["statement"],
                document["latex"],
                document["provenance"],
                *(
                    tuple(document[key])
                    for key in ("fields", "integrators", "maps", "domains")
                ),
                claims,
                arrays,
            )
        except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
            raise InvalidInput(
                f"asked to read the certificate {path}, found no readable one "
                f"({error}); make it with `stabcheck certify`"
            ) from error


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


class Replacing:
    """A binary stream that becomes `path` only when the block ends without an error."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __enter__(self):
        handle, name = tempfile.mkstemp(dir=self.path.parent, prefix=".writing-")
        self.temporary = Path(name)
        self.stream = os.fdopen(handle, "wb")
        return self.stream

    def __exit__(self, kind, error, trace) -> None:
        self.stream.close()
        if kind is None:
            os.chmod(self.temporary, 0o644)
            try:
                os.replace(self.temporary, self.path)
            except OSError:
                self.temporary.unlink(missing_ok=True)
                raise
        else:
            self.temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a text file whole or not at all."""
    with Replacing(path) as stream:
        stream.write(text.encode())


def write_arrays(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    """Write an `.npz` whole or not at all; object arrays are refused."""
    with Replacing(path) as stream:
        np.savez(stream, **without_objects(arrays))


def without_objects(arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The arrays, none of which numpy would pickle.  **Raises:** `InvalidInput`."""
    for name, array in arrays.items():
        if np.asarray(array).dtype.hasobject:
            raise InvalidInput(
                f"asked to write the array {name!r}, found Python objects in it; "
                "give numbers"
            )
    return dict(arrays)


def unique_name(hint: str, taken: Iterable[str]) -> str:
    """`hint`, or `hint~2`, `hint~3`... when it is taken."""
    names = set(taken)
    if hint not in names:
        return hint
    return next(
        name for k in range(2, len(names) + 3) if (name := f"{hint}~{k}") not in names
    )
