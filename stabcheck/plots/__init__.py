"""Pictures: where methods are stable, with spectra of layers over them."""

from stabcheck.plots.certificate_overlay import certificate_overlay
from stabcheck.plots.growth import error_growth
from stabcheck.plots.modulus import modulus_contours
from stabcheck.plots.order_star import order_star
from stabcheck.plots.oscillations import oscillator_growth
from stabcheck.plots.picture import picture
from stabcheck.plots.region import stability_region
from stabcheck.plots.two_fields import stable_slices

__all__ = [
    "certificate_overlay",
    "error_growth",
    "modulus_contours",
    "order_star",
    "oscillator_growth",
    "picture",
    "stability_region",
    "stable_slices",
]
