"""Checks the records of a document against each other; rationals become `Fraction`."""

from __future__ import annotations

from fractions import Fraction
from math import prod
from typing import Any

from stabcheck.checker.failures import Malformed
from stabcheck.checker.reading.archive import Tensor
from stabcheck.checker.reading.field_records import FieldRecords
from stabcheck.checker.reading.generators import method_tableau, multistep
from stabcheck.checker.reading.values import (
    count,
    index_of,
    keys,
    list_of,
    object_of,
    positive,
    rational,
    string_of,
    words,
)
from stabcheck.checker.rules import THEOREMS

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
        "g-growth",
        "frozen-radius",
        "attained-spectral-norm",
        "attained-mixed-norm",
        "attained-log-norm",
        "attained-log-norm-lower",
        "attained-growth",
    }
)
ROUND_KINDS = ("tube", "box", "frobenius")
"""Domains of one radius round a centre: tokens, entries, or the whole state near it."""
RADII_KINDS = {"tubes": "token", "rectangle": "entry"}
"""Domains round a centre with float64 radii >= 0, and what has one of its own."""
SUBJECTS = "branch, step, one-leg, frozen, maps"
MOST_STAGES = 64
MOST_FIELDS = 16


class Records:
    """Checks the records against each other and turns rationals into `Fraction`."""

    def __init__(self, document: dict[str, Any], tensors: dict[str, Tensor]) -> None:
        self.document = document
        self.fields = FieldRecords(tensors)

    def check(self) -> dict[str, Any]:
        """The document, validated."""
        for key, check in (
            ("fields", self._field),
            ("integrators", self._integrator),
            ("maps", self._map),
            ("domains", self._domain),
            ("claims", self._claim),
        ):
            records = list_of(key, self.document[key])
            self.document[key] = records
            for place, record in enumerate(records):
                where = f"{key}[{place}]"
                records[place] = check(where, object_of(where, record), place)
        return self.document

    def _field(self, where: str, record: dict[str, Any], _: int) -> dict[str, Any]:
        return self.fields.check(where, record)

    def _integrator(self, where: str, record: dict[str, Any], _: int) -> dict[str, Any]:
        if "alpha" in record:
            return multistep(where, record, MOST_STAGES)
        A, b = method_tableau(where, record, MOST_STAGES)
        return record | {"A": A, "b": b}

    def _branch(self, where: str, value: Any) -> list[int]:
        fields = self.document["fields"]
        indices = list_of(where, value)
        if not 1 <= len(indices) <= MOST_FIELDS:
            raise Malformed(f"{where} has to name between 1 and {MOST_FIELDS} fields")
        sizes = {
            (fields[index]["tokens"], fields[index]["features"])
            for index in (index_of(where, index, len(fields)) for index in indices)
        }
        if len(sizes) != 1:
            raise Malformed(f"{where} joins fields of different sizes")
        return indices

    def _step(
        self, where: str, record: dict[str, Any], known_by: str = "A"
    ) -> dict[str, Any]:
        """A step of a method that is known by a tableau `A`, or by `alpha`."""
        self._branch(f"{where}.branch", record["branch"])
        methods = self.document["integrators"]
        place = index_of(f"{where}.integrator", record["integrator"], len(methods))
        if known_by not in methods[place]:
            kind = "Runge-Kutta" if known_by == "A" else "multistep"
            raise Malformed(f"{where}.integrator is no {kind} method")
        return record | {"size": positive(f"{where}.size", record["size"])}

    def _one_leg(self, where: str, record: dict[str, Any]) -> dict[str, Any]:
        """A one-leg step in the norm of G, of k^2 entries, row by row."""
        keys(where, record, "branch integrator size G")
        found = self._step(where, record, "alpha")
        entries = [
            rational(f"{where}.G", x) for x in list_of(f"{where}.G", record["G"])
        ]
        steps = len(self.document["integrators"][record["integrator"]]["alpha"]) - 1
        if len(entries) != steps**2:
            raise Malformed(f"{where}.G has to be a list of {steps**2} rationals")
        return found | {"G": entries}

    def _map(self, where: str, record: dict[str, Any], _: int) -> dict[str, Any]:
        if record.get("kind") == "residual":
            keys(where, record, "kind branch integrator size")
            return self._step(where, record)
        if record.get("kind") == "normalise":
            keys(where, record, "kind field")
            fields = self.document["fields"]
            index = index_of(f"{where}.field", record["field"], len(fields))
            if fields[index]["kind"] not in ("layer-norm", "rms-norm"):
                raise Malformed(f"{where}.field is no normalisation")
            return record
        raise Malformed(f"{where}.kind is neither 'residual' nor 'normalise'")

    def _domain(self, where: str, record: dict[str, Any], _: int) -> dict[str, Any]:
        kind = record.get("kind")
        if kind == "ball":
            keys(where, record, "kind radius tokens features")
            for name in ("tokens", "features"):
                count(f"{where}.{name}", record[name])
        elif kind in tuple(RADII_KINDS):  # It may be unhashable.
            self._radii(where, record)
        elif kind in ("point", *ROUND_KINDS):
            keys(where, record, "kind centre" + ("" if kind == "point" else " radius"))
            tensor = self.fields.tensor(f"{where}.centre", record["centre"])
            if len(tensor.shape) != 2 or tensor.dtype != "<f8":
                raise Malformed(f"{where}.centre has to be a float64 matrix")
        else:
            raise Malformed(
                f"{where}.kind is none of point, ball, "
                f"{', '.join((*ROUND_KINDS, *RADII_KINDS))}"
            )
        if "radius" in record:
            radius = rational(f"{where}.radius", record["radius"], Fraction(0))
            return record | {"radius": radius}
        return record

    def _radii(self, where: str, record: dict[str, Any]) -> None:
        """A tube with a radius for each token, a box with one for each entry."""
        keys(where, record, "kind centre radii")
        centre, radii = (
            self.fields.tensor(f"{where}.{name}", record[name])
            for name in ("centre", "radii")
        )
        part = RADII_KINDS[record["kind"]]
        shape = centre.shape if part == "entry" else centre.shape[:1]
        if len(centre.shape) != 2 or centre.dtype != "<f8":
            raise Malformed(f"{where}.centre has to be a float64 matrix")
        if radii.shape != shape or radii.dtype != "<f8":
            raise Malformed(f"{where}.radii has to be a float64 number for each {part}")
        if any(radius < 0 for radius in radii.values()):
            raise Malformed(f"{where}.radii holds a negative radius")

    def _claim(self, where: str, record: dict[str, Any], place: int) -> dict[str, Any]:
        keys(
            where,
            record,
            "theorem tier premises subject quantity domain bound",
            "witness parameters",
        )
        for key in ("theorem", "tier", "quantity"):
            string_of(f"{where}.{key}", record[key])
        if record["theorem"] not in THEOREMS:
            found = repr(record["theorem"])[:60]
            raise Malformed(f"{where}.theorem {found} has no rule here")
        if record["tier"] not in ("exact", "float64"):
            raise Malformed(f"{where}.tier is neither 'exact' nor 'float64'")
        if record["quantity"] not in QUANTITIES:
            found = repr(record["quantity"])[:60]
            raise Malformed(f"{where}.quantity {found} is unknown")
        for premise in list_of(f"{where}.premises", record["premises"]):
            index_of(f"{where}.premises", premise, place)
        index_of(f"{where}.domain", record["domain"], len(self.document["domains"]))
        parameters = object_of(f"{where}.parameters", record.get("parameters", {}))
        for key in parameters:
            words(f"a key of {where}.parameters", key)
        return record | {
            "subject": self._subject(f"{where}.subject", record["subject"]),
            "bound": rational(f"{where}.bound", record["bound"]),
            "witness": self._witness(where, record.get("witness", {})),
            "parameters": {
                key: self._parameter(f"{where}.parameters.{key}", value)
                for key, value in parameters.items()
            },
        }

    def _subject(self, where: str, value: Any) -> dict[str, Any]:
        subject = object_of(where, value)
        if len(subject) != 1:
            raise Malformed(f"{where} has to be one of {SUBJECTS}")
        (kind, inner), *_ = subject.items()
        if kind == "branch":
            return {"branch": self._branch(where, inner)}
        if kind == "step":
            record = object_of(where, inner)
            keys(where, record, "branch integrator size")
            return {"step": self._step(where, record)}
        if kind == "frozen":
            record = object_of(where, inner)
            keys(where, record, "branch integrator size")
            return {"frozen": self._step(where, record, "alpha")}
        if kind == "one-leg":
            return {"one-leg": self._one_leg(where, object_of(where, inner))}
        if kind == "maps":
            ends = list_of(where, inner)
            last = len(self.document["maps"])
            if (
                len(ends) != 2
                or any(type(end) is not int for end in ends)
                or not 0 <= ends[0] < ends[1] <= last
            ):
                raise Malformed(f"{where}.maps is no range within [0, {last}]")
            return {"maps": ends}
        raise Malformed(f"{where} has to be one of {SUBJECTS}")

    def _parameter(self, where: str, value: Any) -> Any:
        """A rational, a list of rationals, or the name of an array."""
        if type(value) is str:
            self.fields.tensor(where, value)
            return value
        if type(value) is list and value and type(value[0]) is list:
            return [rational(where, item) for item in value]
        return rational(where, value)

    def _witness(self, where: str, value: Any) -> dict[str, Any]:
        witness = object_of(f"{where}.witness", value)
        if not witness:
            return {}
        keys(f"{where}.witness", witness, "grid shift", "factor factors")
        if ("factor" in witness) == ("factors" in witness):
            raise Malformed(f"{where}.witness needs factor or factors")
        names = (
            [witness["factor"]]
            if "factor" in witness
            else list_of(f"{where}.witness.factors", witness["factors"])
        )
        for name in names:
            self._factor(f"{where}.witness", name)
        count(f"{where}.witness.grid", witness["grid"], 0, 512)
        count(f"{where}.witness.shift", witness["shift"], 0, 1024)
        return witness

    def _factor(self, where: str, name: Any) -> None:
        tensor = self.fields.tensor(where, name)
        square = len(tensor.shape) == 2 and tensor.shape[0] == tensor.shape[1]
        if tensor.dtype != "<i8" or not square or prod(tensor.shape) == 0:
            raise Malformed(f"{where} names no square int64 matrix")
