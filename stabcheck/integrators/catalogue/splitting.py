"""Splittings over anonymous fields: a first, then b."""

from stabcheck.integrators.catalogue.explicit import METHODS as EXPLICIT
from stabcheck.integrators.splitting import LieTrotter, Substep

_EULER = next(method for method in EXPLICIT if method.name == "forward-euler")

METHODS = (
    LieTrotter(
        "lie-trotter",
        (Substep("a", 1, _EULER), Substep("b", 1, _EULER)),
        source="Trotter, Proc. Amer. Math. Soc. 10 (1959) 545-551, Euler substeps; "
        "attention then feed-forward: Lu et al., arXiv:1906.02762",
    ),
)
