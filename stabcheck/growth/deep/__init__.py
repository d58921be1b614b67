"""Growth and shrink of a whole stack over an input tube, at the first order exactly."""

from stabcheck.growth.deep.curvature import Curvature, curvature_of
from stabcheck.growth.deep.inverse import deep_inverse
from stabcheck.growth.deep.propagators import Along, along, is_covered
from stabcheck.growth.deep.tube import DeepBound, deep_growth

__all__ = [
    "Along",
    "Curvature",
    "DeepBound",
    "along",
    "curvature_of",
    "deep_growth",
    "deep_inverse",
    "is_covered",
]
