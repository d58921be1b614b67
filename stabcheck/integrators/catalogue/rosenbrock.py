r"""Rosenbrock and W-methods.

HW: Hairer, Wanner, *Solving Ordinary Differential Equations II*, 2nd ed. 1996.
"""

from __future__ import annotations

from fractions import Fraction
from functools import partial

from stabcheck.integrators.algebra.number_field import square_root
from stabcheck.integrators.catalogue.sections import printed, rosenbrock
from stabcheck.integrators.registry import Row
from stabcheck.integrators.runge_kutta.rosenbrock import (
    RosenbrockMethod,
    from_transformed,
)


def ros2(name: str, sign: int) -> RosenbrockMethod:
    r"""Two stages of order 2 with any matrix, $\gamma = 1 \pm 1/\sqrt2$."""
    g = 1 + sign / square_root(2)
    return RosenbrockMethod(
        name,
        [[0, 0], [1, 0]],
        [[g, 0], [-2 * g, g]],
        ["1/2", "1/2"],
        "Verwer, Spee, Blom, Hundsdorfer, SIAM J. Sci. Comput. 20 (1999) 1456-1480",
    )


def ros3p() -> RosenbrockMethod:
    r"""Three stages of order 3 for parabolic problems, $\gamma = (3 + \sqrt3)/6$."""
    g = (3 + square_root(3)) / 6
    i = 1 / g
    t = -i * (2 - i / 2)
    u = i * (Fraction(2, 3) - i / 6)
    return from_transformed(
        "ros3p",
        g,
        [[0, 0, 0], [i, 0, 0], [i, 0, 0]],
        [[0, 0, 0], [-(i**2), 0, 0], [-i * (1 - t), t, 0]],
        [i * (1 + u), u, i / 3],
        "Lang, Verwer, BIT 41 (2001) 731-738, doi:10.1023/A:1021900219772",
    )


def rodas3() -> RosenbrockMethod:
    """Four stages of order 3, stiffly accurate."""
    return from_transformed(
        "rodas3",
        "1/2",
        [[0, 0, 0, 0], [0, 0, 0, 0], [2, 0, 0, 0], [2, 0, 1, 0]],
        [[0, 0, 0, 0], [4, 0, 0, 0], [1, -1, 0, 0], [1, -1, "-8/3", 0]],
        [2, 0, 1, 1],
        "Sandu et al., Atmos. Environ. 31 (1997) 3459-3472",
    )


ROWS = (
    Row(
        116,
        "rosenbrock-w",
        "ROS2, ROS3P, ROS34PW and methods of Kaps, Rentrop and Shampine",
        methods={
            "ros2": partial(ros2, "ros2", 1),
            "ros2-minus": partial(ros2, "ros2-minus", -1),
            "ros3p": ros3p,
            **printed(
                rosenbrock,
                "ros34pw1a",
                "ros34pw1b",
                "ros34pw2",
                "grk4t",
                "grk4a",
                "shamp4",
                "ros4l",
            ),
        },
    ),
    Row(
        117,
        "rodas",
        "RODAS3, RODAS4, RODAS5 and their relatives",
        methods={
            "rodas3": rodas3,
            **printed(rosenbrock, "rodas4", "rodas42", "rodas4p", "rodas4p2", "rodas5"),
        },
    ),
)
