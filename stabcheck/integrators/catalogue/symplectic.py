r"""Symplectic, partitioned, Nystrom and reversible methods.

HLW: Hairer, Lubich, Wanner, *Geometric Numerical Integration*, 2nd ed. 2006.
"""

from __future__ import annotations

from fractions import Fraction

from stabcheck.errors import InvalidInput
from stabcheck.integrators.catalogue.memory_blocks import leapfrog_block
from stabcheck.integrators.catalogue.sections import nystrom, printed
from stabcheck.integrators.registry import Row
from stabcheck.integrators.runge_kutta.nodal_families import member
from stabcheck.integrators.several_fields.additive import PartitionedRungeKutta
from stabcheck.integrators.several_fields.average_field import AverageVectorField
from stabcheck.integrators.several_fields.two_stream import TwoStreamMethod

HALF = Fraction(1, 2)
EXPLICIT, IMPLICIT = ([[0]], [1]), ([[1]], [1])
TRAPEZOID = ([[0, 0], [HALF, HALF]], [HALF, HALF])
STEPPED = ([[HALF, 0], [HALF, 0]], [HALF, HALF])
VERLET = "Verlet, Phys. Rev. 159 (1967) 98-103; HLW I.1.4 and VI.3"


def symplectic_euler_a() -> PartitionedRungeKutta:
    """The force first, then the position with the new momentum."""
    tableaux = {"q": EXPLICIT, "p": IMPLICIT}
    return PartitionedRungeKutta("symplectic-euler-a", tableaux, "HLW I.1.2, eq. (1.9)")


def symplectic_euler_b() -> PartitionedRungeKutta:
    """The position first, then the force at the new one."""
    tableaux = {"q": IMPLICIT, "p": EXPLICIT}
    return PartitionedRungeKutta("symplectic-euler-b", tableaux, "HLW I.1.2, eq. (1.9)")


def stormer_verlet_kdk(name: str = "stormer-verlet-kdk") -> PartitionedRungeKutta:
    """Half a kick, a drift, half a kick."""
    tableaux = {"q": TRAPEZOID, "p": STEPPED}
    return PartitionedRungeKutta(name, tableaux, VERLET)


def stormer_verlet_dkd() -> PartitionedRungeKutta:
    """Half a drift, a kick, half a drift."""
    tableaux = {"q": STEPPED, "p": TRAPEZOID}
    return PartitionedRungeKutta("stormer-verlet-dkd", tableaux, VERLET)


def lobatto_pair(stages: int) -> PartitionedRungeKutta:
    """Lobatto IIIA for the positions, IIIB for the momenta, up to 4 stages."""
    if not isinstance(stages, int) or not 2 <= stages <= 4:
        raise InvalidInput(
            f"asked for lobatto-iiia-iiib:{stages}; give a whole number from 2 to 4"
        )
    parts = {
        variable: member(family, stages)
        for variable, family in (("q", "lobatto-iiia"), ("p", "lobatto-iiib"))
    }
    return PartitionedRungeKutta(
        f"lobatto-iiia-iiib:{stages}",
        {variable: (part.A, part.b) for variable, part in parts.items()},
        "Sun 1993; Jay, SIAM J. Numer. Anal. 33 (1996) 368-387; HLW IV.2, VI.4",
    )


def reversible_heun() -> TwoStreamMethod:
    r"""$\hat y_1 = 2y_0 - \hat y_0 + hf(\hat y_0)$, $y_1 = y_0 + h(f(\hat y_0) +
    f(\hat y_1))/2$: the second stream leaps."""
    return TwoStreamMethod(
        "reversible-heun",
        (((1, 1), (0, 0, HALF)), ((2,), (-1, 1))),
        leapfrog_block(),
        "Kidger, Foster, Li, Lyons, NeurIPS 2021, arXiv:2105.13493",
    )


def asynchronous_leapfrog() -> TwoStreamMethod:
    r"""$\bar y = y_0 + hv_0/2$, $v_1 = 2f(\bar y) - v_0$, $y_1 = \bar y + hv_1/2$, on
    $(y, hv)$."""
    return TwoStreamMethod(
        "asynchronous-leapfrog",
        (((1, 1), (0, HALF)), ((0, 2), (-1, 1))),
        leapfrog_block(),
        "Mutze 2013, arXiv:1311.6602; Zhuang et al., ICLR 2021, arXiv:2102.04668",
    )


ROWS = (
    Row(
        159,
        "symplectic-euler",
        "Symplectic Euler, in both orders",
        methods={
            "symplectic-euler-a": symplectic_euler_a,
            "symplectic-euler-b": symplectic_euler_b,
        },
    ),
    Row(
        160,
        "stormer-verlet",
        "Störmer-Verlet, kick-drift-kick and drift-kick-drift",
        methods={
            "stormer-verlet-kdk": stormer_verlet_kdk,
            "stormer-verlet-dkd": stormer_verlet_dkd,
        },
        aliases={"verlet": "stormer-verlet-kdk", "leapfrog-kdk": "stormer-verlet-kdk"},
    ),
    Row(
        161,
        "lobatto-pair",
        "Lobatto IIIA-IIIB pair",
        families={"lobatto-iiia-iiib": lobatto_pair},
        listed=tuple(f"lobatto-iiia-iiib:{s}" for s in range(2, 5)),
    ),
    Row(
        162,
        "nystrom-rkn",
        "Nyström's methods of order 4 and 5 for q'' = g(q)",
        methods=printed(nystrom, "nystrom4-rkn", "nystrom5-rkn"),
        aliases={"rkn4": "nystrom4-rkn"},
    ),
    Row(
        163,
        "dprkn",
        "Dormand-Prince Runge-Kutta-Nyström of order 4, 5, 6, 8 and 12",
        methods=printed(
            nystrom, "dprkn4", "dprkn5", "dprkn6", "dprkn6fm", "dprkn8", "dprkn12"
        ),
    ),
    Row(
        164,
        "avf",
        "Average vector field",
        methods={"average-vector-field": AverageVectorField},
    ),
    Row(
        165,
        "reversible-heun-row",
        "Reversible Heun",
        methods={"reversible-heun": reversible_heun},
    ),
    Row(
        166,
        "alf",
        "Asynchronous leapfrog, MALI",
        methods={"asynchronous-leapfrog": asynchronous_leapfrog},
        aliases={"mali": "asynchronous-leapfrog"},
    ),
)
