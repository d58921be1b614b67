"""Certified stability of transformer layers, read as integrator steps.

Public names are loaded when they are first used, so that importing one room (the
checker above all) loads neither jax nor sympy.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from stabcheck import bounds as bounds
    from stabcheck import certify as certify
    from stabcheck import domains as domains
    from stabcheck import fields as fields
    from stabcheck import growth as growth
    from stabcheck import integrators as integrators
    from stabcheck import parametrisations as parametrisations
    from stabcheck import plots as plots
    from stabcheck import schemes as schemes
    from stabcheck import spectra as spectra
    from stabcheck import theorems as theorems
    from stabcheck.certificate import Certificate as Certificate
    from stabcheck.certify.single import check as check
    from stabcheck.domains import Ball as Ball
    from stabcheck.domains import Box as Box
    from stabcheck.domains import Frobenius as Frobenius
    from stabcheck.domains import Point as Point
    from stabcheck.domains import Sphere as Sphere
    from stabcheck.domains import Tube as Tube
    from stabcheck.domains import Weights as Weights
    from stabcheck.errors import InvalidInput as InvalidInput
    from stabcheck.errors import Rejected as Rejected
    from stabcheck.errors import StabcheckError as StabcheckError
    from stabcheck.errors import Undecided as Undecided
    from stabcheck.interpret.examination import examine as examine
    from stabcheck.layers import Layer as Layer
    from stabcheck.layers import Stack as Stack

__version__ = "0.1.0"

_ROOMS = (
    "bounds", "certify", "domains", "fields", "growth", "integrators",
    "parametrisations", "plots", "schemes", "spectra", "theorems",
)  # fmt: skip
_HOMES = {
    "Certificate": "certificate",
    "check": "certify",
    "examine": "interpret.examination",
    **dict.fromkeys(
        ("Point", "Tube", "Ball", "Frobenius", "Box", "Sphere", "Weights"), "domains"
    ),
    **dict.fromkeys(
        ("StabcheckError", "InvalidInput", "Rejected", "Undecided"), "errors"
    ),
    **dict.fromkeys(("Layer", "Stack"), "layers"),
}
__all__ = ["__version__"]
__all__ += [*_ROOMS, *_HOMES]  # noqa: PLE0604 -- strings, as the lines above show


def __getattr__(name: str) -> Any:
    if name in _ROOMS:
        return import_module(f"stabcheck.{name}")
    if name in _HOMES:
        return getattr(import_module(f"stabcheck.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'stabcheck' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
