"""Pictures: stability regions, with numerical ranges and spectra over them."""

from stabcheck.plots.region import stability_region

__all__ = ["stability_region"]
