"""Certificates written by hand, one claim at a time, and what a rule says to them.

A premise's own truth is the business of its own rule: here it may claim anything, so
that the rule under test is looked at alone.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import flint
import numpy as np

from stabcheck.certificate import Certificate, Claim, digest, rational
from stabcheck.certify.records import field_arrays, field_record
from stabcheck.checker.failures import ClaimRejected, ClaimUndecided
from stabcheck.checker.main import PRECISION
from stabcheck.checker.reading.document import read_certificate
from stabcheck.checker.rules import rule_of

Number = Fraction | int | float

METHODS = {
    "forward-euler": ([[0]], [1]),
    "backward-euler": ([[1]], [1]),
    "implicit-midpoint": ([["1/2"]], [1]),
    "heun": ([[0, 0], [1, 0]], ["1/2", "1/2"]),
    "rk4": (
        [[0, 0, 0, 0], ["1/2", 0, 0, 0], [0, "1/2", 0, 0], [0, 0, 1, 0]],
        ["1/6", "1/3", "1/3", "1/6"],
    ),
}


class Document:
    """Records that grow; `verdict` asks the rule of a claim."""

    def __init__(self) -> None:
        self.arrays: dict[str, np.ndarray] = {}
        self.fields: list[dict[str, Any]] = []
        self.integrators: list[dict[str, Any]] = []
        self.maps: list[dict[str, Any]] = []
        self.domains: list[dict[str, Any]] = []
        self.claims: list[Claim] = []

    def array(self, value: np.ndarray) -> str:
        name = f"a{digest(np.ascontiguousarray(value))[:16]}"
        self.arrays[name] = np.ascontiguousarray(value)
        return name

    def field(self, field: Any, tokens: int) -> int:
        names = {key: self.array(value) for key, value in field_arrays(field).items()}
        self.fields.append(field_record(field, tokens, names))
        return len(self.fields) - 1

    def method(self, name: str) -> int:
        A, b = METHODS[name]
        record = {
            "name": name,
            "A": [[rational(Fraction(a)) for a in row] for row in A],
            "b": [rational(Fraction(weight)) for weight in b],
        }
        self.integrators.append(record)
        return len(self.integrators) - 1

    def tube(self, centre: np.ndarray, radius: Fraction | None = None) -> int:
        """A tube, or the point where there is no radius."""
        record: dict[str, Any] = {"kind": "point", "centre": self.array(centre)}
        if radius is not None:
            record |= {"kind": "tube", "radius": rational(radius)}
        self.domains.append(record)
        return len(self.domains) - 1

    def round(self, kind: str, centre: np.ndarray, radius: Fraction) -> int:
        """A tube, box or Frobenius ball."""
        record = {"kind": kind, "centre": self.array(centre)}
        self.domains.append(record | {"radius": rational(radius)})
        return len(self.domains) - 1

    def rectangle(self, centre: np.ndarray, radii: np.ndarray) -> int:
        """A box with a radius for every entry."""
        record = {"centre": self.array(centre), "radii": self.array(radii)}
        self.domains.append({"kind": "rectangle"} | record)
        return len(self.domains) - 1

    def ball(self, radius: Fraction, tokens: int, features: int) -> int:
        sizes = {"tokens": tokens, "features": features}
        self.domains.append({"kind": "ball", "radius": rational(radius)} | sizes)
        return len(self.domains) - 1

    def step(self, branch: Sequence[int], method: int, size: Fraction) -> dict:
        """The subject of a claim about a step."""
        record = {"branch": list(branch), "integrator": method}
        return {"step": record | {"size": rational(size)}}

    def residual(self, branch: Sequence[int], method: int, size: Fraction) -> None:
        record = self.step(branch, method, size)["step"]
        self.maps.append({"kind": "residual"} | record)

    def normalise(self, field: int) -> None:
        self.maps.append({"kind": "normalise", "field": field})

    def claim(
        self,
        theorem: str,
        quantity: str,
        subject: Mapping[str, Any],
        domain: int,
        bound: Number,
        premises: Sequence[int] = (),
        **parameters: Any,
    ) -> int:
        claim = Claim(
            theorem=theorem,
            quantity=quantity,
            subject=subject,
            domain=domain,
            bound=Fraction(bound),
            premises=tuple(premises),
            parameters=parameters,
        )
        self.claims.append(claim)
        return len(self.claims) - 1

    def given(
        self, quantity: str, subject: Mapping[str, Any], domain: int, bound: Number
    ) -> int:
        """A premise to be believed; its theorem is not looked at."""
        return self.claim("attained", quantity, subject, domain, bound)

    def changed(self, **changes: Any) -> Document:
        """The same document with another last claim."""
        other = copy(self)
        other.claims = [*self.claims[:-1], replace(self.claims[-1], **changes)]
        return other

    def with_premise(self, place: int, **changes: Any) -> Document:
        """The same document with another premise of its last claim."""
        index = self.claims[-1].premises[place]
        other = self.changed()
        other.claims[index] = replace(self.claims[index], **changes)
        return other

    def verdict(self, index: int = -1) -> str:
        """`accepted`, or `rejected: ...` or `undecided: ...` with the rule's reason."""
        certificate = Certificate(
            "a claim", "", {}, *map(tuple, (self.fields, self.integrators, self.maps)),
            tuple(self.domains), tuple(self.claims), self.arrays,
        )  # fmt: skip
        with flint.ctx.workprec(PRECISION):
            return _verdict(certificate, index)


def _verdict(certificate: Certificate, index: int) -> str:
    with tempfile.TemporaryDirectory() as folder:
        ctx = read_certificate(certificate.save(Path(folder)))
    claim = ctx.document["claims"][index]
    premises = [ctx.claim(premise) for premise in claim["premises"]]
    try:
        rule_of(claim["theorem"])(ctx, claim, premises)
    except ClaimRejected as error:
        return f"rejected: {error}"
    except ClaimUndecided as error:
        return f"undecided: {error}"
    return "accepted"
