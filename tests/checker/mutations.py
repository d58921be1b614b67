"""Changes a certificate as an adversary would: every digest is made right again."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from stabcheck.certificate import ARRAYS, DOCUMENT, digest, file_sha256

Document = dict[str, Any]
Arrays = dict[str, np.ndarray]
Mutation = Callable[[Document, Arrays], None]


def read(path: Path) -> tuple[Document, Arrays]:
    """The document and the arrays of a certificate, unchecked."""
    document = json.loads(path.read_text())
    with np.load(path.with_name(ARRAYS)) as archive:
        arrays = {name: archive[name] for name in archive.files}
    return document, arrays


def write(folder: Path, document: Document, arrays: Arrays) -> Path:
    """Write and seal: digests of the arrays, SHA-256 of the archive."""
    folder.mkdir(parents=True, exist_ok=True)
    np.savez(folder / ARRAYS, **arrays)
    document["arrays"] = {
        "file": ARRAYS,
        "sha256": file_sha256(folder / ARRAYS),
        "digests": {name: digest(array) for name, array in arrays.items()},
    }
    path = folder / DOCUMENT
    path.write_text(json.dumps(document))
    return path


def mutated(original: Path, folder: Path, mutation: Mutation) -> Path:
    """A sealed copy of a certificate with one change."""
    document, arrays = read(original)
    before = copy.deepcopy(document), {k: a.copy() for k, a in arrays.items()}
    mutation(document, arrays)
    same_arrays = before[1].keys() == arrays.keys() and all(
        np.array_equal(before[1][name], array) for name, array in arrays.items()
    )
    if document == before[0] and same_arrays:
        raise ValueError("the mutation changed nothing")
    return write(folder, document, arrays)


def claims_of(document: Document, theorem: str) -> list[Document]:
    """The claims of a theorem, in order."""
    return [claim for claim in document["claims"] if claim["theorem"] == theorem]


def scaled(bound: list[int], factor: Fraction) -> list[int]:
    """A rational bound times a factor."""
    value = Fraction(*bound) * factor
    return [value.numerator, value.denominator]
