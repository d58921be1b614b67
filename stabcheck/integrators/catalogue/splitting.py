"""Splittings over anonymous fields: a first, then b."""

from stabcheck.integrators.catalogue.explicit import forward_euler
from stabcheck.integrators.registry import Row
from stabcheck.integrators.splitting import LieTrotter, Substep


def lie_trotter() -> LieTrotter:
    """Euler substeps of a, then of b: the sequential transformer block."""
    euler = forward_euler()
    return LieTrotter(
        "lie-trotter",
        (Substep("a", 1, euler), Substep("b", 1, euler)),
        source="Trotter, Proc. Amer. Math. Soc. 10 (1959) 545-551, Euler substeps; "
        "attention then feed-forward: Lu et al., arXiv:1906.02762",
    )


ROWS = (Row(148, "lie-trotter", "Lie-Trotter", methods={"lie-trotter": lie_trotter}),)
