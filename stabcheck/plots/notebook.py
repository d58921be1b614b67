"""The picture that a method shows of itself in a notebook."""

from __future__ import annotations

import io
from typing import Any

from stabcheck.errors import InvalidInput
from stabcheck.plots.picture import picture

DOTS_PER_INCH = 90


def png(method: Any) -> bytes | None:
    """The picture as a PNG file, `None` if there is none to draw."""
    try:
        figure = picture(method)
    except InvalidInput:
        return None
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=DOTS_PER_INCH)
    return buffer.getvalue()
