"""A certificate while it is being written: records with indices, arrays with names.

Every sublayer is certified on its own, possibly in another process, as a draft of its
own; `merge` appends one draft to another, shares equal arrays, fields, domains and
integrators, and shifts the premises.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from stabcheck.bounds import Witness
from stabcheck.certificate import (
    Certificate,
    Claim,
    digest,
    plain,
    rational,
    unique_name,
    write_arrays,
    write_text,
)
from stabcheck.certify.records import field_arrays, field_record
from stabcheck.errors import InvalidInput
from stabcheck.integrators import ButcherTableau
from stabcheck.integrators.runge_kutta.record import tableau_record
from stabcheck.layers import Branch, Field, Map, Residual

Record = dict[str, Any]


@dataclass
class Draft:
    """Lists that only grow; an index, once given, keeps its meaning."""

    arrays: dict[str, np.ndarray] = field(default_factory=dict)
    fields: list[Record] = field(default_factory=list)
    integrators: list[Record] = field(default_factory=list)
    maps: list[Record] = field(default_factory=list)
    domains: list[Record] = field(default_factory=list)
    claims: list[Claim] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    """Array name by digest: equal arrays are stored once."""
    known: dict[int, int] = field(default_factory=dict)
    """Field index by the identity of the parameters object."""

    def array(self, hint: str, value: np.ndarray) -> str:
        """The name under which an array is stored."""
        value = np.ascontiguousarray(value)
        key = digest(value)
        if key not in self.names:
            name = unique_name(hint, self.arrays)
            self.names[key] = name
            self.arrays[name] = value
        return self.names[key]

    def witness(self, hint: str, found: Witness, *, single: bool) -> dict[str, Any]:
        """Store the factors of a witness: one matrix to prove, or a list of them."""
        if single:
            factors: Record = {"factor": self.array(hint, found.factor)}
        else:
            factors = {
                "factors": [
                    self.array(f"{hint}.{number}", factor)
                    for number, factor in enumerate(found.factors)
                ]
            }
        return factors | {"grid": found.grid, "shift": found.shift}

    def parameter(self, hint: str, value: Any) -> Any:
        """A parameter: an array by its name, a list or a number in rationals."""
        if isinstance(value, np.ndarray):
            return self.array(hint, np.asarray(value, dtype=np.float64))
        if isinstance(value, list | tuple):
            return [Fraction(entry) for entry in value]
        return Fraction(value)

    def field(self, hint: str, parameters: Field, tokens: int) -> int:
        """The index of a field; `hint` begins the names of its arrays."""
        names = {
            key: self.array(f"{hint}.{key}", value)
            for key, value in field_arrays(parameters).items()
        }
        return _index(self.fields, field_record(parameters, tokens, names))

    def branch(self, hint: str, branch: Branch, tokens: int) -> list[int]:
        """The indices of a branch's fields."""
        return [self.field(f"{hint}.{type(f).__name__}", f, tokens) for f in branch]

    def integrator(self, tableau: ButcherTableau) -> int:
        """The index of a Runge-Kutta method."""
        return _index(self.integrators, tableau_record(tableau))

    def multistep(
        self, name: str, alpha: Sequence[Fraction], beta: Sequence[Fraction]
    ) -> int:
        """The index of a multistep method, the oldest coefficient first."""
        rows = {"alpha": alpha, "beta": beta}
        record = {key: [rational(x) for x in row] for key, row in rows.items()}
        return _index(self.integrators, {"name": name} | record)

    def point(self, hint: str, state: np.ndarray) -> int:
        """The index of a single state as a domain."""
        centre = self.array(f"{hint}.state", np.asarray(state, dtype=np.float64))
        return _index(self.domains, {"kind": "point", "centre": centre})

    def tube(self, hint: str, state: np.ndarray, radius: Fraction) -> int:
        """The index of a tube: every token within `radius` of the state's."""
        return self.round("tube", hint, state, radius)

    def round(self, kind: str, hint: str, state: np.ndarray, radius: Fraction) -> int:
        """The index of a `tube`, `box` or `frobenius` ball round a state."""
        centre = self.array(f"{hint}.state", np.asarray(state, dtype=np.float64))
        record = {"kind": kind, "centre": centre, "radius": rational(radius)}
        return _index(self.domains, record)

    def tubes(self, hint: str, state: np.ndarray, radii: np.ndarray) -> int:
        """The index of a tube with a radius for each token, `(n,)` in float64."""
        record = {
            "kind": "tubes",
            "centre": self.array(f"{hint}.state", np.asarray(state, dtype=np.float64)),
            "radii": self.array(f"{hint}.radii", np.asarray(radii, dtype=np.float64)),
        }
        return _index(self.domains, record)

    def rectangle(self, hint: str, state: np.ndarray, radii: np.ndarray) -> int:
        """The index of a box with a radius for each entry, `(n, d)` in float64."""
        record = {
            "kind": "rectangle",
            "centre": self.array(f"{hint}.state", np.asarray(state, dtype=np.float64)),
            "radii": self.array(f"{hint}.radii", np.asarray(radii, dtype=np.float64)),
        }
        return _index(self.domains, record)

    def ball(self, radius: Fraction, tokens: int, features: int) -> int:
        """The index of a ball: every token of norm at most `radius`."""
        record = {
            "kind": "ball",
            "radius": rational(radius),
            "tokens": tokens,
            "features": features,
        }
        return _index(self.domains, record)

    def map(self, map_: Map, tokens: int) -> None:
        """Append a map to the stack."""
        if isinstance(map_, Residual):
            self.maps.append(
                {
                    "kind": "residual",
                    "branch": self.branch(map_.name, map_.branch, tokens),
                    "integrator": self.integrator(map_.integrator),
                    "size": rational(map_.step_size),
                }
            )
        else:
            index = self.branch(map_.name, (map_.field,), tokens)[0]
            self.maps.append({"kind": "normalise", "field": index})

    def claim(self, claim: Claim) -> int:
        """Append a claim, or find an equal one.  **Returns:** its index."""
        if any(premise >= len(self.claims) for premise in claim.premises):
            raise InvalidInput(f"the claim {claim.theorem} has a premise after itself")
        return _index(self.claims, claim)

    def merge(self, other: Draft) -> list[int]:
        """Append another draft.  **Returns:** the new index of each of its claims."""
        rename = {name: self.array(name, a) for name, a in other.arrays.items()}
        fields = [_index(self.fields, _renamed(r, rename)) for r in other.fields]
        methods = [_index(self.integrators, record) for record in other.integrators]
        domains = [_index(self.domains, _renamed(r, rename)) for r in other.domains]
        moved: list[int] = []
        for claim in other.claims:
            subject = _moved_subject(claim.subject, fields, methods)
            moved.append(
                self.claim(
                    replace(
                        claim,
                        premises=tuple(moved[k] for k in claim.premises),
                        subject=subject,
                        domain=domains[claim.domain],
                        witness=_renamed(claim.witness, rename),
                        parameters=_renamed(claim.parameters, rename),
                    )
                )
            )
        return moved

    def certificate(
        self, statement: str, latex: str, provenance: Mapping[str, str]
    ) -> Certificate:
        """The finished record."""
        return Certificate(
            statement,
            latex,
            provenance,
            tuple(self.fields),
            tuple(self.integrators),
            tuple(self.maps),
            tuple(self.domains),
            tuple(self.claims),
            dict(self.arrays),
        )

    def save(self, stem: Path, summary: Mapping[str, Any]) -> None:
        """Write `stem.npz`, then `stem.json`, which marks the draft as complete."""
        write_arrays(stem.with_suffix(".npz"), self.arrays)
        record = {
            "fields": self.fields,
            "integrators": self.integrators,
            "domains": self.domains,
            "claims": [claim.to_json() for claim in self.claims],
        }
        text = json.dumps(plain(record) | {"summary": dict(summary)})
        write_text(stem.with_suffix(".json"), text)

    @staticmethod
    def load(stem: Path) -> tuple[Draft, dict[str, Any]]:
        """Read a saved draft and its summary."""
        record = json.loads(stem.with_suffix(".json").read_text())
        with np.load(stem.with_suffix(".npz"), allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        draft = Draft(
            arrays=arrays,
            fields=record["fields"],
            integrators=record["integrators"],
            domains=record["domains"],
            claims=[Claim.from_json(claim) for claim in record["claims"]],
            names={digest(value): name for name, value in arrays.items()},
        )
        return draft, record["summary"]


def _index(records: list, record: Any) -> int:
    if record in records:
        return records.index(record)
    records.append(record)
    return len(records) - 1


def _renamed(record: Any, names: Mapping[str, str]) -> Any:
    if isinstance(record, Mapping):
        return {key: _renamed(value, names) for key, value in record.items()}
    if isinstance(record, list | tuple):
        return [_renamed(value, names) for value in record]
    return names.get(record, record) if isinstance(record, str) else record


def _moved_subject(
    subject: Mapping[str, Any], fields: list[int], methods: list[int]
) -> dict[str, Any]:
    if "branch" in subject:
        return {"branch": [fields[k] for k in subject["branch"]]}
    for kind in ("step", "one-leg", "frozen"):
        if kind in subject:
            step = dict(subject[kind])
            step["branch"] = [fields[k] for k in step["branch"]]
            step["integrator"] = methods[step["integrator"]]
            return {kind: step}
    raise InvalidInput("a claim about maps cannot move between drafts")
