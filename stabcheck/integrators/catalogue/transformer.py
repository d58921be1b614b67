r"""Blocks of residual networks and transformers as integrator steps.

The fields are anonymous: `a` is the attention branch, `b` the feed-forward branch, both
with the normalisation in front.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

from stabcheck.errors import InvalidInput
from stabcheck.integrators.catalogue.exponential import etd1
from stabcheck.integrators.catalogue.implicit import backward_euler, trapezoid
from stabcheck.integrators.catalogue.splitting import euler
from stabcheck.integrators.catalogue.stabilised import rkc1
from stabcheck.integrators.catalogue.symplectic import (
    stormer_verlet_kdk,
    symplectic_euler_a,
)
from stabcheck.integrators.registry import Row
from stabcheck.integrators.runge_kutta.symbolic_tableau import (
    SymbolicTableau,
    is_symbolic,
)
from stabcheck.integrators.runge_kutta.tableau import ButcherTableau
from stabcheck.integrators.several_fields.additive import (
    AdditiveRungeKutta,
    PartitionedRungeKutta,
)
from stabcheck.integrators.several_fields.splitting import LieTrotter, Substep

HALF = Fraction(1, 2)
MACARON = "Lu et al., arXiv:1906.02762; Marchuk 1968, Strang 1968"
ODE_TRANSFORMER = "Li et al., ACL 2022, arXiv:2203.09176"


def parallel_block() -> AdditiveRungeKutta:
    """Euler on the sum of both branches: GPT-J, PaLM."""
    one_stage = ([[0]], [1])
    return AdditiveRungeKutta(
        "parallel-block",
        {"a": one_stage, "b": one_stage},
        "Wang, Komatsuzaki 2021 (GPT-J); Chowdhery et al., arXiv:2204.02311, section 2",
    )


def sequential_block() -> LieTrotter:
    """Attention, then feed-forward: Lie-Trotter with Euler substeps."""
    word = (Substep("a", 1, euler()), Substep("b", 1, euler()))
    source = "Vaswani et al. 2017, pre-norm; Lu et al., arXiv:1906.02762"
    return LieTrotter("sequential-block", word, source)


def _sandwich(name: str, substep: ButcherTableau) -> LieTrotter:
    word = (
        Substep("b", HALF, substep), Substep("a", 1, substep),
        Substep("b", HALF, substep),
    )  # fmt: skip
    return LieTrotter(name, word, MACARON)


def macaron_block() -> LieTrotter:
    """Half a feed-forward, attention, half a feed-forward, by Euler: order 1."""
    return _sandwich("macaron-block", euler())


def macaron_heun_block() -> LieTrotter:
    """The same with substeps of order 2, so that the block has order 2."""
    heun = ButcherTableau("heun", [[0, 0], [1, 0]], [HALF, HALF])
    return _sandwich("macaron-heun-block", heun)


def reversible_block() -> PartitionedRungeKutta:
    """The additive coupling of RevNet and Reformer: symplectic Euler on two streams."""
    source = "Gomez et al., NeurIPS 2017; Kitaev et al., ICLR 2020"
    return replace(symplectic_euler_a(), name="reversible-block", source=source)


def stormer_verlet_block() -> PartitionedRungeKutta:
    """The two-stream block of Hamiltonian networks."""
    source = "Chang et al., AAAI 2018, arXiv:1709.03698"
    return replace(stormer_verlet_kdk("stormer-verlet-block"), source=source)


def rk2_block() -> ButcherTableau:
    """Heun's method with shared weights."""
    return ButcherTableau(
        "rk2-block", [[0, 0], [1, 0]], [HALF, HALF], source=ODE_TRANSFORMER
    )


def rk4_block() -> ButcherTableau:
    """The classical method with shared weights."""
    A = [[0, 0, 0, 0], [HALF, 0, 0, 0], [0, HALF, 0, 0], [0, 0, 1, 0]]
    b = ["1/6", "1/3", "1/3", "1/6"]
    return ButcherTableau("rk4-block", A, b, source=ODE_TRANSFORMER)


def gated_rk2(gate: Any) -> ButcherTableau | SymbolicTableau:
    """The RK2 block with weights g and 1 - g; a number, or a symbol of SymPy."""
    A, b = [[0, 0], [1, 0]], [gate, 1 - gate]
    if is_symbolic(gate):
        return SymbolicTableau("gated-rk2", A, b, ODE_TRANSFORMER)
    return ButcherTableau(f"gated-rk2:{gate}", A, b, source=ODE_TRANSFORMER)


def deep_equilibrium() -> ButcherTableau:
    """The fixed point of x+ = x + f(x+)."""
    source = "Bai, Kolter, Koltun, NeurIPS 2019, arXiv:1909.01377"
    return replace(backward_euler(), name="deep-equilibrium", source=source)


def picard_euler(iterations: int) -> ButcherTableau:
    r"""Iterations of $x_+ = x + hf(x_+)$ from $x$: $R = 1 + z + \dots + z^k$."""
    if not isinstance(iterations, int) or iterations < 1:
        raise InvalidInput(
            f"asked for picard-euler:{iterations}; give a whole number of iterations"
        )
    k = iterations
    A = [[int(j == i - 1) for j in range(k)] for i in range(k)]
    b = [int(j == k - 1) for j in range(k)]
    source = "unrolled fixed point of backward Euler"
    return ButcherTableau(f"picard-euler:{k}", A, b, source=source)


def crank_nicolson_block() -> ButcherTableau:
    """The trapezoidal layer."""
    return replace(trapezoid(), name="crank-nicolson-block")


