"""Matrix-free spectra of Jacobians: norms, numerical ranges, attained maxima.

Everything here is float64 and proposes; what counts is what the checker re-derives.
"""

from stabcheck.spectra.arnoldi import outer_ritz_values
from stabcheck.spectra.ascent import Ascent, ascend
from stabcheck.spectra.branch import BranchDerivative, linearise
from stabcheck.spectra.golub_kahan import spectral_norm
from stabcheck.spectra.lanczos import (
    Extreme,
    logarithmic_norm,
    logarithmic_norm_lower,
)
from stabcheck.spectra.numerical_range import numerical_range

__all__ = [
    "Ascent",
    "BranchDerivative",
    "Extreme",
    "ascend",
    "linearise",
    "logarithmic_norm",
    "logarithmic_norm_lower",
    "numerical_range",
    "outer_ritz_values",
    "spectral_norm",
]
