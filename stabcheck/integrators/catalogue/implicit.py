"""Implicit Runge-Kutta methods.

HW: Hairer, Wanner, *Solving Ordinary Differential Equations II*, 2nd ed. 1996.
"""

from stabcheck.integrators.registry import Row
from stabcheck.integrators.tableau import ButcherTableau

ROWS = (
    Row(
        88,
        "backward-euler",
        "Backward Euler",
        methods={
            "backward-euler": lambda: ButcherTableau(
                "backward-euler",
                A=[[1]],
                b=[1],
                source="HW IV.5, Table 5.5: Radau IIA with one stage",
            )
        },
        aliases={
            "BE": "backward-euler",
            "implicit-euler": "backward-euler",
            "RadauIIA1": "backward-euler",
        },
    ),
    Row(
        89,
        "implicit-midpoint",
        "Implicit midpoint, Gauss with one stage",
        methods={
            "implicit-midpoint": lambda: ButcherTableau(
                "implicit-midpoint",
                A=[["1/2"]],
                b=[1],
                source="HW IV.5, Table 5.1: Gauss with one stage",
            )
        },
        aliases={"Gauss1": "implicit-midpoint", "SSPIRK2(1)": "implicit-midpoint"},
    ),
    Row(
        90,
        "trapezoid",
        "Trapezoidal rule, Lobatto IIIA with two stages",
        methods={
            "trapezoid": lambda: ButcherTableau(
                "trapezoid",
                A=[[0, 0], ["1/2", "1/2"]],
                b=["1/2", "1/2"],
                source="HW IV.5, Table 5.7: Lobatto IIIA with two stages; Crank, "
                "Nicolson, Proc. Camb. Phil. Soc. 43 (1947) 50-67",
            )
        },
        aliases={
            "LobattoIIIA2": "trapezoid",
            "trapezoidal": "trapezoid",
            "crank-nicolson": "trapezoid",
        },
    ),
)
