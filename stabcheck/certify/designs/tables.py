"""The tables `[step]`, `[domain]` and `[layer]` of a design file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from stabcheck.certify.designs.description import EULER, LAYERS, SCHEMES, Branch
from stabcheck.certify.designs.numbers import cap, shown, squared, word
from stabcheck.errors import InvalidInput
from stabcheck.integrators import ButcherTableau, certifiable_in_rationals
from stabcheck.integrators import get as integrator_named

DOMAINS = {"all": (), "ball": ("radius",), "sphere": (), "token-rms": ("floor",)}
"""The numbers of each domain."""
NUMBERS = {"leapfrog": "frequency", "momentum": "gamma"}
"""The number of each layer that has one."""


def methods_of(where: str, step: Mapping[str, Any]) -> tuple[ButcherTableau, ...]:
    """The methods that a step table names; the first is the layer's own."""
    if {"integrator", "integrators"} <= set(step):
        raise InvalidInput(f"{where} has integrator beside integrators; drop one")
    names = step.get("integrators", [step.get("integrator", EULER)])
    if not isinstance(names, list) or not names:
        raise InvalidInput(f"{where} has integrators = {shown(names)}; give names")
    return tuple(method_named(where, name) for name in names)


def method_named(where: str, name: Any) -> ButcherTableau:
    """A method with rational coefficients."""
    if not isinstance(name, str):
        raise InvalidInput(f"{where} has the integrator {shown(name)}; give a name")
    return certifiable_in_rationals(integrator_named(name))


def domain_of(where: str, document: Mapping[str, Any]) -> dict[str, Any]:
    """The certificate's record of the domain."""
    table = document["domain"]
    kind = word(where, table, "kind", tuple(DOMAINS))
    _only(where, "domain", kind, table, ("metric", *DOMAINS[kind]))
    features = (document.get("field") or {}).get("features")
    if kind == "ball":
        square = squared(where, table, "radius", features)
        return {"kind": kind, "radius_squared": square}
    if kind == "token-rms":
        floor = cap(where, table, "floor")
        if floor == 0:
            raise InvalidInput(
                f"{where} has the floor 0 on the token rms, where the derivative of "
                "RMSNorm is unbounded; give a positive one, or use norm = 'soft'"
            )
        return {"kind": kind, "floor": floor}
    return {"kind": kind}


def layer_of(
    where: str, document: Mapping[str, Any], branches: tuple[Branch, ...]
) -> tuple[str, dict[str, Fraction]]:
    """How the branches are joined, and the number that the scheme has."""
    table = document.get("layer", {})
    usual = "step" if len(branches) == 1 else "lie-trotter"
    kind = word(where, table, "kind", LAYERS, usual)
    wanted = {"reversible": 2, "leapfrog": 1, "momentum": 1, "sphere": 1, "step": 1}
    if len(branches) != wanted.get(kind, len(branches)):
        raise InvalidInput(
            f"{where} has {len(branches)} branches for a layer of kind {kind}; give "
            f"{wanted[kind]}"
        )
    if kind in SCHEMES and any(b.leak or b.method.name != EULER for b in branches):
        raise InvalidInput(
            f"{where} has a layer of kind {kind}, which takes neither a leak nor "
            "another integrator than forward-euler"
        )
    if (kind == "sphere") != (document["domain"]["kind"] == "sphere"):
        raise InvalidInput(
            f"{where} has a layer of kind {kind} on the domain "
            f"{document['domain']['kind']}; a layer and a domain of kind sphere go "
            "together"
        )
    needed, scheme = NUMBERS.get(kind), {}
    _only(where, "layer", kind, table, (needed,))
    if needed:
        scheme[needed] = cap(where, table, needed)
        if scheme[needed] == 0 or (needed == "gamma" and scheme[needed] >= 1):
            limits = "between 0 and 1" if needed == "gamma" else "above 0"
            raise InvalidInput(
                f"{where} has {needed} = {scheme[needed]}; give {limits}"
            )
    return kind, scheme


def _only(
    where: str, name: str, kind: str, table: Mapping[str, Any], allowed: Sequence[Any]
) -> None:
    """Refuse a number that belongs to another kind."""
    others = sorted(set(table) - {"kind", *allowed})
    if others:
        raise InvalidInput(
            f"{where} has {others[0]} for a {name} of kind {kind}, which has no such "
            "number; drop it"
        )


def usual_metric(branches: tuple[Branch, ...]) -> str:
    """Largest token for softmax; the 2-norm for Sinkhorn attention, free of n."""
    kinds = {branch.field["kind"] for branch in branches}
    return "frobenius" if "sinkhorn-attention" in kinds else "token-max"
