"""Residual blocks with memory, which are two-step methods.

HNW: Hairer, Norsett, Wanner, *Solving Ordinary Differential Equations I*, 2nd ed. 1993.
"""

from __future__ import annotations

from fractions import Fraction

from stabcheck.errors import InvalidInput
from stabcheck.integrators.memory.multistep import LinearMultistep
from stabcheck.integrators.registry import Row

GAMMAS = ("1/2", "9/10", "99/100")
WEIGHTS = ("-1/2", "-1/4", "1/4", "1/2")


def leapfrog_block() -> LinearMultistep:
    r"""$x_{n+1} = x_{n-1} + 2hf(x_n)$."""
    return LinearMultistep(
        "leapfrog-residual",
        [-1, 0, 1],
        [0, 2, 0],
        "HNW III.1; Chang et al., AAAI 2018, arXiv:1709.03698",
    )


def momentum_block(gamma: Fraction | int) -> LinearMultistep:
    r"""$v = \gamma v + (1 - \gamma)f(x)$, $x = x + hv$, with $v$ eliminated."""
    g = Fraction(gamma)
    return LinearMultistep(
        f"momentum-residual:{g}",
        [g, -1 - g, 1],
        [0, 1 - g, 0],
        "Sander, Ablin, Blondel, Peyre, ICML 2021, arXiv:2102.07870",
    )


def lm_resnet(k: Fraction | int) -> LinearMultistep:
    r"""$x_{n+1} = (1 - k)x_n + kx_{n-1} + hf(x_n)$; a layer is the time $h/(1 + k)$."""
    k = Fraction(k)
    if k == -1:
        raise InvalidInput(
            "asked for lm-resnet:-1, whose layers take no step of the field; give "
            "another k"
        )
    return LinearMultistep(
        f"lm-resnet:{k}",
        [-k, k - 1, 1],
        [0, 1, 0],
        "Lu, Zhong, Li, Dong, ICML 2018, arXiv:1710.10121",
        advance=1 / (1 + k),
    )


ROWS = (
    Row(
        7,
        "leapfrog-residual",
        "Leapfrog residual block x_{n+1} = x_{n-1} + 2 h f(x_n)",
        methods={"leapfrog-residual": leapfrog_block},
    ),
    Row(
        9,
        "momentum-residual",
        "Momentum residual block v = g v + (1 - g) f(x), x = x + h v",
        families={"momentum-residual": momentum_block},
        listed=tuple(f"momentum-residual:{g}" for g in GAMMAS),
        aliases={
            f"Momentum residual gamma={g}": f"momentum-residual:{g}" for g in GAMMAS
        },
    ),
    Row(
        10,
        "lm-resnet",
        "LM-ResNet block x_{n+1} = (1 - k) x_n + k x_{n-1} + h f(x_n)",
        families={"lm-resnet": lm_resnet},
        listed=tuple(f"lm-resnet:{k}" for k in WEIGHTS),
        aliases={f"LM-ResNet k={k}": f"lm-resnet:{k}" for k in WEIGHTS},
    ),
)
