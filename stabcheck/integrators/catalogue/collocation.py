"""Gauss, Radau and Lobatto methods of any number of stages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from stabcheck.integrators.registry import Row
from stabcheck.integrators.runge_kutta.nodal_families import member


def family(name: str) -> Callable[[int], Any]:
    """The methods of a family as a function of the number of stages."""

    def build(stages: int) -> Any:
        return member(name, stages)

    return build


def row(number: int, key: str, title: str, first: int, **spellings: str) -> Row:
    """A row of families, listed up to 8 stages, with the spellings of papers."""
    names = {name.replace("_", "-"): spelt for name, spelt in spellings.items()}
    return Row(
        number,
        key,
        title,
        families={name: family(name) for name in names},
        listed=tuple(f"{name}:{s}" for name in names for s in range(first, 9)),
        aliases={
            f"{spelt}{s}": f"{name}:{s}"
            for name, spelt in names.items()
            for s in range(first, 9)
        },
    )


GAUSS = row(92, "gauss-s", "Gauss", 2, gauss="Gauss")
GAUSS.aliases.update({
    "GL2": "gauss:2", "GL3": "gauss:3", "Gauss3 over Q(sqrt15)": "gauss:3",
})  # fmt: skip

RADAU_IIA = row(94, "radau-iia-s", "Radau IIA", 2, radau_iia="RadauIIA")
RADAU_IIA.aliases.update(
    {"RadauIIA3 over Q(sqrt6)": "radau-iia:3", "radau5": "radau-iia:3"}
)

ROWS = (
    GAUSS,
    row(93, "radau-ia-s", "Radau IA", 1, radau_ia="RadauIA"),
    RADAU_IIA,
    row(95, "lobatto-iiia-s", "Lobatto IIIA", 3, lobatto_iiia="LobattoIIIA"),
    row(96, "lobatto-iiib-s", "Lobatto IIIB", 2, lobatto_iiib="LobattoIIIB"),
    row(
        97,
        "lobatto-iiic-s",
        "Lobatto IIIC, IIIC*, IIID, IIIE",
        2,
        lobatto_iiic="LobattoIIIC",
        lobatto_iiic_star="LobattoIIICstar",
        lobatto_iiid="LobattoIIID",
        lobatto_iiie="LobattoIIIE",
    ),
)
