"""Reads `certificate.json`: limits before parsing, then every key, type and range.

What leaves this module is plain: dicts, lists, strings, integers, and `Fraction` for
every rational.  Rules may rely on the shapes that are checked here.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from stabcheck.checker.context import Context
from stabcheck.checker.failures import Malformed
from stabcheck.checker.reading.archive import FILE_NAME, Tensor, read_archive
from stabcheck.checker.reading.design_records import (
    DESIGN_SCHEMA,
    check_design_document,
)
from stabcheck.checker.reading.method_records import (
    METHOD_SCHEMA,
    check_method_document,
)
from stabcheck.checker.reading.records import Records
from stabcheck.checker.reading.values import (
    check_prose,
    keys,
    object_of,
    string_of,
    words,
)

SCHEMA = "stabcheck-certificate/1"
MAX_BYTES = 256 << 20
MAX_DEPTH = 64
MAX_DIGITS = 4000


def read_certificate(path: Path) -> Context:
    """Read a certificate and its arrays.

    **Raises:** `Malformed`, one clear line, for anything that is not a certificate.
    """
    document = parse(read_text(path))
    if document.get("schema") == METHOD_SCHEMA:
        return Context(check_method_document(document), {})
    if document.get("schema") == DESIGN_SCHEMA:
        return Context(check_design_document(document), {})
    keys(
        "the document",
        document,
        "schema statement latex provenance arrays fields integrators maps domains "
        "claims",
    )
    if document["schema"] != SCHEMA:
        found = repr(document["schema"])[:60]
        raise Malformed(
            f"{path}: schema {found}; this checker reads {SCHEMA!r}, "
            f"{METHOD_SCHEMA!r} and {DESIGN_SCHEMA!r}"
        )
    words("latex", document["latex"])
    check_prose(document)
    if document["claims"] == []:
        raise Malformed("the certificate makes no claim: there is nothing to check")
    tensors = _arrays(path, document["arrays"])
    return Context(Records(document, tensors).check(), tensors)


def read_text(path: Path) -> str:
    """The document's text, its size checked before it is read."""
    try:
        if not path.is_file():
            raise Malformed(f"{path}: no such file; give a certificate.json")
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise Malformed(f"{path}: {size} bytes; at most {MAX_BYTES}")
        if size == 0:
            raise Malformed(f"{path}: the file is empty; give a certificate.json")
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise Malformed(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise Malformed(f"{path}: not a text file in UTF-8") from error


def parse(text: str) -> dict[str, Any]:
    """Parse JSON without floats, constants, huge integers or deep nesting."""
    _check_depth(text)
    try:
        document = json.loads(
            text,
            parse_int=_integer,
            parse_float=_no_float,
            parse_constant=_no_float,
            object_pairs_hook=_no_duplicates,
        )
    except (json.JSONDecodeError, RecursionError) as error:
        raise Malformed(f"not JSON: {error}") from error
    return object_of("the document", document)


def _check_depth(text: str) -> None:
    depth, inside, escaped = 0, False, False
    for character in text:
        if inside:
            if escaped:
                escaped = False
            elif character == "\\":
                escaped = True
            elif character == '"':
                inside = False
        elif character == '"':
            inside = True
        elif character in "[{":
            depth += 1
            if depth > MAX_DEPTH:
                raise Malformed(f"nested deeper than {MAX_DEPTH} levels")
        elif character in "]}":
            depth -= 1


def _integer(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise Malformed(f"an integer of {len(digits)} digits; at most {MAX_DIGITS}")
    return int(digits)


def _no_float(text: str) -> None:
    raise Malformed(f"the number {text[:30]} is not an integer; rationals are [p, q]")


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Malformed("an object has the same key twice")
    return found


def _arrays(path: Path, record: Any) -> dict[str, Tensor]:
    keys("arrays", object_of("arrays", record), "file sha256 digests")
    name = string_of("arrays.file", record["file"])
    if not FILE_NAME.fullmatch(name):
        raise Malformed("arrays.file has to be a file beside the certificate")
    file = path.with_name(name)
    if not file.is_file():
        raise Malformed(f"{file}: no such file; keep it beside the certificate")
    try:
        with file.open("rb") as stream:
            found = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise Malformed(f"{file}: cannot be read: {error.strerror}") from error
    if found != record["sha256"]:
        raise Malformed(f"{file}: SHA-256 is {found}, not the one in the certificate")
    tensors = read_archive(file)
    digests = object_of("arrays.digests", record["digests"])
    if set(digests) != set(tensors):
        odd = sorted(set(digests) ^ set(tensors))[0]
        raise Malformed(f"the array {odd!r} is not both listed and in the archive")
    for key, tensor in tensors.items():
        if tensor.digest() != digests[key]:
            raise Malformed(f"the array {key!r} does not have its listed digest")
    return tensors
