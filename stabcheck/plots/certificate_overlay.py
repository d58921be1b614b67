"""The overlay of a certificate: the Jacobian of its branch of largest norm."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

from stabcheck.bounds import Attention, GatedFeedForward, Rotary, ScoredAttention
from stabcheck.certificate import Certificate
from stabcheck.certify.records import ARRAYS
from stabcheck.errors import InvalidInput
from stabcheck.layers import KINDS, Field
from stabcheck.plots.overlay import of_branch


def certificate_overlay(path: Path) -> dict[str, Any]:
    """The arguments of `stability_region` that draw a certificate's costliest branch.

    It is the branch of the residual map with the largest certified spectral norm, at
    the centre of that claim, times the step of the map.

    **Raises:** `InvalidInput` if the certificate cannot be read or bounds no branch.
    """
    certificate = Certificate.load(path)
    try:
        return _overlay(path, certificate)
    except (KeyError, IndexError, TypeError, ValueError) as error:
        if isinstance(error, InvalidInput):
            raise
        raise InvalidInput(
            f"asked to draw the certificate {path}, found a record of another shape "
            f"({type(error).__name__}: {error}); make it with `stabcheck certify`"
        ) from error


def _overlay(path: Path, certificate: Certificate) -> dict[str, Any]:
    sizes = {
        tuple(map_["branch"]): Fraction(*map_["size"])
        for map_ in certificate.maps
        if map_["kind"] == "residual"
    }
    claims = [
        claim
        for claim in certificate.claims
        if claim.quantity == "spectral-norm"
        and tuple(claim.subject.get("branch", ())) in sizes
        and "centre" in certificate.domains[claim.domain]
    ]
    if not claims:
        raise InvalidInput(
            f"asked to draw the certificate {path}, found no bound on a branch at a "
            "state; give one of a stack with weights"
        )
    claim = max(claims, key=lambda claim: claim.bound)
    indices = tuple(claim.subject["branch"])
    branch = tuple(_field(certificate, certificate.fields[k]) for k in indices)
    state = certificate.arrays[certificate.domains[claim.domain]["centre"]]
    title = f"h = {sizes[indices]} times the Jacobian of {_name(certificate, indices)}"
    return of_branch(branch, state, sizes[indices]).arguments() | {"title": title}


def _name(certificate: Certificate, indices: tuple[int, ...]) -> str:
    """The name that the arrays of the branch begin with."""
    record = certificate.fields[indices[-1]]
    names = [value for value in record.values() if isinstance(value, str)]
    first = next((name for name in names if name in certificate.arrays), "a branch")
    return first.rsplit(".", 2)[0]


def _field(certificate: Certificate, record: Mapping[str, Any]) -> Field:
    """A field from its record, the inverse of `certify.records.field_record`."""
    if record["kind"] == "scored-attention":
        return _scored(certificate, record)
    kind = KINDS[record["kind"]]
    parameters: dict[str, Any] = {
        name: certificate.arrays[record[name]]
        for name in ARRAYS[kind]
        if name in record
    }
    if kind is GatedFeedForward:
        parameters["activation"] = record["activation"]
    if "epsilon" in record:
        parameters["epsilon"] = Fraction(*record["epsilon"])
    if kind is Attention:
        parameters["causal"] = record["causal"]
        if "value" in record["scale"]:
            parameters["scale"] = float(Fraction(*record["scale"]["value"]))
    return kind(**parameters)


def _scored(certificate: Certificate, record: Mapping[str, Any]) -> ScoredAttention:
    """Attention with turned or capped scores from its record."""
    plain = _field(certificate, {**record, "kind": "attention"})
    rotary, cap = None, record.get("soft_cap")
    if "rotary" in record:
        own = record["rotary"]
        base = Fraction(*own["base"]) if "base" in own else None
        frequencies = certificate.arrays[own["frequencies"]] if base is None else None
        rotary = Rotary(own["layout"], base, frequencies)
    return ScoredAttention(plain, rotary, None if cap is None else Fraction(*cap))
