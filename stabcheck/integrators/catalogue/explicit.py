"""Explicit Runge-Kutta methods.

HNW: Hairer, Norsett, Wanner, *Solving Ordinary Differential Equations I*, 2nd ed. 1993.
"""

from stabcheck.integrators.registry import Row
from stabcheck.integrators.tableau import ButcherTableau


def forward_euler() -> ButcherTableau:
    """The first-order step, of which splittings are made."""
    return ButcherTableau(
        "forward-euler",
        A=[[0]],
        b=[1],
        source="Euler, Institutionum calculi integralis I (1768); HNW I.7",
    )


ROWS = (
    Row(
        1,
        "forward-euler",
        "Forward Euler: the pre-norm residual block x + f(x)",
        methods={"forward-euler": forward_euler},
        aliases={"euler": "forward-euler", "FE": "forward-euler"},
    ),
    Row(
        22,
        "explicit-midpoint",
        "Explicit midpoint",
        methods={
            "explicit-midpoint": lambda: ButcherTableau(
                "explicit-midpoint",
                A=[[0, 0], ["1/2", 0]],
                b=[0, 1],
                source="Runge, Math. Ann. 46 (1895) 167-178; HNW II.1, Table 1.1",
            )
        },
        aliases={"Mid22": "explicit-midpoint"},
    ),
    Row(
        23,
        "heun",
        "Heun, SSPRK(2,2)",
        methods={
            "heun": lambda: ButcherTableau(
                "heun",
                A=[[0, 0], [1, 0]],
                b=["1/2", "1/2"],
                source="Heun, Z. Math. Phys. 45 (1900) 23-38; also SSPRK(2,2) of Shu, "
                "Osher, J. Comput. Phys. 77 (1988) 439-471",
            )
        },
        aliases={"Heun22": "heun", "SSP22": "heun", "ssprk22": "heun"},
    ),
    Row(
        24,
        "ralston2",
        "Ralston, second order, least error",
        methods={
            "ralston2": lambda: ButcherTableau(
                "ralston2",
                A=[[0, 0], ["2/3", 0]],
                b=["1/4", "3/4"],
                source="Ralston, Math. Comp. 16 (1962) 431-437",
            )
        },
        aliases={"MTE22": "ralston2"},
    ),
    Row(
        25,
        "heun3",
        "Heun, third order",
        methods={
            "heun3": lambda: ButcherTableau(
                "heun3",
                A=[[0, 0, 0], ["1/3", 0, 0], [0, "2/3", 0]],
                b=["1/4", 0, "3/4"],
                source="Heun, Z. Math. Phys. 45 (1900) 23-38; HNW II.1, Table 1.1",
            )
        },
        aliases={"Heun33": "heun3"},
    ),
    Row(
        26,
        "kutta3",
        "Kutta, third order",
        methods={
            "kutta3": lambda: ButcherTableau(
                "kutta3",
                A=[[0, 0, 0], ["1/2", 0, 0], [-1, 2, 0]],
                b=["1/6", "2/3", "1/6"],
                source="Kutta, Z. Math. Phys. 46 (1901) 435-453",
            )
        },
    ),
    Row(
        66,
        "ssprk3",
        "SSPRK(3,3) of Shu and Osher",
        methods={
            "ssprk3": lambda: ButcherTableau(
                "ssprk3",
                A=[[0, 0, 0], [1, 0, 0], ["1/4", "1/4", 0]],
                b=["1/6", "1/6", "2/3"],
                source="Shu, Osher, J. Comput. Phys. 77 (1988) 439-471, "
                "doi:10.1016/0021-9991(88)90177-5",
            )
        },
        aliases={"SSP33": "ssprk3", "ssprk33": "ssprk3"},
    ),
    Row(
        30,
        "rk4",
        "The classical method of Kutta",
        methods={
            "rk4": lambda: ButcherTableau(
                "rk4",
                A=[[0, 0, 0, 0], ["1/2", 0, 0, 0], [0, "1/2", 0, 0], [0, 0, 1, 0]],
                b=["1/6", "1/3", "1/3", "1/6"],
                source="Kutta, Z. Math. Phys. 46 (1901) 435-453; HNW II.1, Table 1.2",
            )
        },
        aliases={"RK44": "rk4"},
    ),
    Row(
        31,
        "rk38",
        "The 3/8 rule of Kutta",
        methods={
            "rk38": lambda: ButcherTableau(
                "rk38",
                A=[[0, 0, 0, 0], ["1/3", 0, 0, 0], ["-1/3", 1, 0, 0], [1, -1, 1, 0]],
                b=["1/8", "3/8", "3/8", "1/8"],
                source="Kutta, Z. Math. Phys. 46 (1901) 435-453; HNW II.1, Table 1.2",
            )
        },
    ),
)
