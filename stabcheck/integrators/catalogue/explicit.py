"""Explicit Runge-Kutta methods of at most four stages."""

from stabcheck.integrators.catalogue.printed import printed
from stabcheck.integrators.registry import Row

ROWS = (
    Row(
        1,
        "forward-euler",
        "Forward Euler: the pre-norm residual block x + f(x)",
        printed("forward-euler"),
        aliases={
            "euler": "forward-euler",
            "FE": "forward-euler",
            "forward_euler": "forward-euler",
        },
    ),
    Row(
        22,
        "explicit-midpoint",
        "Explicit midpoint",
        printed("explicit-midpoint"),
        aliases={"Mid22": "explicit-midpoint", "midpoint2": "explicit-midpoint"},
    ),
    Row(
        23,
        "heun",
        "Heun, SSPRK(2,2)",
        printed("heun"),
        aliases={"Heun22": "heun", "SSP22": "heun", "ssprk22": "heun", "heun2": "heun"},
    ),
    Row(
        24,
        "ralston2",
        "Ralston, second order, least error",
        printed("ralston2"),
        aliases={"MTE22": "ralston2"},
    ),
    Row(
        25,
        "heun3",
        "Heun, third order",
        printed("heun3"),
        aliases={"Heun33": "heun3"},
    ),
    Row(26, "kutta3", "Kutta, third order", printed("kutta3")),
    Row(27, "ralston3", "Ralston, third order", printed("ralston3")),
    Row(28, "nystrom3-rk", "Nystrom, third order", printed("nystrom3-rk")),
    Row(
        29,
        "wray3",
        "Van der Houwen and Wray, third order, two registers; Butcher (233e)",
        printed("wray3", "butcher3-233e"),
        aliases={"vdh_wray3": "wray3"},
    ),
    Row(
        30,
        "rk4",
        "The classical method of Kutta",
        printed("rk4"),
        aliases={"RK44": "rk4"},
    ),
    Row(
        31,
        "rk38",
        "The 3/8 rule of Kutta; Butcher (235j)",
        printed("rk38", "butcher4-235j"),
        aliases={"rk4_38": "rk38"},
    ),
    Row(32, "ralston4", "Ralston, fourth order, least error", printed("ralston4")),
    Row(33, "gill4", "Gill, fourth order", printed("gill4")),
)
