"""Explicit Runge-Kutta methods.

HNW: Hairer, Norsett, Wanner, *Solving Ordinary Differential Equations I*, 2nd ed. 1993.
"""

from stabcheck.integrators.tableau import ButcherTableau

METHODS = (
    ButcherTableau(
        "forward-euler",
        A=[[0]],
        b=[1],
        source="Euler, Institutionum calculi integralis I (1768); HNW I.7",
    ),
    ButcherTableau(
        "explicit-midpoint",
        A=[[0, 0], ["1/2", 0]],
        b=[0, 1],
        source="Runge, Math. Ann. 46 (1895) 167-178; HNW II.1, Table 1.1",
    ),
    ButcherTableau(
        "heun",
        A=[[0, 0], [1, 0]],
        b=["1/2", "1/2"],
        source="Heun, Z. Math. Phys. 45 (1900) 23-38; also SSPRK(2,2) of Shu, Osher, "
        "J. Comput. Phys. 77 (1988) 439-471",
    ),
    ButcherTableau(
        "ralston2",
        A=[[0, 0], ["2/3", 0]],
        b=["1/4", "3/4"],
        source="Ralston, Math. Comp. 16 (1962) 431-437",
    ),
    ButcherTableau(
        "heun3",
        A=[[0, 0, 0], ["1/3", 0, 0], [0, "2/3", 0]],
        b=["1/4", 0, "3/4"],
        source="Heun, Z. Math. Phys. 45 (1900) 23-38; HNW II.1, Table 1.1",
    ),
    ButcherTableau(
        "kutta3",
        A=[[0, 0, 0], ["1/2", 0, 0], [-1, 2, 0]],
        b=["1/6", "2/3", "1/6"],
        source="Kutta, Z. Math. Phys. 46 (1901) 435-453",
    ),
    ButcherTableau(
        "ssprk3",
        A=[[0, 0, 0], [1, 0, 0], ["1/4", "1/4", 0]],
        b=["1/6", "1/6", "2/3"],
        source="Shu, Osher, J. Comput. Phys. 77 (1988) 439-471, "
        "doi:10.1016/0021-9991(88)90177-5",
    ),
    ButcherTableau(
        "rk4",
        A=[[0, 0, 0, 0], ["1/2", 0, 0, 0], [0, "1/2", 0, 0], [0, 0, 1, 0]],
        b=["1/6", "1/3", "1/3", "1/6"],
        source="Kutta, Z. Math. Phys. 46 (1901) 435-453; HNW II.1, Table 1.2",
    ),
    ButcherTableau(
        "rk38",
        A=[[0, 0, 0, 0], ["1/3", 0, 0, 0], ["-1/3", 1, 0, 0], [1, -1, 1, 0]],
        b=["1/8", "3/8", "3/8", "1/8"],
        source="Kutta, Z. Math. Phys. 46 (1901) 435-453; HNW II.1, Table 1.2",
    ),
)

ALIASES = {
    "euler": "forward-euler",
    "FE": "forward-euler",
    "Mid22": "explicit-midpoint",
    "Heun22": "heun",
    "SSP22": "heun",
    "ssprk2": "heun",
    "MTE22": "ralston2",
    "Heun33": "heun3",
    "SSP33": "ssprk3",
    "RK44": "rk4",
}
