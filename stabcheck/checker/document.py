"""Reads `certificate.json`: limits before parsing, then every key, type and range.

What leaves this module is plain: dicts, lists, strings, integers, and `Fraction` for
every rational.  Rules may rely on the shapes that are checked here.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from fractions import Fraction
from math import prod
from pathlib import Path
from typing import Any

from stabcheck.checker.archive import Tensor, read_archive
from stabcheck.checker.context import Context
from stabcheck.checker.failures import Malformed
from stabcheck.checker.rules import THEOREMS

SCHEMA = "stabcheck-certificate/1"
MAX_BYTES = 256 << 20
MAX_DEPTH = 64
MAX_DIGITS = 4000
QUANTITIES = frozenset(
    {
        "spectral-norm",
        "mixed-norm",
        "log-norm",
        "log-norm-lower",
        "jacobian-deviation",
        "growth",
        "shrink",
        "mixed-growth",
        "attained-spectral-norm",
        "attained-log-norm",
        "attained-log-norm-lower",
        "attained-growth",
    }
)
ARRAY_KEYS = ("W_Q", "W_K", "W_V", "W_O", "b_Q", "b_K", "b_V", "b_O", "mask", "bias")


def read_certificate(path: Path) -> Context:
    """Read a certificate and its arrays.

    **Raises:** `Malformed`, one clear line, for anything that is not a certificate.
    """
    document = parse(read_text(path))
    _keys(
        "the document",
        document,
        "schema statement latex provenance arrays fields integrators maps domains claims",
    )
    if document["schema"] != SCHEMA:
        raise Malformed(
            f"{path}: schema {document['schema']!r}; this checker reads {SCHEMA!r}"
        )
    for key in ("statement", "latex"):
        _string(f"{key}", document[key])
    provenance = _object("provenance", document["provenance"])
    for key, value in provenance.items():
        _string(f"provenance.{key}", value)
    tensors = _arrays(path, document["arrays"])
    return Context(_Validation(document, tensors).run(), tensors)


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
    return _object("the document", document)


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


def _object(where: str, value: Any) -> dict[str, Any]:
    if type(value) is not dict:
        raise Malformed(f"{where} is no JSON object")
    return value


def _list(where: str, value: Any) -> list[Any]:
    if type(value) is not list:
        raise Malformed(f"{where} is no list")
    return value


def _string(where: str, value: Any) -> str:
    if type(value) is not str:
        raise Malformed(f"{where} is no string")
    return value


def _count(where: str, value: Any, least: int = 1, most: int = 1 << 24) -> int:
    if type(value) is not int or not least <= value <= most:
        raise Malformed(f"{where} has to be an integer in [{least}, {most}]")
    return value


def _flag(where: str, value: Any) -> bool:
    if type(value) is not bool:
        raise Malformed(f"{where} has to be true or false")
    return value


def _index(where: str, value: Any, length: int) -> int:
    if type(value) is not int or not 0 <= value < length:
        raise Malformed(f"{where} is no index below {length}")
    return value


def rational(where: str, value: Any, least: Fraction | None = None) -> Fraction:
    """A rational `[p, q]` with q > 0, at least `least`."""
    if (
        type(value) is not list
        or len(value) != 2
        or any(type(part) is not int for part in value)
        or value[1] <= 0
    ):
        raise Malformed(f"{where} is no rational [p, q] with q > 0")
    found = Fraction(value[0], value[1])
    if least is not None and found < least:
        raise Malformed(f"{where} is below {least}")
    return found


def _positive(where: str, value: Any) -> Fraction:
    found = rational(where, value)
    if found <= 0:
        raise Malformed(f"{where} has to be positive")
    return found


def _keys(
    where: str, record: dict[str, Any], needed: str, optional: str = ""
) -> dict[str, Any]:
    required = set(needed.split())
    missing = sorted(required - set(record))
    unknown = sorted(set(record) - required - set(optional.split()))
    if missing:
        raise Malformed(f"{where} lacks the key {missing[0]!r}")
    if unknown:
        raise Malformed(f"{where} has the unknown key {unknown[0]!r}")
    return record


def _arrays(path: Path, record: Any) -> dict[str, Tensor]:
    _keys("arrays", _object("arrays", record), "file sha256 digests")
    name = _string("arrays.file", record["file"])
    if name != Path(name).name or name in (".", "..", ""):
        raise Malformed("arrays.file has to be a file beside the certificate")
    file = path.with_name(name)
    try:
        with file.open("rb") as stream:
            found = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise Malformed(f"{file}: cannot be read: {error.strerror}") from error
    if found != record["sha256"]:
        raise Malformed(f"{file}: SHA-256 is {found}, not the one in the certificate")
    tensors = read_archive(file)
    digests = _object("arrays.digests", record["digests"])
    if set(digests) != set(tensors):
        odd = sorted(set(digests) ^ set(tensors))[0]
        raise Malformed(f"the array {odd!r} is not both listed and in the archive")
    for key, tensor in tensors.items():
        if tensor.digest() != digests[key]:
            raise Malformed(f"the array {key!r} does not have its listed digest")
    return tensors


class _Validation:
    """Checks the records against each other and turns rationals into `Fraction`."""

    def __init__(self, document: dict[str, Any], tensors: dict[str, Tensor]) -> None:
        self.document = document
        self.tensors = tensors

    def run(self) -> dict[str, Any]:
        for key, check in (
            ("fields", self.field),
            ("integrators", self.integrator),
            ("maps", self.map),
            ("domains", self.domain),
            ("claims", self.claim),
        ):
            records = _list(key, self.document[key])
            self.document[key] = records
            for place, record in enumerate(records):
                where = f"{key}[{place}]"
                records[place] = check(where, _object(where, record), place)
        return self.document

    def tensor(self, where: str, name: Any, shape: tuple[int, ...] | None) -> Tensor:
        if type(name) is not str or name not in self.tensors:
            raise Malformed(f"{where} names no array of the archive")
        found = self.tensors[name]
        if shape is not None and found.shape != shape:
            raise Malformed(f"{where} has shape {found.shape}, needs {shape}")
        return found

    def floating(self, where: str, name: Any, shape: tuple[int, ...]) -> None:
        if self.tensor(where, name, shape).dtype not in ("<f4", "<f8"):
            raise Malformed(f"{where} has to be a float32 or float64 array")

    def field(self, where: str, record: dict[str, Any], _: int) -> dict[str, Any]:
        kinds: dict[str, Callable[[str, dict[str, Any]], None]] = {
            "attention": self.attention,
            "feed-forward": self.feed_forward,
            "layer-norm": self.normalisation,
            "rms-norm": self.normalisation,
            "attention-family": self.family,
        }
        kind = record.get("kind")
        if type(kind) is not str or kind not in kinds:
            raise Malformed(f"{where}.kind is none of {', '.join(kinds)}")
        kinds[kind](where, record)
        return record

    def sizes(self, where: str, record: dict[str, Any], names: str) -> list[int]:
        return [_count(f"{where}.{name}", record[name]) for name in names.split()]

    def attention(self, where: str, record: dict[str, Any]) -> None:
        _keys(
            where,
            record,
            "kind tokens features heads key_width value_width scale causal W_Q W_K W_V",
            "W_O b_Q b_K b_V b_O mask bias",
        )
        n, d, heads, dk, dv = self.sizes(
            where, record, "tokens features heads key_width value_width"
        )
        shapes = {
            "W_Q": (heads, d, dk), "W_K": (heads, d, dk), "W_V": (heads, d, dv),
            "W_O": (heads * dv, d), "b_Q": (heads, dk), "b_K": (heads, dk),
            "b_V": (heads, dv), "b_O": (d,),
        }  # fmt: skip
        for name, shape in shapes.items():
            if name in record:
                self.floating(f"{where}.{name}", record[name], shape)
        if "W_O" not in record and (heads != 1 or dv != d):
            raise Malformed(f"{where}: without W_O it needs one head of width {d}")
        _flag(f"{where}.causal", record["causal"])
        self.scale(where, record)
        if "mask" in record:
            self.mask(f"{where}.mask", record, n)
        if "bias" in record:
            shape = self.tensor(f"{where}.bias", record["bias"], None).shape
            if shape not in ((n, n), (heads, n, n)):
                raise Malformed(f"{where}.bias has shape {shape}, needs {(n, n)}")
            self.floating(f"{where}.bias", record["bias"], shape)

    def scale(self, where: str, record: dict[str, Any]) -> None:
        scale = _object(f"{where}.scale", record["scale"])
        if set(scale) == {"rsqrt"}:
            _count(f"{where}.scale.rsqrt", scale["rsqrt"])
        elif set(scale) == {"value"}:
            scale["value"] = _positive(f"{where}.scale.value", scale["value"])
        else:
            raise Malformed(f"{where}.scale has to be rsqrt or value")

    def mask(self, where: str, record: dict[str, Any], tokens: int) -> None:
        tensor = self.tensor(where, record["mask"], (tokens, tokens))
        if tensor.dtype not in ("|i1", "|b1") or not set(tensor.raw) <= {0, 1}:
            raise Malformed(f"{where} has to be an int8 or bool array of 0 and 1")
        for row in range(tokens):
            last = row + 1 if record["causal"] else tokens
            if 1 not in tensor.raw[row * tokens : row * tokens + last]:
                raise Malformed(f"{where} leaves row {row} without a key")

    def feed_forward(self, where: str, record: dict[str, Any]) -> None:
        _keys(
            where, record, "kind activation tokens features hidden W_1 b_1 W_2 b_2"
        )
        if record["activation"] != "gelu":
            raise Malformed(f"{where}.activation has to be 'gelu'")
        _, d, m = self.sizes(where, record, "tokens features hidden")
        shapes = {"W_1": (d, m), "b_1": (m,), "W_2": (m, d), "b_2": (d,)}
        for name, shape in shapes.items():
            self.floating(f"{where}.{name}", record[name], shape)

    def normalisation(self, where: str, record: dict[str, Any]) -> None:
        names = ("gamma", "beta") if record["kind"] == "layer-norm" else ("gamma",)
        _keys(where, record, f"kind tokens features epsilon {' '.join(names)}")
        _, d = self.sizes(where, record, "tokens features")
        for name in names:
            self.floating(f"{where}.{name}", record[name], (d,))
        record["epsilon"] = rational(
            f"{where}.epsilon", record["epsilon"], Fraction(0)
        )

    def family(self, where: str, record: dict[str, Any]) -> None:
        _keys(
            where,
            record,
            "kind tokens features heads causal query_key_norm value_norm",
        )
        self.sizes(where, record, "tokens features heads")
        _flag(f"{where}.causal", record["causal"])
        for name in ("query_key_norm", "value_norm"):
            record[name] = rational(f"{where}.{name}", record[name], Fraction(0))

    def integrator(self, where: str, record: dict[str, Any], _: int) -> dict[str, Any]:
        _keys(where, record, "name A b")
        _string(f"{where}.name", record["name"])
        b = [rational(f"{where}.b", x) for x in _list(f"{where}.b", record["b"])]
        rows = _list(f"{where}.A", record["A"])
        A = [[rational(f"{where}.A", x) for x in _list(f"{where}.A", r)] for r in rows]
        if not 1 <= len(b) <= 64 or len(A) != len(b) or any(
            len(row) != len(b) for row in A
        ):
            raise Malformed(f"{where}: A has to be square, of the length of b")
        return record | {"A": A, "b": b}

    def branch(self, where: str, value: Any) -> list[int]:
        fields = self.document["fields"]
        indices = _list(where, value)
        if not 1 <= len(indices) <= 16:
            raise Malformed(f"{where} has to name between 1 and 16 fields")
        sizes = {
            (fields[index]["tokens"], fields[index]["features"])
            for index in (_index(where, index, len(fields)) for index in indices)
        }
        if len(sizes) != 1:
            raise Malformed(f"{where} joins fields of different sizes")
        return indices

    def step(self, where: str, record: dict[str, Any]) -> dict[str, Any]:
        self.branch(f"{where}.branch", record["branch"])
        count = len(self.document["integrators"])
        _index(f"{where}.integrator", record["integrator"], count)
        return record | {"size": _positive(f"{where}.size", record["size"])}

    def map(self, where: str, record: dict[str, Any], _: int) -> dict[str, Any]:
        if record.get("kind") == "residual":
            _keys(where, record, "kind branch integrator size")
            return self.step(where, record)
        if record.get("kind") == "normalise":
            _keys(where, record, "kind field")
            fields = self.document["fields"]
            index = _index(f"{where}.field", record["field"], len(fields))
            if fields[index]["kind"] not in ("layer-norm", "rms-norm"):
                raise Malformed(f"{where}.field is no normalisation")
            return record
        raise Malformed(f"{where}.kind is neither 'residual' nor 'normalise'")

    def domain(self, where: str, record: dict[str, Any], _: int) -> dict[str, Any]:
        kind = record.get("kind")
        if kind == "ball":
            _keys(where, record, "kind radius tokens features")
            self.sizes(where, record, "tokens features")
        elif kind in ("tube", "point"):
            _keys(where, record, "kind centre" + (" radius" if kind == "tube" else ""))
            tensor = self.tensor(f"{where}.centre", record["centre"], None)
            if len(tensor.shape) != 2 or tensor.dtype != "<f8":
                raise Malformed(f"{where}.centre has to be a float64 matrix")
        else:
            raise Malformed(f"{where}.kind is none of point, tube, ball")
        if "radius" in record:
            radius = rational(f"{where}.radius", record["radius"], Fraction(0))
            return record | {"radius": radius}
        return record

    def claim(self, where: str, record: dict[str, Any], place: int) -> dict[str, Any]:
        _keys(
            where,
            record,
            "theorem tier premises subject quantity domain bound",
            "witness parameters",
        )
        for key in ("theorem", "tier", "quantity"):
            _string(f"{where}.{key}", record[key])
        if record["theorem"] not in THEOREMS:
            raise Malformed(f"{where}.theorem {record['theorem']!r} has no rule here")
        if record["tier"] not in ("exact", "float64"):
            raise Malformed(f"{where}.tier is neither 'exact' nor 'float64'")
        if record["quantity"] not in QUANTITIES:
            raise Malformed(f"{where}.quantity {record['quantity']!r} is unknown")
        for premise in _list(f"{where}.premises", record["premises"]):
            _index(f"{where}.premises", premise, place)
        _index(f"{where}.domain", record["domain"], len(self.document["domains"]))
        parameters = _object(f"{where}.parameters", record.get("parameters", {}))
        return record | {
            "subject": self.subject(f"{where}.subject", record["subject"]),
            "bound": rational(f"{where}.bound", record["bound"]),
            "witness": self.witness(where, record.get("witness", {})),
            "parameters": {
                key: self.parameter(f"{where}.parameters.{key}", value)
                for key, value in parameters.items()
            },
        }

    def subject(self, where: str, value: Any) -> dict[str, Any]:
        subject = _object(where, value)
        if len(subject) != 1:
            raise Malformed(f"{where} has to be one of branch, step, maps")
        (kind, inner), *_ = subject.items()
        if kind == "branch":
            return {"branch": self.branch(where, inner)}
        if kind == "step":
            record = _object(where, inner)
            _keys(where, record, "branch integrator size")
            return {"step": self.step(where, record)}
        if kind == "maps":
            ends = _list(where, inner)
            last = len(self.document["maps"])
            if (
                len(ends) != 2
                or any(type(end) is not int for end in ends)
                or not 0 <= ends[0] < ends[1] <= last
            ):
                raise Malformed(f"{where}.maps is no range within [0, {last}]")
            return {"maps": ends}
        raise Malformed(f"{where} has to be one of branch, step, maps")

    def parameter(self, where: str, value: Any) -> Any:
        """A rational, a list of rationals, or the name of an array."""
        if type(value) is str:
            self.tensor(where, value, None)
            return value
        if type(value) is list and value and type(value[0]) is list:
            return [rational(where, item) for item in value]
        return rational(where, value)

    def witness(self, where: str, value: Any) -> dict[str, Any]:
        witness = _object(f"{where}.witness", value)
        if not witness:
            return {}
        _keys(f"{where}.witness", witness, "grid shift", "factor factors")
        if ("factor" in witness) == ("factors" in witness):
            raise Malformed(f"{where}.witness needs factor or factors")
        names = (
            [witness["factor"]]
            if "factor" in witness
            else _list(f"{where}.witness.factors", witness["factors"])
        )
        for name in names:
            self.factor(f"{where}.witness", name)
        _count(f"{where}.witness.grid", witness["grid"], 0, 512)
        _count(f"{where}.witness.shift", witness["shift"], 0, 1024)
        return witness

    def factor(self, where: str, name: Any) -> None:
        tensor = self.tensor(where, name, None)
        square = len(tensor.shape) == 2 and tensor.shape[0] == tensor.shape[1]
        if tensor.dtype != "<i8" or not square or prod(tensor.shape) == 0:
            raise Malformed(f"{where} names no square int64 matrix")
