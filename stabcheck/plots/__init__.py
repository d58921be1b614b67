"""Pictures: stability regions, with numerical ranges and spectra over them."""

from stabcheck.plots.certificate_overlay import certificate_overlay
from stabcheck.plots.region import stability_region

__all__ = ["certificate_overlay", "stability_region"]