def scaled_block(name: str, scale: Any, source: str) -> LieTrotter:
    """Euler over a fraction of the step: $x + \\alpha f(x)$."""
    return LieTrotter(name, (Substep("a", scale, euler()),), source)


def rezero(alpha: Fraction | int) -> LieTrotter:
    """A residual branch times a learned number."""
    source = "Bachlechner et al., UAI 2021, arXiv:2003.04887"
    return scaled_block(f"rezero:{alpha}", alpha, source)


def deepnorm(alpha: Fraction | int, beta: Fraction | int = 1) -> LieTrotter:
    r"""$\alpha x + \beta f(x)$ before a norm, which sees $x + (\beta/\alpha)f(x)$."""
    if alpha == 0:
        raise InvalidInput("asked for deepnorm:0; give a residual scale other than 0")
    source = "Wang et al., arXiv:2203.00555"
    return scaled_block(f"deepnorm:{alpha},{beta}", Fraction(beta) / alpha, source)


def layer_scale(gamma: Fraction | int) -> LieTrotter:
    """The largest entry of the diagonal that multiplies the branch."""
    source = "Touvron et al., ICCV 2021, arXiv:2103.17239"
    return scaled_block(f"layerscale:{gamma}", gamma, source)


def looped_block(layers: int) -> LieTrotter:
    """One step by several sequential blocks with shared weights."""
    if not isinstance(layers, int) or layers < 1:
        raise InvalidInput(
            f"asked for looped-block:{layers}; give a whole number of layers"
        )
    share = Fraction(1, layers)
    word = (Substep("a", share, euler()), Substep("b", share, euler())) * layers
    source = "Dehghani et al., ICLR 2019; Lan et al. (ALBERT), ICLR 2020"
    return LieTrotter(f"looped-block:{layers}", word, source)


def chebyshev_block(stages: int) -> Any:
    """A chain of residual blocks with Chebyshev's recurrence."""
    return replace(rkc1(stages), name=f"rkc-block:{stages}")


ROWS = (
    Row(
        2,
        "parallel-block-row",
        "Parallel attention and feed-forward x + A(x) + M(x)",
        methods={"parallel-block": parallel_block},
    ),
    Row(
        3,
        "lie-trotter-block",
        "Sequential attention and feed-forward, Lie-Trotter by Euler",
        methods={"sequential-block": sequential_block},
    ),
    Row(
        4,
        "strang-macaron",
        "Macaron block, Strang by Euler",
        methods={"macaron-block": macaron_block},
        aliases={"macaron": "macaron-block"},
    ),
    Row(
        5,
        "strang-rk2",
        "Macaron block with Heun's substeps",
        methods={"macaron-heun-block": macaron_heun_block},
    ),
    Row(
        6,
        "revnet-row",
        "Reversible block of RevNet and Reformer",
        methods={"reversible-block": reversible_block},
        aliases={"revnet": "reversible-block", "reformer": "reversible-block"},
    ),
    Row(
        8,
        "stormer-verlet-block-row",
        "Störmer-Verlet block on two streams",
        methods={"stormer-verlet-block": stormer_verlet_block},
    ),
    Row(
        11,
        "rk2-block-row",
        "ODE-transformer block by Heun",
        methods={"rk2-block": rk2_block},
    ),
    Row(
        12,
        "rk4-block-row",
        "ODE-transformer block by RK4",
        methods={"rk4-block": rk4_block},
    ),
    Row(
        13,
        "gated-rk2-row",
        "ODE-transformer block by RK2 with gates g and 1 - g",
        families={"gated-rk2": gated_rk2},
        listed=("gated-rk2:1/4", "gated-rk2:1/2", "gated-rk2:3/4"),
    ),
    Row(
        14,
        "deq",
        "Deep equilibrium layer x+ = x + f(x+)",
        methods={"deep-equilibrium": deep_equilibrium},
    ),
    Row(
        15,
        "picard-euler-row",
        "Picard iterations of the equilibrium layer",
        families={"picard-euler": picard_euler},
        listed=("picard-euler:2", "picard-euler:3", "picard-euler:4"),
    ),
    Row(
        16,
        "crank-nicolson-block-row",
        "Trapezoidal layer",
        methods={"crank-nicolson-block": crank_nicolson_block},
    ),
    Row(
        17,
        "postnorm-row",
        "Post-norm block: the step before the normalisation",
        methods={
            "postnorm-euler": lambda: replace(
                euler(),
                name="postnorm-euler",
                source="Vaswani et al. 2017; the Jacobian of the norm multiplies R",
            )
        },
    ),
    Row(
        18,
        "residual-scaling",
        "ReZero, LayerScale and DeepNorm: Euler over a fraction of the step",
        families={"rezero": rezero, "layerscale": layer_scale, "deepnorm": deepnorm},
        listed=("rezero:1/2", "layerscale:1/10", "deepnorm:2,1/2"),
    ),
    Row(
        19,
        "etd1-block-row",
        "Exponential Euler: a leak solved exactly",
        methods={"etd1-block": lambda: etd1("etd1-block")},
    ),
    Row(
        20,
        "rkc-block-row",
        "Chain of blocks by Chebyshev's recurrence",
        families={"rkc-block": chebyshev_block},
        listed=("rkc-block:3", "rkc-block:5"),
    ),
    Row(
        21,
        "looped-lt",
        "Looped sequential block with shared weights",
        families={"looped-block": looped_block},
        listed=("looped-block:2", "looped-block:4"),
    ),
)
